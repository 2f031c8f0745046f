"""A device in service: enclave up, connected to the service it was enrolled with, until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from warifu.agent.agent import ANSWER_TIMEOUT, Agent
from warifu.agent.appliance import running as appliance
from warifu.agent.appliance.running import BOOT_SECONDS
from warifu.agent.appliance.setting import image_folder
from warifu.agent.device import DeviceDirectory
from warifu.agent.door import open_door
from warifu.agent.enclave import Report, started
from warifu.endorsements.store import EndorsementStore
from warifu.errors import PlatformRefused, ServiceRefused, StoreDamaged
from warifu.host.claims import LIFETIME_SECONDS, look_and_claim
from warifu.protocol.attesting import MAX_DOCUMENT_BYTES, MAX_DOCUMENTS
from warifu.protocol.operator import Ready, TellEndorsements, TellHost, Waiting
from warifu.protocol.types_known import know_types

_MAX_KEPT_BYTES = 48 * 1024
"""Together: evidence and all that goes with it fits into one message."""


@contextlib.asynccontextmanager
async def listening(
    directory: DeviceDirectory, unlock_key: bytearray, report: Report, *, may_wait: bool = True
) -> AsyncIterator[tuple[Agent, Ready, asyncio.Task[None]]]:
    """A started, listening agent whose enclave is ready, and the task that fails when the enclave ends.

    A store that only the device's keepers can open is waited for, for as long as it takes; with ``may_wait`` False it
    is refused (``needs-keepers``): whoever starts the service after the device would wait for ever.
    """
    know_types()
    in_machine = image_folder(directory.path) is not None
    start, patience = (appliance.started, BOOT_SECONDS) if in_machine else (started, ANSWER_TIMEOUT)
    async with start(directory, unlock_key, report) as (agent, _process):
        pump = asyncio.create_task(agent.listen())
        try:
            first = await agent.awake(patience)
            if isinstance(first, Waiting) and not may_wait:
                raise _needs_keepers()
            ready = (
                first if isinstance(first, Ready) else await wait_for_keepers(agent, directory, first, report)
            )
            yield agent, ready, pump
        finally:
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)


async def serve_device(agent: Agent, directory: DeviceDirectory, pump: asyncio.Task[None]) -> None:
    """Keep an enrolled device connected. Ends by an error only: the enclave's end, or a wrong certificate at first."""
    enrolment = directory.enrolment()
    if enrolment is None:
        raise not_enrolled()
    uplink = agent.connect(enrolment.url, enrolment.fingerprint)
    await tell_host(
        agent, directory
    )  # first, so that the first request does not find a device that nobody looked at
    connection = asyncio.create_task(uplink.run())
    looking = asyncio.create_task(_keep_looking(agent, directory))
    try:
        async with open_door(agent, directory.door):
            done, _ = await asyncio.wait((pump, connection, looking), return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        for task in (connection, looking):
            task.cancel()
        await asyncio.gather(connection, looking, return_exceptions=True)


async def wait_for_keepers(agent: Agent, directory: DeviceDirectory, first: Waiting, report: Report) -> Ready:
    """Connect the enclave, which cannot open its store alone, until its keepers have opened it; say how far it is.

    ``first``: its first word. Ends only so or by an error: the enclave's end, or a wrong certificate at first.
    """
    enrolment = directory.enrolment()
    if enrolment is None:
        raise not_enrolled()
    await tell_host(agent, directory)  # a policy may demand something of the host
    connection = asyncio.create_task(agent.connect(enrolment.url, enrolment.fingerprint).run())
    looking = asyncio.create_task(_keep_looking(agent, directory))
    said: Ready | Waiting = first
    try:
        while isinstance(said, Waiting):
            for line in waiting_words(said):
                report(line)
            heard = asyncio.create_task(agent.awake(None))
            await asyncio.wait((heard, connection, looking), return_when=asyncio.FIRST_COMPLETED)
            if not heard.done():
                heard.cancel()
                (connection if connection.done() else looking).result()
            said = await heard
        return said
    finally:
        for task in (connection, looking):
            task.cancel()
        await asyncio.gather(connection, looking, return_exceptions=True)


def waiting_words(said: Waiting) -> list[str]:
    """For the operator: how many are missing, and how it stands with each keeper."""
    if not said.needed:
        return ["enough keepers released their pieces"]
    lines = [f"this device's store is shut: {said.needed} more of its keepers must release their pieces"]
    for keeper in said.keepers:
        why = "" if keeper.refusal is None else f": {keeper.refusal.message} ({keeper.refusal.remedy})"
        lines.append(f"  {keeper.name}: {_WORDS[keeper.state]}{why}")
    return lines


_WORDS = {
    "asked": "asked, no answer yet",
    "off": "cannot be reached",
    "refused": "refuses",
    "released": "has released its piece",
    "lied": "LIES: what it signed is not the piece that it was given; look at that device before you trust it again",
}


def not_enrolled() -> ServiceRefused:
    """A device that belongs to no service yet."""
    return ServiceRefused(
        "not-enrolled",
        "this device is not enrolled with a service yet",
        not_done="The device was not connected.",
        remedy="Make an invitation on the owner's client ('warifu signer invite NAME') and join with it here.",
    )


def _needs_keepers() -> PlatformRefused:
    return PlatformRefused(
        "needs-keepers",
        "this device's store is opened by its keepers, which it reaches through the service; and the service is to be "
        "started after it",
        not_done="Nothing was started.",
        remedy="Run the service without this device, and the device with 'warifu signer run'.",
    )


async def tell_host(agent: Agent, directory: DeviceDirectory) -> None:
    """Look at this machine and tell the enclave what there is: claims that it shows beside its evidence, and what was
    kept to judge that by."""
    await agent.tell(TellHost(await asyncio.to_thread(look_and_claim, directory.path)))
    documents = await asyncio.to_thread(kept_documents, directory.endorsements)
    if documents:
        await agent.tell(TellEndorsements(documents))


def kept_documents(place: Path) -> tuple[bytes, ...]:
    """The maker's documents in ``place`` ('warifu evidence refresh --into'), as many as can travel with evidence.

    What cannot be read is left out: others will say that something is missing to judge the device by.
    """
    store, found, room = EndorsementStore(place), [], _MAX_KEPT_BYTES
    for name in store.names():
        with contextlib.suppress(StoreDamaged):
            entry = store.get(name)
            if entry is not None and len(entry.content) <= min(room, MAX_DOCUMENT_BYTES):
                room -= len(entry.content)
                found.append(entry.content)
    return tuple(found[:MAX_DOCUMENTS])


async def _keep_looking(agent: Agent, directory: DeviceDirectory) -> None:
    """Claims expire; a machine changes."""
    while True:
        await asyncio.sleep(LIFETIME_SECONDS / 3)
        await tell_host(agent, directory)
