"""A device as ``warifu signer run`` runs it, without a service: enclave process, agent, and the agent's local door."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from nacl.utils import random
from tests.support.enclaves import let_pass
from tests.support.forked import PROCESSES

from warifu.agent.agent import Agent
from warifu.agent.device import DeviceDirectory
from warifu.agent.door import open_door
from warifu.agent.enclave import started
from warifu.errors import PlatformRefused

_PATIENCE = 60


@contextlib.contextmanager
def running_device(path: Path, key: bytes | None = None) -> Iterator[DeviceDirectory]:
    """The device in ``path``, up and answering at its door, in a process of its own: whoever watches it watches nothing
    else that the tests have."""
    directory = DeviceDirectory(path)
    directory.make()
    let_pass(directory.store)
    ours, theirs = PROCESSES.Pipe()
    with ours:
        with theirs:
            process = PROCESSES.Process(target=_agent, args=(theirs, path, key or random(32)))
            process.start()
        assert ours.poll(_PATIENCE) and ours.recv() == "up", "the device did not start"
        yield directory
    process.join(_PATIENCE)
    assert process.exitcode == 0


def _agent(starter: Connection, path: Path, key: bytes) -> None:
    """The agent's process, until ``starter`` closes its end."""
    asyncio.run(_serve(starter, DeviceDirectory(path), bytearray(key)))


async def _serve(starter: Connection, directory: DeviceDirectory, unlock_key: bytearray) -> None:
    async with started(directory, unlock_key, lambda _line: None) as (agent, _process):
        pump = asyncio.create_task(_pumped(agent))
        await agent.ready()
        async with open_door(agent, directory.door):
            starter.send("up")
            with contextlib.suppress(EOFError):
                await asyncio.to_thread(starter.recv)
        pump.cancel()
        await asyncio.gather(pump, return_exceptions=True)


async def _pumped(agent: Agent) -> None:
    with contextlib.suppress(PlatformRefused):  # the enclave's end, which the test brought about
        await agent.listen()
