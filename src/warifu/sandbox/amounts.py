"""Exact decimal amounts: nothing is rounded but where a function says so, and then down."""

from __future__ import annotations

import re
from decimal import (
    ROUND_DOWN,
    ROUND_UP,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
)

ZERO = Decimal(0)
EXACT = Context(prec=80, traps=[InvalidOperation, DivisionByZero, Overflow, Inexact])
"""Sums and products of amounts either are exact in it or fail."""
_ROUNDING = Context(prec=80, traps=[InvalidOperation, DivisionByZero, Overflow])
_FORM = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18})?\Z")
_NUMBER = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,2})?\Z")


def amount_of(text: str) -> Decimal | None:
    """The amount in ``text``: digits with at most one point, 18 on either side. None for everything else."""
    return Decimal(text) if _FORM.match(text) else None


def number_of(text: str) -> Decimal | None:
    """As :func:`amount_of`, and with an exponent, as some clients write small numbers in JSON."""
    return amount_of(format(Decimal(text), "f")) if _NUMBER.match(text) else None


def is_multiple(value: Decimal, step: Decimal) -> bool:
    """Whether ``value`` is whole steps."""
    return _ROUNDING.remainder(value, step) == 0


def steps_down(value: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of ``step`` that is not above ``value``."""
    return EXACT.multiply((_ROUNDING.divide(value, step)).to_integral_value(ROUND_DOWN), step)


def places_down(value: Decimal, places: int) -> Decimal:
    """Cut after so many decimal places."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_DOWN, _ROUNDING)


def places_up(value: Decimal, places: int) -> Decimal:
    """The next number of so many decimal places that is not below ``value``."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_UP, _ROUNDING)


def ratio(part: Decimal, whole: Decimal, places: int) -> Decimal:
    """``part / whole``, cut."""
    return places_down(_ROUNDING.divide(part, whole), places)


def plain(value: Decimal) -> str:
    """``0.00000001``, not ``1E-8``; no zeros at the end of a fraction."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def fixed(value: Decimal, places: int = 8) -> str:
    """With so many decimal places, as exchanges pad them; cut where there are more."""
    return format(places_down(value, places), "f")
