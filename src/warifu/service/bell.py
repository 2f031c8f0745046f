"""Wakes whoever waits for something new. Those who wait look again themselves: a bell carries no news."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Bell:
    """Belongs to one event loop; may be rung from any thread."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._rung = asyncio.Event()

    def attach(self) -> None:
        """Belong to the running event loop."""
        self._loop = asyncio.get_running_loop()

    def ring(self) -> None:
        """Wake everybody who waits now."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is gone: nobody waits any more
                self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._rung.set()
        self._rung = asyncio.Event()

    async def wait_for_news(self, look: Callable[[], T], is_news: Callable[[T], bool], wait: float) -> T:
        """What ``look`` (run in a thread) sees: at once if it is news, else when it becomes so, or after ``wait`` s."""
        end = time.monotonic() + wait
        while True:
            rung = self._rung
            seen = await asyncio.to_thread(look)
            left = end - time.monotonic()
            if is_news(seen) or left <= 0:
                return seen
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(rung.wait(), left)
