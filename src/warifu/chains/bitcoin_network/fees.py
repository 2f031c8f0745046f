"""Fee rates that carry their unit, and what backends estimate. Satoshi per 1000 virtual bytes, whole numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from warifu.errors import InputRefused

MAX_SAT_PER_VB = 5_000
"""More than any block ever asked for: beyond it is a mistake, or a backend that wants fees burnt."""


@dataclass(frozen=True, order=True)
class FeeRate:
    """A fee rate; ``InputRefused`` (``fee-rate``) outside 0.1 .. 5000 sat/vB."""

    sat_per_kvb: int

    def __post_init__(self) -> None:
        if not 100 <= self.sat_per_kvb <= MAX_SAT_PER_VB * 1000:
            raise InputRefused(
                "fee-rate",
                f"a fee rate is from 0.1 to {MAX_SAT_PER_VB} sat/vB, not {self.sat_per_kvb / 1000}",
            )

    @classmethod
    def per_vb(cls, value: int | str | Decimal) -> FeeRate:
        """From satoshi per virtual byte, with at most three decimals."""
        try:
            scaled = Decimal(value) * 1000
        except InvalidOperation:
            raise InputRefused("fee-rate", f"{str(value)[:20]!r} is not a fee rate in sat/vB") from None
        if not scaled.is_finite() or scaled != scaled.to_integral_value():
            raise InputRefused("fee-rate", f"{str(value)[:20]!r} has more than three decimals")
        return cls(int(scaled))

    @property
    def sat_per_kwu(self) -> int:
        """Satoshi per 1000 weight units, rounded up."""
        return -(-self.sat_per_kvb // 4)

    def fee(self, vsize: int) -> int:
        """Satoshi for ``vsize`` virtual bytes, rounded up."""
        return -(-self.sat_per_kvb * vsize // 1000)

    def __str__(self) -> str:
        return f"{Decimal(self.sat_per_kvb) / 1000:f} sat/vB"


MINIMUM_RELAY = FeeRate(1000)


@dataclass(frozen=True)
class FeeEstimates:
    """Rates by target: confirmation within that many blocks."""

    by_target: Mapping[int, FeeRate]

    def within(self, blocks: int) -> FeeRate:
        """The rate for the slowest known target that still is within ``blocks``, and at least the relay minimum.

        With no estimate at all (a young or private chain) it is the relay minimum.
        """
        targets = sorted(self.by_target)
        fitting = [target for target in targets if target <= blocks] or targets[:1]
        return max(self.by_target[fitting[-1]], MINIMUM_RELAY) if fitting else MINIMUM_RELAY


def estimates_from(rates: Mapping[int, Decimal | float]) -> FeeEstimates:
    """What a backend said in sat/vB. Nonsense is left out, and no rate is believed beyond the maximum."""
    found = {}
    for target, rate in rates.items():
        scaled = int(Decimal(str(rate)) * 1000) if math.isfinite(rate) else 0
        if 1 <= target <= 1008 and 100 <= scaled <= MAX_SAT_PER_VB * 1000:
            found[target] = FeeRate(scaled)
    return FeeEstimates(found)
