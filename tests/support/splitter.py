"""How a hostile operator puts several services behind the one address that devices know.

A real WebSocket server with the service's own certificate, and behind it a real connection to each replica for every
device that comes: each replica believes that the device is connected to it and to nobody else. What they send reaches
the device on one connection, in the order in which it comes; calls are numbered anew, sessions are remembered by whose
they are, and so each answer finds its way back.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from warifu.agent.invitation import signers_url
from warifu.protocol.encoding import encode
from warifu.protocol.frames import (
    MAX_FRAME_BYTES,
    Challenge,
    Presence,
    decode_from_signer,
    decode_to_signer,
)

_LIMITS: dict[str, Any] = {"max_size": MAX_FRAME_BYTES, "compression": None}


@dataclass
class Routes:
    """Whose a frame is, on one device's connection. Replicas are known by their number."""

    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    challenged: deque[int] = field(default_factory=deque)
    calls: dict[int, tuple[int, int]] = field(default_factory=dict)
    sessions: dict[bytes, int] = field(default_factory=dict)

    def down(self, replica: int, payload: bytes) -> bytes:
        """What the device gets of a replica's frame."""
        frame: Any = decode_to_signer(payload)
        if isinstance(frame, Challenge):
            self.challenged.append(replica)
        if hasattr(frame, "call"):
            number = next(self.numbers)
            self.calls[number] = (replica, frame.call)
            frame = msgspec.structs.replace(frame, call=number)
        if hasattr(frame, "session"):
            assert self.sessions.setdefault(frame.session, replica) == replica
        return encode(frame)

    def up(self, payload: bytes) -> tuple[int, bytes]:
        """To which replica a device's frame goes, and as what."""
        frame: Any = decode_from_signer(payload)
        if isinstance(frame, Presence):
            return self.challenged.popleft(), payload
        if hasattr(frame, "call"):
            replica, number = self.calls.pop(frame.call)
            return replica, encode(msgspec.structs.replace(frame, call=number))
        return self.sessions[frame.session], payload


@contextlib.asynccontextmanager
async def split(urls: Sequence[str], server: ssl.SSLContext, client: ssl.SSLContext) -> AsyncIterator[str]:
    """The address for the devices. ``urls``: of the replicas. ``server``: their certificate and its key."""

    async def attend(device: ServerConnection) -> None:
        async with contextlib.AsyncExitStack() as held:
            routes = Routes()
            links = [
                await held.enter_async_context(connect(signers_url(url), ssl=client, **_LIMITS))
                for url in urls
            ]
            downwards = [
                asyncio.create_task(_pour(number, link, device, routes)) for number, link in enumerate(links)
            ]
            with contextlib.suppress(ConnectionClosed):
                async for payload in device:
                    assert isinstance(payload, bytes)
                    number, changed = routes.up(payload)
                    await links[number].send(changed)
            for task in downwards:
                task.cancel()

    async with serve(attend, "127.0.0.1", 0, ssl=server, **_LIMITS) as listening:
        (socket,) = listening.sockets
        yield f"https://127.0.0.1:{socket.getsockname()[1]}"


async def _pour(number: int, link: ClientConnection, device: ServerConnection, routes: Routes) -> None:
    with contextlib.suppress(ConnectionClosed):
        async for payload in link:
            assert isinstance(payload, bytes)
            await device.send(routes.down(number, payload))
