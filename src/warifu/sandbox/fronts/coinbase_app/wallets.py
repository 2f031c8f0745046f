"""Wallets and their deposit addresses."""

from __future__ import annotations

from typing import Any

from warifu.sandbox.amounts import EXACT, fixed
from warifu.sandbox.bank import MONEY
from warifu.sandbox.custody import Place
from warifu.sandbox.fronts.coinbase import address_form
from warifu.sandbox.fronts.coinbase_app.forms import asset_of, iso, page
from warifu.sandbox.refusal import Refusal
from warifu.sandbox.web import Answer, Part, Route, Visit, said


class Wallets(Part):
    """One of each asset, for each customer."""

    def paths(self) -> tuple[Route, ...]:
        return (
            Route("GET", "/v2/accounts", self._accounts),
            Route("GET", "/v2/accounts/{account_id}", self._account),
            Route("GET", "/v2/accounts/{account_id}/addresses", self._addresses),
            Route("POST", "/v2/accounts/{account_id}/addresses", self._new_address, "transfer"),
            Route("GET", "/v2/accounts/{account_id}/addresses/{address_id}", self._address),
        )

    def _accounts(self, visit: Visit) -> Answer:
        return page(visit, [self._account_info(visit, asset) for asset in self.venue.assets()])

    def _account(self, visit: Visit) -> Answer:
        return said({"data": self._account_info(visit, asset_of(self, visit))})

    def _account_info(self, visit: Visit, asset: str) -> dict[str, Any]:
        ledger, wallet = self.venue.state.ledger, self.customer(visit).wallets[asset]
        moves = asset == MONEY or asset in self.venue.custody.chains
        balance = EXACT.add(ledger.free_of(visit.account, asset), ledger.held_of(visit.account, asset))
        return {
            "id": wallet,
            "name": f"{asset} Wallet",
            "primary": asset == "BTC",
            "type": "fiat" if asset == MONEY else "wallet",
            "currency": {
                "code": asset,
                "name": f"{asset} (simulation)",
                "color": "#F7931A",
                "exponent": 2 if asset == MONEY else 8,
                "type": "fiat" if asset == MONEY else "crypto",
            },
            "balance": {"amount": fixed(balance), "currency": asset},
            "created_at": iso(0),
            "updated_at": iso(self.venue.now()),
            "resource": "account",
            "resource_path": f"/v2/accounts/{wallet}",
            "allow_deposits": moves,
            "allow_withdrawals": moves,
        }

    def _places(self, visit: Visit) -> list[Place]:
        """Newest first."""
        asset, places = asset_of(self, visit), self.venue.state.vaults.places
        return [one for one in reversed(places) if (one.account, one.asset) == (visit.account, asset)]

    def _addresses(self, visit: Visit) -> Answer:
        return page(visit, [_address(one, visit) for one in self._places(visit)])

    def _address(self, visit: Visit) -> Answer:
        for one in self._places(visit):
            if visit.places["address_id"] in (one.uuid, one.address):
                return said({"data": _address(one, visit)})
        raise Refusal("no-such")

    def _new_address(self, visit: Visit) -> Answer:
        place = self.venue.custody.new_address(
            visit.account, asset_of(self, visit), visit.text("network", "")
        )
        return Answer(201, said({"data": _address(place, visit)}).body)


def _address(place: Place, visit: Visit) -> dict[str, Any]:
    return {**address_form(place, visit.places["account_id"], iso(place.moment)), "callback_url": None}
