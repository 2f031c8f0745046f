"""A whole service with a device that has no sealing key, and two that can be its keepers.

The device's platform is a simulation (``tests.support.keyless``).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from nacl.utils import random
from tests.support.keyless import SOFTWARE, KeylessDevice
from tests.support.peer_release import reference
from tests.support.service_world import Client, Pipe, World, now, pipe
from tests.support.simulator import PASSPHRASE, SimulatedDevice

from warifu.protocol import api
from warifu.protocol.encoding import decode, encode
from warifu.protocol.frames import HandedOut
from warifu.protocol.identity import verify
from warifu.protocol.request import HandOutRequest, WalletRequest, request_digest


class KeylessWorld(World):
    """Its device ``server`` has no sealing key."""

    def new_device(self, name: str) -> SimulatedDevice:
        if name == "server":
            return KeylessDevice(name, self.root / name, now)
        return super().new_device(name)

    def wallet_request(self, *arguments: Any, **named: Any) -> WalletRequest:
        request = super().wallet_request(*arguments, **named)
        references = tuple(reference() if item.name == "server" else SOFTWARE for item in request.devices)
        return msgspec.structs.replace(request, references=references)

    @property
    def server(self) -> KeylessDevice:
        server = self.devices["server"]
        assert isinstance(server, KeylessDevice)
        return server

    async def hand_out(self, client: Client, threshold: int = 2, passphrase: str | None = None) -> HandedOut:
        keepers = tuple(sorted(self.devices[name].identity for name in ("attic", "cellar")))
        request = HandOutRequest(
            random(16), self.wallet_id, self.server.identity, keepers, threshold, now(), now() + 600
        )
        authorization, envelopes = await client.authorized(
            request, [self.server.identity], passphrase or PASSPHRASE
        )
        question = api.NewHandOut(authorization=authorization, envelopes=envelopes)
        answer = await client.post("/hand-outs", question, api.HandOut)
        said = decode(HandedOut, answer.result, 1024)
        verify(self.server.identity, said.signature, "handed-out", said.request, said.set)
        assert said.request == request_digest(request)
        return said

    async def power_cut(self) -> None:
        await self.disconnect("server")
        self.server.crash()
        self.server.start()

    @asynccontextmanager
    async def booting(self) -> AsyncIterator[asyncio.Task[None]]:
        """The waiting server's agent at work; the task ends when its store is open."""
        theirs, ours = pipe()
        attending = asyncio.create_task(self.service.hub.attend(theirs))
        driving = asyncio.create_task(drive_boot(self.server, ours))
        try:
            yield driving
        finally:
            driving.cancel()
            await ours.close()
            await asyncio.gather(driving, attending, return_exceptions=True)


async def drive_boot(device: KeylessDevice, end: Pipe) -> None:
    """What the enclave process and its agent do while the store is shut."""
    ticking: asyncio.Task[bytes] = asyncio.create_task(end.receive())
    started = time.monotonic()
    while device.booting is not None:
        done, _ = await asyncio.wait((ticking,), timeout=0.05)
        device.seconds = time.monotonic() - started
        frames = device.wait(0)
        if done and device.booting is not None:
            frames += device.hear_bytes(ticking.result())
            ticking = asyncio.create_task(end.receive())
        for frame in frames:
            await end.send(encode(frame))
    ticking.cancel()


async def ready(world: KeylessWorld, client: Client) -> None:
    """Three devices and a wallet of all of them; nothing is handed out yet."""
    for name in ("attic", "cellar", "server"):
        await world.add_device(client, name)
    ceremony = await world.create_wallet(client)
    assert ceremony.state == "finished", ceremony.refusal
