"""The signer's own time, which never goes back while it runs.

Limits per day, delays after wrong passphrases and expiries are all judged by it. Whoever sets the device's clock back
gains nothing: time goes on from the latest moment ever seen. Whoever sets it *forward* can let delays and days pass
early; that takes root on the device, or a forged answer to a device that trusts unsigned NTP, and t devices to move
money.

Such a jump forward must not last for ever, or it would freeze the owner's money: every later request would be expired.
So a *start* whose clock is more than a day behind the newest journal entry believes the clock. That lets nothing pass:
the envelope keys without which no old authorization works died with the process, delays are kept as moments, and what
was counted for a day that has not come yet counts on.
"""

from __future__ import annotations

import time
from collections.abc import Callable

BELIEVED_BEHIND = 24 * 3600
"""Seconds behind the newest journal entry from which on a start believes the machine's clock again."""


class Clock:
    """Seconds since 1970-01-01 UTC."""

    def __init__(
        self, source: Callable[[], int], last: int, elapsed: Callable[[], float] = time.monotonic
    ) -> None:
        """``last``: moment of the newest journal entry. ``elapsed``: seconds that no setting of a clock changes."""
        present = source()
        self._source = source
        self._elapsed = elapsed
        self._last = present if last - present > BELIEVED_BEHIND else last
        self._at = elapsed()

    def now(self) -> int:
        """The present moment; where the machine's clock went back, the latest one and what has passed since.

        Time that stood still instead would end no session and no wait.
        """
        present = self._source()
        if present >= self._last:
            self._last, self._at = present, self._elapsed()
        else:
            passed = int(self._elapsed() - self._at)
            self._last += passed
            self._at += passed
        return self._last
