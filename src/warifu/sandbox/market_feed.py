"""What all feeds have in common: subscriptions, faults, and what became different since it was told."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from warifu.sandbox.amounts import ZERO
from warifu.sandbox.faults import Faults
from warifu.sandbox.orders import Fill, Order, Side
from warifu.sandbox.refusal import Refusal
from warifu.sandbox.serving import Cut
from warifu.sandbox.venue import Venue
from warifu.sandbox.web import Request, body_fields

_SIDES: tuple[tuple[str, Side], ...] = (("bid", "buy"), ("offer", "sell"))

Levels = dict[tuple[str, Decimal], Decimal]
"""(side, price) and the size that is there."""


class MarketFeed(ABC):
    """One connection. ``subscribed``: whether anybody listens."""

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

    @abstractmethod
    def _refused(self, refusal: Refusal) -> object:
        """No, in this feed's own form."""

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
