"""How long to wait before the next attempt: longer each time, and never in step with the other devices."""

from __future__ import annotations

import secrets

FIRST = 0.2
LONGEST = 30.0
_random = secrets.SystemRandom()


class Backoff:
    """Seconds to wait: a random part of an interval that doubles from 0.2 s to 30 s, until ``reset``."""

    def __init__(self, first: float = FIRST, longest: float = LONGEST) -> None:
        self._first = first
        self._longest = longest
        self._ceiling = first

    def next(self) -> float:
        """The next pause. At least half of the interval, so that a restarted service is not overrun."""
        ceiling = self._ceiling
        self._ceiling = min(self._longest, 2 * ceiling)
        return _random.uniform(ceiling / 2, ceiling)

    def reset(self) -> None:
        """The last attempt succeeded: begin small again."""
        self._ceiling = self._first
