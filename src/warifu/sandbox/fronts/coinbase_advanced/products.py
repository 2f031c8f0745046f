"""Products and their books, with a key and without, and the clock."""

from __future__ import annotations

from datetime import UTC, datetime

from warifu.sandbox.amounts import plain
from warifu.sandbox.fronts.coinbase_advanced.forms import P, iso, market_named
from warifu.sandbox.markets import Market
from warifu.sandbox.orders import Side
from warifu.sandbox.web import Answer, Part, Route, Visit, listed, said


class Products(Part):
    """The same under ``/market`` and with a key."""

    def paths(self) -> tuple[Route, ...]:
        return (
            Route("GET", f"{P}/time", self._time, None),
            Route("GET", f"{P}/market/products", self._products, None),
            Route("GET", f"{P}/market/products/{{product_id}}", self._product, None),
            Route("GET", f"{P}/market/product_book", self._book, None),
            Route("GET", f"{P}/products", self._products),
            Route("GET", f"{P}/products/{{product_id}}", self._product),
            Route("GET", f"{P}/product_book", self._book),
            Route("GET", f"{P}/best_bid_ask", self._best),
        )

    def _time(self, _: Visit) -> Answer:
        now = self.venue.now()
        iso = datetime.fromtimestamp(now / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return said({"iso": iso, "epochSeconds": str(now // 1000), "epochMillis": str(now)})

    def _products(self, visit: Visit) -> Answer:
        wanted = listed(visit.request.query, "product_ids")
        markets = [one for one in self.venue.engine.markets.values() if not wanted or one.name in wanted]
        if visit.text("product_type", "SPOT") != "SPOT":
            markets = []
        limit, offset = visit.whole("limit", 1000, 1000), visit.whole("offset", 0, 10**6)
        page = markets[offset : offset + limit]
        return said({"products": [self._product_info(one) for one in page], "num_products": len(page)})

    def _product(self, visit: Visit) -> Answer:
        return said(self._product_info(market_named(self.venue, visit.places["product_id"])))

    def _product_info(self, market: Market) -> dict[str, object]:
        gone = market.state == "delisted"
        return {
            "product_id": market.name,
            "price": plain(self.venue.engine.price(market.name)),
            "price_percentage_change_24h": "0",
            "volume_24h": "0",
            "volume_percentage_change_24h": "0",
            "base_increment": plain(market.size_step),
            "quote_increment": plain(market.price_step),
            "price_increment": plain(market.price_step),
            "quote_min_size": plain(market.least_value),
            "quote_max_size": "150000000",
            "base_min_size": plain(market.least_size),
            "base_max_size": plain(market.most_size),
            "base_name": market.base,
            "quote_name": market.quote,
            "watched": False,
            "is_disabled": gone,
            "new": False,
            "status": "delisted" if gone else "online",
            "cancel_only": market.state == "cancel-only",
            "limit_only": market.state == "limit-only",
            "post_only": market.state == "post-only",
            "trading_disabled": gone,
            "auction_mode": False,
            "product_type": "SPOT",
            "quote_currency_id": market.quote,
            "base_currency_id": market.base,
            "fcm_trading_session_details": None,
            "mid_market_price": "",
            "alias": "",
            "alias_to": [],
            "base_display_symbol": market.base,
            "quote_display_symbol": market.quote,
            "view_only": False,
            "display_name": market.name,
            "product_venue": "CBE",
        }

    def _price_book(self, market: Market, limit: int) -> dict[str, object]:
        book = self.venue.engine.books[market.name]
        sides: tuple[tuple[str, Side], ...] = (("bids", "buy"), ("asks", "sell"))
        levels = {
            name: [
                {"price": plain(price), "size": plain(size)} for price, size, _ in book.levels(side)[:limit]
            ]
            for name, side in sides
        }
        return {"product_id": market.name, **levels, "time": iso(self.venue.now())}

    def _book(self, visit: Visit) -> Answer:
        market, limit = market_named(self.venue, visit.text("product_id")), visit.whole("limit", 50, 1000)
        last = plain(self.venue.engine.price(market.name))
        return said({"pricebook": self._price_book(market, limit), "last": last})

    def _best(self, visit: Visit) -> Answer:
        wanted = listed(visit.request.query, "product_ids") or list(self.venue.engine.markets)
        return said({"pricebooks": [self._price_book(market_named(self.venue, name), 1) for name in wanted]})
