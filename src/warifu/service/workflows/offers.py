"""How often a transaction is offered again to peers who do not say whether they have it."""

from __future__ import annotations

PAUSE_SECONDS = 600.0
"""Behind compact filters a waiting transaction is never seen, and each offer tells peers whose it may be."""


class Offers:
    """By transfer, when it was last offered. Forgotten with the process: then one offer more does no harm."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}

    def due(self, transfer: str, now: float) -> bool:
        """Whether it may be offered at ``now`` (monotonic seconds)."""
        last = self._last.get(transfer)
        return last is None or now - last >= PAUSE_SECONDS

    def made(self, transfer: str, now: float) -> None:
        """Peers were offered it, and did not say whether they keep it."""
        self._last[transfer] = now
