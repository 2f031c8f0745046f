"""How long to wait before an exchange is asked again: by what it said. A question alone is asked again by itself.

What changes something is not: ``attempt`` says what becomes of that. A ban grows for who goes on asking, and a clock
that is wrong is so a moment later, too.
"""

from __future__ import annotations

from collections.abc import Iterable

from warifu.exchanges.allowances import Allowance
from warifu.exchanges.failures import ExchangeFailed, Reason, TryAgain

MOST_TRIES = 3
LONGEST = 30
"""Seconds: whoever waits for longer wants to be told."""
_PASSES: frozenset[Reason] = frozenset(
    ("busy", "connection", "maintenance", "no-answer", "rate-limit", "server-fault")
)
"""What may be over in a moment."""


def before_again(failure: ExchangeFailed, tries: int) -> int | None:
    """Seconds until a question that was answered so is asked once more; None: it is not. ``tries``: how often it was
    asked already, at least 1."""
    if not isinstance(failure, TryAgain) or failure.reason not in _PASSES or tries >= MOST_TRIES:
        return None
    wait = 1 << (tries - 1) if failure.retry_after is None else failure.retry_after
    return wait if wait <= LONGEST else None


def before_next(allowances: Iterable[Allowance]) -> int:
    """Seconds until the next question may be asked, after an answer that told of these limits."""
    used_up = (each for each in allowances if each.left == 0)
    return min(LONGEST, max((each.resets_after or 1 for each in used_up), default=0))
