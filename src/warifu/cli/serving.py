"""``warifu up``: the service as a process of its own, and beside it this machine's device."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from warifu.agent.agent import Agent
from warifu.agent.device import DeviceDirectory
from warifu.agent.invitation import Invitation
from warifu.agent.joining import join
from warifu.agent.staying import standing, stay
from warifu.cli.client import Client
from warifu.cli.enrolling import await_digits, confirm, invite
from warifu.cli.profile import Profile
from warifu.cli.profile_records import LocalRecord
from warifu.cli.screen import Screen
from warifu.cli.service_lines import CLOSED, READY
from warifu.cli.text import tr
from warifu.cli.unlocking import key_once_more
from warifu.errors import HostUnsuitable, InputRefused, PeerMisbehaved, ServiceRefused
from warifu.protocol.operator import AskStorageKey, StorageKey
from warifu.tee.unlock_key import read_unlock_key

SERVICE = (sys.executable, "-P", "-m", "warifu.cli.service_process")
"""-P: else the working directory comes first where modules are looked for, and a file that another user of the machine
put there (in /tmp, say) would be run by the process that gets the database's key."""
_STARTING = 60.0
_ENDING = 15.0


async def run_everything(
    screen: Screen, profile: Profile, storage_key: Path | None, simulated: Sequence[str] = ()
) -> None:
    """Until a signal, or until something that must run has ended (an error).

    ``storage_key``: the file with the key of the service's database, in the place of the one that the profile names.
    ``simulated``: exchanges that are simulated, as HOST=ADDRESS:PORT.
    """
    for each in simulated:
        screen.warn(tr("SIMULATION: {what} is no real exchange", what=each))
    local = profile.content.local
    if local is None:
        raise InputRefused(
            "no-local-service",
            "this profile is of a service on another machine",
            not_done="Nothing was started.",
            remedy="Run 'warifu up' on that machine.",
        )
    file = storage_key or (Path(local.storage_key) if local.storage_key else None)
    if local.device_directory is None:
        assert file is not None, "a service without a local device has its key in a file"
        await _serve_alone(screen, profile, local, _from_file(file, local), simulated)
        return
    assert local.unlock_key is not None, "a device has an unlock key"
    directory = DeviceDirectory(Path(local.device_directory))
    unlock_file = Path(local.unlock_key)
    unlock = read_unlock_key(unlock_file, directory.path)
    once_more = key_once_more(unlock_file, directory, unlock)
    async with standing(directory, unlock, screen.line, may_wait=False) as device:
        if file is not None:
            key = _from_file(file, local)
        else:
            key = bytearray((await device.agent.ask(AskStorageKey(), StorageKey)).key)
        async with _service(screen, profile, local, key, simulated) as ended:
            if not device.ready.joined or directory.enrolment() is None:
                await _enrol(screen, profile, local, device.agent, directory)
            await _first_error(ended, asyncio.create_task(stay(device, directory, once_more, screen.line)))


async def _serve_alone(
    screen: Screen, profile: Profile, local: LocalRecord, key: bytearray, simulated: Sequence[str]
) -> None:
    async with _service(screen, profile, local, key, simulated) as ended:
        await _first_error(ended)


def _from_file(file: Path, local: LocalRecord) -> bytearray:
    return read_unlock_key(file, Path(local.service_config).parent)


@contextlib.asynccontextmanager
async def _service(
    screen: Screen, profile: Profile, local: LocalRecord, key: bytearray, simulated: Sequence[str]
) -> AsyncIterator[asyncio.Task[None]]:
    """The service's process, answering under the certificate that the profile pins; the task fails when it ends."""
    process = await asyncio.create_subprocess_exec(
        *SERVICE,
        local.service_config,
        *simulated,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,  # a Ctrl-C at the terminal is this process's to handle
        env={name: value for name, value in os.environ.items() if not name.startswith("WARIFU_")},
    )
    assert process.stdin is not None, "a pipe"
    assert process.stdout is not None, "a pipe"
    try:
        _check_closed(await _first_line(process.stdout))
        process.stdin.write(key)
        await process.stdin.drain()
        key[:] = bytes(len(key))
        _check_ready(profile, await _first_line(process.stdout))
        screen.line(tr("The service answers at {url}", url=profile.content.service.url), style="green")
        ended = asyncio.create_task(_fail_when_it_ends(process))
        try:
            yield ended
        finally:
            ended.cancel()
            await asyncio.gather(ended, return_exceptions=True)
    finally:
        process.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _ENDING)
        except TimeoutError:
            process.kill()
            await process.wait()


def _check_closed(line: str) -> None:
    """The key is handed to a process that others cannot look into, or to nobody."""
    if line != CLOSED:
        raise _not_started()


async def _first_line(stream: asyncio.StreamReader) -> str:
    try:
        line = await asyncio.wait_for(stream.readline(), _STARTING)
    except TimeoutError:
        line = b""
    return line.decode("utf-8", "replace").strip()


def _not_started() -> HostUnsuitable:
    return HostUnsuitable(
        "service",
        "the service did not start",
        not_done="Nothing runs.",
        remedy="The lines above say why.",
    )


def _check_ready(profile: Profile, line: str) -> None:
    if not line.startswith(READY):
        raise _not_started()
    told = line.split()[-1]
    if told != profile.content.service.fingerprint.hex():
        raise ServiceRefused(
            "certificate",
            "the service has another certificate than the one that the profile pins",
            not_done="Nothing runs.",
            remedy="The profile and the service's data are not of one set-up: restore them from one backup.",
        )


async def _fail_when_it_ends(process: asyncio.subprocess.Process) -> None:
    status = await process.wait()
    raise ServiceRefused(
        "ended",
        f"the service's process ended (exit status {status})",
        not_done="This machine serves nothing now.",
        remedy="Start it again with 'warifu up'; what was under way is taken up.",
    )


async def _enrol(
    screen: Screen, profile: Profile, local: LocalRecord, agent: Agent, directory: DeviceDirectory
) -> None:
    """The device on the owner's own machine: this process sees both ends, and compares the digits itself."""
    assert local.device_name is not None, "a device has a name"
    name, service = local.device_name, profile.content.service
    digits: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def compare(shown: str) -> bool:
        return shown == await digits

    with Client(service.url, service.fingerprint, profile.api_key()) as client:
        invitation: Invitation = await asyncio.to_thread(invite, client, profile, name)
        device = asyncio.create_task(join(agent, directory, invitation, compare))
        owner, text = await asyncio.to_thread(await_digits, client, profile, name)
        digits.set_result(text)
        joined = await device
        if joined.identity != owner.identity:
            raise PeerMisbehaved("enrolment", "the local device stated another identity than it proved")
        await asyncio.to_thread(confirm, client, profile, name, owner, True)
    screen.line(tr("The device {name} is enrolled.", name=name), style="green")


async def _first_error(*tasks: asyncio.Task[None]) -> None:
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
