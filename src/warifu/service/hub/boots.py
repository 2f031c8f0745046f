"""Devices that wait for their keepers: the service carries their questions there and the answers back, and no more.

A boot proves two things about its connection: that the enrolled device named this boot key as its own, and that it has
the key (by a signature over this connection's nonce). It counts as no device by that: it is asked nothing, is in no
session, and takes no device's place. Which keeper may release what is the keepers' business.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from warifu.errors import InputRefused, ServiceRefused, WarifuError
from warifu.protocol.frames import (
    AskBoot,
    AskKeeper,
    AskPiece,
    BootPresence,
    CallRefused,
    Reply,
    error_of,
    refusal_of,
)
from warifu.protocol.identity import verify
from warifu.protocol.release import MAX_KEEPERS
from warifu.service.hub.link import Allowance, Link
from warifu.service.store.database import Database
from warifu.service.store.devices import device_of

MAX_BOOTS = 16
"""Devices that wait at the same time."""
_RATE, _BURST = 2.0, 4.0 * MAX_KEEPERS
"""Questions of one boot, a second and at once: each makes a keeper work."""

ASK_TIMEOUT = 30.0

Call = Callable[[bytes, Callable[[int], AskPiece]], Awaitable[bytes]]
"""``Hub.call``."""


class Boots:
    """The connections of boots, one for each enrolled device. Runs on the hub's event loop."""

    def __init__(self, database: Database, call: Call) -> None:
        self._database = database
        self._call = call
        self._links: dict[bytes, Link] = {}
        self._asked: dict[int, tuple[Link, asyncio.Future[bytes]]] = {}
        self._last_call = 0

    def waiting(self, identity: bytes) -> bool:
        """Whether the device with this identity waits for its keepers."""
        return identity in self._links

    def disconnect(self, identity: bytes) -> None:
        """End the connection of this device's boot (the device was removed)."""
        link = self._links.get(identity)
        if link is not None:
            link.drop()

    async def ask(self, identity: bytes, nonce: bytes, name: str) -> bytes:
        """What the boot of this device runs on: its encoded ``frames.BootShown``. ``name``: the device's, for people.

        Raises its refusal, or ``ServiceRefused``: ``device-offline``, ``device-busy``, ``device-silent``.
        """
        link = self._links.get(identity)
        if link is None:
            raise not_there(name)
        if any(other is link for other, _ in self._asked.values()):
            raise ServiceRefused(
                "device-busy", "another question waits for this device", blame=name, retry_after=5
            )
        self._last_call += 1
        number = self._last_call
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._asked[number] = (link, answer)
        try:
            link.say(AskBoot(number, nonce))
            async with asyncio.timeout(ASK_TIMEOUT):
                return await answer
        except TimeoutError:
            raise ServiceRefused(
                "device-silent",
                f"device '{name}' did not answer within {ASK_TIMEOUT:.0f} seconds",
                remedy="Check the device, then ask again.",
                blame=name,
            ) from None
        finally:
            del self._asked[number]

    async def attend(self, link: Link, nonce: bytes, presence: BootPresence) -> None:
        """Carry for one boot until its connection ends. Raises what ends it."""
        await self._prove(nonce, presence)
        self._enter(presence.identity, link)
        tasks: set[asyncio.Task[None]] = set()
        allowance = Allowance(_RATE, _BURST)
        try:
            while True:
                frame = await link.next_frame()
                if isinstance(frame, Reply | CallRefused):
                    self._answered(link, frame)
                    continue
                if not isinstance(frame, AskKeeper):
                    raise InputRefused("out-of-turn", "a device whose store is shut spoke as one that is up")
                await asyncio.sleep(allowance.take(1))
                if len(tasks) >= MAX_KEEPERS:
                    raise InputRefused("out-of-turn", "a boot asks more keepers at once than it can have")
                task = asyncio.create_task(self._carry(link, frame))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._links.get(presence.identity) is link:
                del self._links[presence.identity]

    def _answered(self, link: Link, frame: Reply | CallRefused) -> None:
        """Only the boot that was asked may answer, on the connection on which it was asked."""
        asked, answer = self._asked.get(frame.call, (None, None))
        if asked is not link or answer is None or answer.done():
            return
        if isinstance(frame, Reply):
            answer.set_result(frame.answer)
        else:
            answer.set_exception(error_of(frame.refusal))

    async def _prove(self, nonce: bytes, presence: BootPresence) -> None:
        verify(presence.identity, presence.certificate, "boot-key", presence.boot)
        verify(presence.boot, presence.signature, "boot-presence", nonce)
        if await asyncio.to_thread(device_of, self._database, presence.identity) is None:
            raise ServiceRefused("unknown-device", "this device is not enrolled here")

    def _enter(self, identity: bytes, link: Link) -> None:
        """Of two the newer stays, as of two connections of a device."""
        earlier = self._links.pop(identity, None)
        if earlier is not None:
            earlier.drop()
        elif len(self._links) >= MAX_BOOTS:
            raise ServiceRefused("too-many", "too many devices wait for their keepers", retry_after=10)
        self._links[identity] = link

    async def _carry(self, link: Link, asked: AskKeeper) -> None:
        try:
            answer = await self._call(asked.keeper, lambda number: AskPiece(number, asked.question))
            link.say(Reply(asked.call, answer))
        except WarifuError as error:
            link.say(CallRefused(asked.call, refusal_of(error)))


def not_there(name: str) -> ServiceRefused:
    """Nobody can ask this device anything now."""
    return ServiceRefused(
        "device-offline",
        f"device '{name}' is not connected",
        remedy="Start it ('warifu signer run'), or choose another device.",
        blame=name,
    )
