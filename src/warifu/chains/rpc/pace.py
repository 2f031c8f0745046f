"""Not more questions a second than a plan allows: what would be refused is better sent a moment later."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from warifu.chains.rpc.unavailable import unavailable
from warifu.errors import InputRefused


class Pace:
    """At most ``per_second`` calls in any second, evenly spaced (but for a batch). Safe to use from threads.

    Share one among all endpoints of an account whose limit is the account's. Each call of a batch counts, as it does
    with the provider. Raises ``InputRefused`` (``pace``) for a rate that is none.
    """

    def __init__(
        self,
        per_second: float,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not 0.1 <= per_second <= 100_000:
            raise InputRefused("pace", "a pace is from 0.1 to 100000 questions a second")
        self._per_second = per_second
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        self._free_at = clock()
        """When the next call may be sent."""

    def wait(self, calls: int, deadline: float, server: str) -> None:
        """Return when ``calls`` may be sent. ``ChainUnavailable`` (``busy``) where that would be after ``deadline``."""
        with self._lock:
            now = self._clock()
            ready = max(self._free_at, now)
            pause = ready - now
            if pause > max(deadline, 0):
                raise unavailable(
                    "busy", "our own pace for it is used up", server, retry_after=int(pause) + 1
                )
            self._free_at = ready + calls / self._per_second
        if pause > 0:
            self._sleep(pause)
