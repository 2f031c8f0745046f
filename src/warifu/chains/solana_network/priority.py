"""What to offer beside the base fee: from what the last slots took, between bounds. Pure.

Prices are millionths of a lamport for a compute unit. Validators prefer who offers more, and there is no auction whose
price one could know: the estimate is a high percentile of the recent minima, and a lie is cut at the bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from warifu.chains.solana.fees import priority_fee
from warifu.chains.solana.instructions import MAX_COMPUTE_UNITS
from warifu.chains.solana_network.wire import MAX_FEE_SAMPLES, PrioritizationFee
from warifu.errors import InputRefused

PERCENTILE = 75
REPLACEMENT_FACTOR = 2
"""By how much a replacement outbids at least: whichever is taken first wins, so it should be clearly better."""
_MARGIN_PERCENT = 20
_MARGIN_UNITS = 500
"""Over what a simulation used: accounts can have changed meanwhile."""


@dataclass(frozen=True)
class PriorityBounds:
    """``least`` and ``most``: prices in millionths of a lamport; ``total``: lamports for a whole transaction."""

    least: int = 1_000
    most: int = 5_000_000
    total: int = 5_000_000


def compute_limit(used: int) -> int:
    """The limit to set where a simulation used ``used`` compute units."""
    return min(MAX_COMPUTE_UNITS, used + used * _MARGIN_PERCENT // 100 + _MARGIN_UNITS)


def price_from(samples: Sequence[PrioritizationFee], limit: int, bounds: PriorityBounds) -> int:
    """The price to offer for ``limit`` units."""
    seen = sorted(sample.prioritization_fee for sample in samples[:MAX_FEE_SAMPLES])
    estimate = seen[min(len(seen) - 1, len(seen) * PERCENTILE // 100)] if seen else 0
    return _within(estimate, limit, bounds)


def outbid(old: int, estimate: int, limit: int, bounds: PriorityBounds) -> int:
    """The price with which to replace ``old``; ``InputRefused`` (``fee-bound``) where the bounds leave no room."""
    price = _within(max(estimate, old * REPLACEMENT_FACTOR), limit, bounds)
    if price <= old:
        raise InputRefused(
            "fee-bound",
            f"it offers {old} millionths of a lamport for a unit already, and more is not offered",
            remedy="Wait for it, or cancel it.",
        )
    return price


def _within(price: int, limit: int, bounds: PriorityBounds) -> int:
    price = min(max(price, bounds.least), bounds.most)
    if priority_fee(limit, price) > bounds.total:
        price = bounds.total * 1_000_000 // limit
    return price
