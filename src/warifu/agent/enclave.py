"""Starts the enclave process of a device and ends it; whoever runs a device runs it inside ``started``."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable

from warifu.agent.agent import Agent
from warifu.agent.device import DeviceDirectory
from warifu.agent.link import EnclaveLink
from warifu.signer.isolation.spawn import EnclaveProcess, spawn

SIGNER = "warifu.signer.process"
_ENDING = 5.0

Report = Callable[[str], None]


@contextlib.asynccontextmanager
async def started(
    directory: DeviceDirectory, unlock_key: bytearray, report: Report, *, module: str = SIGNER
) -> AsyncIterator[tuple[Agent, EnclaveProcess]]:
    """The agent of a fresh enclave process, which ends with the context.

    ``unlock_key``: 32 secret bytes; wiped here as soon as the enclave has them. The agent does not listen yet.
    """
    directory.make()
    ours, theirs = socket.socketpair()
    loop = asyncio.get_running_loop()

    def said(line: str) -> None:  # called from the thread that reads the enclave's standard error
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(report, f"enclave: {line}")

    try:
        process = spawn(
            module, theirs, directory.store, unlock_key, platform=directory.platform(), on_log=said
        )
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
        unlock_key[:] = bytes(len(unlock_key))
    link = await EnclaveLink.open(ours)
    try:
        yield Agent(link, report), process
    finally:
        await link.close()
        # In a thread: waiting must not stop the loop that still carries the enclave's last words.
        await asyncio.shield(asyncio.to_thread(process.stop, _ENDING))
