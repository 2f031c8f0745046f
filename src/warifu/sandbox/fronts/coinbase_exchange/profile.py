"""A customer's profile: its accounts and its fees."""

from __future__ import annotations

from warifu.sandbox.amounts import EXACT, ZERO, fixed, plain
from warifu.sandbox.fronts.coinbase_exchange.forms import MONEY_PLACES, account_id, asset_of, iso
from warifu.sandbox.web import Answer, Part, Route, Visit, said


class Profile(Part):
    """One profile for each customer."""

    def paths(self) -> tuple[Route, ...]:
        return (
            Route("GET", "/accounts", self._accounts),
            Route("GET", "/accounts/{account_id}", self._account),
            Route("GET", "/profiles", self._profiles),
            Route("GET", "/fees", self._fees),
        )

    def _accounts(self, visit: Visit) -> Answer:
        return said([self._profile_account(visit, asset) for asset in self.venue.assets()])

    def _account(self, visit: Visit) -> Answer:
        return said(self._profile_account(visit, asset_of(visit, self.customer(visit), self.venue.assets())))

    def _profile_account(self, visit: Visit, asset: str) -> dict[str, object]:
        ledger = self.venue.state.ledger
        free, held = ledger.free_of(visit.account, asset), ledger.held_of(visit.account, asset)
        return {
            "id": account_id(self.customer(visit), asset),
            "currency": asset,
            "balance": fixed(EXACT.add(free, held), MONEY_PLACES),
            "hold": fixed(held, MONEY_PLACES),
            "available": plain(free),
            "profile_id": self.customer(visit).uuid,
            "trading_enabled": True,
            "pending_deposit": fixed(ZERO, MONEY_PLACES),
            "display_name": asset,
        }

    def _profiles(self, visit: Visit) -> Answer:
        profile = {"id": self.customer(visit).uuid, "user_id": visit.account, "name": "default"}
        return said([{**profile, "active": True, "is_default": True, "created_at": iso(0)}])

    def _fees(self, _: Visit) -> Answer:
        market = next(iter(self.venue.engine.markets.values()))
        rates = {"taker_fee_rate": plain(market.taker_rate), "maker_fee_rate": plain(market.maker_rate)}
        return said({**rates, "usd_volume": None})
