"""A device in service: enclave up, connected to the service it was enrolled with, until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from warifu.agent.agent import ANSWER_TIMEOUT, Agent
from warifu.agent.appliance import running as appliance
from warifu.agent.appliance.running import BOOT_SECONDS
from warifu.agent.appliance.setting import image_folder
from warifu.agent.device import DeviceDirectory
from warifu.agent.door import open_door
from warifu.agent.enclave import Report, started
from warifu.errors import ServiceRefused
from warifu.host.claims import LIFETIME_SECONDS, look_and_claim
from warifu.protocol.operator import Ready, TellHost


@contextlib.asynccontextmanager
async def listening(
    directory: DeviceDirectory, unlock_key: bytearray, report: Report
) -> AsyncIterator[tuple[Agent, Ready, asyncio.Task[None]]]:
    """A started, listening agent whose enclave is ready, and the task that fails when the enclave ends."""
    in_machine = image_folder(directory.path) is not None
    start, patience = (appliance.started, BOOT_SECONDS) if in_machine else (started, ANSWER_TIMEOUT)
    async with start(directory, unlock_key, report) as (agent, _process):
        pump = asyncio.create_task(agent.listen())
        try:
            yield agent, await agent.ready(patience), pump
        finally:
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)


async def serve_device(agent: Agent, directory: DeviceDirectory, pump: asyncio.Task[None]) -> None:
    """Keep an enrolled device connected. Ends by an error only: the enclave's end, or a wrong certificate at first."""
    enrolment = directory.enrolment()
    if enrolment is None:
        raise ServiceRefused(
            "not-enrolled",
            "this device is not enrolled with a service yet",
            not_done="The device was not connected.",
            remedy="Make an invitation on the owner's client ('warifu signer invite NAME') and join with it here.",
        )
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


async def tell_host(agent: Agent, directory: DeviceDirectory) -> None:
    """Look at this machine and tell the enclave what there is: claims that it shows beside its evidence."""
    await agent.tell(TellHost(await asyncio.to_thread(look_and_claim, directory.path)))


async def _keep_looking(agent: Agent, directory: DeviceDirectory) -> None:
    """Claims expire; a machine changes."""
    while True:
        await asyncio.sleep(LIFETIME_SECONDS / 3)
        await tell_host(agent, directory)
