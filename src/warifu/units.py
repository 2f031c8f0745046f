"""Amounts that carry their unit, so that satoshi are never added to BTC or to fee rates.

``Satoshi`` is a whole number of satoshi (1 BTC = 100,000,000 satoshi). Text is parsed strictly and shown without
ever passing through a float.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NewType

from warifu.errors import InputRefused

Satoshi = NewType("Satoshi", int)
SATOSHI_PER_BTC = 100_000_000
MAX_SATOSHI = Satoshi(21_000_000 * SATOSHI_PER_BTC)

_BTC = re.compile(r"([0-9]{1,8})(?:\.([0-9]{1,8}))?")
_SAT = re.compile(r"[0-9]{1,16}")


def satoshi(value: int) -> Satoshi:
    """``value`` as an amount of satoshi; ``InputRefused`` unless 0 <= value <= 21,000,000 BTC."""
    if isinstance(value, bool) or not 0 <= value <= MAX_SATOSHI:
        raise InputRefused("amount-range", f"{value} satoshi is outside 0 .. {MAX_SATOSHI}")
    return Satoshi(value)


def parse_bitcoin_amount(text: str) -> Satoshi:
    """Read ``0.5 BTC``, ``1200 sat``, or a bare decimal with a point (BTC). A bare whole number is refused.

    Refusing ``100000`` without a unit is deliberate: one reader means satoshi, the next means bitcoin.
    Raises ``InputRefused``.
    """
    words = text.strip().split()
    unit = words[1].lower() if len(words) == 2 else ""
    number = words[0] if words else ""
    if len(words) in (1, 2):
        if unit in ("sat", "sats", "satoshi") and _SAT.fullmatch(number):
            return satoshi(int(number))
        btc = _BTC.fullmatch(number)
        if btc and (unit == "btc" or (not unit and btc[2] is not None)):
            return satoshi(int(btc[1]) * SATOSHI_PER_BTC + int((btc[2] or "").ljust(8, "0")))
    raise InputRefused(
        "amount-form",
        f"{text[:40]!r} is not an amount of bitcoin",
        remedy="Write it with its unit, for example '0.015 BTC' or '1500000 sat'.",
    )


def format_bitcoin_amount(amount: int) -> str:
    """``0.01500000 BTC``: always eight decimals, so that columns line up and nothing is rounded."""
    sign = "-" if amount < 0 else ""
    whole, rest = divmod(abs(amount), SATOSHI_PER_BTC)
    return f"{sign}{whole}.{rest:08d} BTC"


MAX_QUANTITY = 2**256 - 1
"""The largest amount of any asset: what a word of the EVM holds."""

_DECIMAL = re.compile(r"([0-9]{1,78})(?:\.([0-9]{1,36}))?")


def parse_quantity(text: str, units: Mapping[str, int]) -> int:
    """Read ``1.5 ETH``: a number and one of ``units`` (lower case, each with its decimals), in the smallest unit.

    Nothing is rounded: more digits than the unit has are refused. Raises ``InputRefused`` (``amount-form``).
    """
    words = text.strip().split()
    number = _DECIMAL.fullmatch(words[0]) if len(words) == 2 else None
    decimals = units.get(words[1].lower()) if len(words) == 2 else None
    if number is None or decimals is None or len((number[2] or "").rstrip("0")) > decimals:
        raise InputRefused(
            "amount-form",
            f"{text[:40]!r} is not an amount in {' or '.join(units)}",
            remedy="Write a number and its unit, with no more digits than the unit has.",
        )
    fraction = (number[2] or "").rstrip("0").ljust(decimals, "0")
    value: int = int(number[1]) * 10**decimals + int(fraction or "0")
    if value > MAX_QUANTITY:
        raise InputRefused("amount-range", f"{text[:40]!r} is more than there can be")
    return value


def format_quantity(amount: int, decimals: int, symbol: str) -> str:
    """``1.5 ETH``: exact, without zeros at the end."""
    whole, rest = divmod(abs(amount), 10**decimals)
    fraction = f".{rest:0{decimals}d}".rstrip("0").rstrip(".") if decimals else ""
    return f"{'-' if amount < 0 else ''}{whole}{fraction} {symbol}"
