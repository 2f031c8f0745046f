"""Rules, books and prices."""

from __future__ import annotations

from warifu.sandbox.amounts import ZERO, fixed
from warifu.sandbox.fronts.binance.parameters import TYPES, market_of
from warifu.sandbox.markets import Market
from warifu.sandbox.web import Answer, Part, Route, Visit, said


class MarketData(Part):
    """What needs no key."""

    def paths(self) -> tuple[Route, ...]:
        return (
            Route("GET", "/api/v3/ping", lambda _: said({}), None),
            Route("GET", "/api/v3/time", lambda _: said({"serverTime": self.venue.now()}), None),
            Route("GET", "/api/v3/exchangeInfo", self._exchange_info, None),
            Route("GET", "/api/v3/depth", self._depth, None),
            Route("GET", "/api/v3/ticker/bookTicker", self._best, None),
            Route("GET", "/api/v3/ticker/price", self._price, None),
        )

    def _exchange_info(self, visit: Visit) -> Answer:
        markets = (
            [market_of(self.venue, visit)]
            if "symbol" in visit.fields
            else [one for one in self.venue.engine.markets.values() if one.state != "delisted"]
        )
        return said(
            {
                "timezone": "UTC",
                "serverTime": self.venue.now(),
                "rateLimits": [],
                "exchangeFilters": [],
                "symbols": [_symbol_info(market) for market in markets],
            }
        )

    def _depth(self, visit: Visit) -> Answer:
        market = market_of(self.venue, visit)
        limit = visit.whole("limit", 100, 5000)
        book = self.venue.engine.books[market.name]
        sides = {"bids": book.levels("buy"), "asks": book.levels("sell")}
        shown = {
            name: [[fixed(price), fixed(size)] for price, size, _ in levels[:limit]]
            for name, levels in sides.items()
        }
        return said({"lastUpdateId": self.venue.state.trading.trades, **shown})

    def _best(self, visit: Visit) -> Answer:
        market = market_of(self.venue, visit)
        book = self.venue.engine.books[market.name]
        best = [(book.levels(side) or [(ZERO, ZERO, 0)])[0] for side in ("buy", "sell")]
        return said(
            {
                "symbol": market.base + market.quote,
                "bidPrice": fixed(best[0][0]),
                "bidQty": fixed(best[0][1]),
                "askPrice": fixed(best[1][0]),
                "askQty": fixed(best[1][1]),
            }
        )

    def _price(self, visit: Visit) -> Answer:
        market = market_of(self.venue, visit)
        return said(
            {"symbol": market.base + market.quote, "price": fixed(self.venue.engine.price(market.name))}
        )


def _symbol_info(market: Market) -> dict[str, object]:
    return {
        "symbol": market.base + market.quote,
        "status": "TRADING" if market.state == "open" else "BREAK",
        "baseAsset": market.base,
        "baseAssetPrecision": 8,
        "quoteAsset": market.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": list(TYPES),
        "icebergAllowed": False,
        "ocoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": fixed(market.price_step),
                "maxPrice": "1000000.00000000",
                "tickSize": fixed(market.price_step),
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": fixed(market.least_size),
                "maxQty": fixed(market.most_size),
                "stepSize": fixed(market.size_step),
            },
            {
                "filterType": "NOTIONAL",
                "minNotional": fixed(market.least_value),
                "applyMinToMarket": True,
                "maxNotional": "9000000.00000000",
                "applyMaxToMarket": False,
                "avgPriceMins": 5,
            },
        ],
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["EXPIRE_MAKER"],
    }
