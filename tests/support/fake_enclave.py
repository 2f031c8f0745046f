"""The enclave's end of the descriptor, played by the test."""

from __future__ import annotations

import asyncio
import socket

from warifu.agent.link import EnclaveLink
from warifu.protocol.encoding import encode
from warifu.protocol.framing import FrameReader, Origin, frame


class FakeEnclave:
    """Reads frames with their origins, and says what the test wants said."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._cutter = FrameReader()
        self._frames: list[tuple[Origin, bytes]] = []

    async def next(self) -> tuple[Origin, bytes]:
        loop = asyncio.get_running_loop()
        while not self._frames:
            data = await asyncio.wait_for(loop.sock_recv(self._socket, 1 << 20), 20)
            assert data, "the agent closed the descriptor"
            self._frames += self._cutter.feed(data)
        return self._frames.pop(0)

    async def say(self, origin: Origin, payload: bytes) -> None:
        await self.raw(frame(origin, payload))

    async def to_operator(self, message: object) -> None:
        await self.say(Origin.OPERATOR, encode(message))

    async def raw(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self._socket, data)

    def die(self) -> None:
        self._socket.close()


_linked: list[tuple[EnclaveLink, FakeEnclave]] = []


async def linked() -> tuple[EnclaveLink, FakeEnclave]:
    """An agent's link and the fake enclave at its other end; a test that makes one ends with ``unlink``."""
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    made = await EnclaveLink.open(ours), FakeEnclave(theirs)
    _linked.append(made)
    return made


async def unlink() -> None:
    """Close both ends of all that was linked: no socket is left to the garbage collector."""
    while _linked:
        link, enclave = _linked.pop()
        await link.close()
        enclave.die()
