"""Amounts that carry their unit, so that satoshi are never added to BTC or to fee rates.

``Satoshi`` is a whole number of satoshi (1 BTC = 100,000,000 satoshi). Text is parsed strictly and shown without
ever passing through a float.
"""

from __future__ import annotations

import re
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
