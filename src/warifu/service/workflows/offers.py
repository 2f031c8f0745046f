"""How often a transaction is offered again to peers who do not say whether they have it."""

from __future__ import annotations

FIRST_PAUSE_SECONDS = 20.0
"""A peer that was slow to ask for it is offered it again soon."""
LONGEST_PAUSE_SECONDS = 600.0
"""Behind compact filters a waiting transaction is never seen, and each offer tells peers whose it may be."""


class Offers:
    """By transfer, when it was last offered. Forgotten with the process: then one offer more does no harm."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[float, float]] = {}

    def due(self, transfer: str, now: float) -> bool:
        """Whether it may be offered at ``now`` (monotonic seconds)."""
        if transfer not in self._made:
            return True
        last, pause = self._made[transfer]
        return now - last >= pause

    def made(self, transfer: str, now: float) -> None:
        """Peers were offered it, and did not say whether they keep it. Each pause is twice as long as the last."""
        _, before = self._made.get(transfer, (0.0, FIRST_PAUSE_SECONDS / 2))
        self._made[transfer] = now, min(2 * before, LONGEST_PAUSE_SECONDS)
