"""The signer's own time, which never goes back.

Limits per day, delays after wrong passphrases and expiries are all judged by it. Whoever sets the device's clock back
gains nothing: time stands still until it catches up. Whoever sets it *forward* can let delays and days pass early;
that takes root on the device, and t devices to move money.
"""

from __future__ import annotations

from collections.abc import Callable


class Clock:
    """Seconds since 1970-01-01 UTC, at least ``last``: the moment of the newest journal entry."""

    def __init__(self, source: Callable[[], int], last: int) -> None:
        self._source = source
        self._last = last

    def now(self) -> int:
        """The present moment, or the latest one ever seen."""
        self._last = max(self._last, self._source())
        return self._last
