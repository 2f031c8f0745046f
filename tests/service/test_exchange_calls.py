"""Calls at exchanges: once, or not at all; what the service keeps of them, and what it says when it does not know."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa
from nacl.utils import random
from tests.support.exchange_scripts import (
    CALL,
    TOLD,
    Script,
    call_question,
    call_request,
    carries,
    cosigns,
    ended,
    knows,
    refuses,
    result_of,
    scripted_world,
    show_call,
    speak_for_themselves,
)
from tests.support.service_world import Client, World, changed, now, refusal

from warifu.errors import PlatformRefused, StoreDamaged
from warifu.protocol import api
from warifu.protocol.encoding import encode
from warifu.protocol.exchange_answers import CallResult
from warifu.protocol.exchange_requests import RemoveAccountRequest
from warifu.protocol.frames import (
    AskResult,
    Finished,
    OpenCall,
    OpenTunnel,
    TunnelEnded,
)
from warifu.protocol.identity import IdentityKey
from warifu.protocol.request import request_digest
from warifu.service.store import exchange_calls as store
from warifu.service.store.database import open_database
from warifu.service.store.schema import events, exchange_calls
from warifu.service.workflows import exchange_calls as workflow

pytestmark = pytest.mark.real
NAMES = ("device0", "device1")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> World:
    return scripted_world(tmp_path_factory.mktemp("calls"))


@pytest.fixture
def world(home: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(workflow, "ROUND_SECONDS", 0.02)
    monkeypatch.setattr(home, "settings", dict(home.settings))
    yield home
    speak_for_themselves(home)


def script(world: World, name: str, say: Any) -> Script:
    return Script(world.devices[name], say)


async def hand_in(world: World, client: Client, *names: str, carrier: str = "device0") -> Any:
    """A call of these devices: its request, and what was handed in."""
    request = call_request(world, carrier)
    question = await call_question(world, client, request, names or NAMES)
    accepted = await client.post("/wallets/savings/exchange-calls", question, api.Accepted)
    assert accepted.id == request.request_id.hex()
    return request, question


async def test_a_call_ends_with_what_its_carrier_says(world: World):
    carrier, other = script(world, "device0", carries()), script(world, "device1", cosigns)
    async with world.running() as client:
        request, _ = await hand_in(world, client)
        shown = await ended(client, request.request_id.hex())
        assert (shown.state, shown.outcome, shown.reason) == ("done", "done", "")
        assert (shown.account, shown.request, shown.wallet) == ("binance", request_digest(request), "savings")
        assert shown.answer == encode(TOLD)
        assert [event.number for event in shown.events] == list(range(1, len(shown.events) + 1))
        for device in (carrier, other):
            (opening,) = [frame for frame in device.heard if isinstance(frame, OpenCall)]
            assert opening.participants == tuple(sorted(world.devices[name].identity for name in NAMES))
            assert opening.parcel.identity == device.device.identity


async def test_a_device_with_a_whole_key_calls_alone(world: World):
    script(world, "device2", carries())
    async with world.running() as client:
        request, _ = await hand_in(world, client, "device2", carrier="device2")
        assert (await ended(client, request.request_id.hex())).state == "done"


async def test_the_answer_waits_until_its_owner_has_read_it(world: World):
    script(world, "device2", carries("refused"))
    async with world.running() as client:
        request, _ = await hand_in(world, client, "device2", carrier="device2")
        await ended(client, request.request_id.hex())
    async with world.running() as client:  # also for a client that comes later
        path = f"/wallets/savings/exchange-calls/{request.request_id.hex()}"
        assert (await show_call(client, request.request_id.hex())).answer == encode(TOLD)
        for _ in range(2):
            assert (await client.http.delete(f"/v1{path}/answer")).status_code == 204
        shown = await show_call(client, request.request_id.hex())
        assert (shown.answer, shown.state, shown.outcome) == (None, "done", "refused")
        answer = await client.http.delete(
            f"/v1/wallets/other/exchange-calls/{request.request_id.hex()}/answer"
        )
        assert answer.status_code == 404


async def test_after_a_day_it_waits_no_longer(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(store, "ANSWER_SECONDS", -10)
    monkeypatch.setattr(workflow, "ROUNDS_BETWEEN_TIDYING", 1)
    script(world, "device2", carries())
    async with world.running() as client:
        request, _ = await hand_in(world, client, "device2", carrier="device2")
        await ended(client, request.request_id.hex())
        while (shown := await show_call(client, request.request_id.hex())).answer is not None:
            await asyncio.sleep(0.01)
        assert shown.outcome == "done"


async def test_after_a_quarter_of_a_year_nothing_is_left_of_it(world: World, monkeypatch: pytest.MonkeyPatch):
    script(world, "device2", carries())
    async with world.running() as client:
        request, _ = await hand_in(world, client, "device2", carrier="device2")
        await ended(client, request.request_id.hex())
        later = now() + 91 * 24 * 3600
        store.tidy(world.database, now())
        assert (await show_call(client, request.request_id.hex())).state == "done"
        store.tidy(world.database, later)
        assert (await refusal(show_call(client, request.request_id.hex()))).code == "service.unknown-call"
        with world.database.reading() as connection:
            left = connection.execute(
                sa.select(events.c.text).where(events.c.subject == request.request_id.hex())
            )
            assert not left.all()
        assert (await client.get("/wallets/savings", api.Wallet)).name == "savings"


async def test_handed_in_twice_it_is_made_once(world: World):
    carrier = script(world, "device0", carries())
    script(world, "device1", cosigns)
    async with world.running() as client:
        request, question = await hand_in(world, client)
        again = [
            await client.post("/wallets/savings/exchange-calls", question, api.Accepted) for _ in range(3)
        ]
        await ended(client, request.request_id.hex())
        again.append(await client.post("/wallets/savings/exchange-calls", question, api.Accepted))
        assert {accepted.id for accepted in again} == {request.request_id.hex()}
        assert carrier.count(OpenCall) == 1
        other = await call_question(world, client, request, NAMES)  # the same request in other parcels
        error = await refusal(client.post("/wallets/savings/exchange-calls", other, api.Accepted))
        assert error.code == "service.request-id-used"
        assert carrier.count(OpenCall) == 1


async def test_a_device_that_is_away_is_waited_for_and_then_named(world: World):
    carrier = script(world, "device0", carries())
    async with world.running() as client:
        request = call_request(world, "device0")
        question = await call_question(world, client, request, NAMES)
        await world.disconnect("device1")
        accepted = await client.post("/wallets/savings/exchange-calls", question, api.Accepted)
        shown = await ended(client, accepted.id)
        assert shown.state == "refused" and shown.refusal is not None
        assert (shown.refusal.code, shown.refusal.blame) == ("service.device-offline", "device1")
        assert "Start the device" in shown.refusal.remedy and carrier.count(OpenCall) == 0


async def test_what_a_device_refuses_is_said_in_its_words(world: World):
    error = PlatformRefused(
        "exchanges-not-loaded", "this device has not loaded exchanges", remedy="Start it again."
    )
    script(world, "device0", knows("unknown"))
    script(world, "device1", refuses(error))
    async with world.running() as client:
        request, _ = await hand_in(world, client)
        shown = await ended(client, request.request_id.hex())
        assert shown.state == "refused" and shown.refusal is not None
        assert (shown.refusal.code, shown.refusal.remedy) == (
            "platform.exchanges-not-loaded",
            "Start it again.",
        )


async def test_where_the_carrier_began_and_does_not_say_how_it_ended_nobody_knows(world: World):
    """Another device fails while the call may be out. It is asked for, and made no second time."""
    carrier = script(world, "device0", knows("started"))
    script(world, "device1", refuses(PlatformRefused("gone", "gone")))
    async with world.running() as client:
        request, question = await hand_in(world, client)
        shown = await ended(client, request.request_id.hex())
        assert shown.state == "unknown" and shown.outcome is None
        await client.post("/wallets/savings/exchange-calls", question, api.Accepted)
        carrier.say = knows("finished", result_of(request, "unknown"))
        shown = await ended(client, request.request_id.hex(), "done")
        assert (shown.outcome, shown.answer) == ("unknown", encode(TOLD))
        assert carrier.count(OpenCall) == 1


async def test_a_carrier_that_left_is_asked_when_it_comes_back(world: World):
    carrier = script(world, "device0", knows("started"))
    script(world, "device1", lambda _frame: [])
    async with world.running() as client:
        request, _ = await hand_in(world, client)
        while not carrier.count(OpenCall):
            await asyncio.sleep(0.01)
        await world.disconnect("device0")
        shown = await ended(client, request.request_id.hex())
        assert shown.state == "unknown" and shown.refusal is not None
        assert shown.refusal.blame == "device0"
        carrier.say = knows("finished", result_of(request))
        await world.connect("device0")
        assert (await ended(client, request.request_id.hex(), "done")).outcome == "done"
        assert carrier.count(OpenCall) == 1


async def test_who_waits_for_what_nobody_knows_is_answered_when_there_is_news(world: World):
    """A client that waits does not ask again and again."""
    carrier = script(world, "device0", knows("started"))
    script(world, "device1", refuses(PlatformRefused("gone", "gone")))
    async with world.running() as client:
        request, _ = await hand_in(world, client)
        shown = await ended(client, request.request_id.hex())
        assert shown.state == "unknown"
        identifier, seen = request.request_id.hex(), shown.events[-1].number
        waiting = asyncio.create_task(show_call(client, identifier, after=seen, wait=20))
        await show_call(client, request.request_id.hex())
        assert not waiting.done()
        carrier.say = knows("finished", result_of(request))
        assert (await waiting).state == "done"


async def test_a_carrier_that_never_began_settles_it(world: World):
    carrier = script(world, "device0", knows("started"))
    async with world.running() as client:
        request, _ = await hand_in(world, client)
        while not carrier.count(OpenCall):
            await asyncio.sleep(0.01)
        await world.disconnect("device0")
        await ended(client, request.request_id.hex(), "unknown")
        carrier.say = knows("unknown")
        await world.connect("device0")
        shown = await ended(client, request.request_id.hex(), "refused")
        assert "nothing was sent" in shown.events[-1].text


async def test_a_carrier_that_may_have_forgotten_does_not_settle_it(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    """It sent the call, and both were away for a day: nobody may say that nothing was sent."""
    monkeypatch.setattr(workflow, "_REMEMBERED_SECONDS", -1)
    carrier = script(world, "device0", lambda _: [])
    script(world, "device1", lambda _: [])
    async with world.running() as client:
        request, _ = await hand_in(world, client)
        while not carrier.count(OpenCall):
            await asyncio.sleep(0.01)
    carrier.say = knows("unknown")
    async with world.running() as client:
        assert (await ended(client, request.request_id.hex())).state == "unknown"
        carrier.say = knows("finished", result_of(request))  # it had not
        assert (await ended(client, request.request_id.hex(), "done")).outcome == "done"


@pytest.mark.parametrize("state", ["finished", "unknown", "started"])
async def test_a_service_that_stops_in_the_middle_asks_and_does_not_begin_again(world: World, state: str):
    carrier = script(world, "device0", lambda _: [])
    other = script(world, "device1", lambda _: [])
    async with world.running() as client:
        request, _ = await hand_in(world, client)
        while not carrier.count(OpenCall):
            await asyncio.sleep(0.01)
    carrier.say = knows(state, result_of(request) if state == "finished" else b"")
    async with world.running() as client:
        shown = await ended(client, request.request_id.hex())
        assert shown.state == {"finished": "done", "unknown": "refused", "started": "unknown"}[state]
    assert (carrier.count(OpenCall), other.count(OpenCall)) == (1, 1)


async def test_a_service_that_stops_before_any_device_was_told_begins_when_it_is_up(world: World):
    carrier = script(world, "device0", carries())
    script(world, "device1", cosigns)
    world.settings["signer_wait"] = 60.0
    async with world.running() as client:
        request = call_request(world, "device0")
        question = await call_question(world, client, request, NAMES)
        await world.disconnect("device1")
        await client.post("/wallets/savings/exchange-calls", question, api.Accepted)
        assert (await show_call(client, request.request_id.hex())).state == "waiting"
    async with world.running() as client:
        assert (await ended(client, request.request_id.hex())).state == "done"
        assert carrier.count(OpenCall) == 1


async def test_what_was_sealed_is_kept_until_the_devices_are_told_and_no_longer(world: World):
    seen: list[tuple[bytes, bytes]] = []

    def look(frame: Any) -> list[Any]:
        if isinstance(frame, OpenCall):
            with world.database.reading() as connection:
                row = connection.execute(
                    sa.select(exchange_calls).where(exchange_calls.c.state == "running")
                ).one()
                seen.append((row.authorization, row.parcels))
        return carries()(frame)

    script(world, "device2", look)
    async with world.running() as client:
        request, question = await hand_in(world, client, "device2", carrier="device2")
        await ended(client, request.request_id.hex())
    assert seen == [(b"", b"\x90")]
    database = open_database(world.data_dir, world.storage_key)
    try:
        with database.reading() as connection:
            tables = (
                connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")
                .scalars()
                .all()
            )
            rows = b"".join(
                repr(row).encode()
                for name in tables
                for row in connection.exec_driver_sql(f"SELECT * FROM {name}")
            )
    finally:
        database.close()
    for sealed in (*question.parcels, CALL.body, encode(CALL), question.authorization):
        assert repr(sealed)[2:-1].encode() not in rows and sealed not in rows
    assert b"binance" in rows  # what it may know is there


@pytest.mark.parametrize(
    "result",
    [
        b"",
        b"\xc1",
        encode(CallResult(bytes(32), "done", "", 0, TOLD)),
        encode(CallResult(bytes(32), "stolen", "", 0, TOLD)),  # type: ignore[arg-type]
    ],
    ids=["empty", "noise", "another", "no-word"],
)
async def test_a_carrier_whose_result_is_none_is_named_and_not_believed(world: World, result: bytes):
    def say(frame: Any) -> list[Any]:
        match frame:
            case OpenCall():
                return [Finished(frame.session, result)]
            case AskResult():
                return knows("finished", result)(frame)
            case _:
                return []

    script(world, "device2", say)
    async with world.running() as client:
        request, _ = await hand_in(world, client, "device2", carrier="device2")
        shown = await ended(client, request.request_id.hex())
        assert shown.state == "unknown" and shown.refusal is not None and shown.refusal.blame == "device2"


async def test_another_devices_result_in_the_carriers_place_ends_nothing_well(world: World):
    """A co-signer says what the carrier should have said."""
    script(world, "device0", knows("unknown"))
    script(world, "device1", carries())
    async with world.running() as client:
        request, _ = await hand_in(world, client)
        shown = await ended(client, request.request_id.hex())
        assert shown.state == "refused" and shown.answer is None


async def test_what_is_given_up_as_it_begins_is_not_said_to_be_undone(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    """It waits when it is looked at, and is begun before it is ended: its devices have it."""
    read = store.read_call

    def and_then_it_begins(database: Any, wallet: str, identifier: str, after: int) -> api.ExchangeCallShown:
        shown = read(database, wallet, identifier, after)
        assert shown.state == "waiting" and store.begin_call(database, identifier)
        return shown

    world.settings["signer_wait"] = 60.0
    async with world.running() as client:
        request = call_request(world, "device0")
        question = await call_question(world, client, request, NAMES)
        await world.disconnect("device0")
        await client.post("/wallets/savings/exchange-calls", question, api.Accepted)
        identifier = request.request_id.hex()
        with monkeypatch.context() as patch:
            patch.setattr(store, "read_call", and_then_it_begins)
            await world.service.exchange_calls.stop("savings", identifier)
        assert (await show_call(client, identifier)).state == "running"


@pytest.mark.parametrize("told", [False, True])
async def test_a_call_whose_end_could_not_be_written_down_is_ended_when_it_can(
    world: World, monkeypatch: pytest.MonkeyPatch, told: bool
):
    """And neither left as it is until a restart, nor made by that."""
    full = StoreDamaged("write", "database or disk is full")
    monkeypatch.setattr(workflow, "_ASK_SECONDS", 0.2)
    fails = {"refuse_call": 1, "doubt_call": 1, "begin_call": 0 if told else 1}

    def until_then(name: str) -> None:
        original = getattr(store, name)

        def work(*arguments: Any) -> Any:
            fails[name] -= 1
            if fails[name] >= 0:
                raise full
            return original(*arguments)

        monkeypatch.setattr(store, name, work)

    for name in fails:
        until_then(name)
    carrier = script(world, "device0", refuses(PlatformRefused("device-frozen", "it is frozen")))
    script(world, "device1", cosigns)
    async with world.running() as client:
        request, _ = await hand_in(world, client)
        shown = await ended(client, request.request_id.hex(), "refused")
        assert shown.refusal is not None
        assert carrier.count(OpenCall) == int(told)


async def test_the_owner_is_told_what_tunnels_there_were(world: World):
    def say(frame: Any) -> list[Any]:
        match frame:
            case OpenCall():
                return [OpenTunnel(frame.session, 0, "metadata.google.internal")]
            case TunnelEnded():
                request = encode(CallResult(request_digest(asked), "try-again", "connection", 0, TOLD))
                return [Finished(frame.session, request)]
            case _:
                return []

    script(world, "device2", say)
    async with world.running() as client:
        asked = call_request(world, "device2")
        question = await call_question(world, client, asked, ("device2",))
        await client.post("/wallets/savings/exchange-calls", question, api.Accepted)
        shown = await ended(client, asked.request_id.hex())
        assert (shown.outcome, shown.reason) == ("try-again", "connection")
        (text,) = [event.text for event in shown.events if "tunnel" in event.text]
        assert text.startswith("device2 asks for a tunnel to metadata.google.internal")


# --- the door ----------------------------------------------------------------------------------------------------


async def test_what_is_no_call_of_this_wallet_comes_no_further_than_the_door(world: World):
    carrier = script(world, "device0", carries())

    async def refused(question: api.NewExchangeCall, wallet: str = "savings") -> str:
        path = f"/wallets/{wallet}/exchange-calls"
        return (await refusal(client.post(path, question, api.Accepted))).code

    async with world.running() as client:
        request = call_request(world, "device0")
        good = await call_question(world, client, request, NAMES)
        stranger = await call_question(world, client, request, NAMES, key=IdentityKey.generate())
        assert await refused(stranger) == "authorization.unknown-credential"
        without = await call_question(world, client, request, ("device1",))
        assert await refused(without) == "input.parcels"
        other = await call_question(world, client, call_request(world, "device0"), NAMES)
        swapped = api.NewExchangeCall(authorization=good.authorization, parcels=other.parcels)
        assert await refused(swapped) == "authorization.other-envelope"
        fewer = api.NewExchangeCall(authorization=good.authorization, parcels=good.parcels[:1])
        assert await refused(fewer) == "authorization.other-envelope"
        doubled = api.NewExchangeCall(authorization=good.authorization, parcels=(good.parcels[0],) * 2)
        assert await refused(doubled) == "input.parcels"
        assert await refused(good, "elsewhere") == "service.unknown-wallet"
        foreign = await call_question(world, client, changed(request, wallet_id=random(32)), NAMES)
        assert await refused(foreign) == "input.request"
        wrong: Any = RemoveAccountRequest(
            random(16), world.wallet_id, "binance", request.created, request.expires
        )
        assert await refused(await call_question(world, client, wrong, NAMES)) == "input.request"
        late = changed(request, created=request.created - 7200, expires=request.created - 3600)
        assert await refused(await call_question(world, client, late, NAMES)) == "authorization.expired"
        noise = api.NewExchangeCall(authorization=b"\xc1", parcels=good.parcels)
        assert await refused(noise) == "input.malformed"
        calls = (await client.get("/wallets/savings/exchange-calls", api.ExchangeCalls)).calls
        assert request.request_id.hex() not in [call.id for call in calls]
    assert carrier.count(OpenCall) == 0
