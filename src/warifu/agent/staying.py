"""A device that stays: connected, and started again where its enclave asks for that and nothing has to be typed.

A process that has shut itself in can load nothing any more. So one whose first wallet with rules for an exchange came
while it ran asks, in a quiet moment, for another process in its place (``StartAgain``). That is safe as any end of a
process is: what must last is durable, what runs ends as if the connection did, and the service takes it up.

It is done where the next start comes up as this one did: with the same program, the same unlock key, and no keeper to
wait for. Else the device goes on without, and its operator is told what to do.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from warifu.agent.agent import Agent
from warifu.agent.appliance.setting import image_folder
from warifu.agent.device import DeviceDirectory
from warifu.agent.enclave import Report
from warifu.agent.running import listening, serve_device
from warifu.errors import WarifuError
from warifu.protocol.operator import AskLocalStatus, LocalStatus, Ready, StartAgain
from warifu.release import own_digest

Unlock = Callable[[], bytearray]
"""Gives the 32 bytes once more, for the caller to wipe. Raises ``WarifuError`` where it cannot."""


@dataclass
class Standing:
    """The enclave that runs now. ``stay`` puts another one in its place."""

    agent: Agent
    ready: Ready
    pump: asyncio.Task[None]
    enclave: AsyncExitStack


@contextlib.asynccontextmanager
async def standing(
    directory: DeviceDirectory, unlock_key: bytearray, report: Report, *, may_wait: bool = True
) -> AsyncIterator[Standing]:
    """As ``listening``, for a device that is going to ``stay``; whichever enclave runs at the end ends with it."""
    async with AsyncExitStack() as enclave:
        begun = await enclave.enter_async_context(listening(directory, unlock_key, report, may_wait=may_wait))
        yield Standing(*begun, enclave)


async def stay(standing: Standing, directory: DeviceDirectory, unlock: Unlock | None, report: Report) -> None:
    """Keep an enrolled device connected. Ends by an error only, as ``serve_device`` does, or where another start fails.

    ``unlock``: None where the key was typed.
    """
    while True:
        key = await _until_started_again(standing, directory, unlock, report)
        report("the enclave process is started again, to load what asks exchanges")
        try:
            await standing.enclave.aclose()
            begun = await standing.enclave.enter_async_context(listening(directory, key, report))
        finally:
            key[:] = bytes(len(key))
        standing.agent, standing.ready, standing.pump = begun


async def _until_started_again(
    standing: Standing, directory: DeviceDirectory, unlock: Unlock | None, report: Report
) -> bytearray:
    """Serve until the enclave is to be started again by this key."""
    serving = asyncio.create_task(serve_device(standing.agent, directory, standing.pump))
    asked = asyncio.create_task(_key_for_another(standing.agent, directory, unlock, report))
    try:
        await asyncio.wait((serving, asked), return_when=asyncio.FIRST_COMPLETED)
        if not serving.done() and (key := asked.result()) is not None:
            return key
        await serving
        raise AssertionError("a device is served until something fails")
    finally:
        for task in (serving, asked):
            task.cancel()
        await asyncio.gather(serving, asked, return_exceptions=True)


async def _key_for_another(
    agent: Agent, directory: DeviceDirectory, unlock: Unlock | None, report: Report
) -> bytearray | None:
    """Wait until the enclave asks for another start; the key for it, or None, and the operator was told why."""
    asked = await agent.start_again.get()
    try:
        why = await _obstacle(agent, asked, directory)
        if why is None and unlock is None:
            why = "its unlock key was typed, and is kept nowhere"
        if why is None and unlock is not None:
            return await asyncio.to_thread(unlock)
    except WarifuError as error:
        why = error.message
    report(
        "a wallet of this device has rules for an exchange now, and what asks exchanges is loaded at a start alone"
    )
    report(f"START THIS DEVICE AGAIN, when it suits you; it is not done by itself: {why}")
    return None


async def _obstacle(agent: Agent, asked: StartAgain, directory: DeviceDirectory) -> str | None:
    """Why the next start might not come up as this one did."""
    if not asked.by_itself:
        return "its store is opened by its keepers; see first that enough of them are there"
    if image_folder(directory.path) is not None:
        return "it is an appliance, whose next boot may have to be approved"
    status = (await agent.ask(AskLocalStatus(), LocalStatus)).status
    if status.release != await asyncio.to_thread(own_digest):
        return "the program was changed since it started, and others may have to accept it as it is now"
    return None
