"""Amounts in words: SOL and lamports, tokens and their smallest units. Whole numbers and decimals, never floats."""

from __future__ import annotations

import re

from warifu.errors import InputRefused

LAMPORTS_PER_SOL = 1_000_000_000
SOL_DECIMALS = 9
MAX_AMOUNT = 2**64 - 1
"""Lamports and token amounts are unsigned 64-bit numbers on the chain."""
MAX_DECIMALS = 255

_DECIMAL = re.compile(r"([0-9]{1,20})(?:\.([0-9]{1,255}))?")
_WHOLE = re.compile(r"[0-9]{1,20}")


def parse_sol(text: str) -> int:
    """Lamports of ``0.5 SOL``, ``5000 lamports``, or a bare decimal with a point (SOL).

    A bare whole number is refused: one reader means lamports, the next means SOL. Raises ``InputRefused``
    (``amount-form``, ``amount-range``).
    """
    words = text.split()
    unit = words[1].lower() if len(words) == 2 else ""
    if len(words) in (1, 2):
        if unit in ("lamport", "lamports") and _WHOLE.fullmatch(words[0]):
            return _in_range(int(words[0]))
        if unit == "sol" or (not unit and "." in words[0]):
            return parse_units(words[0], SOL_DECIMALS)
    raise InputRefused(
        "amount-form",
        f"{text[:40]!r} is not an amount of SOL",
        remedy="Write it with its unit, for example '0.25 SOL' or '5000 lamports'.",
    )


def parse_units(text: str, decimals: int) -> int:
    """``text``, a plain decimal, in units of 10^-``decimals``; ``InputRefused`` where that is not exact."""
    found = _DECIMAL.fullmatch(text)
    fraction = (found[2] or "") if found else ""
    if found is None or len(fraction) > decimals:
        raise InputRefused("amount-form", f"{text[:40]!r} is not a number with at most {decimals} decimals")
    return _in_range(int(found[1] + fraction.ljust(decimals, "0")))


def format_units(amount: int, decimals: int) -> str:
    """Exactly, with all ``decimals``, so that columns line up: ``1.500000`` for 1500000 units of 10^-6."""
    digits = str(amount).rjust(decimals + 1, "0")
    return f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits


def format_sol(lamports: int) -> str:
    """``0.000005000 SOL``."""
    return f"{format_units(lamports, SOL_DECIMALS)} SOL"


def _in_range(amount: int) -> int:
    if amount > MAX_AMOUNT:
        raise InputRefused("amount-range", f"{amount} is more than any account can hold")
    return amount
