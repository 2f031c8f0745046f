"""Work that a wallet's devices are brought to again and again: when it is looked at, and how long it waits.

What is due is asked of the devices each time, so nothing of it has to outlive this process.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from warifu.exchanges.attempt import FIRST_PAUSE, LONGEST_PAUSE
from warifu.service.mistakes import survived
from warifu.service.store.wallets import StoredWallet
from warifu.service.workflows.attention import Attention


@dataclass
class Tries:
    """Of one piece of work: not before this moment (monotonic), and how many there were since it last got anywhere."""

    until: float = 0.0
    count: int = 0

    def later(self, least: float = 0.0) -> None:
        """As ``exchanges.attempt`` pauses, and for at least so many seconds."""
        pause = min(FIRST_PAUSE << min(self.count, 16), LONGEST_PAUSE) / 1000
        self.until = time.monotonic() + max(pause, least)
        self.count += 1


class Rounds:
    """Looks, round after round, which wallets there is something to do for; one piece of work for each at a time."""

    def __init__(
        self,
        attention: Attention,
        seconds: Callable[[], float],
        ripe: Callable[[StoredWallet], bool],
        work: Callable[[StoredWallet], Awaitable[None]],
        named: Callable[[StoredWallet], None] = lambda _wallet: None,
    ) -> None:
        """``seconds``: between two rounds. ``ripe``: whether something is to be done for a wallet that nobody named.
        ``named``: told of a wallet that is looked at because somebody named it, or a device of its came."""
        self._attention = attention
        self._seconds = seconds
        self._ripe = ripe
        self._work = work
        self._named = named
        self._busy: dict[bytes, asyncio.Task[None]] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """End what is running."""
        tasks = [task for task in (self._task, *self._busy.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def soon(self, name: str) -> None:
        """Look at the wallet ``name`` in the next round. From any thread."""
        self._attention.soon(name)

    async def _run(self) -> None:
        while True:
            with survived():
                await self._round()
            await asyncio.sleep(self._seconds())

    async def _round(self) -> None:
        for wallet, looked_at in await self._attention.round():
            if wallet.id in self._busy:
                if looked_at:
                    self._attention.soon(wallet.name)  # in a later round
            elif looked_at or self._ripe(wallet):
                if looked_at:
                    self._named(wallet)
                self._busy[wallet.id] = asyncio.create_task(self._attend(wallet))

    async def _attend(self, wallet: StoredWallet) -> None:
        try:
            with survived():
                await self._work(wallet)
        finally:
            del self._busy[wallet.id]


def with_helpers(lead: bytes, others: Sequence[bytes], needed: int, turn: int) -> tuple[bytes, ...] | None:
    """``lead`` and ``needed`` of the others, other ones with each ``turn``, ascending; None where too few are there."""
    if len(others) < needed:
        return None
    first = turn % max(1, len(others))
    return tuple(sorted({lead, *(*others[first:], *others[:first])[:needed]}))
