"""Carries what devices tell each other to those that took no part: after each transfer, and when a device connects.

What a device learns this way it would hear in its next session as well. So nothing depends on the service's doing it,
and the owner's limits are what he meant them to be if it does (``docs/limits.md``). The service remembers in memory how
far it got; what it brings twice counts once.
"""

from __future__ import annotations

import asyncio
import itertools

from warifu.errors import WarifuError
from warifu.protocol.encoding import decode
from warifu.protocol.frames import MAX_BODY_BYTES, AskNotes, NotesAnswer, TakeNotes
from warifu.protocol.notes import Note, Place
from warifu.service.hub.hub import Hub
from warifu.service.mistakes import survived
from warifu.service.store.database import Database
from warifu.service.store.wallets import StoredWallet, wallet_named
from warifu.service.workflows.attention import Attention

ROUND_SECONDS = 2.0
_ASK_SECONDS = 10.0
_MAX_PAGES = 64
"""Of one device at a time: a hostile one could go on for ever."""


class Carrier:
    """Runs on the hub's event loop."""

    def __init__(self, database: Database, hub: Hub) -> None:
        self._database = database
        self._hub = hub
        self._places: dict[tuple[bytes, bytes, bytes], Place] = {}
        """How far a device (the third) was brought another's (the second) notes about a wallet."""
        self._attention = Attention(database, hub)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to carry."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """End what is running."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def soon(self, name: str) -> None:
        """Something was signed for the wallet ``name``. From any thread."""
        self._attention.soon(name)

    async def spread(self, name: str) -> None:
        """Bring every connected device of the wallet what every other one tells. Who does not answer is left out."""
        await self._spread(await asyncio.to_thread(wallet_named, self._database, name))

    async def _run(self) -> None:
        while True:
            with survived():
                await self._round()
            await asyncio.sleep(ROUND_SECONDS)

    async def _round(self) -> None:
        for wallet, looked_at in await self._attention.round():
            if looked_at:
                with survived():  # one wallet's failure takes no other one's turn
                    await self._spread(wallet)

    async def _spread(self, wallet: StoredWallet) -> None:
        there = [item.identity for item in wallet.request.devices if self._hub.connected(item.identity)]
        await asyncio.gather(
            *(self._bring(wallet, source, target) for source, target in itertools.permutations(there, 2))
        )

    async def _bring(self, wallet: StoredWallet, source: bytes, target: bytes) -> None:
        key = wallet.id, source, target
        try:
            for _ in range(_MAX_PAGES):
                answer = await self._asked(wallet, source, self._places.get(key))
                if not answer.notes:
                    return
                await self._told(wallet, target, answer.notes)
                self._places[key] = answer.upto
        except WarifuError:
            return  # the next session, or the next round in which something is due, tells it

    async def _asked(self, wallet: StoredWallet, source: bytes, after: Place | None) -> NotesAnswer:
        answer = await self._hub.call(source, lambda call: AskNotes(call, wallet.id, after), _ASK_SECONDS)
        return decode(NotesAnswer, answer, MAX_BODY_BYTES)

    async def _told(self, wallet: StoredWallet, target: bytes, notes: tuple[Note, ...]) -> None:
        await self._hub.call(target, lambda call: TakeNotes(call, wallet.id, notes), _ASK_SECONDS)
