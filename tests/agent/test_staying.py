"""An enclave that asks to be started again: done where the next start needs nothing that would have to be typed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from tests.support.fake_enclave import FakeEnclave, linked, unlink

from warifu.agent import running as agent_running
from warifu.agent.agent import Agent
from warifu.agent.appliance.setting import set_image_folder
from warifu.agent.device import DeviceDirectory, Enrolment
from warifu.agent.staying import Unlock, standing, stay
from warifu.cli.unlocking import key_once_more
from warifu.errors import PlatformRefused
from warifu.protocol.frames import Status
from warifu.protocol.operator import AskLocalStatus, LocalStatus, Ready, StartAgain, decode_operator
from warifu.release import own_digest
from warifu.tee.unlock_key import create_unlock_key, read_unlock_key

pytestmark = pytest.mark.real


@pytest.fixture(autouse=True)
async def _no_link_is_left():
    yield
    await unlink()


STATUS = Status("pi", bytes(32), "0", "unsafe-software", 0, (), own_digest(), None, (), 0, bytes(32), (), ())
CHANGED = msgspec.structs.replace(STATUS, release=bytes(32))


class Stage:
    """A device whose enclaves are played by the test: each with the key that it was started with."""

    def __init__(self, path: Path) -> None:
        self.directory = DeviceDirectory(path / "device")
        self.directory.make()
        self.directory.set_enrolment(Enrolment(1, "pi", "https://127.0.0.1:1", bytes(32)))
        self.enclaves: list[tuple[FakeEnclave, bytes]] = []
        self.running = 0
        self.said: list[str] = []

    @contextlib.asynccontextmanager
    async def started(
        self, _directory: DeviceDirectory, key: bytearray, _report: object
    ) -> AsyncIterator[tuple[Agent, None]]:
        assert self.running == 0, "two enclaves never run on one store"
        link, enclave = await linked()
        self.enclaves.append((enclave, bytes(key)))
        self.running += 1
        await enclave.to_operator(Ready(True, ()))
        try:
            yield Agent(link, self.said.append), None
        finally:
            self.running -= 1
            await link.close()

    async def serve(self, key: bytes, unlock: Unlock | None) -> None:
        async with standing(self.directory, bytearray(key), self.said.append) as device:
            await stay(device, self.directory, unlock, self.said.append)

    async def enclave(self, number: int) -> FakeEnclave:
        async with asyncio.timeout(20):
            while len(self.enclaves) <= number:
                await asyncio.sleep(0.01)
        return self.enclaves[number][0]

    async def word(self, beginning: str) -> str:
        async with asyncio.timeout(20):
            while not (found := [line for line in self.said if line.startswith(beginning)]):
                await asyncio.sleep(0.01)
        return found[0]


@pytest.fixture
def stage(tmp_path, monkeypatch):
    made = Stage(tmp_path)
    monkeypatch.setattr(agent_running, "started", made.started)
    return made


@pytest.fixture
def key_file(tmp_path):
    file = tmp_path / "stick" / "pi.key"
    file.parent.mkdir()
    create_unlock_key(file, tmp_path / "device")
    return file


async def answer_status(enclave: FakeEnclave, status: Status) -> None:
    while not isinstance(decode_operator((await enclave.next())[1]), AskLocalStatus):
        pass
    await enclave.to_operator(LocalStatus(status))


async def test_the_enclave_is_started_again_by_the_key_that_its_file_still_holds(stage, key_file):
    key = read_unlock_key(key_file, stage.directory.path)
    unlock = key_once_more(key_file, stage.directory, key)
    serving = asyncio.create_task(stage.serve(bytes(key), unlock))
    first = await stage.enclave(0)
    await first.to_operator(StartAgain(by_itself=True))
    await answer_status(first, STATUS)
    second = await stage.enclave(1)
    assert [used for _, used in stage.enclaves] == [bytes(key)] * 2
    assert (await second.next())[1], "it is served as the first one was: told of the host first"
    second.die()
    with pytest.raises(PlatformRefused) as ended:
        await asyncio.wait_for(serving, 20)
    assert ended.value.code == "platform.enclave-gone"
    assert stage.running == 0


@pytest.mark.parametrize(
    ("case", "why"),
    [
        ("typed", "was typed"),
        ("keepers", "opened by its keepers"),
        ("pulled", "cannot be read"),
        ("another", "holds another key"),
        ("changed", "the program was changed"),
        ("appliance", "an appliance"),
    ],
)
async def test_where_something_would_be_missing_it_goes_on_and_says_what_to_do(stage, key_file, case, why):
    key = read_unlock_key(key_file, stage.directory.path)
    unlock = None if case == "typed" else key_once_more(key_file, stage.directory, key)
    serving = asyncio.create_task(stage.serve(bytes(key), unlock))
    first = await stage.enclave(0)
    if case in ("pulled", "another"):
        key_file.unlink()
    if case == "another":
        create_unlock_key(key_file, stage.directory.path)
    if case == "appliance":
        set_image_folder(stage.directory.path, stage.directory.path / "image")
    await first.to_operator(StartAgain(by_itself=case != "keepers"))
    if case not in ("keepers", "appliance"):
        await answer_status(first, CHANGED if case == "changed" else STATUS)
    assert why in await stage.word("START THIS DEVICE AGAIN")
    assert len(stage.enclaves) == 1 and stage.running == 1 and not serving.done()
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    assert stage.running == 0


async def test_an_enclave_that_ends_instead_is_not_started_again(stage):
    serving = asyncio.create_task(stage.serve(bytes(32), lambda: bytearray(32)))
    (await stage.enclave(0)).die()
    with pytest.raises(PlatformRefused):
        await asyncio.wait_for(serving, 20)
    assert len(stage.enclaves) == 1


def test_a_typed_key_cannot_be_had_once_more(tmp_path):
    assert key_once_more(Path("-"), DeviceDirectory(tmp_path), bytearray(32)) is None
