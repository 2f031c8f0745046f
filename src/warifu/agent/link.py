"""The agent's end of the descriptor to the enclave: frames out, frames in, each with its origin.

Two methods send, and each knows one origin only: what came from the network can leave through ``from_service`` alone,
so that no byte of it is ever marked ``OPERATOR``.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

from warifu.errors import InputRefused, PlatformRefused
from warifu.protocol.encoding import encode
from warifu.protocol.framing import FrameReader, Origin, frame
from warifu.protocol.operator import ToSignerFromOperator

_CHUNK = 256 * 1024
_STUCK_AFTER = 60.0
"""Seconds after which an enclave that takes no more bytes counts as dead."""


class EnclaveLink:
    """Frames to and from one enclave process. Use ``open`` to make one."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._lock = asyncio.Lock()

    @classmethod
    async def open(cls, connection: socket.socket) -> EnclaveLink:
        """Take over the agent's end of the socket pair."""
        connection.setblocking(False)
        reader, writer = await asyncio.open_unix_connection(sock=connection)
        return cls(reader, writer)

    async def from_operator(self, message: ToSignerFromOperator) -> None:
        """Say something as this device's operator."""
        await self._send(frame(Origin.OPERATOR, encode(message)))

    async def from_service(self, payload: bytes) -> None:
        """Pass on what came from the network, unread. ``InputRefused`` when it is over the limit."""
        await self._send(frame(Origin.SERVICE, payload))

    async def frames(self) -> AsyncIterator[tuple[Origin, bytes]]:
        """What the enclave says, until it ends: ``OPERATOR`` is for the operator, ``SERVICE`` for the network."""
        cutter = FrameReader()
        while True:
            try:
                data = await self._reader.read(_CHUNK)
            except OSError:
                return
            if not data:
                return
            try:
                frames = cutter.feed(data)
            except InputRefused as error:
                raise enclave_gone("the enclave process sent what is no frame") from error
            for origin, payload in frames:
                yield origin, payload

    async def close(self) -> None:
        """Close the descriptor; the enclave process ends by itself when it sees that."""
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _send(self, data: bytes) -> None:
        async with self._lock:  # two tasks must not interleave their frames
            try:
                self._writer.write(data)
                async with asyncio.timeout(_STUCK_AFTER):
                    await self._writer.drain()
            except (OSError, TimeoutError) as error:
                raise enclave_gone("the enclave process takes no more messages") from error


def enclave_gone(message: str) -> PlatformRefused:
    """The error with which an agent ends when its enclave did."""
    return PlatformRefused(
        "enclave-gone",
        message,
        not_done="This device no longer takes part in anything.",
        remedy="Start the device again ('warifu signer run'); if it ends again, see 'warifu doctor'.",
    )
