"""A pair and its steps: an order is made to fit before anybody signs it, in the owner's favour, or it is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from warifu.errors import InputRefused
from warifu.exchanges.amounts import positive, truncated

_SYMBOL = re.compile(r"[A-Z0-9]{1,20}\Z")
_UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")
ZERO = Decimal(0)


@dataclass(frozen=True)
class Pair:
    """What is bought or sold, and what it is paid with."""

    base: str
    quote: str

    def __post_init__(self) -> None:
        if not (_SYMBOL.match(self.base) and _SYMBOL.match(self.quote)):
            raise InputRefused("exchange-pair", "a pair is two symbols of capitals and digits")

    def __str__(self) -> str:
        return f"{self.base}-{self.quote}"


Side = Literal["buy", "sell"]
Kind = Literal["market", "limit", "stop-limit"]
Lifetime = Literal["until-cancelled", "immediate", "whole-or-none"]


@dataclass(frozen=True)
class Order:
    """What the owner wants, in no exchange's form. ``InputRefused`` (``exchange-order``) for a contradiction."""

    client_id: str
    """A UUID of ours, stored before the order is sent: the way to find out what became of it."""
    pair: Pair
    side: Side
    kind: Kind
    size: Decimal | None = None
    """Of the base."""
    funds: Decimal | None = None
    """Of the quote, instead of a size; market orders only."""
    price: Decimal | None = None
    stop_price: Decimal | None = None
    rising: bool = False
    """A stop order waits for the price to rise to ``stop_price``; otherwise to fall to it."""
    lifetime: Lifetime = "until-cancelled"
    post_only: bool = False
    """Refuse rather than take what is on the book."""

    def __post_init__(self) -> None:
        _require(_UUID4.match(self.client_id) is not None, "an order is known by a random UUID")
        _require((self.size is None) != (self.funds is None), "an order has a size or funds")
        _require(self.funds is None or self.kind == "market", "only a market order is for an amount of money")
        _require((self.price is None) == (self.kind == "market"), "all but a market order have a price")
        _require((self.stop_price is None) != (self.kind == "stop-limit"), "a stop order has a stop price")
        _require(
            self.lifetime == "until-cancelled" or self.kind == "limit", "only a limit order has a lifetime"
        )
        _require(
            not self.post_only or (self.kind == "limit" and self.lifetime == "until-cancelled"),
            "only an order that waits can refuse to take",
        )
        for what in (self.size, self.funds, self.price, self.stop_price):
            if what is not None:
                positive(what, "a size, an amount or a price")


State = Literal["open", "limit-only", "post-only", "cancel-only", "closed"]


@dataclass(frozen=True)
class Market:
    """The steps and bounds of one pair, from the exchange's own list."""

    symbol: str
    """The exchange's name for it."""
    pair: Pair
    size_step: Decimal
    price_step: Decimal
    funds_step: Decimal
    least_size: Decimal = ZERO
    most_size: Decimal | None = None
    least_funds: Decimal = ZERO
    state: State = "open"

    def fit(self, order: Order) -> Order:
        """``order`` in whole steps; ``InputRefused`` (``exchange-market``) for what this market does not take.

        Sizes and funds are cut down. A price moves to the step that is not worse than what the owner said: down for a
        buy, up for a sell.
        """
        _fits(order.pair == self.pair, f"this is the market of {self.pair}")
        self._require_open(order)
        fitted = replace(
            order,
            size=self._amount(order.size, self.size_step),
            funds=self._amount(order.funds, self.funds_step),
            price=self._price(order.price, order.side),
            stop_price=self._price(order.stop_price, order.side),
        )
        size, funds = fitted.size or ZERO, fitted.funds or ZERO
        if size:
            _fits(size >= self.least_size, f"the least size here is {self.least_size}")
            _fits(self.most_size is None or size <= self.most_size, f"the most here is {self.most_size}")
        value = funds or size * (fitted.price or ZERO)
        _fits(not value or value >= self.least_funds, f"the least amount here is {self.least_funds}")
        return fitted

    def _amount(self, amount: Decimal | None, step: Decimal) -> Decimal | None:
        if amount is None:
            return None
        cut = truncated(amount, step)
        _fits(cut > 0, "the amount is less than one step of this market")
        return cut

    def _price(self, price: Decimal | None, side: Side) -> Decimal | None:
        if price is None:
            return None
        down = truncated(price, self.price_step)
        fitted = down if side == "buy" or down == price else down + self.price_step
        _fits(fitted > 0, "the price is less than one step of this market")
        return fitted

    def _require_open(self, order: Order) -> None:
        match self.state:
            case "open":
                return
            case "limit-only":
                _fits(order.kind != "market", "this market takes limit orders only at the moment")
            case "post-only":
                _fits(order.post_only, "this market takes post-only orders only at the moment")
            case _:
                _fits(False, "this market takes no orders at the moment")


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise InputRefused("exchange-order", message)


def _fits(holds: bool, message: str) -> None:
    if not holds:
        raise InputRefused("exchange-market", message)
