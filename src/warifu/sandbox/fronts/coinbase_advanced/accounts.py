"""A customer's accounts, fees and what the key may do."""

from __future__ import annotations

from decimal import Decimal

from warifu.sandbox.amounts import plain
from warifu.sandbox.fronts.coinbase import bank_form
from warifu.sandbox.fronts.coinbase_advanced.forms import P, iso
from warifu.sandbox.refusal import Refusal
from warifu.sandbox.venue import AppAccount
from warifu.sandbox.web import Answer, Part, Route, Visit, said


class Accounts(Part):
    """One portfolio for each customer."""

    def paths(self) -> tuple[Route, ...]:
        return (
            Route("GET", f"{P}/accounts", self._accounts),
            Route("GET", f"{P}/accounts/{{account_uuid}}", self._account),
            Route("GET", f"{P}/payment_methods", self._methods),
            Route("GET", f"{P}/payment_methods/{{payment_method_id}}", self._method),
            Route("GET", f"{P}/key_permissions", self._permissions),
            Route("GET", f"{P}/transaction_summary", self._summary),
        )

    def _accounts(self, visit: Visit) -> Answer:
        purses = self.venue.app_accounts(self.customer(visit))
        start, limit = visit.whole("cursor", 0, 10**6), visit.whole("limit", 49, 250)
        page = purses[start : start + limit]
        more = start + limit < len(purses)
        return said(
            {
                "accounts": [self._account_info(visit, found) for found in page],
                "has_next": more,
                "cursor": str(start + limit) if more else "",
                "size": len(page),
            }
        )

    def _account(self, visit: Visit) -> Answer:
        found = self.venue.app_account(self.customer(visit), visit.places["account_uuid"])
        return said({"account": self._account_info(visit, found)})

    def _account_info(self, visit: Visit, found: AppAccount) -> dict[str, object]:
        customer, ledger, asset = self.customer(visit), self.venue.state.ledger, found.asset
        kind = "VAULT" if found.kind == "vault" else "CRYPTO"
        return {
            "uuid": found.uuid,
            "name": f"{asset} {found.kind.title()}",
            "currency": asset,
            "available_balance": _money(ledger.free_of(found.key, asset), asset),
            "default": asset == "BTC" and found.key == visit.account,
            "active": True,
            "created_at": iso(found.moment),
            "updated_at": iso(self.venue.now()),
            "deleted_at": None,
            "type": "ACCOUNT_TYPE_FIAT" if asset == "USD" else f"ACCOUNT_TYPE_{kind}",
            "ready": True,
            "hold": _money(ledger.held_of(found.key, asset), asset),
            "retail_portfolio_id": customer.uuid,
            "platform": "ACCOUNT_PLATFORM_CONSUMER",
        }

    def _methods(self, visit: Visit) -> Answer:
        return said({"payment_methods": [self._bank(visit)]})

    def _method(self, visit: Visit) -> Answer:
        bank = self._bank(visit)
        if visit.places["payment_method_id"] != bank["id"]:
            raise Refusal("no-such")
        return said({"payment_method": bank})

    def _bank(self, visit: Visit) -> dict[str, object]:
        times = {"created_at": iso(0), "updated_at": iso(0)}
        return {**bank_form(self.venue.bank.method(self.customer(visit)), "ACH"), "verified": True, **times}

    def _permissions(self, visit: Visit) -> Answer:
        assert visit.credential is not None, "this path wants one"
        may = visit.credential.permissions
        return said(
            {
                "can_view": "view" in may,
                "can_trade": "trade" in may,
                "can_transfer": "transfer" in may,
                "portfolio_uuid": self.customer(visit).uuid,
                "portfolio_type": "DEFAULT",
            }
        )

    def _summary(self, _: Visit) -> Answer:
        market = next(iter(self.venue.engine.markets.values()))
        tier = {"pricing_tier": "simulation", "usd_from": "0", "usd_to": ""}
        rates = {"taker_fee_rate": plain(market.taker_rate), "maker_fee_rate": plain(market.maker_rate)}
        return said({"total_volume": 0, "total_fees": 0, "fee_tier": {**tier, **rates}})


def _money(amount: Decimal, asset: str) -> dict[str, str]:
    return {"value": plain(amount), "currency": asset}
