"""Brings what owners say about a wallet to its devices: those that are connected now, and the others when they come.

What was handed in is kept before anybody is told, and what each device made of it afterwards. Killed in between, the
service tells it once more, and a device that was told twice did it once.
"""

from __future__ import annotations

import asyncio
import time

from warifu.errors import InputRefused, ServiceRefused, WarifuError
from warifu.protocol.api import Instruction
from warifu.protocol.encoding import decode
from warifu.protocol.envelope import Envelope
from warifu.protocol.frames import MAX_BODY_BYTES, Instruct, Instructed
from warifu.service.doors import Authorized
from warifu.service.hub.hub import Hub
from warifu.service.mistakes import survived
from warifu.service.store import instructions as store
from warifu.service.store.database import Database
from warifu.service.store.instructions import StoredInstruction
from warifu.service.store.wallets import StoredWallet, list_wallets
from warifu.service.workflows.carrying import Carrier

ROUND_SECONDS = 2.0
ROUNDS_BETWEEN_LOOKS = 5
"""So many rounds after one look at what devices tell each other comes the next: an operator's veto or freeze leaves a
device only when it is asked."""
_UNHEARD = ("device-offline", "device-silent", "device-busy")
"""Reasons for which a device is asked again: it may not have heard it."""


class Instructor:
    """Runs on the hub's event loop."""

    def __init__(self, database: Database, hub: Hub, carrier: Carrier) -> None:
        self._database = database
        self._hub = hub
        self._carrier = carrier
        self._connected: frozenset[bytes] = frozenset()
        self._rounds = 0
        self._task: asyncio.Task[None] | None = None
        self._catching_up: dict[tuple[bytes, bytes], asyncio.Task[None]] = {}
        """(wallet, device) that is being told what it missed: one that does not answer delays no other one."""

    def start(self) -> None:
        """Begin to tell devices that come what they missed."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """End what is running."""
        tasks = [*self._catching_up.values(), *([] if self._task is None else [self._task])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def instruct(self, wallet: StoredWallet, authorized: Authorized) -> Instruction:
        """Keep it, tell every connected device, and say what each made of it."""
        stored = await asyncio.to_thread(store.add_instruction, self._database, wallet, authorized)
        devices = [device.identity for device in wallet.request.devices]
        told = [
            identity
            for identity in devices
            if self._hub.connected(identity) and (not stored.sealed or identity in authorized.envelopes)
        ]
        await asyncio.gather(
            *(self._tell(stored, identity, authorized.envelopes.get(identity)) for identity in told)
        )
        self._carrier.soon(wallet.name)
        return await asyncio.to_thread(store.show_instruction, self._database, wallet, stored)

    async def _run(self) -> None:
        while True:
            with survived():
                await self._round()
            await asyncio.sleep(ROUND_SECONDS)

    async def _round(self) -> None:
        wallets = await asyncio.to_thread(list_wallets, self._database)
        there = {
            device.identity
            for wallet in wallets
            for device in wallet.request.devices
            if self._hub.connected(device.identity)
        }
        new, self._connected = there - self._connected, frozenset(there)
        self._rounds += 1
        for wallet in wallets:
            if self._rounds % ROUNDS_BETWEEN_LOOKS == 0:
                self._carrier.soon(wallet.name)
            for device in wallet.request.devices:
                if device.identity in new:
                    self._begin(wallet, device.identity)

    def _begin(self, wallet: StoredWallet, identity: bytes) -> None:
        place = wallet.id, identity
        if place in self._catching_up:
            self._connected -= {identity}  # again, when that is over
            return
        task = self._catching_up[place] = asyncio.create_task(self._catch_up(wallet, identity))
        task.add_done_callback(lambda _: self._catching_up.pop(place))

    async def _catch_up(self, wallet: StoredWallet, identity: bytes) -> None:
        with survived():
            missed = await asyncio.to_thread(store.untold, self._database, wallet, identity, int(time.time()))
            for stored in missed:
                if not await self._tell(stored, identity, None):
                    return

    async def _tell(self, stored: StoredInstruction, identity: bytes, envelope: Envelope | None) -> bool:
        """Whether the device answered."""
        answer: Instructed | WarifuError
        try:
            encoded = await self._hub.call(identity, lambda call: Instruct(call, stored.read, envelope))
            answer = _read(encoded)
        except WarifuError as error:
            if isinstance(error, ServiceRefused) and error.reason in _UNHEARD:
                self._connected -= {identity}  # told again as one that has just come
                return False
            answer = error
        await asyncio.to_thread(store.put_answer, self._database, stored.id, identity, answer)
        return True


def _read(encoded: bytes) -> Instructed:
    try:
        return decode(Instructed, encoded, MAX_BODY_BYTES)
    except InputRefused:
        raise ServiceRefused("device-answer", "a device gave an answer that cannot be read") from None
