"""Tunnels: what a device reaches through the service, what it cannot, and what an attacker at either end costs."""

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.utils import random
from tests.support.scripted_signer import Device, Meeting, meeting
from tests.support.service_world import Pipe, refusal

from warifu.errors import SessionAborted
from warifu.protocol.authorization import Authorization
from warifu.protocol.credential import Approval, DeviceKey, Signature
from warifu.protocol.encoding import encode
from warifu.protocol.frames import (
    MAX_CARRIED,
    AskStatus,
    Carried,
    CloseSession,
    Finished,
    OpenCall,
    OpenComparison,
    OpenExchangeKey,
    OpenTunnel,
    Reply,
    SessionFailed,
    TunnelEnded,
    refusal_of,
)
from warifu.protocol.parcel import Parcel
from warifu.service.hub import link as link_module
from warifu.service.hub import tunnels as module
from warifu.service.hub.tunnels import Reach, is_public
from warifu.service.store.database import create_database
from warifu.service.store.devices import list_devices

pytestmark = pytest.mark.unit

HOST = "api.exchange.example.com"
AUTHORIZATION = Authorization(
    b"request", (bytes(32),), (Approval(DeviceKey(bytes(32)), Signature(bytes(64))),)
)


@pytest.fixture
def database(tmp_path: Path):
    made = create_database(tmp_path / "service", random(32))
    yield made
    made.close()


@dataclass
class Far:
    """What stands at the other end of a tunnel: hears all, says what it is told to."""

    port: int = 0
    heard: bytearray = field(default_factory=bytearray)
    lines: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)
    came: asyncio.Queue[asyncio.StreamWriter] = field(default_factory=asyncio.Queue)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    reads: bool = True

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lines.append((reader, writer))
        self.came.put_nowait(writer)
        if not self.reads:
            await self.ended.wait()
            return
        with suppress(OSError):
            while data := await reader.read(65536):
                self.heard += data
        self.ended.set()
        writer.close()

    async def line(self) -> asyncio.StreamWriter:
        return await asyncio.wait_for(self.came.get(), 60)


@asynccontextmanager
async def far_end(**said: Any) -> AsyncIterator[Far]:
    far = Far(**said)
    server = await asyncio.start_server(far.meet, "127.0.0.1", 0)
    far.port = server.sockets[0].getsockname()[1]
    try:
        yield far
    finally:
        far.ended.set()
        for _, writer in far.lines:
            writer.transport.abort()
        server.close()


def simulated(far: Far) -> Reach:
    return Reach((), {HOST: ("127.0.0.1", far.port)})


class Call:
    """A session about an exchange, in which the first device carries."""

    def __init__(self, hall: Meeting, *devices: Device, opening: str = "call") -> None:
        self.id, self.notes = random(16), list[str]()
        identities = tuple(sorted(device.identity for device in devices))
        self.carrier = devices[0]
        openings: Any = {identity: self._opening(opening, identity, identities) for identity in identities}
        self.running = asyncio.create_task(
            hall.hub.run_session(
                openings,
                wanted=len(devices),
                judge=lambda _identity, _result: None,
                entered=lambda _name: None,
                timeout=20,
                decisive=self.carrier.identity,
                note=self.notes.append,
            )
        )

    def _opening(self, kind: str, identity: bytes, identities: tuple[bytes, ...]) -> Any:
        if kind == "comparison":
            return OpenComparison(self.id, bytes(32), "trading", bytes(32), identities, self.carrier.identity)
        if kind == "key":
            return OpenExchangeKey(self.id, AUTHORIZATION, identities)
        parcel = Parcel(identity, bytes(32), 0, bytes(32), bytes(1040))
        return OpenCall(self.id, AUTHORIZATION, parcel, identities)

    async def open(self, device: Device, number: int = 0, host: str = HOST) -> None:
        await device.say(OpenTunnel(self.id, number, host))

    async def end(self) -> None:
        await self.carrier.say(Finished(self.id, b"result"))
        await asyncio.wait_for(self.running, 60)


async def called(hall: Meeting, *names: str, opening: str = "call") -> Call:
    """A session of these devices that all have heard of."""
    devices = [await hall.enter(hall.devices[name]) for name in names]
    call = Call(hall, *devices, opening=opening)
    for device in devices:
        assert (await device.hear()).session == call.id
    return call


@pytest.mark.parametrize("opening", ["call", "comparison"])
async def test_it_carries_bytes_both_ways_and_tells_how_many(database, opening: str):
    async with far_end() as far, meeting(database, "attic", reach=simulated(far)) as hall:
        call = await called(hall, "attic", opening=opening)
        attic = call.carrier
        await call.open(attic)
        await attic.say(Carried(call.id, 0, b"hello"))  # before anybody is there
        line = await far.line()
        await attic.say(Carried(call.id, 0, b" host"))
        line.write(b"hello device")
        assert await attic.hear() == Carried(call.id, 0, b"hello device")
        await attic.say(TunnelEnded(call.id, 0))
        await asyncio.wait_for(far.ended.wait(), 60)
        assert far.heard == b"hello host"
        await call.end()
        assert call.notes == [f"attic's tunnel to {HOST} is over (10 bytes out, 12 in)"]


async def test_when_the_host_hangs_up_the_device_is_told_after_the_last_byte(database):
    async with far_end() as far, meeting(database, "attic", reach=simulated(far)) as hall:
        call = await called(hall, "attic")
        await call.open(call.carrier)
        line = await far.line()
        line.write(b"x" * 100_000)
        line.close()
        got = b""
        while not isinstance(frame := await call.carrier.hear(), TunnelEnded):
            assert isinstance(frame, Carried) and frame.tunnel == 0
            got += frame.data
        assert got == b"x" * 100_000
        await call.carrier.say(Carried(call.id, 0, b"too late"))  # no reason to end anything
        await call.end()


async def test_a_sessions_end_ends_its_tunnels(database):
    async with far_end() as far, meeting(database, "attic", reach=simulated(far)) as hall:
        call = await called(hall, "attic")
        for number in range(3):
            await call.open(call.carrier, number)
            await far.line()
        assert hall.hub.tunnels.open_count == 3
        await call.end()
        await asyncio.wait_for(far.ended.wait(), 60)
        await hall.hub.tunnels.close()
        assert hall.hub.tunnels.open_count == 0


async def test_a_refusal_ends_them_too_and_a_device_that_leaves(database):
    for leave in (False, True):
        async with far_end() as far, meeting(database, f"attic{leave}".lower(), reach=simulated(far)) as hall:
            call = await called(hall, f"attic{leave}".lower())
            await call.open(call.carrier)
            await far.line()
            if leave:
                await call.carrier.end.close()
            else:
                failure = refusal_of(SessionAborted("no", "no"))
                await call.carrier.say(SessionFailed(call.id, failure))
            assert isinstance(await refusal(call.running), SessionAborted)
            await asyncio.wait_for(far.ended.wait(), 60)


# --- who may, and where to ---------------------------------------------------------------------------------------


async def test_a_host_that_is_not_in_the_configuration_is_not_dialled(database):
    reach = Reach(("api.binance.com",))
    async with meeting(database, "attic", reach=reach) as hall:
        call = await called(hall, "attic")
        for number, host in enumerate(("metadata.google.internal", "127.0.0.1", "api.binance.com.evil.org")):
            await call.open(call.carrier, number, host)
            assert await call.carrier.hear() == TunnelEnded(call.id, number)
        assert hall.hub.tunnels.open_count == 0
        await call.end()
        assert [note.split(",")[0] for note in call.notes] == [
            f"attic asks for a tunnel to {host}"
            for host in ("metadata.google.internal", "127.0.0.1", "api.binance.com.evil.org")
        ]


async def test_a_service_that_names_no_hosts_reaches_none(database):
    async with meeting(database, "attic") as hall:
        call = await called(hall, "attic")
        await call.open(call.carrier, 0, "api.binance.com")
        assert await call.carrier.hear() == TunnelEnded(call.id, 0)
        await call.end()


async def test_only_who_is_in_a_session_about_an_exchange_opens_tunnels(database):
    async with far_end() as far, meeting(database, "attic", "cellar", reach=simulated(far)) as hall:
        cellar = await hall.enter(hall.devices["cellar"])
        call = await called(hall, "attic")
        await cellar.say(OpenTunnel(call.id, 0, HOST))  # another's session
        assert await cellar.hear() == TunnelEnded(call.id, 0)
        await cellar.say(OpenTunnel(bytes(16), 0, HOST))  # no session at all
        assert await cellar.hear() == TunnelEnded(bytes(16), 0)
        await call.end()
        await call.open(call.carrier)  # one that is over
        assert await call.carrier.hear() == TunnelEnded(call.id, 0)
        key = Call(hall, call.carrier, opening="key")
        await call.carrier.hear()
        await key.open(call.carrier)
        assert await call.carrier.hear() == TunnelEnded(key.id, 0)
        await key.end()
        assert not far.lines


async def test_nobody_speaks_into_another_devices_tunnel(database):
    async with far_end() as far, meeting(database, "attic", "cellar", reach=simulated(far)) as hall:
        call = await called(hall, "attic", "cellar")
        await call.open(call.carrier)
        line = await far.line()
        cellar = hall.devices["cellar"]
        await cellar.say(Carried(call.id, 0, b"forged"))
        await cellar.say(TunnelEnded(call.id, 0))
        await call.carrier.say(Carried(call.id, 0, b"genuine"))
        line.write(b"answer")
        assert await call.carrier.hear() == Carried(call.id, 0, b"answer")
        await call.end()
        await asyncio.wait_for(far.ended.wait(), 60)
        assert far.heard == b"genuine"


async def test_a_reconnected_device_has_lost_its_tunnels(database):
    async with far_end() as far, meeting(database, "attic", reach=simulated(far)) as hall:
        call = await called(hall, "attic")
        await call.open(call.carrier)
        await far.line()
        await hall.knock(call.carrier)
        await call.carrier.say(call.carrier.presence(await call.carrier.challenge()))
        assert (await refusal(call.running)).reason == "device-left"
        await asyncio.wait_for(far.ended.wait(), 60)
        await call.carrier.say(Carried(call.id, 0, b"still here"))
        await call.open(call.carrier, 1)
        assert await call.carrier.hear() == TunnelEnded(call.id, 1)
        assert not far.heard


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("104.18.35.15", True),
        ("2606:4700::6812:230f", True),
        ("64:ff9b::6812:230f", True),
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:104.18.35.15", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("2002:7f00:1::", False),
        ("no address", False),
    ],
)
def test_which_addresses_are_of_the_internet(address: str, public: bool):
    assert is_public(address) is public


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    def resolve(host: str, port: int, **_: Any) -> Any:
        assert (host, port) == ("api.binance.com", 443)
        if not addresses:
            raise socket.gaierror
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


@pytest.mark.parametrize(
    ("addresses", "said"),
    [
        ((), "its name does not resolve"),
        (("127.0.0.1", "::1", "10.0.0.1"), "its name leads into a private network"),
    ],
)
async def test_a_name_that_leads_nowhere_or_inside_ends_the_tunnel_at_once(
    database, monkeypatch: pytest.MonkeyPatch, addresses: tuple[str, ...], said: str
):
    async with meeting(database, "attic", reach=Reach(("api.binance.com",))) as hall:
        call = await called(hall, "attic")
        resolving(monkeypatch, *addresses)
        monkeypatch.setattr(asyncio, "open_connection", None)  # nobody is dialled
        await call.open(call.carrier, 0, "api.binance.com")
        assert await call.carrier.hear() == TunnelEnded(call.id, 0)
        monkeypatch.undo()
        await call.end()
        assert call.notes == [f"attic's tunnel to api.binance.com is over: {said} (0 bytes out, 0 in)"]


async def test_what_was_resolved_is_what_is_dialled_and_private_addresses_are_passed_over(
    database, monkeypatch: pytest.MonkeyPatch
):
    dialled: list[Any] = []

    async def dial(*address: Any, **_: Any) -> Any:
        dialled.append(address)
        raise ConnectionRefusedError

    async with meeting(database, "attic", reach=Reach(("api.binance.com",))) as hall:
        call = await called(hall, "attic")
        resolving(monkeypatch, "10.0.0.1", "104.18.35.15", "104.18.36.15")
        monkeypatch.setattr(asyncio, "open_connection", dial)
        await call.open(call.carrier, 0, "api.binance.com")
        assert await call.carrier.hear() == TunnelEnded(call.id, 0)
        monkeypatch.undo()
        await call.end()
        assert dialled == [("104.18.35.15", 443), ("104.18.36.15", 443)]
        assert "it cannot be reached" in call.notes[0]


async def test_an_address_that_swallows_everything_does_not_keep_the_next_from_being_tried(
    database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "ADDRESS_SECONDS", 0.01)
    original = asyncio.open_connection

    async with far_end() as far, meeting(database, "attic", reach=Reach(("api.binance.com",))) as hall:

        async def dial(address: str, _port: int, **_: Any) -> Any:
            if address == "104.18.35.15":
                await asyncio.Event().wait()
            return await original("127.0.0.1", far.port)

        call = await called(hall, "attic")
        resolving(monkeypatch, "104.18.35.15", "104.18.36.15")
        monkeypatch.setattr(asyncio, "open_connection", dial)
        await call.open(call.carrier, 0, "api.binance.com")
        line = await far.line()
        monkeypatch.undo()
        line.write(b"hello")
        assert await call.carrier.hear() == Carried(call.id, 0, b"hello")
        await call.end()


async def test_names_that_do_not_resolve_keep_nobody_from_the_database(
    database, monkeypatch: pytest.MonkeyPatch
):
    """As many names at once as there are threads for everything else, and more."""
    free = threading.Event()

    def stuck(*_: Any, **__: Any) -> Any:
        free.wait()
        raise socket.gaierror

    async with meeting(database, "attic", reach=Reach(("api.binance.com",))) as hall:
        monkeypatch.setattr(socket, "getaddrinfo", stuck)
        calls = [await called(hall, "attic")]
        calls += [Call(hall, calls[0].carrier) for _ in range(11)]
        for call in calls[1:]:
            await call.carrier.hear()
        for call in calls:
            for number in range(4):
                await call.open(call.carrier, number, "api.binance.com")
        try:
            while hall.hub.tunnels.open_count < 48:
                await asyncio.sleep(0.01)
            async with asyncio.timeout(60):
                assert await asyncio.to_thread(list_devices, database)
        finally:
            free.set()
        for call in calls:
            await call.end()


async def test_a_simulation_that_does_not_run_ends_the_tunnel_at_once(database):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    async with meeting(database, "attic", reach=Reach((), {HOST: ("127.0.0.1", port)})) as hall:
        call = await called(hall, "attic")
        await call.open(call.carrier)
        assert await call.carrier.hear() == TunnelEnded(call.id, 0)
        await call.end()


# --- what an attacker costs --------------------------------------------------------------------------------------


async def test_a_number_is_used_once(database):
    async with far_end() as far, meeting(database, "attic", reach=simulated(far)) as hall:
        call = await called(hall, "attic")
        await call.open(call.carrier)
        await far.line()
        await call.open(call.carrier)
        assert await call.carrier.is_disconnected()
        await refusal(call.running)


async def test_so_many_are_open_in_all(database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "MAX_OPEN", 2)
    async with far_end() as far, meeting(database, "attic", reach=simulated(far)) as hall:
        call = await called(hall, "attic")
        for number in range(3):
            await call.open(call.carrier, number)
        assert await call.carrier.hear() == TunnelEnded(call.id, 2)
        assert hall.hub.tunnels.open_count == 2
        await call.end()


async def test_so_much_goes_out_however_slow_the_host_is(database):
    async with far_end(reads=False) as far, meeting(database, "attic", reach=simulated(far)) as hall:
        call = await called(hall, "attic")
        await call.open(call.carrier)
        await far.line()
        for _ in range(module.MAX_OUT // 65536 + 1):
            await call.carrier.say(Carried(call.id, 0, bytes(65536)))
        assert await call.carrier.hear() == TunnelEnded(call.id, 0)
        await call.end()
        await hall.hub.tunnels.close()
        (said,) = call.notes
        assert said.endswith(
            f"is over: more went out than any request has ({module.MAX_OUT} bytes out, 0 in)"
        )


async def test_so_much_comes_in(database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "MAX_IN", 100_000)
    async with far_end() as far, meeting(database, "attic", reach=simulated(far)) as hall:
        call = await called(hall, "attic")
        await call.open(call.carrier)
        line = await far.line()
        line.write(bytes(300_000))
        got = 0
        while isinstance(frame := await call.carrier.hear(), Carried):
            got += len(frame.data)
        assert isinstance(frame, TunnelEnded) and got <= 100_000
        await call.end()


class Stuck(Pipe):
    """A device's connection that takes what is sent to it only when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.takes = asyncio.Event()
        self.takes.set()

    async def send(self, data: bytes) -> None:
        await self.takes.wait()
        await super().send(data)


async def test_a_device_that_does_not_take_it_makes_the_host_wait_and_nothing_grows(database):
    total = 6 * 1024 * 1024
    async with far_end() as far, meeting(database, "attic", reach=simulated(far)) as hall:
        attic = hall.devices["attic"]
        theirs, attic.end = Stuck(), Stuck()
        theirs.other, attic.end.other = attic.end, theirs
        attending = asyncio.create_task(hall.hub.attend(theirs))
        await attic.say(attic.presence(await attic.challenge()))
        assert await hall.hub.wait_connected((attic.identity,), 60)
        call = Call(hall, attic)
        await attic.hear()
        await call.open(attic)
        line = await far.line()
        theirs.takes.clear()
        line.write(bytes(total))
        link = hall.hub._links[attic.identity]
        for _ in range(50):
            await asyncio.sleep(0.01)
            assert link._waiting_bytes <= link_module.ROOM_BYTES + 2 * 65536
        assert line.transport.get_write_buffer_size() > 0
        theirs.takes.set()
        got = 0
        while got < total:
            got += len((await attic.hear()).data)
        await call.end()
        await theirs.close()
        await attending


@pytest.mark.parametrize("which", ["IDLE_SECONDS", "TOTAL_SECONDS"])
async def test_it_does_not_stay_open_for_ever(database, monkeypatch: pytest.MonkeyPatch, which: str):
    monkeypatch.setattr(module, which, 0.05)
    async with far_end() as far, meeting(database, "attic", reach=simulated(far)) as hall:
        call = await called(hall, "attic")
        await call.open(call.carrier)
        assert await call.carrier.hear() == TunnelEnded(call.id, 0)
        await asyncio.wait_for(far.ended.wait(), 60)
        await call.end()


async def test_who_speaks_all_the_time_is_ended_all_the_same(database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "TOTAL_SECONDS", 0.2)
    async with far_end() as far, meeting(database, "attic", reach=simulated(far)) as hall:
        call = await called(hall, "attic")
        await call.open(call.carrier)
        hearing = asyncio.create_task(call.carrier.hear())
        while not hearing.done():
            await call.carrier.say(Carried(call.id, 0, b"."))
            await asyncio.sleep(0.01)
        assert await hearing == TunnelEnded(call.id, 0)
        await call.end()


@pytest.mark.parametrize("number", [-1, 4, 2**40])
@pytest.mark.parametrize("kind", ["open", "carried"])
async def test_what_is_no_tunnel_ends_the_connection(database, kind: str, number: int):
    async with meeting(database, "attic") as hall:
        call = await called(hall, "attic")
        frame = {
            "open": OpenTunnel(call.id, number, HOST),
            "carried": Carried(call.id, number, b"x"),
        }[kind]
        await call.carrier.end.send(encode(frame))
        assert await call.carrier.is_disconnected()
        await refusal(call.running)


@pytest.mark.parametrize(
    "host", ["", "a", "x" * 254, "api.binance.com\n", "API.BINANCE.COM", "[::1]:80", "\x1b[2J.com"]
)
async def test_what_is_no_host_name_ends_the_connection(database, host: str):
    async with meeting(database, "attic") as hall:
        call = await called(hall, "attic")
        await call.carrier.end.send(encode(OpenTunnel(call.id, 0, host)))
        assert await call.carrier.is_disconnected()
        await refusal(call.running)


async def test_the_others_results_do_not_end_a_call_and_their_leaving_afterwards_does_not_either(database):
    async with far_end() as far, meeting(database, "attic", "cellar", reach=simulated(far)) as hall:
        call = await called(hall, "attic", "cellar")
        await call.open(call.carrier)
        line = await far.line()
        cellar = hall.devices["cellar"]
        await cellar.say(Finished(call.id, b"cosigned"))
        await cellar.end.close()
        line.write(b"answer")
        assert await call.carrier.hear() == Carried(call.id, 0, b"answer")
        await call.end()
        assert call.running.result()[call.carrier.identity] == b"result"


async def test_the_carriers_result_ends_it_whatever_the_others_still_do(database):
    async with meeting(database, "attic", "cellar") as hall:
        call = await called(hall, "attic", "cellar")
        await call.end()
        assert isinstance(await hall.devices["cellar"].hear(), CloseSession)


async def test_a_tunnel_stands_in_nobodys_way(database):
    """Calls of the same device are answered while much comes through its tunnel."""
    async with far_end() as far, meeting(database, "attic", reach=simulated(far)) as hall:
        call = await called(hall, "attic")
        await call.open(call.carrier)
        line = await far.line()
        line.write(bytes(2_000_000))
        asked = asyncio.create_task(hall.hub.call(call.carrier.identity, AskStatus))
        while not isinstance(frame := await call.carrier.hear(), AskStatus):
            assert isinstance(frame, Carried)
        await call.carrier.say(Reply(frame.call, b"fine"))
        assert await asked == b"fine"
        await call.end()


# --- whatever devices say ----------------------------------------------------------------------------------------

_DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["attic", "attic", "cellar", "office"]),
        st.sampled_from(["call", "call", "call", "call", "other", "none"]),
        st.sampled_from(
            [
                "open",
                "open",
                "open",
                "carry",
                "carry",
                "carry",
                "elsewhere",
                "much",
                "end",
                "host-ends",
                "finish",
                "fail",
            ]
        ),
        st.integers(0, 3),
    ),
    min_size=10,
    max_size=40,
)


class _Host:
    """Stands for a host: takes everything, and hangs up when it is told to."""

    def __init__(self) -> None:
        self.reader = asyncio.StreamReader()
        self.taken = 0
        self.closed = self.hung_up = False

    def write(self, data: bytes) -> None:
        assert not self.closed, "nothing is said to a host that was left"
        self.taken += len(data)

    def close(self) -> None:
        self.closed = True

    async def wait_closed(self) -> None:
        pass

    def hang_up(self) -> None:
        if not self.hung_up:
            self.hung_up = True
            self.reader.feed_data(b"last words")
            self.reader.feed_eof()


@pytest.mark.slow
def test_whatever_devices_say_nobody_else_is_dialled_and_every_tunnel_ends(database):
    """Two that take part in a call, one that does not; in the call, in a session without tunnels, and in none."""

    async def prepared() -> Meeting:
        return Meeting(database, "attic", "cellar", "office", reach=Reach((), {HOST: ("127.0.0.1", 9)}))

    with closing(asyncio.new_event_loop()) as loop:
        hall, hosts = loop.run_until_complete(prepared()), list[_Host]()

        @settings(max_examples=60)
        @given(_DEEDS)
        def whatever(deeds: list[tuple[str, str, str, int]]) -> None:
            hosts.extend(loop.run_until_complete(_whatever(hall, deeds)))

        whatever()
        assert sum(host.taken > 0 for host in hosts) > 0, "tunnels there were"
        loop.run_until_complete(hall.end())


async def _whatever(hall: Meeting, deeds: list[tuple[str, str, str, int]]) -> list[_Host]:
    hosts: list[_Host] = []

    async def dial(address: str, port: int, **_: Any) -> Any:
        assert (address, port) == ("127.0.0.1", 9)
        hosts.append(_Host())
        return hosts[-1].reader, hosts[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio, "open_connection", dial)
        for device in hall.devices.values():
            if not hall.hub.connected(device.identity):
                await hall.enter(device)
        call = Call(hall, hall.devices["attic"], hall.devices["cellar"])
        other = Call(hall, hall.devices["attic"], opening="key")
        ids = {"call": call.id, "other": other.id, "none": bytes(16)}
        await asyncio.sleep(0)
        opened: Counter[str] = Counter()
        for name, where, deed, number in deeds:
            if deed in ("open", "elsewhere") and where == "call":  # the next one; "again" is any
                if opened[name] > 3:
                    continue
                number, opened[name] = opened[name], opened[name] + 1
            elif deed in ("carry", "much", "end") and opened[name]:
                number %= opened[name]
            if deed == "host-ends":
                for host in hosts[number : number + 1]:
                    host.hang_up()
            else:
                with suppress(link_module.LinkClosed):
                    await hall.devices[name].say(_frame(deed, ids[where], number))
            for _ in range(12):
                await asyncio.sleep(0)
            assert hall.hub.tunnels.open_count <= 2 * 4
        for running in (call.running, other.running):
            running.cancel()
        await asyncio.gather(call.running, other.running, return_exceptions=True)
        await hall.hub.tunnels.close()
        assert hall.hub.tunnels.open_count == 0 and all(host.closed for host in hosts)
        assert all(host.taken <= module.MAX_OUT for host in hosts)
    return hosts


def _frame(deed: str, session: bytes, number: int) -> Any:
    match deed:
        case "open" | "again":
            return OpenTunnel(session, number, HOST)
        case "elsewhere":
            return OpenTunnel(session, number, "metadata.google.internal")
        case "carry":
            return Carried(session, number, b"x" * 1000)
        case "much":
            return Carried(session, number, bytes(MAX_CARRIED))
        case "end":
            return TunnelEnded(session, number)
        case "finish":
            return Finished(session, b"result")
        case _:
            return SessionFailed(session, refusal_of(SessionAborted("no", "no")))
