"""Which failures are worth another try, and how long to wait before it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from warifu.errors import ChainUnavailable

RETRIED = frozenset({"unreachable", "busy", "server-fault"})
"""Reasons that may be gone in a moment. Everything else is the same the next time, or (``time-out``) too dear to find
out: another server is asked instead."""

FIRST_PAUSE = 0.2

T = TypeVar("T")


@dataclass(frozen=True)
class Retries:
    """Up to ``tries`` attempts. Pauses double from ``first_pause`` seconds, or are what the server asked for.

    ``jitter`` gives 0 .. 1 and stretches each pause by up to a half, so that many clients of one server that failed
    do not all come back at the same moment. A server that asks for more than ``longest_pause`` seconds is not waited
    for: its ``retry_after`` goes to the caller, who can ask another one.
    """

    tries: int = 3
    first_pause: float = field(default_factory=lambda: FIRST_PAUSE)
    longest_pause: float = 5.0
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = field(default_factory=lambda: random.SystemRandom().random)
    clock: Callable[[], float] = time.monotonic

    def run(self, once: Callable[[float], T], deadline: float) -> T:
        """What ``once`` returns. It is given the seconds that are left of ``deadline``, which covers all tries.

        Only for requests that do no harm when they arrive twice. Raises the last ``ChainUnavailable``.
        """
        ends = self.clock() + deadline
        pause = self.first_pause
        for _ in range(self.tries - 1):
            try:
                return once(ends - self.clock())
            except ChainUnavailable as error:
                wait = (pause if error.retry_after is None else error.retry_after) * (1 + self.jitter() / 2)
                asked = error.retry_after or 0
                if error.reason not in RETRIED or asked > self.longest_pause or self.clock() + wait >= ends:
                    raise
            self.sleep(wait)
            pause *= 2
        return once(ends - self.clock())
