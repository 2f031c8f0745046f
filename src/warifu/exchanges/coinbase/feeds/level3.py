"""The Exchange API's channel ``level3``: what ``full`` says, packed into arrays.

Its first message is a schema, which says what the places of each array are. It is compared with the one that this file
was written from and not followed: a feed that packs otherwise is not understood.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final, Literal

from msgspec import Meta

from warifu.exchanges.calls import Answer

Sequence = int | Annotated[str, Meta(pattern=r"^[0-9]{1,20}\Z")]
"""Written as text."""


class _Packed(Answer, frozen=True, array_like=True):
    """Base of the arrays: the first place says which one it is."""

    product_id: str
    sequence: Sequence


class Open(_Packed, frozen=True, array_like=True, tag="open"):
    order_id: str
    side: Literal["buy", "sell"]
    price: Decimal
    size: Decimal
    time: str


class Change(_Packed, frozen=True, array_like=True, tag="change"):
    order_id: str
    price: Decimal
    size: Decimal
    """From now on."""
    time: str


class Match(_Packed, frozen=True, array_like=True, tag="match"):
    maker_order_id: str
    taker_order_id: str
    price: Decimal
    size: Decimal
    time: str


class Done(_Packed, frozen=True, array_like=True, tag="done"):
    order_id: str
    time: str


class Noop(_Packed, frozen=True, array_like=True, tag="noop"):
    """Nothing that changes the book; it has its number."""

    time: str


Packed = Open | Change | Match | Done | Noop
SCHEMA: Final = {
    kind.__struct_config__.tag: ("type", *kind.__struct_fields__)
    for kind in (Change, Done, Match, Noop, Open)
}
"""What the places are, by the kind of message."""
