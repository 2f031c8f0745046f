"""Pieces of an exchange's answer at the service: kept until they are read, bounded, and never in a wrong place."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.exchange_scripts import (
    TOLD,
    Script,
    call_question,
    call_request,
    cosigns,
    digest_of,
    ended,
    show_call,
)
from tests.support.service_world import Client, World

from warifu.protocol import api
from warifu.protocol.encoding import decode, encode
from warifu.protocol.exchange_answers import CallResult, SealedAnswer
from warifu.protocol.exchange_pieces import MAX_AHEAD
from warifu.protocol.frames import (
    MAX_LISTENING,
    AnswerPiece,
    AskResult,
    CloseSession,
    Finished,
    Listens,
    OpenCall,
    PieceTaken,
    Reply,
    ResultAnswer,
    StopCall,
)
from warifu.service.hub import hub as hub_module
from warifu.service.store import exchange_calls as store
from warifu.service.workflows import answer_pieces
from warifu.service.workflows import exchange_calls as workflow

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(
        tmp_path_factory.mktemp("pieces"),
        None,  # type: ignore[arg-type]
        "",
        settings={"session_seconds": 5.0, "signer_wait": 0.3},
        make_backend=lambda _: None,
    )
    world.found()

    async def prepare() -> None:
        async with world.running() as client:
            for number in range(2):
                await world.add_device(client, f"device{number}")
            assert (await world.create_wallet(client)).state == "finished"

    asyncio.run(prepare())
    return world


@pytest.fixture
def world(home: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(workflow, "ROUND_SECONDS", 0.02)
    monkeypatch.setattr(answer_pieces, "_LOOK_SECONDS", 0.02)
    monkeypatch.setattr(home, "settings", dict(home.settings))
    yield home
    for device in home.devices.values():
        device.signer.__dict__.pop("receive", None)


def sealed(number: int, size: int = 20) -> SealedAnswer:
    return SealedAnswer(bytes(32), b"%d for the owner alone" % number + bytes(size))


class Carrier:
    """A device whose words a test writes: at first, and then at each frame that it hears."""

    def __init__(self, world: World, first: Callable[[bytes], list[Any]], *, finishes: bool = True) -> None:
        self.session = self.request = b""
        self._first, self._finishes = first, finishes
        self.next: dict[type[Any], Callable[[Any], list[Any]]] = {}
        self.script = Script(world.devices["device0"], self._say)

    def heard(self, kind: type[Any]) -> list[Any]:
        return [frame for frame in self.script.heard if isinstance(frame, kind)]

    def end(self) -> Finished:
        return Finished(self.session, encode(CallResult(self.request, "done", "", 0, TOLD)))

    def piece(self, number: int, size: int = 20) -> AnswerPiece:
        return AnswerPiece(self.session, number, sealed(number, size))

    def _say(self, frame: Any) -> list[Any]:
        if isinstance(frame, OpenCall):
            self.session, self.request = frame.session, digest_of(frame.authorization)
            return [*self._first(self.session), *([self.end()] if self._finishes else [])]
        if isinstance(frame, AskResult):
            return [Reply(frame.call, encode(ResultAnswer("started", b"")))]
        return self.next.get(type(frame), lambda _frame: [])(frame)


def pieces(*numbers: int, size: int = 20) -> Callable[[bytes], list[Any]]:
    return lambda session: [AnswerPiece(session, number, sealed(number, size)) for number in numbers]


async def hand_in(world: World, client: Client, *names: str) -> str:
    request = call_request(world, "device0")
    question = await call_question(world, client, request, names or ("device0",))
    await client.post("/wallets/savings/exchange-calls", question, api.Accepted)
    return request.request_id.hex()


def road(call: str) -> str:
    return f"/wallets/savings/exchange-calls/{call}"


async def kept(client: Client, call: str, after: int = 0, wait: float = 0) -> list[int]:
    """Numbers of those that are there; each is what it was."""
    shown = await client.get(f"{road(call)}/pieces", api.ExchangePieces, after=after, wait=wait)
    for piece in shown.pieces:
        assert decode(SealedAnswer, piece.piece, 2**18).ciphertext.startswith(b"%d for" % piece.number)
    return [piece.number for piece in shown.pieces]


async def drop(client: Client, call: str, number: int, wallet: str = "savings") -> int:
    path = f"/v1/wallets/{wallet}/exchange-calls/{call}/pieces/{number}"
    return (await client.http.delete(path)).status_code


async def stop(client: Client, call: str, wallet: str = "savings") -> int:
    return (await client.http.post(f"/v1/wallets/{wallet}/exchange-calls/{call}/stop")).status_code


async def until(seen: Callable[[], Any]) -> None:
    async with asyncio.timeout(60):
        while not seen():
            await asyncio.sleep(0.01)


async def test_they_are_there_before_the_result_is_and_until_they_were_read(world: World):
    Carrier(world, pieces(1, 2, 3))
    async with world.running() as client:
        call = await hand_in(world, client)
        assert (await ended(client, call)).answer == encode(TOLD)
        assert await kept(client, call) == [1, 2, 3]
        assert await kept(client, call, after=2) == [3]
        assert await drop(client, call, 2) == 204
        assert await kept(client, call) == [3]
    async with world.running() as client:  # also for a client that comes later
        assert await kept(client, call) == [3]
        assert (await client.http.delete(f"/v1{road(call)}/answer")).status_code == 204
        assert await kept(client, call) == []


async def test_nobody_sees_or_drops_those_of_another_wallet(world: World):
    Carrier(world, pieces(1))
    async with world.running() as client:
        call = await hand_in(world, client)
        await ended(client, call)
        assert await drop(client, call, 1, "other") == 404
        assert await stop(client, call, "other") == 404
        answer = await client.http.get(f"/v1/wallets/other/exchange-calls/{call}/pieces")
        assert answer.status_code == 404
        assert await kept(client, call) == [1]


async def test_after_a_day_they_wait_no_longer(world: World, monkeypatch: pytest.MonkeyPatch):
    Carrier(world, pieces(1))
    async with world.running() as client:
        call = await hand_in(world, client)
        await ended(client, call)
    monkeypatch.setattr(store, "ANSWER_SECONDS", -10)
    monkeypatch.setattr(workflow, "ROUNDS_BETWEEN_TIDYING", 1)
    async with world.running() as client:
        async with asyncio.timeout(60):
            while await kept(client, call):
                await asyncio.sleep(0.01)


async def test_who_waits_gets_each_piece_while_the_session_runs(world: World):
    carrier = Carrier(world, pieces(1), finishes=False)
    async with world.running() as client:
        call = await hand_in(world, client)
        assert await kept(client, call, wait=5) == [1]
        waiting = asyncio.create_task(kept(client, call, after=1, wait=5))
        await world._drivers["device0"][2].send(encode(carrier.piece(2)))
        assert await waiting == [2]
        await world._drivers["device0"][2].send(encode(carrier.end()))
        assert (await ended(client, call)).state == "done"
        assert [frame.number for frame in carrier.heard(PieceTaken)] == [1, 2]


# --- a device that does not keep to it


HOSTILE: dict[str, Callable[[bytes], list[Any]]] = {
    "one left out": pieces(1, 3),
    "one repeated": pieces(1, 1),
    "not from the beginning": pieces(2),
    "further ahead than it may be": lambda session: pieces(*range(1, 3 * MAX_AHEAD))(session),
    "that it listens, twice": lambda session: [Listens(session, 5), Listens(session, 5)],
    "for longer than anybody": lambda session: [Listens(session, MAX_LISTENING + 1)],
}


@pytest.mark.parametrize("deed", HOSTILE)
async def test_a_device_that_breaks_the_rules_is_disconnected(
    world: World, monkeypatch: pytest.MonkeyPatch, deed: str
):
    if "ahead" in deed:
        monkeypatch.setattr(answer_pieces, "MAX_UNREAD", 0)  # nothing is said to be taken

    Carrier(world, HOSTILE[deed], finishes=False)
    async with world.running() as client:
        call = await hand_in(world, client)
        shown = await ended(client, call)
        assert shown.state == "unknown" and shown.refusal is not None
        assert shown.refusal.code == "session.device-left"
        assert not world.service.hub.connected(world.devices["device0"].identity)
        assert await kept(client, call) in ([], [1], list(range(1, MAX_AHEAD + 1)))


async def test_a_device_hands_on_no_more_in_all_than_a_feed_may_say(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(answer_pieces, "MAX_HANDED", 1000)
    Carrier(world, pieces(1, 2, 3, size=400), finishes=False)
    async with world.running() as client:
        shown = await ended(client, await hand_in(world, client))
        assert shown.refusal is not None and shown.refusal.code == "session.device-left"


async def test_only_the_carrier_hands_on(world: World):
    Carrier(world, lambda _session: [], finishes=False)

    def says(frame: Any) -> list[Any]:
        return [AnswerPiece(frame.session, 1, sealed(1))] if isinstance(frame, OpenCall) else cosigns(frame)

    Script(world.devices["device1"], says)
    async with world.running() as client:
        call = await hand_in(world, client, "device0", "device1")
        assert (await ended(client, call)).state == "unknown"
        assert not world.service.hub.connected(world.devices["device1"].identity)
        assert await kept(client, call) == []


# --- a slow reader, and one who is gone


async def test_a_carrier_waits_for_a_slow_reader(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(answer_pieces, "MAX_UNREAD", 1000)
    carrier = Carrier(world, pieces(1, 2, 3, size=400), finishes=False)
    async with world.running() as client:
        call = await hand_in(world, client)
        await until(lambda: len(carrier.heard(PieceTaken)) == 2)
        assert await kept(client, call, after=2, wait=2) == [3]
        await asyncio.sleep(0.1)
        assert [frame.number for frame in carrier.heard(PieceTaken)] == [1, 2]
        await drop(client, call, 1)
        await until(lambda: len(carrier.heard(PieceTaken)) == 3)


async def test_nobody_listens_for_a_reader_who_is_gone(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(answer_pieces, "READER_SECONDS", 0.2)
    carrier = Carrier(world, lambda session: [Listens(session, 60), *pieces(1)(session)], finishes=False)
    carrier.next[StopCall] = lambda _frame: [carrier.end()]
    async with world.running() as client:
        call = await hand_in(world, client)
        await until(lambda: carrier.heard(StopCall))
        shown = await ended(client, call)
        assert (shown.state, await kept(client, call)) == ("done", [1])
        assert any("nobody reads" in event.text for event in shown.events)


async def test_who_reads_is_listened_for(world: World):
    """Whether he asks for pieces or how far it is."""
    Carrier(world, lambda session: [Listens(session, 60)], finishes=False)
    async with world.running() as client:
        call = await hand_in(world, client)
        await until(lambda: world.service.exchange_calls._pieces)
        live = world.service.exchange_calls._pieces[call]
        for ask in (kept, show_call):
            live._seen = 0.0
            await ask(client, call)
            assert live._seen > 0.0
        live._seen = 0.0
        assert await stop(client, call) == 204 and live._seen == 0.0


# --- to stop


async def test_an_owner_who_has_heard_enough_is_passed_on(world: World):
    carrier = Carrier(world, lambda session: [Listens(session, 60), *pieces(1)(session)], finishes=False)
    carrier.next[StopCall] = lambda _frame: [carrier.piece(2), carrier.end()]
    async with world.running() as client:
        call = await hand_in(world, client)
        assert await kept(client, call, wait=5) == [1]
        assert await stop(client, call) == 204
        assert (await ended(client, call)).answer == encode(TOLD)
        assert await kept(client, call) == [1, 2]
        assert await stop(client, call) == 204, "there is nothing to stop any more"


async def test_a_call_that_waits_for_a_device_is_given_up(world: World):
    carrier = Carrier(world, lambda _session: [])
    world.settings["signer_wait"] = 5.0
    async with world.running() as client:
        request = call_request(world, "device0")
        question = await call_question(world, client, request, ("device0",))
        await world.disconnect("device0")
        await client.post("/wallets/savings/exchange-calls", question, api.Accepted)
        call = request.request_id.hex()
        assert await stop(client, call) == 204
        shown = await ended(client, call)
        assert shown.state == "refused" and shown.refusal is not None
        assert shown.refusal.code == "session.stopped"
        await world.connect("device0")
        await asyncio.sleep(0.2)
        assert not carrier.heard(OpenCall)


# --- how long


async def test_who_listens_has_longer_than_others_and_not_for_ever(world: World):
    world.settings["session_seconds"] = 2.0
    carrier = Carrier(world, lambda session: [Listens(session, 30)], finishes=False)
    async with world.running() as client:
        call = await hand_in(world, client)
        await until(lambda: carrier.session)
        await asyncio.sleep(2.5)
        assert not carrier.heard(CloseSession)
        [session] = world.service.hub._sessions.values()
        assert session._deadline is not None
        left = (session._deadline.when() or 0) - asyncio.get_running_loop().time()
        assert 30 < left < 30 + 91
        await world._drivers["device0"][2].send(encode(carrier.end()))
        assert (await ended(client, call)).state == "done"


async def test_one_that_does_not_say_so_has_not(world: World):
    world.settings["session_seconds"] = 0.3
    carrier = Carrier(world, pieces(1), finishes=False)
    async with world.running() as client:
        shown = await ended(client, await hand_in(world, client))
        assert shown.state == "unknown" and carrier.heard(CloseSession)


async def test_only_so_many_listen_at_once(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(hub_module, "MAX_LISTENING", 0)
    carrier = Carrier(world, lambda session: [Listens(session, 60)], finishes=False)
    carrier.next[StopCall] = lambda _frame: [carrier.end()]
    async with world.running() as client:
        shown = await ended(client, await hand_in(world, client))
        assert shown.state == "done" and carrier.heard(StopCall)


async def test_what_was_kept_when_the_service_went_is_there_when_it_comes_back(world: World):
    Carrier(world, lambda session: [Listens(session, 60), *pieces(1, 2)(session)], finishes=False)
    async with world.running() as client:
        call = await hand_in(world, client)
        async with asyncio.timeout(60):
            while await kept(client, call, wait=5) != [1, 2]:
                pass
    async with world.running() as client:
        shown = await ended(client, call)
        assert shown.state == "unknown", "the carrier knows no more of it than that it had begun"
        assert await kept(client, call) == [1, 2]


async def test_a_device_that_is_lost_leaves_what_it_had_handed_on(world: World):
    Carrier(world, lambda session: [Listens(session, 60), *pieces(1, 2)(session)], finishes=False)
    async with world.running() as client:
        call = await hand_in(world, client)
        async with asyncio.timeout(60):
            while await kept(client, call, wait=5) != [1, 2]:
                pass
        await world.disconnect("device0")
        assert (await ended(client, call)).state == "unknown"
        assert await kept(client, call) == [1, 2]
