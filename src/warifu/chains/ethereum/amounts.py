"""Amounts of coins and tokens as people write them: exact whole numbers of the smallest unit, never a float.

1 ETH = 10^9 gwei = 10^18 wei; every chain's coin has these 18 decimals. A token has decimals of its own. Digits that
the unit cannot hold are refused and not rounded: somebody meant them.
"""

from __future__ import annotations

import re

from warifu.errors import InputRefused

WEI_PER_GWEI = 10**9
WEI_PER_ETHER = 10**18
ETHER_DECIMALS = 18
GWEI_DECIMALS = 9
MAX_AMOUNT = (1 << 256) - 1
MAX_DECIMALS = 77
"""10^77 is the largest power of ten below 2^256."""

_NUMBER = re.compile(r"([0-9]{1,78})(?:\.([0-9]{1,77}))?", re.ASCII)
_UNITS = {"wei": 0, "gwei": GWEI_DECIMALS, "eth": ETHER_DECIMALS, "ether": ETHER_DECIMALS}


def parse_ether_amount(text: str, symbol: str = "ETH") -> int:
    """Wei in ``0.5 ETH``, ``3 gwei`` or ``1 wei``; ``symbol`` is what the chain's coin is called.

    A bare number is refused: one reader means wei, the next means ether. Raises ``InputRefused`` (``amount-form``,
    ``amount-range``).
    """
    words = text.split()
    decimals = _UNITS.get(words[1].lower()) if len(words) == 2 else None
    if len(words) == 2 and words[1].lower() == symbol.lower():
        decimals = ETHER_DECIMALS
    elif len(words) == 2 and symbol.upper() != "ETH" and words[1].lower() in ("eth", "ether"):
        decimals = None  # this chain's coin is another
    if decimals is None:
        raise InputRefused(
            "amount-form",
            f"{text[:40]!r} is not an amount of {symbol}",
            remedy=f"Write it with its unit, for example '0.015 {symbol}', '3 gwei' or '1 wei'.",
        )
    return parse_token_amount(words[0], decimals)


def parse_token_amount(text: str, decimals: int) -> int:
    """The whole number of smallest units in ``12.5``, for a token with so many decimals (0 .. 77).

    Raises ``InputRefused`` (``amount-form``, ``amount-range``, ``decimals``).
    """
    _check_decimals(decimals)
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise InputRefused(
            "amount-form",
            f"{text[:40]!r} is not an amount",
            remedy="Write digits with a decimal point, and no separators: 1250.5",
        )
    fraction = found[2] or ""
    if len(fraction) > decimals:
        raise InputRefused(
            "amount-form", f"{text[:40]!r} has more than the {decimals} decimals that there are"
        )
    amount = int(found[1] + fraction.ljust(decimals, "0"))
    if amount > MAX_AMOUNT:
        raise InputRefused("amount-range", f"{text[:40]!r} is more than can exist")
    return amount


def format_ether(amount: int, symbol: str = "ETH") -> str:
    """``0.5 ETH``: exact, without zeros at the end."""
    return f"{format_token_amount(amount, ETHER_DECIMALS)} {symbol}"


def format_gwei(amount: int) -> str:
    """Wei as ``3.5 gwei``: how fees per gas are written."""
    return f"{format_token_amount(amount, GWEI_DECIMALS)} gwei"


def format_token_amount(amount: int, decimals: int) -> str:
    """``12.5``: exact, without zeros at the end and without separators, so that ``parse_token_amount`` reads it."""
    _check_decimals(decimals)
    sign = "-" if amount < 0 else ""
    whole, rest = divmod(abs(amount), 10**decimals)
    fraction = f"{rest:0{decimals}d}".rstrip("0") if rest else ""
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"


def _check_decimals(decimals: int) -> None:
    if isinstance(decimals, bool) or not 0 <= decimals <= MAX_DECIMALS:
        raise InputRefused("decimals", f"a token has between 0 and {MAX_DECIMALS} decimals, not {decimals}")
