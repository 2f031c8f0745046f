"""What a judge is told beside the policy and the reading, and what it answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from warifu.chains.reading import COIN, Reading
from warifu.errors import PolicyDenied

Amounts = Mapping[str, int]
"""By token (``COIN`` for the chain's own coin), in the asset's smallest unit."""


@dataclass(frozen=True)
class Facts:
    """What this signer knows of the world. What is missing allows nothing."""

    now: int
    """By the signer's own clock, in seconds since 1970-01-01 UTC."""
    approvals: int
    """Distinct owners' credentials that approved this very request."""
    counted: Amounts
    """What it takes of each asset."""
    spent: Mapping[int, Amounts]
    """What counts beside it in the last so many hours, for each of ``WINDOWS``; of what it replaces, and what cannot
    happen any more if it does, only what that takes beyond it."""
    known: Mapping[str, int]
    """Destinations that were announced and not vetoed, with the moment of the notice."""
    notice: int | None
    """The moment of an unvetoed, unused notice of exactly these outflows; None where there is none."""
    deposits: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """By address and token: the most that visits bring there, to addresses that this signer fetched from the exchange
    itself."""


@dataclass(frozen=True)
class Rule:
    """One rule with its outcome, in words. The reasons are stable (``docs/policy.md``)."""

    reason: str
    allowed: bool
    words: str


@dataclass(frozen=True)
class Verdict:
    """What all rules say."""

    rules: tuple[Rule, ...]

    @property
    def refusal(self) -> PolicyDenied | None:
        """The first rule that says no, as an error; None where all say yes."""
        for rule in self.rules:
            if not rule.allowed:
                return PolicyDenied(
                    rule.reason,
                    f"the wallet's policy does not allow this: {rule.words}",
                    remedy=_REMEDIES.get(rule.reason, _OTHERWISE),
                )
        return None


_OTHERWISE = "Ask within the policy, or change it: what allows more waits before it is in force."
_REMEDIES = {
    "frozen-wallet": "The owners unfreeze it by a change of the policy, which waits before it is in force.",
    "hours": "Ask again in these hours.",
    "price-age": "Look the price up, and state it in a changed policy.",
    "window-limit": "Ask for less, or again when what left before is no longer in the window.",
    "approvals": "Have more of the owners approve this very request.",
    "notice": "Announce exactly this payment, and ask again when it has waited.",
    "destination-new": "Announce the destination, and ask again when it has waited.",
    "alone": "Make the wallet's threshold 2 or more, or use a key whose signature covers the whole request.",
    "comparison-due": "Wait: the service has this device compare it as soon as enough devices are there.",
    "not-comparable": "Ask for a plain order, or for a withdrawal without a memo and with its network.",
    "chain": "A chain without rules of its own only receives. " + _OTHERWISE,
}
"""What an owner can do, by the reason."""


def leaves(reading: Reading) -> dict[str, int]:
    """What leaves the wallet of each asset, or may from now on: outflows, and the fee in the chain's own coin."""
    leaving = Counter({COIN: reading.fee})
    for outflow in reading.outflows:
        leaving[outflow.token] += outflow.amount
    return {token: amount for token, amount in leaving.items() if amount}
