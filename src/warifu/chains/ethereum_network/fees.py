"""What a gas costs (EIP-1559), from what the last blocks paid, within bounds that no node can move. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median_low

from warifu.chains.ethereum_network.wire import FeeHistory, number
from warifu.errors import ChainUnavailable, InputRefused

GWEI = 10**9
HISTORY_BLOCKS = 20
PERCENTILES = (10, 50, 90)
_NORMAL = 1
"""The place of the usual percentile in ``PERCENTILES``: half of the gas in a block paid no more."""
HEADROOM = 2
"""Times the base fee: it can rise by an eighth with each full block, so this outlasts five of them (1.125^6 = 2.03)."""
BUMP_PERCENT = 10
"""Geth, Erigon, Nethermind, Besu and Reth want both fees of a replacement to be higher by this (``PriceBump``)."""


@dataclass(frozen=True)
class FeeBounds:
    """Between which a chain's fees are believed, in wei per gas."""

    least_priority: int
    """What the chain's nodes ask for at least."""
    most_priority: int
    most: int
    """The highest whole fee: beyond it is a mistake, or a node that wants fees burnt."""


@dataclass(frozen=True)
class Fees:
    """Wei per gas: the most, the part of it for the block's maker, and the base fee of the next block."""

    max_fee: int
    priority: int
    base_fee: int

    @property
    def likely(self) -> int:
        """What a gas would cost in the next block."""
        return min(self.max_fee, self.base_fee + self.priority)


def estimate(history: FeeHistory, bounds: FeeBounds) -> Fees:
    """Fees for one of the next blocks.

    Raises ``ChainUnavailable`` (``answer-form``) for a history that is none, and ``InputRefused`` (``fee-cap``) where
    the chain asks for more than ``bounds`` allow.
    """
    base_fee = number(history.base_fee_per_gas[-1])
    rewards = _rewards(history)
    usual = median_low(rewards) if rewards else bounds.least_priority
    priority = min(max(usual, bounds.least_priority), bounds.most_priority)
    if base_fee + priority > bounds.most:
        raise _over_cap(base_fee + priority, bounds)
    return Fees(min(HEADROOM * base_fee + priority, bounds.most), priority, base_fee)


def _rewards(history: FeeHistory) -> list[int]:
    """The usual tip of each block that had transactions; empty blocks report 0, which says nothing."""
    if history.reward is None:
        return []
    if len(history.reward) != len(history.gas_used_ratio):
        raise _malformed()
    rewards = []
    for tips, used in zip(history.reward, history.gas_used_ratio, strict=True):
        if len(tips) != len(PERCENTILES) or not used.is_finite():
            raise _malformed()
        if used > 0:
            rewards.append(number(tips[_NORMAL]))
    return rewards


def replacement(max_fee: int, priority: int, now: Fees, bounds: FeeBounds) -> Fees:
    """Fees that nodes accept in place of ``max_fee`` and ``priority``, and that suffice now.

    Each at least 10 % higher, rounded up. Raises ``InputRefused`` (``fee-cap``).
    """
    raised = Fees(max(bumped(max_fee), now.max_fee), max(bumped(priority), now.priority), now.base_fee)
    if raised.max_fee > bounds.most:
        raise _over_cap(raised.max_fee, bounds)
    return Fees(raised.max_fee, min(raised.priority, raised.max_fee), now.base_fee)


def bumped(value: int) -> int:
    """At least 10 % and at least 1 more."""
    return max(value + 1, -(-value * (100 + BUMP_PERCENT) // 100))


def _over_cap(wanted: int, bounds: FeeBounds) -> InputRefused:
    return InputRefused(
        "fee-cap",
        f"a gas would cost {wanted / GWEI:.3f} gwei, over the limit of {bounds.most / GWEI:.0f}",
        remedy="Wait until the chain is quieter; if it is, one of the nodes does not tell the truth.",
    )


def _malformed() -> ChainUnavailable:
    return ChainUnavailable(
        "answer-form",
        "the history of fees does not fit together",
        not_done="No fee was estimated.",
        remedy="Try again, or configure another backend.",
    )
