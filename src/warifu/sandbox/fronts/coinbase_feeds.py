"""Coinbase's WebSocket feeds: Advanced Trade's two hosts and the Exchange API's. Forms as in its documents.

Of the channels some are simulated: ``heartbeats``, ``ticker``, ``ticker_batch``, ``market_trades``, ``level2`` and
``user``; of the Exchange API ``heartbeat``, ``ticker``, ``matches``, ``level2`` and ``user``. A feed looks at the books
a few times a second and tells what became different; what came and went in between, it does not tell.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import jwt

from warifu.sandbox.amounts import ZERO, plain, ratio
from warifu.sandbox.faults import Faults
from warifu.sandbox.fronts.cdp import is_alive
from warifu.sandbox.orders import Fill, Order, Side
from warifu.sandbox.refusal import Refusal
from warifu.sandbox.serving import Cut
from warifu.sandbox.venue import Venue
from warifu.sandbox.web import Request, body_fields

ADVANCED_HOST = "advanced-trade-ws.coinbase.com"
USER_HOST = "advanced-trade-ws-user.coinbase.com"
EXCHANGE_HOST = "ws-feed.exchange.coinbase.com"
HOSTS = (ADVANCED_HOST, USER_HOST, EXCHANGE_HOST)

_SHOWN_TRADES = 50
_SIDES: tuple[tuple[str, Side], ...] = (("bid", "buy"), ("offer", "sell"))
_STATUSES = {
    "waiting": "PENDING",
    "open": "OPEN",
    "filled": "FILLED",
    "cancelled": "CANCELLED",
    "expired": "EXPIRED",
}
_DONE = {"filled": "filled", "cancelled": "canceled", "expired": "canceled"}

Levels = dict[tuple[str, Decimal], Decimal]
"""(side, price) and the size that is there."""


class _Feed(ABC):
    """What both have in common: subscriptions to channels, and faults."""

    api: str

    def __init__(self, venue: Venue, faults: Faults, host: str) -> None:
        self.venue, self._faults, self._host = venue, faults, host
        self.subscribed = False
        self._losing = 0
        """How many of the next news get lost."""
        self._second = 0
        self._seen_fills = 0
        self._levels: dict[str, Levels] = {}
        self._orders: dict[str, tuple[str, Decimal]] = {}
        """What of each order was told last: status, and how much of it is filled."""

    def hear(self, text: bytes) -> list[object]:
        """A subscription, or what is none."""
        with self.venue.lock:
            try:
                return self._heard(body_fields(text))
            except Refusal as refusal:
                return [self._refused(refusal)]

    def turn(self) -> list[object]:
        """What is new."""
        with self.venue.lock:
            return self._arriving(self._news())

    @abstractmethod
    def _heard(self, said: dict[str, Any]) -> list[object]: ...

    @abstractmethod
    def _news(self) -> Iterator[object]: ...

    def _refused(self, refusal: Refusal) -> object:
        words = {
            "authentication": "authentication failure",
            "signature": "authentication failure",
            "passphrase": "authentication failure",
            "clock": "request timestamp expired",
            "rate-limit": "rate limit exceeded",
        }
        said = words.get(refusal.reason, f"failure to subscribe: {refusal.detail or refusal.reason}")
        return {"type": "error", "message": said}

    def _arriving(self, messages: Iterator[object]) -> list[object]:
        """Those that do not get lost."""
        found: list[object] = []
        for message in messages:
            if self._losing:
                self._losing -= 1
            else:
                found.append(message)
        return found

    def _go_wrong(self, channel: str) -> None:
        """A fault that waits for this channel. ``Refusal``; ``Cut``."""
        for fault in self._faults.take(self.api, Request("FEED", self._host, f"/{channel}", "", {})):
            if fault.kind == "refuse":
                raise Refusal(fault.reason)
            if fault.kind == "cut":
                raise Cut
            if fault.kind == "lose-answer":
                self._losing += 1

    def _products(self, said: object) -> tuple[str, ...]:
        if not isinstance(said, list) or not all(one in self.venue.engine.markets for one in said):
            raise Refusal("form", "product_ids")
        return tuple(dict.fromkeys(said))

    def _second_passed(self) -> bool:
        second = self.venue.now() // 1000
        passed = second != self._second
        self._second = second
        return passed

    def _new_fills(self) -> list[Fill]:
        fills = self.venue.state.trading.fills
        new, self._seen_fills = fills[self._seen_fills :], len(fills)
        return new

    def _level_changes(self, product: str) -> list[tuple[str, Decimal, Decimal]]:
        """(side, price, what is there now), of what is not as it was."""
        book = self.venue.engine.books[product]
        now = {(name, price): size for name, side in _SIDES for price, size, _ in book.levels(side)}
        before = self._levels.get(product, {})
        self._levels[product] = now
        gone = [(side, price, ZERO) for side, price in before if (side, price) not in now]
        return gone + [(*place, size) for place, size in now.items() if before.get(place) != size]

    def _order_news(self, account: str) -> list[Order]:
        """Orders of which something else is so than was told; the oldest first."""
        news = []
        for order in reversed(list(self.venue.engine.orders_of(account))):
            state = (order.status, order.filled)
            if self._orders.get(order.uuid) != state and (order.live or order.uuid in self._orders):
                news.append(order)
            self._orders[order.uuid] = state
        return news


class AdvancedFeed(_Feed):
    """One connection to Advanced Trade's."""

    api = "coinbase-advanced"

    def __init__(self, venue: Venue, faults: Faults, host: str) -> None:
        super().__init__(venue, faults, host)
        self._number = 0
        self._beats = 0
        self._channels: dict[str, tuple[str, ...]] = {}
        self._tickers: dict[tuple[str, str], object] = {}
        self._account = ""

    def _heard(self, said: dict[str, Any]) -> list[object]:
        channel, products = str(said.get("channel")), self._products(said.get("product_ids", []))
        known: tuple[str, ...] = ("heartbeats", "user")
        if self._host == ADVANCED_HOST:
            known += ("ticker", "ticker_batch", "market_trades", "level2")
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
            "timestamp": _iso(self.venue.now()),
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
            "time": _iso(fill.moment),
        }

    def _level_event(self, kind: str, product: str, changes: list[tuple[str, Decimal, Decimal]]) -> object:
        moment = _iso(self.venue.now())
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
            "creation_time": _iso(order.moment),
            "order_side": terms.side.upper(),
            "order_type": terms.kind.capitalize(),
            "cancel_reason": "User requested cancel" if order.status == "cancelled" else "",
            "reject_reason": "",
            "limit_price": "" if terms.price is None else plain(terms.price),
            "stop_price": "" if terms.stop_price is None else plain(terms.stop_price),
        }


class ExchangeFeed(_Feed):
    """One connection to the Exchange API's. Its messages about a product are numbered by that product's trades."""

    api = "coinbase-exchange"

    def __init__(self, venue: Venue, faults: Faults, host: str) -> None:
        super().__init__(venue, faults, host)
        self._channels: dict[str, tuple[str, ...]] = {}
        self._account = ""

    def _heard(self, said: dict[str, Any]) -> list[object]:
        products = self._products(said.get("product_ids", []))
        channels = said.get("channels")
        known = ("heartbeat", "ticker", "matches", "level2", "user")
        if said.get("type") != "subscribe" or not isinstance(channels, list) or not channels:
            raise Refusal("form", "channels")
        for channel in channels:
            if channel not in known:
                raise Refusal("form", str(channel))
            self._go_wrong(channel)
        if {"level2", "user"} & set(channels):
            self._account = self._customer(said)
        self.subscribed = True
        self._channels |= dict.fromkeys(channels, products)
        self._new_fills()
        shown = [
            {"name": name, "product_ids": list(of), "account_ids": None}
            for name, of in self._channels.items()
        ]
        first = [
            one for channel in channels for product in products for one in self._snapshot(channel, product)
        ]
        self._orders.clear()
        self._order_news(self._account)
        return [{"type": "subscriptions", "channels": shown}, *first]

    def _customer(self, said: dict[str, Any]) -> str:
        """Whose signature it is: over the request to verify oneself. ``Refusal``."""
        key, signature, passphrase, moment = (
            str(said.get(name, "")) for name in ("key", "signature", "passphrase", "timestamp")
        )
        credential = self.venue.state.people.credential("coinbase-exchange", key)
        if not moment.isdigit() or abs(int(moment) * 1000 - self.venue.now()) > 30_000:
            raise Refusal("clock")
        secret = base64.b64decode(credential.verifier)
        due = hmac.new(secret, f"{moment}GET/users/self/verify".encode(), hashlib.sha256).digest()
        if not hmac.compare_digest(base64.b64encode(due), signature.encode()):
            raise Refusal("signature")
        if not hmac.compare_digest(credential.passphrase.encode(), passphrase.encode()):
            raise Refusal("passphrase")
        credential.require("view")
        return credential.account

    def _snapshot(self, channel: str, product: str) -> Iterator[object]:
        if channel == "ticker":
            yield self._ticker(product)
        elif channel == "matches":
            fills = [one for one in self.venue.state.trading.fills if not one.maker and one.pair == product]
            for fill in fills[-1:]:
                yield self._match(fill, "last_match")
        elif channel == "level2":
            self._levels.pop(product, None)
            self._level_changes(product)
            levels = self._levels[product]
            yield {
                "type": "snapshot",
                "product_id": product,
                **{
                    name: [[plain(price), plain(size)] for (of, price), size in levels.items() if of == side]
                    for name, side in (("bids", "bid"), ("asks", "offer"))
                },
            }

    def _news(self) -> Iterator[object]:
        if self._second_passed():
            for product in self._channels.get("heartbeat", ()):
                number = self._number(product)
                moment = _iso(self.venue.now())
                yield self._about(product, "heartbeat", sequence=number, last_trade_id=number, time=moment)
        for fill in self._new_fills():
            if not fill.maker and fill.pair in self._channels.get("matches", ()):
                yield self._match(fill, "match")
            if not fill.maker and fill.pair in self._channels.get("ticker", ()):
                yield self._ticker(fill.pair)
            if fill.account == self._account and fill.pair in self._channels.get("user", ()):
                yield {**self._match(fill, "match"), **self._mine}
        for product in self._channels.get("level2", ()):
            changes = self._level_changes(product)
            if changes:
                shown = [
                    ["buy" if side == "bid" else "sell", plain(price), plain(size)]
                    for side, price, size in changes
                ]
                yield self._about(product, "l2update", time=_iso(self.venue.now()), changes=shown)
        for order in self._order_news(self._account) if "user" in self._channels else ():
            if order.terms.pair in self._channels["user"]:
                yield self._order(order)

    @property
    def _mine(self) -> dict[str, object]:
        named = self.venue.account(self._account).uuid
        return {"user_id": named, "profile_id": named}

    def _order(self, order: Order) -> object:
        terms = order.terms
        said = self._about(
            terms.pair,
            "open" if order.live else "done",
            sequence=self._number(terms.pair),
            order_id=order.uuid,
            side=terms.side,
            time=_iso(order.moment if order.done is None else order.done),
            remaining_size=plain(order.remaining),
        )
        if terms.price is not None:
            said["price"] = plain(terms.price)
        if not order.live:
            said["reason"] = _DONE[order.status]
        return {**said, **self._mine}

    def _ticker(self, product: str) -> object:
        book, number = self.venue.engine.books[product], self._number(product)
        bid, ask = book.best("buy"), book.best("sell")
        return self._about(
            product,
            "ticker",
            sequence=number,
            price=plain(self.venue.engine.price(product)),
            best_bid="" if bid is None else plain(bid),
            best_ask="" if ask is None else plain(ask),
            volume_24h="0",
            trade_id=number,
            time=_iso(self.venue.now()),
        )

    def _match(self, fill: Fill, kind: str) -> dict[str, object]:
        """The taker's side of it, or the customer's own."""
        orders = {one.number: one.uuid for one in self.venue.state.trading.orders}
        sides = [one for one in self.venue.state.trading.fills if one.trade == fill.trade]
        named = {one.maker: orders.get(one.order, "") for one in sides}
        number = self.venue.engine.number_of(fill)
        maker_side = fill.side if fill.maker else ("sell" if fill.side == "buy" else "buy")
        return self._about(
            fill.pair,
            kind,
            sequence=number,
            trade_id=number,
            maker_order_id=named[True],
            taker_order_id=named[False],
            side=maker_side,
            size=plain(fill.size),
            price=plain(fill.price),
            time=_iso(fill.moment),
        )

    def _about(self, product: str, kind: str, **said: object) -> dict[str, object]:
        return {"type": kind, "product_id": product, **said}

    def _number(self, product: str) -> int:
        """Of the product's last trade."""
        fills = [one for one in self.venue.state.trading.fills if one.pair == product]
        return self.venue.engine.number_of(fills[-1]) if fills else 0


def _iso(moment: int) -> str:
    return datetime.fromtimestamp(moment / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
