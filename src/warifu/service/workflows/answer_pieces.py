"""Pieces of an exchange's answer, from its carrier to where its owner finds them; unread, and bounded in every way.

A carrier may be ahead by a few pieces only. It hears that an earlier one was taken once it is durable, and not while
more waits unread than there is room for: so a client that is slow slows its carrier down, which ends a feed that is
faster than that. For a feed that nobody reads any more no device goes on listening.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from warifu.errors import InputRefused, WarifuError
from warifu.protocol.encoding import encode
from warifu.protocol.exchange_pieces import MAX_AHEAD
from warifu.protocol.frames import AnswerPiece, PieceTaken, StopCall, ToSigner
from warifu.service.bell import Bell
from warifu.service.mistakes import log_mistake
from warifu.service.store.database import Database
from warifu.service.store.exchange_pieces import add_piece, unread_bytes

MAX_UNREAD = 8 * 1024 * 1024
"""Bytes of one call's pieces that wait for its owner before its carrier waits."""
MAX_HANDED = 96 * 1024 * 1024
"""Bytes of one call's pieces in all: as much as a carrier hands on of a feed, sealed."""
READER_SECONDS = 60.0
"""After which nobody is taken to read any more what a carrier hears."""
_LOOK_SECONDS = 0.25


class AnswerPieces:
    """Of one call, while its session runs. Lives on the hub's event loop."""

    def __init__(self, database: Database, bell: Bell, call: str, note: Callable[[str], None]) -> None:
        """``call``: its id. ``note`` is told what happened, in words for the owner."""
        self._database, self._bell, self._call, self._note = database, bell, call, note
        self._session = b""
        self._say: Callable[[ToSigner], None] = lambda _frame: None
        self._queue: asyncio.Queue[AnswerPiece] = asyncio.Queue()
        self._came = self._taken = self._bytes = 0
        self._seen = time.monotonic()
        self._closing = False
        self._tasks: list[asyncio.Task[None]] = []

    def attach(self, session: bytes, say: Callable[[ToSigner], None]) -> None:
        """Its session is open. ``say``: to the carrier."""
        self._session, self._say = session, say
        self._tasks.append(asyncio.create_task(self._keep_all()))

    def put(self, frame: AnswerPiece) -> None:
        """From the carrier. ``InputRefused`` (``out-of-turn``) for what it may not say now, or not so much of it."""
        self._bytes += len(frame.piece.ciphertext)
        next_one = frame.number == self._came + 1
        if not next_one or frame.number > self._taken + MAX_AHEAD or self._bytes > MAX_HANDED:
            raise InputRefused("out-of-turn", "a device hands on pieces of an answer otherwise than it may")
        self._came = frame.number
        self._queue.put_nowait(frame)

    def listens(self) -> None:
        """It is a feed: who reads has to be there."""
        self._seen = time.monotonic()
        self._tasks.append(asyncio.create_task(self._look_after_reader()))

    def seen(self) -> None:
        """Its owner's client asked for it. From any thread."""
        self._seen = time.monotonic()

    def stop(self) -> None:
        """Tell the carrier that its owner has heard enough."""
        self._say(StopCall(self._session))

    async def close(self) -> None:
        """The session is over: what came of it is kept, and nothing more comes."""
        self._closing = True
        if self._tasks:
            await self._queue.join()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _keep_all(self) -> None:
        """One after the other. What cannot be kept (a full disk) is not said to be taken, and the feed is ended."""
        broken = False
        while True:
            frame = await self._queue.get()
            try:
                if not broken:
                    await self._keep(frame)
            except WarifuError as error:
                broken = True
                log_mistake(error)
                self.stop()
            finally:
                self._queue.task_done()

    async def _keep(self, frame: AnswerPiece) -> None:
        await asyncio.to_thread(add_piece, self._database, self._call, frame.number, encode(frame.piece))
        self._bell.ring()
        while not self._closing and await self._is_full():
            await asyncio.sleep(_LOOK_SECONDS)
        self._taken = frame.number
        self._say(PieceTaken(self._session, frame.number))

    async def _is_full(self) -> bool:
        return await asyncio.to_thread(unread_bytes, self._database, self._call) > MAX_UNREAD

    async def _look_after_reader(self) -> None:
        while time.monotonic() < self._seen + READER_SECONDS:
            await asyncio.sleep(_LOOK_SECONDS)
        self._note("nobody reads what is heard: the device is told to listen no more")
        self.stop()
