"""Signers that say what a test wants said, connected to a hub over queues."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.support.service_world import Pipe, pipe

from warifu.protocol.encoding import encode
from warifu.protocol.frames import Challenge, Presence, decode_to_signer
from warifu.protocol.identity import IdentityKey
from warifu.service.hub.hub import Hub
from warifu.service.hub.link import LinkClosed
from warifu.service.hub.tunnels import Reach
from warifu.service.store.database import Database
from warifu.service.store.devices import add_device


class Device:
    """A scripted signer: says what the test wants said."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.key = IdentityKey.generate()
        self.end: Pipe

    @property
    def identity(self) -> bytes:
        return self.key.public

    async def hear(self) -> Any:
        return decode_to_signer(await asyncio.wait_for(self.end.receive(), 60))

    async def say(self, frame: object) -> None:
        await self.end.send(encode(frame))

    async def challenge(self) -> bytes:
        frame = await self.hear()
        assert isinstance(frame, Challenge)
        return frame.nonce

    def presence(self, nonce: bytes) -> Presence:
        return Presence(self.name, self.identity, self.key.sign("presence", nonce))

    async def is_disconnected(self) -> bool:
        with contextlib.suppress(LinkClosed):
            while True:
                await asyncio.wait_for(self.end.receive(), 60)
        return True


class Meeting:
    """A hub with some enrolled devices."""

    def __init__(self, database: Database, *names: str, reach: Reach | None = None) -> None:
        self.database = database
        self.hub = Hub(database, reach=reach)
        self.devices = {name: Device(name) for name in names}
        for name, device in self.devices.items():
            add_device(database, name, device.identity)
        self._tasks: list[asyncio.Task[None]] = []

    async def knock(self, device: Device) -> Device:
        """A connection, nothing said yet."""
        theirs, device.end = pipe()
        self._tasks.append(asyncio.create_task(self.hub.attend(theirs)))
        return device

    async def enter(self, device: Device) -> Device:
        await self.knock(device)
        await device.say(device.presence(await device.challenge()))
        assert await self.hub.wait_connected((device.identity,), 60)
        return device

    async def end(self) -> None:
        self.hub.close()
        await self.hub.tunnels.close()
        for task in self._tasks:
            await asyncio.wait_for(task, 60)


@asynccontextmanager
async def meeting(database: Database, *names: str, reach: Reach | None = None) -> AsyncIterator[Meeting]:
    made = Meeting(database, *names, reach=reach)
    try:
        yield made
    finally:
        await made.end()
