"""A customer's account, commission and what the key may do."""

from __future__ import annotations

from warifu.sandbox.amounts import ZERO, fixed
from warifu.sandbox.fronts.binance.parameters import market_of
from warifu.sandbox.web import Answer, Part, Route, Visit, said


class Account(Part):
    """One for each customer."""

    def paths(self) -> tuple[Route, ...]:
        return (
            Route("GET", "/api/v3/account", self._account),
            Route("GET", "/api/v3/account/commission", self._commission),
            Route("GET", "/sapi/v1/account/status", lambda _: said({"data": "Normal"})),
            Route("GET", "/sapi/v1/account/apiRestrictions", self._restrictions),
        )

    def _account(self, visit: Visit) -> Answer:
        ledger, credential = self.venue.state.ledger, visit.credential
        assert credential is not None, "this path wants one"
        assets = self.venue.assets()
        if visit.text("omitZeroBalances", "false") == "true":
            assets = ledger.assets_of(visit.account)
        balances = [
            {
                "asset": asset,
                "free": fixed(ledger.free_of(visit.account, asset)),
                "locked": fixed(ledger.held_of(visit.account, asset)),
            }
            for asset in assets
        ]
        return said(
            {
                "makerCommission": 10,
                "takerCommission": 10,
                "buyerCommission": 0,
                "sellerCommission": 0,
                "canTrade": True,
                "canWithdraw": True,
                "canDeposit": True,
                "brokered": False,
                "requireSelfTradePrevention": False,
                "updateTime": self.venue.now(),
                "accountType": "SPOT",
                "balances": balances,
                "permissions": ["SPOT"],
                "uid": self.customer(visit).number,
            }
        )

    def _commission(self, visit: Visit) -> Answer:
        market = market_of(self.venue, visit)
        rates = {"maker": fixed(market.maker_rate), "taker": fixed(market.taker_rate)}
        nothing = {"maker": fixed(ZERO), "taker": fixed(ZERO)}
        return said(
            {
                "symbol": market.base + market.quote,
                "standardCommission": {**rates, "buyer": fixed(ZERO), "seller": fixed(ZERO)},
                "taxCommission": {**nothing, "buyer": fixed(ZERO), "seller": fixed(ZERO)},
                "discount": {"enabledForAccount": False, "enabledForSymbol": False},
            }
        )

    def _restrictions(self, visit: Visit) -> Answer:
        credential = visit.credential
        assert credential is not None, "this path wants one"
        may = credential.permissions
        return said(
            {
                "ipRestrict": False,
                "createTime": self.venue.now(),
                "enableReading": "view" in may,
                "enableWithdrawals": "transfer" in may,
                "enableInternalTransfer": False,
                "enableMargin": "margin" in may,
                "enableFutures": "futures" in may,
                "permitsUniversalTransfer": False,
                "enableVanillaOptions": False,
                "enableFixApiTrade": False,
                "enableFixReadOnly": False,
                "enableSpotAndMarginTrading": "trade" in may,
                "enablePortfolioMarginTrading": False,
            }
        )
