"""Wallets and their deposit addresses."""

from __future__ import annotations

from typing import Any

from warifu.sandbox.amounts import EXACT, fixed
from warifu.sandbox.bank import MONEY
from warifu.sandbox.custody import Place
from warifu.sandbox.fronts.coinbase import address_form
from warifu.sandbox.fronts.coinbase_app.forms import account_of, iso, page
from warifu.sandbox.refusal import Refusal
from warifu.sandbox.venue import AppAccount
from warifu.sandbox.web import Answer, Part, Route, Visit, said


class Wallets(Part):
    """One of each asset, for each customer, and further ones."""

    def paths(self) -> tuple[Route, ...]:
        return (
            Route("GET", "/v2/accounts", self._accounts),
            Route("GET", "/v2/accounts/{account_id}", self._account),
            Route("GET", "/v2/accounts/{account_id}/addresses", self._addresses),
            Route("POST", "/v2/accounts/{account_id}/addresses", self._new_address, "transfer"),
            Route("GET", "/v2/accounts/{account_id}/addresses/{address_id}", self._address),
        )

    def _accounts(self, visit: Visit) -> Answer:
        return page(
            visit, [self._account_info(visit, one) for one in self.venue.app_accounts(self.customer(visit))]
        )

    def _account(self, visit: Visit) -> Answer:
        return said({"data": self._account_info(visit, account_of(self, visit))})

    def _account_info(self, visit: Visit, found: AppAccount) -> dict[str, Any]:
        ledger, wallet, asset = self.venue.state.ledger, found.uuid, found.asset
        moves = asset == MONEY or asset in self.venue.custody.chains
        balance = EXACT.add(ledger.free_of(found.key, asset), ledger.held_of(found.key, asset))
        return {
            "id": wallet,
            "name": f"{asset} {found.kind.title()}",
            "primary": asset == "BTC" and found.key == visit.account,
            "type": "fiat" if asset == MONEY else found.kind,
            "currency": {
                "code": asset,
                "name": f"{asset} (simulation)",
                "color": "#F7931A",
                "exponent": 2 if asset == MONEY else 8,
                "type": "fiat" if asset == MONEY else "crypto",
            },
            "balance": {"amount": fixed(balance), "currency": asset},
            "created_at": iso(found.moment),
            "updated_at": iso(self.venue.now()),
            "resource": "account",
            "resource_path": f"/v2/accounts/{wallet}",
            "allow_deposits": moves,
            "allow_withdrawals": moves,
        }

    def _places(self, visit: Visit) -> list[Place]:
        """Newest first."""
        found, places = account_of(self, visit), self.venue.state.vaults.places
        mine = (found.key, found.asset)
        return [one for one in reversed(places) if (one.key or one.account, one.asset) == mine]

    def _addresses(self, visit: Visit) -> Answer:
        return page(visit, [_address(one, visit) for one in self._places(visit)])

    def _address(self, visit: Visit) -> Answer:
        for one in self._places(visit):
            if visit.places["address_id"] in (one.uuid, one.address):
                return said({"data": _address(one, visit)})
        raise Refusal("no-such")

    def _new_address(self, visit: Visit) -> Answer:
        found = account_of(self, visit)
        key = "" if found.key == visit.account else found.key
        place = self.venue.custody.new_address(visit.account, found.asset, visit.text("network", ""), key)
        return Answer(201, said({"data": _address(place, visit)}).body)


def _address(place: Place, visit: Visit) -> dict[str, Any]:
    return {**address_form(place, visit.places["account_id"], iso(place.moment)), "callback_url": None}
