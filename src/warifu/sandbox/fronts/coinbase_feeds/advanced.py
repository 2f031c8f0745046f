"""Advanced Trade's feeds: market data, and the user's own orders by a token that names no path."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import jwt

from warifu.sandbox.amounts import plain, ratio
from warifu.sandbox.faults import Faults
from warifu.sandbox.fronts.cdp import is_alive
from warifu.sandbox.fronts.coinbase_feeds.common import CoinbaseFeed, iso
from warifu.sandbox.markets import Market
from warifu.sandbox.orders import Fill, Order
from warifu.sandbox.refusal import Refusal
from warifu.sandbox.venue import Venue

ADVANCED_HOST = "advanced-trade-ws.coinbase.com"
USER_HOST = "advanced-trade-ws-user.coinbase.com"
_SHOWN_TRADES = 50
_STATUSES = {
    "waiting": "PENDING",
    "open": "OPEN",
    "filled": "FILLED",
    "cancelled": "CANCELLED",
    "expired": "EXPIRED",
}


class AdvancedFeed(CoinbaseFeed):
    """One connection to Advanced Trade's."""

    api = "coinbase-advanced"

    def __init__(self, venue: Venue, faults: Faults, host: str) -> None:
        super().__init__(venue, faults, host)
        self._number = 0
        self._beats = 0
        self._channels: dict[str, tuple[str, ...]] = {}
        self._tickers: dict[tuple[str, str], object] = {}
        self._statuses: dict[str, object] = {}
        self._account = ""

    def _heard(self, said: dict[str, Any]) -> list[object]:
        channel, products = str(said.get("channel")), self._products(said.get("product_ids", []))
        known: tuple[str, ...] = ("heartbeats", "user")
        if self._host == ADVANCED_HOST:
            known += ("ticker", "ticker_batch", "market_trades", "level2", "status")
        if channel not in known or said.get("type") not in ("subscribe", "unsubscribe"):
            raise Refusal("form", channel)
        self._go_wrong(channel)
        if said["type"] == "unsubscribe":
            self._channels.pop(channel, None)
            return [self._subscriptions()]
        if channel == "user":
            self._account = self._customer(said.get("jwt"))
        self.subscribed = True
        self._channels[channel] = products
        first = list(self._snapshot(channel, products))
        return [*first, self._subscriptions()]

    def _customer(self, token: object) -> str:
        """Whose token it is. It names no path. ``Refusal`` (``signature``)."""
        try:
            header = jwt.get_unverified_header(str(token))
            credential = self.venue.state.people.credential("coinbase", str(header.get("kid")))
            claims = jwt.decode(
                str(token),
                credential.verifier,
                algorithms=[credential.algorithm],
                options={"require": ["sub", "iss", "nbf", "exp"], "verify_exp": False, "verify_nbf": False},
            )
        except jwt.InvalidTokenError:
            raise Refusal("signature") from None
        if (
            claims["sub"] != credential.key
            or claims["iss"] != "cdp"
            or "uri" in claims
            or not is_alive(claims, self.venue.now())
        ):
            raise Refusal("signature")
        credential.require("view")
        return credential.account

    def _message(self, channel: str, *events: object) -> object:
        number, self._number = self._number, self._number + 1
        return {
            "channel": channel,
            "client_id": "",
            "timestamp": iso(self.venue.now()),
            "sequence_num": number,
            "events": list(events),
        }

    def _subscriptions(self) -> object:
        shown = {channel: list(products) or [channel] for channel, products in self._channels.items()}
        return self._message("subscriptions", {"subscriptions": shown})

    def _snapshot(self, channel: str, products: tuple[str, ...]) -> Iterator[object]:
        if channel in ("ticker", "ticker_batch"):
            for product in products:
                self._tickers[channel, product] = self._ticker(product)
            tickers = [self._ticker(product) for product in products]
            yield self._message(channel, {"type": "snapshot", "tickers": tickers})
        elif channel == "status":
            self._statuses.clear()
            yield from self._status_news("snapshot", products)
        elif channel == "market_trades":
            fills = [one for one in self.venue.state.trading.fills if not one.maker and one.pair in products]
            self._new_fills()
            trades = [self._trade(one) for one in reversed(fills[-_SHOWN_TRADES:])]
            yield self._message(channel, {"type": "snapshot", "trades": trades})
        elif channel == "level2":
            for product in products:
                self._levels.pop(product, None)
                yield self._message(
                    "l2_data", self._level_event("snapshot", product, self._level_changes(product))
                )
        elif channel == "user":
            self._orders.clear()
            orders = [
                one for one in self._order_news(self._account) if one.terms.pair in products or not products
            ]
            yield self._message(channel, {"type": "snapshot", "orders": [self._order(one) for one in orders]})

    def _news(self) -> Iterator[object]:
        if self._second_passed() and "heartbeats" in self._channels:
            self._beats += 1
            moment = datetime.fromtimestamp(self.venue.now() / 1000, UTC).strftime(
                "%Y-%m-%d %H:%M:%S +0000 UTC"
            )
            yield self._message("heartbeats", {"current_time": moment, "heartbeat_counter": self._beats})
        fills = self._new_fills()
        for channel, products in self._channels.items():
            if channel in ("ticker", "ticker_batch"):
                yield from self._ticker_news(channel, products)
            elif channel == "status":
                yield from self._status_news("update", products)
            elif channel == "market_trades":
                trades = [self._trade(one) for one in fills if not one.maker and one.pair in products]
                if trades:
                    yield self._message(channel, {"type": "update", "trades": trades})
            elif channel == "level2":
                for product in products:
                    changes = self._level_changes(product)
                    if changes:
                        yield self._message("l2_data", self._level_event("update", product, changes))
            elif channel == "user":
                orders = [
                    one
                    for one in self._order_news(self._account)
                    if one.terms.pair in products or not products
                ]
                if orders:
                    shown = [self._order(one) for one in orders]
                    yield self._message(channel, {"type": "update", "orders": shown})

    def _status_news(self, kind: str, products: tuple[str, ...]) -> Iterator[object]:
        """Of those of which something else is so than was told."""
        now = {product: _product(self.venue.engine.markets[product]) for product in products}
        news = [shown for product, shown in now.items() if self._statuses.get(product) != shown]
        self._statuses |= now
        if news:
            yield self._message("status", {"type": kind, "products": news})

    def _ticker_news(self, channel: str, products: tuple[str, ...]) -> Iterator[object]:
        for product in products:
            ticker = self._ticker(product)
            if self._tickers.get((channel, product)) != ticker:
                self._tickers[channel, product] = ticker
                yield self._message(channel, {"type": "update", "tickers": [ticker]})

    def _ticker(self, product: str) -> object:
        book = self.venue.engine.books[product]
        bid, ask = book.levels("buy")[:1], book.levels("sell")[:1]
        return {
            "type": "ticker",
            "product_id": product,
            "price": plain(self.venue.engine.price(product)),
            "volume_24_h": "0",
            "low_24_h": "0",
            "high_24_h": "0",
            "low_52_w": "0",
            "high_52_w": "0",
            "price_percent_chg_24_h": "0",
            "best_bid": plain(bid[0][0]) if bid else "",
            "best_bid_quantity": plain(bid[0][1]) if bid else "",
            "best_ask": plain(ask[0][0]) if ask else "",
            "best_ask_quantity": plain(ask[0][1]) if ask else "",
        }

    def _trade(self, fill: Fill) -> object:
        return {
            "trade_id": str(self.venue.engine.number_of(fill)),
            "product_id": fill.pair,
            "price": plain(fill.price),
            "size": plain(fill.size),
            "side": "SELL" if fill.side == "buy" else "BUY",  # the maker's
            "time": iso(fill.moment),
        }

    def _level_event(self, kind: str, product: str, changes: list[tuple[str, Decimal, Decimal]]) -> object:
        moment = iso(self.venue.now())
        return {
            "type": kind,
            "product_id": product,
            "updates": [
                {"side": side, "event_time": moment, "price_level": plain(price), "new_quantity": plain(size)}
                for side, price, size in changes
            ],
        }

    def _order(self, order: Order) -> object:
        terms = order.terms
        return {
            "order_id": order.uuid,
            "client_order_id": terms.client_id,
            "cumulative_quantity": plain(order.filled),
            "leaves_quantity": plain(order.remaining),
            "avg_price": plain(ratio(order.value, order.filled, 8)) if order.filled else "0",
            "total_fees": plain(order.fees),
            "status": _STATUSES[order.status],
            "product_id": terms.pair,
            "product_type": "SPOT",
            "creation_time": iso(order.moment),
            "order_side": terms.side.upper(),
            "order_type": terms.kind.capitalize(),
            "cancel_reason": "User requested cancel" if order.status == "cancelled" else "",
            "reject_reason": "",
            "limit_price": "" if terms.price is None else plain(terms.price),
            "stop_price": "" if terms.stop_price is None else plain(terms.stop_price),
        }


def _product(market: Market) -> object:
    return {
        "product_type": "SPOT",
        "id": market.name,
        "base_currency": market.base,
        "quote_currency": market.quote,
        "base_increment": plain(market.size_step),
        "quote_increment": plain(market.price_step),
        "display_name": market.name.replace("-", "/"),
        "status": "delisted" if market.state == "delisted" else "online",
        "status_message": "" if market.state == "open" else f"{market.state} (simulation)",
        "min_market_funds": plain(market.least_value),
    }
