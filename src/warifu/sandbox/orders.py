"""Orders and the fills of which they consist."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

import msgspec

from warifu.sandbox.amounts import EXACT, ZERO

Side = Literal["buy", "sell"]
Kind = Literal["limit", "market"]
Lifetime = Literal["until-cancelled", "immediate", "whole-or-none"]
Status = Literal["waiting", "open", "filled", "cancelled", "expired"]
"""``waiting``: a stop order whose price was not seen yet. ``expired``: nothing (more) to trade with."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer asks for. A limit order has size and price, a market order a size or funds."""

    account: str
    pair: str
    side: Side
    kind: Kind
    client_id: str = ""
    size: Decimal | None = None
    funds: Decimal | None = None
    """Of the quote; the most that a buyer pays (fees included, where they come on top), the most that a seller gets."""
    price: Decimal | None = None
    lifetime: Lifetime = "until-cancelled"
    post_only: bool = False
    stop_price: Decimal | None = None
    rising: bool = False
    """A stop order waits for a trade at or above its stop price; otherwise at or below it."""
    said: dict[str, Any] = {}
    """What else the exchange shows again as it was said."""


class Order(msgspec.Struct, kw_only=True):
    """An order that was taken, and what became of it."""

    number: int
    uuid: str
    terms: Terms
    moment: int
    """Milliseconds."""
    rank: int = 0
    """When it came on the book: at one price, the lower one is served first."""
    status: Status = "open"
    hold: Decimal = ZERO
    """Of the asset that it gives: what of it is still held for this order."""
    filled: Decimal = ZERO
    value: Decimal = ZERO
    fees: Decimal = ZERO
    """In the quote, or in what is got: as the market says."""
    done: int | None = None
    """Milliseconds."""

    @property
    def live(self) -> bool:
        return self.status in ("waiting", "open")

    @property
    def remaining(self) -> Decimal:
        """Of a size that was named; zero where none was."""
        return EXACT.subtract(self.terms.size, self.filled) if self.terms.size is not None else ZERO


class Fill(msgspec.Struct, frozen=True, kw_only=True):
    """One side of a trade."""

    trade: int
    order: int
    """Its number."""
    account: str
    pair: str
    side: Side
    price: Decimal
    size: Decimal
    fee: Decimal
    fee_asset: str
    maker: bool
    moment: int

    @property
    def value(self) -> Decimal:
        return EXACT.multiply(self.price, self.size)
