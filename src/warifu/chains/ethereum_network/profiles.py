"""Between which bounds a chain's fees are believed: known chains, and a wide default for any other."""

from __future__ import annotations

from warifu.chains.ethereum_network.fees import GWEI, FeeBounds

DEFAULT = FeeBounds(least_priority=10**6, most_priority=1_000 * GWEI, most=10_000 * GWEI)

_KNOWN = {
    1: FeeBounds(least_priority=10**7, most_priority=200 * GWEI, most=5_000 * GWEI),
    10: FeeBounds(least_priority=10**6, most_priority=50 * GWEI, most=500 * GWEI),
    # Bor refuses less (``txpool.pricelimit``), and its coin is worth a thousandth of ether.
    137: FeeBounds(least_priority=25 * GWEI, most_priority=10_000 * GWEI, most=50_000 * GWEI),
    8453: FeeBounds(least_priority=10**6, most_priority=50 * GWEI, most=500 * GWEI),
    # The sequencer takes transactions as they come and pays no attention to tips.
    42161: FeeBounds(least_priority=0, most_priority=GWEI, most=500 * GWEI),
}


def fee_bounds(chain_id: int) -> FeeBounds:
    """The bounds for a chain."""
    return _KNOWN.get(chain_id, DEFAULT)
