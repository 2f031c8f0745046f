"""The agent between a service that may be hostile and an enclave that may die."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import pytest
from tests.support.fake_enclave import linked, unlink
from tests.support.loopback_tls import ServerIdentity, server_identity
from websockets.asyncio.server import ServerConnection, serve

from warifu.agent import running as agent_running
from warifu.agent.agent import Agent
from warifu.agent.backoff import Backoff
from warifu.agent.device import DeviceDirectory, Enrolment
from warifu.agent.door import ask_at_door, open_door
from warifu.agent.invitation import Invitation
from warifu.agent.joining import join
from warifu.agent.running import wait_for_keepers
from warifu.errors import AuthorizationRefused, PlatformRefused, ServiceRefused, StoreDamaged
from warifu.protocol.encoding import encode
from warifu.protocol.frames import MAX_FRAME_BYTES, Refusal, Status
from warifu.protocol.framing import Origin
from warifu.protocol.operator import (
    AskLocalStatus,
    BeginJoin,
    ConfirmJoin,
    Joined,
    KeeperSeen,
    LocalStatus,
    OperatorRefused,
    Ready,
    ShowAuthenticationString,
    TellHost,
    Waiting,
    decode_operator,
)

pytestmark = pytest.mark.real


@pytest.fixture(autouse=True)
async def _no_link_is_left():
    yield
    await unlink()


STATUS = Status("pi", bytes(32), "0", "unsafe-software", 0, (), bytes(32), None, (), 0, bytes(32), (), ())


class Service:
    """A WebSocket server that keeps its connections for the test to use."""

    def __init__(self, identity: ServerIdentity, port: int = 0) -> None:
        self.identity = identity
        self.port = port
        self.connections: asyncio.Queue[ServerConnection] = asyncio.Queue()

    async def __aenter__(self) -> Service:
        self._server = await serve(
            self._handle, "127.0.0.1", self.port, ssl=self.identity.context, max_size=None, compression=None
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _handle(self, connection: ServerConnection) -> None:
        await self.connections.put(connection)
        await connection.wait_closed()

    async def connection(self) -> ServerConnection:
        return await asyncio.wait_for(self.connections.get(), 20)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"


@contextlib.asynccontextmanager
async def running(*coroutines: Coroutine[Any, Any, None]) -> AsyncIterator[list[asyncio.Task[None]]]:
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_frames_pass_unread_and_the_networks_are_always_marked_as_the_services(tmp_path):
    link, enclave = await linked()
    said: list[str] = []
    agent = Agent(link, said.append)
    async with Service(server_identity(tmp_path)) as service:
        uplink = agent.connect(service.url, service.identity.fingerprint)
        async with running(agent.listen(), uplink.run()):
            connection = await service.connection()
            # What an operator would say, and even a whole operator frame, byte for byte: still the service's.
            for hostile in (
                encode(ConfirmJoin(True)),
                b"\0\0\0\5\0" + encode(ConfirmJoin(True)),
                b"",
                b"\xff" * 9,
            ):
                await connection.send(hostile)
                assert await enclave.next() == (Origin.SERVICE, hostile)
            await enclave.say(Origin.SERVICE, b"an answer")
            assert await asyncio.wait_for(connection.recv(), 20) == b"an answer"


async def test_the_largest_frame_passes_and_a_larger_one_ends_the_connection(tmp_path):
    link, enclave = await linked()
    said: list[str] = []
    agent = Agent(link, said.append)
    async with Service(server_identity(tmp_path)) as service:
        uplink = agent.connect(service.url, service.identity.fingerprint, Backoff(0.01, 0.01))
        async with running(agent.listen(), uplink.run()):
            connection = await service.connection()
            await connection.send(b"x" * MAX_FRAME_BYTES)
            origin, payload = await enclave.next()
            assert (origin, len(payload)) == (Origin.SERVICE, MAX_FRAME_BYTES)
            await connection.send(b"x" * (MAX_FRAME_BYTES + 1))
            again = await service.connection()  # the agent left, and came back
            await again.send(b"next")
            assert await enclave.next() == (Origin.SERVICE, b"next")
    assert "the service sent a frame that is over the limit" in said


async def test_text_messages_are_not_frames(tmp_path):
    link, enclave = await linked()
    agent = Agent(link, lambda _: None)
    async with Service(server_identity(tmp_path)) as service:
        uplink = agent.connect(service.url, service.identity.fingerprint, Backoff(0.01, 0.01))
        async with running(agent.listen(), uplink.run()):
            connection = await service.connection()
            await connection.send("hello")
            again = await service.connection()
            await again.send(b"frame")
            assert await enclave.next() == (Origin.SERVICE, b"frame")


async def test_it_comes_back_after_the_service_restarts(tmp_path):
    link, enclave = await linked()
    agent = Agent(link, lambda _: None)
    identity = server_identity(tmp_path)
    first = await Service(identity).__aenter__()
    uplink = agent.connect(first.url, identity.fingerprint, Backoff(0.01, 0.05))
    async with running(agent.listen(), uplink.run()):
        await first.connection()
        await first.__aexit__()
        assert not await uplink.send(b"into the void")  # dropped, not queued for another connection
        async with Service(identity, first.port) as second:
            connection = await second.connection()
            await connection.send(b"welcome back")
            assert await enclave.next() == (Origin.SERVICE, b"welcome back")


async def test_another_certificate_is_refused_before_a_byte_is_sent(tmp_path):
    link, _ = await linked()
    agent = Agent(link, lambda _: None)
    async with Service(server_identity(tmp_path, "other")) as service:
        uplink = agent.connect(service.url, server_identity(tmp_path).fingerprint)
        with pytest.raises(ServiceRefused) as caught:
            await uplink.run()
        assert caught.value.code == "service.certificate"
        assert service.connections.empty()


async def test_a_certificate_that_changes_later_is_refused_and_reported(tmp_path):
    link, _ = await linked()
    said: list[str] = []
    agent = Agent(link, said.append)
    right = await Service(server_identity(tmp_path, "right")).__aenter__()
    uplink = agent.connect(right.url, right.identity.fingerprint, Backoff(0.01, 0.05))
    async with running(agent.listen(), uplink.run()):
        await right.connection()
        await right.__aexit__()
        async with Service(server_identity(tmp_path, "other"), right.port) as other:
            async with asyncio.timeout(20):
                while not any(line.startswith("REFUSED") for line in said):
                    await asyncio.sleep(0.02)
            assert other.connections.empty()


async def test_when_the_enclave_dies_the_agent_ends_with_an_error():
    link, enclave = await linked()
    agent = Agent(link, lambda _: None)
    async with running(agent.listen()) as (listening,):
        waiting = asyncio.create_task(agent.ask(AskLocalStatus(), LocalStatus))
        await enclave.next()
        enclave.die()
        for task in (listening, waiting):
            with pytest.raises(PlatformRefused) as caught:
                await asyncio.wait_for(task, 20)
            assert caught.value.code == "platform.enclave-gone"


async def test_an_enclave_that_sends_what_is_no_frame_counts_as_dead():
    link, enclave = await linked()
    agent = Agent(link, lambda _: None)
    async with running(agent.listen()) as (listening,):
        await enclave.raw(b"\xff\xff\xff\xff\x00")
        with pytest.raises(PlatformRefused):
            await asyncio.wait_for(listening, 20)


async def test_the_operator_hears_the_enclaves_refusal():
    link, enclave = await linked()
    agent = Agent(link, lambda _: None)
    refusal = Refusal("store", "damaged", "the store is damaged", "nothing", "restore", None, None)
    async with running(agent.listen()):
        await enclave.to_operator(OperatorRefused(refusal))
        with pytest.raises(StoreDamaged) as caught:
            await agent.ready()
        assert caught.value.code == "store.damaged"


def waiting(state: Any, needed: int = 1) -> Waiting:
    refusal = Refusal("service", "device-offline", "the attic is dark", "", "switch it on", "attic", None)
    return Waiting(needed, (KeeperSeen("attic", state, refusal if state in ("off", "refused") else None),))


async def test_an_enclave_that_waits_for_its_keepers_is_connected_and_its_progress_is_told(tmp_path):
    link, enclave = await linked()
    said: list[str] = []
    agent = Agent(link, lambda _: None)
    directory = DeviceDirectory(tmp_path / "device")
    directory.make()
    async with Service(server_identity(tmp_path)) as service:
        directory.set_enrolment(Enrolment(1, "server", service.url, service.identity.fingerprint))
        async with running(agent.listen()):
            opening = asyncio.create_task(wait_for_keepers(agent, directory, waiting("off"), said.append))
            origin, payload = await enclave.next()
            assert origin is Origin.OPERATOR and isinstance(decode_operator(payload), TellHost)
            connection = await service.connection()
            await connection.send(b"a keeper's answer")
            assert await enclave.next() == (Origin.SERVICE, b"a keeper's answer")
            await enclave.to_operator(waiting("released", 0))
            await enclave.to_operator(Ready(True, ()))
            assert (await asyncio.wait_for(opening, 20)).joined
            await asyncio.wait_for(connection.wait_closed(), 20)  # it comes back as an ordinary device
    assert said == [
        "this device's store is shut: 1 more of its keepers must release their pieces",
        "  attic: cannot be reached: the attic is dark (switch it on)",
        "enough keepers released their pieces",
    ]


async def test_an_enclave_that_ends_while_it_waits_is_no_open_store(tmp_path):
    link, enclave = await linked()
    agent = Agent(link, lambda _: None)
    directory = DeviceDirectory(tmp_path / "device")
    directory.make()
    async with Service(server_identity(tmp_path)) as service:
        directory.set_enrolment(Enrolment(1, "server", service.url, service.identity.fingerprint))
        listening = asyncio.create_task(agent.listen())
        opening = asyncio.create_task(wait_for_keepers(agent, directory, waiting("refused"), lambda _: None))
        await service.connection()
        enclave.die()
        with pytest.raises(PlatformRefused) as caught:
            await asyncio.wait_for(opening, 20)
        assert caught.value.code == "platform.enclave-gone"
        await asyncio.gather(listening, return_exceptions=True)


async def test_a_device_that_waits_and_belongs_to_no_service_says_so(tmp_path):
    link, _enclave = await linked()
    directory = DeviceDirectory(tmp_path / "device")
    directory.make()
    with pytest.raises(ServiceRefused) as caught:
        await wait_for_keepers(Agent(link, lambda _: None), directory, waiting("asked"), lambda _: None)
    assert caught.value.code == "service.not-enrolled"


async def test_a_service_that_starts_after_its_device_does_not_wait_for_it_for_ever(tmp_path, monkeypatch):
    link, enclave = await linked()
    directory = DeviceDirectory(tmp_path / "device")
    directory.make()

    @contextlib.asynccontextmanager
    async def started(*_: object) -> AsyncIterator[tuple[Agent, None]]:
        yield Agent(link, lambda _line: None), None

    monkeypatch.setattr(agent_running, "started", started)
    await enclave.to_operator(waiting("asked"))
    with pytest.raises(PlatformRefused) as caught:
        async with agent_running.listening(directory, bytearray(32), lambda _line: None, may_wait=False):
            pass
    assert caught.value.code == "platform.needs-keepers"


async def test_the_local_door_tells_the_status_and_is_closed_to_others(tmp_path):
    link, enclave = await linked()
    agent = Agent(link, lambda _: None)
    door = tmp_path / "agent.sock"
    door.write_bytes(b"")  # left behind by an agent that was killed
    async with running(agent.listen()), open_door(agent, door):
        assert door.stat().st_mode & 0o077 == 0
        asking = asyncio.create_task(ask_at_door(door))
        origin, payload = await enclave.next()
        assert (origin, decode_operator(payload)) == (Origin.OPERATOR, AskLocalStatus())
        await enclave.to_operator(LocalStatus(STATUS))
        assert await asking == STATUS
    with pytest.raises(ServiceRefused) as caught:
        await ask_at_door(door)
    assert caught.value.code == "service.device-not-running"


async def test_the_door_opens_also_deep_below_many_directories(tmp_path):
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    link, enclave = await linked()
    agent = Agent(link, lambda _: None)
    async with running(agent.listen()), open_door(agent, deep / "agent.sock"):
        asking = asyncio.create_task(ask_at_door(deep / "agent.sock"))
        await enclave.next()
        await enclave.to_operator(LocalStatus(STATUS))
        assert await asking == STATUS


@pytest.mark.parametrize("same", [True, False])
async def test_joining_takes_the_operators_word_that_the_digits_are_the_same(tmp_path, same):
    link, enclave = await linked()
    agent = Agent(link, lambda _: None)
    directory = DeviceDirectory(tmp_path / "device")
    directory.make()
    shown: list[str] = []

    async def compare(digits):
        shown.append(digits)
        return same

    async with Service(server_identity(tmp_path)) as service:
        invitation = Invitation(service.url, service.identity.fingerprint, bytes(range(16)), "pi")
        async with running(agent.listen()):
            await enclave.to_operator(Ready(False, ()))
            assert not (await agent.ready()).joined
            joining = asyncio.create_task(join(agent, directory, invitation, compare))
            assert await enclave.next() == (Origin.OPERATOR, encode(BeginJoin("pi", bytes(range(16)))))
            await enclave.to_operator(ShowAuthenticationString("123 456 789"))
            assert await enclave.next() == (Origin.OPERATOR, encode(ConfirmJoin(same)))
            # The power may fail now: an enclave that has an owner must know its service.
            assert (directory.enrolment() is not None) is same
            if same:
                await enclave.to_operator(Joined(b"i" * 32, b"c" * 32))
                assert (await joining).credential == b"c" * 32
            else:
                with pytest.raises(AuthorizationRefused):
                    await joining
    assert shown == ["123 456 789"]
    assert (directory.enrolment() is not None) is same


async def test_joining_ends_when_the_service_shows_another_certificate(tmp_path):
    link, _ = await linked()
    agent = Agent(link, lambda _: None)

    async def compare(_):
        raise AssertionError("there is nothing to compare")

    async with Service(server_identity(tmp_path)) as service:
        invitation = Invitation(service.url, bytes(32), bytes(16), "pi")
        async with running(agent.listen()):
            with pytest.raises(ServiceRefused) as caught:
                await join(agent, DeviceDirectory(tmp_path), invitation, compare)
    assert caught.value.code == "service.certificate"


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b'{"version":2}', b'{"version":1,"name":"pi","url":"http://x","fingerprint":""}', b"[]"],
)
def test_a_damaged_device_file_is_reported(tmp_path, content):
    directory = DeviceDirectory(tmp_path)
    (tmp_path / "device.json").write_bytes(content)
    with pytest.raises(StoreDamaged):
        directory.enrolment()
