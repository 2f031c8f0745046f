"""One signer's connection: whole frames in and out, with bounds on everything that the other end decides."""

from __future__ import annotations

import asyncio
import contextlib
import time
from types import TracebackType
from typing import Protocol

from warifu.protocol.frames import (
    MAX_FRAME_BYTES,
    FromSigner,
    ToBoot,
    ToSigner,
    decode_from_signer,
    encode_frame,
)

MAX_WAITING_FRAMES = 256
MAX_WAITING_BYTES = 32 * 1024 * 1024
ROOM_BYTES = 512 * 1024
"""What may wait for a peer while more is fetched for it from elsewhere."""
_SEND_TIMEOUT = 30.0


class LinkClosed(Exception):
    """The connection ended, by whichever side."""


class Transport(Protocol):
    """What carries frames: a WebSocket in production, two queues in tests."""

    async def receive(self) -> bytes:
        """The next binary message; raises ``LinkClosed``."""
        ...

    async def send(self, data: bytes) -> None:
        """Send one binary message; raises ``LinkClosed``."""
        ...

    async def close(self) -> None:
        """Close, however often."""
        ...


class Allowance:
    """A token bucket: ``rate`` a second on average, ``burst`` at once."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._left = burst
        self._at = time.monotonic()

    def take(self, amount: float) -> float:
        """Take ``amount``; seconds to pause before going on."""
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate) - amount
        self._at = now
        return max(0.0, -self._left / self._rate)


class Link:
    """Use as an async context manager: a task writes what ``say`` queued until the link is left."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue(MAX_WAITING_FRAMES)
        self._waiting_bytes = 0
        self._roomy = asyncio.Event()
        self._roomy.set()
        self._frames = Allowance(200, 2000)
        self._bytes = Allowance(8 * 1024 * 1024, 64 * 1024 * 1024)
        self._writer: asyncio.Task[None] | None = None
        self.closed = asyncio.Event()

    async def __aenter__(self) -> Link:
        self._writer = asyncio.create_task(self._write())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.drop()
        assert self._writer is not None
        self._writer.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._writer
        with contextlib.suppress(LinkClosed, OSError, RuntimeError):
            await self._transport.close()

    async def hear(self) -> FromSigner:
        """The next frame. Raises ``LinkClosed``, or ``InputRefused`` for what is no frame.

        Who talks faster than a signer ever needs to is read more slowly, not served more.
        """
        data = await self._transport.receive()
        pause = max(self._frames.take(1), self._bytes.take(len(data)))
        if pause > 0:
            await asyncio.sleep(pause)
        return decode_from_signer(data)

    def say(self, frame: ToSigner | ToBoot) -> None:
        """Queue a frame. A peer that reads too slowly for what waits is dropped: it must not fill our memory."""
        data = encode_frame(frame)
        assert len(data) <= MAX_FRAME_BYTES, "every frame is built from parts that fit"
        if self.closed.is_set():
            return
        if self._waiting.full() or self._waiting_bytes + len(data) > MAX_WAITING_BYTES:
            self.drop()
            return
        self._waiting_bytes += len(data)
        self._waiting.put_nowait(data)
        if self._waiting_bytes > ROOM_BYTES:
            self._roomy.clear()

    async def room(self) -> None:
        """Return once little enough waits for this peer that more may be fetched for it. Raises ``LinkClosed``."""
        await self._roomy.wait()
        if self.closed.is_set():
            raise LinkClosed

    def drop(self) -> None:
        """End the connection; ``hear`` then raises ``LinkClosed``."""
        self.closed.set()
        self._roomy.set()

    async def next_frame(self) -> FromSigner:
        """As ``hear``, but ends with ``LinkClosed`` as soon as this side drops the link."""
        hearing = asyncio.create_task(self.hear())
        dropped = asyncio.create_task(self.closed.wait())
        try:
            await asyncio.wait((hearing, dropped), return_when=asyncio.FIRST_COMPLETED)
            if hearing.done():
                return hearing.result()
            raise LinkClosed
        finally:
            for task in (hearing, dropped):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await task

    async def _write(self) -> None:
        try:
            while True:
                data = await self._waiting.get()
                async with asyncio.timeout(_SEND_TIMEOUT):
                    await self._transport.send(data)
                self._waiting_bytes -= len(data)
                if self._waiting_bytes <= ROOM_BYTES:
                    self._roomy.set()
        except (LinkClosed, OSError, TimeoutError, RuntimeError):
            self.drop()
