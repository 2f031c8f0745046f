"""Products, their books and tickers, currencies, and the clock."""

from __future__ import annotations

from decimal import Decimal

from warifu.sandbox.amounts import ZERO, fixed, plain
from warifu.sandbox.custody import Chain
from warifu.sandbox.fronts.coinbase_exchange.forms import iso
from warifu.sandbox.markets import Market
from warifu.sandbox.orders import Side
from warifu.sandbox.refusal import Refusal
from warifu.sandbox.venue import Venue
from warifu.sandbox.web import Answer, Part, Route, Visit, said

_SIDES: tuple[tuple[str, Side], ...] = (("bids", "buy"), ("asks", "sell"))


class MarketData(Part):
    """What needs no key."""

    def paths(self) -> tuple[Route, ...]:
        return (
            Route("GET", "/time", self._time, None),
            Route("GET", "/products", self._products, None),
            Route("GET", "/products/{product_id}", self._product, None),
            Route("GET", "/products/{product_id}/book", self._book, None),
            Route("GET", "/products/{product_id}/ticker", self._ticker, None),
            Route("GET", "/currencies", self._currencies, None),
            Route("GET", "/currencies/{currency_id}", self._currency, None),
        )

    def _time(self, _: Visit) -> Answer:
        now = self.venue.now()
        return said({"iso": iso(now), "epoch": now / 1000})

    def _market(self, visit: Visit) -> Market:
        market = self.venue.engine.markets.get(visit.places["product_id"])
        if market is None:
            raise Refusal("no-such")
        return market

    def _products(self, _: Visit) -> Answer:
        return said([product_form(market) for market in self.venue.engine.markets.values()])

    def _product(self, visit: Visit) -> Answer:
        return said(product_form(self._market(visit)))

    def _book(self, visit: Visit) -> Answer:
        market, level = self._market(visit), visit.whole("level", 1, 2)
        book = self.venue.engine.books[market.name]
        count = 1 if level == 1 else 50
        sides = {
            name: [[plain(price), plain(size), orders] for price, size, orders in book.levels(side)[:count]]
            for name, side in _SIDES
        }
        now = iso(self.venue.now())
        return said({**sides, "sequence": self.venue.state.trading.ranks, "auction_mode": False, "time": now})

    def _ticker(self, visit: Visit) -> Answer:
        market = self._market(visit)
        book = self.venue.engine.books[market.name]
        trades = [one for one in self.venue.state.trading.fills if one.pair == market.name]
        return said(
            {
                "trade_id": self.venue.engine.number_of(trades[-1]) if trades else 0,
                "price": plain(self.venue.engine.price(market.name)),
                "size": plain(trades[-1].size) if trades else "0",
                "time": iso(trades[-1].moment if trades else self.venue.now()),
                "bid": plain(book.best("buy") or ZERO),
                "ask": plain(book.best("sell") or ZERO),
                "volume": plain(sum((one.size for one in trades if one.maker), ZERO)),
            }
        )

    def _currencies(self, _: Visit) -> Answer:
        return said([currency_form(self.venue, asset) for asset in self.venue.assets()])

    def _currency(self, visit: Visit) -> Answer:
        if visit.places["currency_id"] not in self.venue.assets():
            raise Refusal("no-such")
        return said(currency_form(self.venue, visit.places["currency_id"]))


def product_form(market: Market) -> dict[str, object]:
    return {
        "id": market.name,
        "base_currency": market.base,
        "quote_currency": market.quote,
        "quote_increment": plain(market.price_step),
        "base_increment": plain(market.size_step),
        "display_name": market.name.replace("-", "/"),
        "min_market_funds": plain(market.least_value),
        "margin_enabled": False,
        "post_only": market.state == "post-only",
        "limit_only": market.state == "limit-only",
        "cancel_only": market.state == "cancel-only",
        "status": "delisted" if market.state == "delisted" else "online",
        "status_message": "",
        "trading_disabled": market.state == "delisted",
        "fx_stablecoin": False,
        "max_slippage_percentage": "0.02000000",
        "auction_mode": False,
        "high_bid_limit_percentage": "",
    }


def currency_form(venue: Venue, asset: str) -> dict[str, object]:
    chain = venue.custody.chains.get(asset)
    step = fixed(Decimal(1).scaleb(-chain.places), chain.places) if chain else "0.01"
    return {
        "id": asset,
        "name": f"{asset} (simulation)",
        "min_size": step,
        "status": "online",
        "message": "",
        "max_precision": step,
        "convertible_to": [],
        "details": {"type": "fiat" if asset == "USD" else "crypto", "sort_order": 0},
        "default_network": chain.network if chain else "",
        "supported_networks": [_network(chain, venue.custody.depth)] if chain else [],
    }


def _network(chain: Chain, depth: int) -> dict[str, object]:
    return {
        "id": chain.network,
        "name": chain.network.capitalize(),
        "status": "online",
        "contract_address": "",
        "min_withdrawal_amount": float(chain.least),
        "max_withdrawal_amount": 1000000,
        "network_confirmations": depth,
        "processing_time_seconds": None,
        "destination_tag_regex": "",
    }
