"""A device as ``warifu signer run`` runs it, without a service: enclave process, agent, and the agent's local door."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

from nacl.utils import random
from tests.support.enclaves import let_pass

from warifu.agent.agent import Agent
from warifu.agent.device import DeviceDirectory
from warifu.agent.door import open_door
from warifu.agent.enclave import started
from warifu.errors import PlatformRefused

_PATIENCE = 60


@contextlib.contextmanager
def running_device(path: Path, key: bytes | None = None) -> Iterator[DeviceDirectory]:
    """The device in ``path``, up and answering at its door, in a thread of its own."""
    directory = DeviceDirectory(path)
    directory.make()
    let_pass(directory.store)
    unlock_key = bytearray(key or random(32))
    loop = asyncio.new_event_loop()
    stop, up = asyncio.Event(), threading.Event()

    async def pumped(agent: Agent) -> None:
        with contextlib.suppress(PlatformRefused):  # the enclave's end, which the test brought about
            await agent.listen()

    async def serve() -> None:
        async with started(directory, unlock_key, lambda _line: None) as (agent, _process):
            pump = asyncio.create_task(pumped(agent))
            await agent.ready()
            async with open_door(agent, directory.door):
                up.set()
                await stop.wait()
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    try:
        assert up.wait(_PATIENCE), "the device did not start"
        yield directory
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(_PATIENCE)
        loop.close()
