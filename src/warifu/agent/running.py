"""A device in service: enclave up, connected to the service it was enrolled with, until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from warifu.agent.agent import Agent
from warifu.agent.device import DeviceDirectory
from warifu.agent.door import open_door
from warifu.agent.enclave import Report, started
from warifu.errors import ServiceRefused
from warifu.protocol.operator import Ready


@contextlib.asynccontextmanager
async def listening(
    directory: DeviceDirectory, unlock_key: bytearray, report: Report
) -> AsyncIterator[tuple[Agent, Ready, asyncio.Task[None]]]:
    """A started, listening agent whose enclave is ready, and the task that fails when the enclave ends."""
    async with started(directory, unlock_key, report) as (agent, _process):
        pump = asyncio.create_task(agent.listen())
        try:
            yield agent, await agent.ready(), pump
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
    connection = asyncio.create_task(uplink.run())
    try:
        async with open_door(agent, directory.door):
            done, _ = await asyncio.wait((pump, connection), return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        connection.cancel()
        await asyncio.gather(connection, return_exceptions=True)
