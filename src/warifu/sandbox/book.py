"""What is offered in one market: the best price first, and at one price who came first."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from decimal import Decimal

from warifu.sandbox.amounts import EXACT, ZERO
from warifu.sandbox.orders import Order, Side


def price_of(order: Order) -> Decimal:
    assert order.terms.price is not None, "only an order with a price is on a book"
    return order.terms.price


def _bid_rank(order: Order) -> tuple[Decimal, int]:
    return -price_of(order), order.rank


def _ask_rank(order: Order) -> tuple[Decimal, int]:
    return price_of(order), order.rank


class Book:
    """Both sides."""

    def __init__(self) -> None:
        self._bids: list[Order] = []
        self._asks: list[Order] = []

    def side(self, side: Side) -> tuple[Order, ...]:
        """The orders to buy, or to sell, in the order in which they are served."""
        return tuple(self._bids if side == "buy" else self._asks)

    def put(self, order: Order) -> None:
        if order.terms.side == "buy":
            insort(self._bids, order, key=_bid_rank)
        else:
            insort(self._asks, order, key=_ask_rank)

    def drop(self, order: Order) -> None:
        """Take it off, if it is there."""
        orders = self._bids if order.terms.side == "buy" else self._asks
        orders[:] = [one for one in orders if one is not order]

    def against(self, side: Side, limit: Decimal | None) -> Iterator[Order]:
        """Those that an order of ``side`` meets, in turn; with a ``limit``, none at a worse price."""
        for order in self.side("sell" if side == "buy" else "buy"):
            price = price_of(order)
            if limit is not None and (price > limit if side == "buy" else price < limit):
                return
            yield order

    def best(self, side: Side) -> Decimal | None:
        orders = self.side(side)
        return price_of(orders[0]) if orders else None

    def levels(self, side: Side) -> list[tuple[Decimal, Decimal, int]]:
        """Price, size and number of orders at each price, the best first."""
        levels: dict[Decimal, tuple[Decimal, int]] = {}
        for order in self.side(side):
            size, count = levels.get(price_of(order), (ZERO, 0))
            levels[price_of(order)] = (EXACT.add(size, order.remaining), count + 1)
        return [(price, size, count) for price, (size, count) in levels.items()]
