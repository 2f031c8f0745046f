"""Comparisons: whoever owes one is brought to it, again and again, until it owes none, also by a restarted service."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from nacl.utils import random
from tests.support.exchange_scripts import (
    ALL,
    Script,
    call_question,
    call_request,
    carries,
    cosigns,
    ended,
    refuses,
    scripted_world,
    show_call,
    speak_for_themselves,
    speaks_for_another,
)
from tests.support.service_world import Client, World, changed, now

from warifu.errors import PolicyDenied
from warifu.protocol import api
from warifu.protocol.encoding import encode
from warifu.protocol.exchange_answers import AccountStatus, CallResult
from warifu.protocol.frames import Finished, OpenCall, OpenComparison, Status
from warifu.protocol.request import decode_request, request_digest
from warifu.service.workflows import comparisons as module
from warifu.service.workflows import exchange_calls, rounds

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> World:
    return scripted_world(tmp_path_factory.mktemp("comparisons"))


@dataclass
class Debtor:
    """A device that owes comparisons, and what it finds: one outcome after the other."""

    wallet_id: bytes
    identity: bytes
    holders: tuple[str, ...] = ALL
    owes: list[bytes] = field(default_factory=list)
    finds: list[str] = field(default_factory=lambda: ["done"])
    opened: list[OpenComparison] = field(default_factory=list)

    def status(self, status: Status) -> Status:
        account = AccountStatus(
            self.wallet_id,
            "trading",
            "coinbase",
            "ed25519-split",
            self.holders,
            bytes(32),
            True,
            False,
            tuple(self.owes),
            now(),
        )
        told: Status = changed(status, accounts=(account,))
        return told

    def say(self, frame: Any) -> list[Any]:
        if not isinstance(frame, OpenComparison) or frame.carrier != self.identity:
            return cosigns(frame)
        self.opened.append(frame)
        found: Any = self.finds.pop(0) if len(self.finds) > 1 else self.finds[0]
        if found in ("done", "differs"):
            self.owes.remove(frame.about)
        return [Finished(frame.session, encode(CallResult(frame.about, found, "", 0, None)))]


@pytest.fixture
def world(home: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "ROUND_SECONDS", 0.02)
    monkeypatch.setattr(rounds, "FIRST_PAUSE", 1)
    yield home
    speak_for_themselves(home)


def scripts(world: World) -> tuple[Script, Script, Script]:
    """A carrier, one that owes, and one that helps."""
    first, second, third = (Script(world.devices[name], cosigns) for name in ALL)
    first.say = carries()
    return first, second, third


def owing(world: World, script: Script, *abouts: bytes, **said: Any) -> Debtor:
    debtor = Debtor(world.wallet_id, script.device.identity, owes=list(abouts), **said)
    script.say, script.status = debtor.say, debtor.status
    return debtor


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.01)


async def called(world: World, client: Client) -> api.ExchangeCallShown:
    request = call_request(world, "device0")
    question = await call_question(world, client, request, ("device0", "device1"))
    await client.post("/wallets/savings/exchange-calls", question, api.Accepted)
    return await ended(client, request.request_id.hex())


async def test_what_was_found_is_looked_at_once_more_after_the_seconds_that_its_device_names(world: World):
    """In between the device owes nothing, whoever asks."""
    _, second, _ = scripts(world)
    about = random(32)
    debtor = owing(world, second, about)
    looked: list[float] = []

    def say(frame: Any) -> list[Any]:
        if not isinstance(frame, OpenComparison) or frame.carrier != debtor.identity:
            return cosigns(frame)
        looked.append(time.monotonic())
        debtor.owes.clear()
        return [
            Finished(frame.session, encode(CallResult(about, "done", "too-early", 2 - len(looked), None)))
        ]

    def status(said: Status) -> Status:
        if len(looked) == 1 and time.monotonic() > looked[0] + 1:
            debtor.owes[:] = [about]
        return debtor.status(said)

    second.say, second.status = say, status
    async with world.running() as client:
        await until(lambda: len(looked) == 1)
        await called(world, client)  # the devices are asked what they owe: nothing now
        await until(lambda: len(looked) == 2)


async def test_each_that_was_found_is_looked_at_once_more_in_its_own_time(world: World):
    """Nobody calls in between: the later one is not forgotten with the earlier one."""
    _, second, _ = scripts(world)
    waits = {random(32): 1, random(32): 3}
    debtor = owing(world, second, *waits)
    looked: dict[bytes, list[float]] = {about: [] for about in waits}

    def say(frame: Any) -> list[Any]:
        if not isinstance(frame, OpenComparison) or frame.carrier != debtor.identity:
            return cosigns(frame)
        about = frame.about
        looked[about].append(time.monotonic())
        wait = waits[about] if len(looked[about]) == 1 else 0
        return [Finished(frame.session, encode(CallResult(about, "done", "too-early", wait, None)))]

    def status(said: Status) -> Status:
        moment = time.monotonic()
        debtor.owes[:] = [
            about
            for about, wait in waits.items()
            if not looked[about] or (len(looked[about]) == 1 and moment > looked[about][0] + wait)
        ]
        return debtor.status(said)

    second.say, second.status = say, status
    async with world.running():
        await until(lambda: all(len(each) == 2 for each in looked.values()))


async def test_after_a_call_the_device_that_signed_it_compares(world: World):
    _, second, _ = scripts(world)
    debtor = owing(world, second)

    def say(frame: Any) -> list[Any]:
        if isinstance(frame, OpenCall):
            debtor.owes.append(request_digest(call))
        return debtor.say(frame)

    second.say = say
    async with world.running() as client:
        call = call_request(world, "device0")
        question = await call_question(world, client, call, ("device0", "device1"))
        await client.post("/wallets/savings/exchange-calls", question, api.Accepted)
        await until(lambda: bool(debtor.opened))
        assert not debtor.owes
        (opening,) = debtor.opened
        assert (opening.about, opening.wallet_id) == (request_digest(call), world.wallet_id)
        assert opening.carrier == second.device.identity and opening.carrier in opening.participants
        assert len(opening.participants) == 2
        identifier = call.request_id.hex()
        while not (await show_call(client, identifier)).compared:
            await asyncio.sleep(0.01)
        shown = await show_call(client, identifier)
        assert [(each.device, each.outcome) for each in shown.compared] == [("device1", "done")]
        assert "device1 compared it with the exchange: done" in [event.text for event in shown.events]
        await asyncio.sleep(0.2)
        assert len(debtor.opened) == 1


async def test_after_a_call_whose_carrier_is_lost_the_device_that_signed_it_compares(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    """Else it signed nothing more of that account until some device connects anew."""
    monkeypatch.setattr(exchange_calls, "_ASK_SECONDS", 0.1)
    first, second, _ = scripts(world)
    debtor = owing(world, second)

    def say(frame: Any) -> list[Any]:
        if isinstance(frame, OpenCall):
            debtor.owes.append(request_digest(decode_request(frame.authorization.request)))
            return []
        return debtor.say(frame)

    first.say, second.say = (lambda _frame: []), say
    async with world.running() as client:
        await until(lambda: world.service.comparisons._due.get(world.wallet_id) == [])
        await asyncio.sleep(0.2)  # nobody comes any more, for whom all are asked what they owe
        assert (await called(world, client)).state == "unknown"
        await until(lambda: bool(debtor.opened))


async def test_what_is_not_there_yet_is_looked_for_again_with_others_until_it_is(world: World):
    _, second, _ = scripts(world)
    debtor = owing(world, second, random(32), finds=["not-there", "unanswered", "not-there", "done"])
    async with world.running():
        await until(lambda: not debtor.owes)
        assert len(debtor.opened) == 4
        helpers = {
            set(opening.participants).difference({second.device.identity}).pop() for opening in debtor.opened
        }
        assert len(helpers) == 2, "one that refuses does not hold it up for ever"


async def test_a_restart_changes_nothing(world: World):
    _, second, _ = scripts(world)
    debtor = owing(world, second, random(32), finds=["not-there"])
    async with world.running():
        await until(lambda: len(debtor.opened) >= 2)
    debtor.finds = ["done"]
    async with world.running():
        await until(lambda: not debtor.owes)


async def test_who_does_not_answer_at_first_is_asked_again_though_it_never_left(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "_ASK_SECONDS", 0.1)
    monkeypatch.setattr(module, "_SILENT_SECONDS", 0.1)
    _, second, _ = scripts(world)
    debtor = owing(world, second, random(32))
    second.silent = 10  # also to whoever asks because another device has come
    async with world.running():
        await until(lambda: not debtor.owes)
        assert not second.silent


async def test_who_does_not_answer_between_two_tries_is_asked_again_though_it_never_left(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "_ASK_SECONDS", 0.1)
    monkeypatch.setattr(module, "_SILENT_SECONDS", 0.1)
    _, second, _ = scripts(world)
    debtor = owing(world, second, random(32), finds=["not-there", "done"])

    def say(frame: Any) -> list[Any]:
        if isinstance(frame, OpenComparison) and frame.carrier == debtor.identity and not debtor.opened:
            second.silent = 10
        return debtor.say(frame)

    second.say = say
    async with world.running():
        await until(lambda: not debtor.owes)
        assert not second.silent and len(debtor.opened) == 2


async def test_where_too_few_are_there_it_waits_for_them_and_asks_nobody_meanwhile(world: World):
    _, second, third = scripts(world)
    debtor = owing(world, second)
    async with world.running():
        await asyncio.gather(world.disconnect("device0"), world.disconnect("device2"))
        debtor.owes.append(random(32))
        asked: list[int] = []
        status = second.status
        second.status = lambda said: asked.append(1) or status(said)  # type: ignore[func-returns-value]
        world.service.comparisons.soon("savings")
        await until(lambda: bool(asked))
        await asyncio.sleep(0.2)
        assert len(asked) == 1 and not debtor.opened
        await world.connect("device2")
        await until(lambda: not debtor.owes)
        assert set(debtor.opened[0].participants) == {second.device.identity, third.device.identity}


async def test_only_who_has_a_share_is_asked_to_help(world: World):
    _, second, third = scripts(world)
    debtor = owing(
        world, second, random(32), holders=("device1", "device2"), finds=["not-there", "not-there", "done"]
    )
    async with world.running():
        await until(lambda: not debtor.owes)
        for opening in debtor.opened:
            assert set(opening.participants) == {second.device.identity, third.device.identity}


async def test_two_that_owe_are_brought_to_it_one_after_the_other(world: World):
    first, second, _ = scripts(world)
    about = random(32)
    debtors = owing(world, first, about), owing(world, second, about)
    async with world.running():
        await until(lambda: not any(debtor.owes for debtor in debtors))
        assert [len(debtor.opened) for debtor in debtors] == [1, 1]


async def test_what_differs_is_told_to_the_owner(world: World):
    _, second, _ = scripts(world)
    async with world.running() as client:
        shown = await called(world, client)
        debtor = owing(world, second, shown.request, finds=["differs"])
        world.service.comparisons.soon("savings")
        await until(lambda: not debtor.owes)
        while not (compared := (await show_call(client, shown.id)).compared):
            await asyncio.sleep(0.01)
        assert [(each.device, each.outcome) for each in compared] == [("device1", "differs")]


async def test_one_that_cannot_compare_is_tried_again_and_it_is_said_once(world: World):
    _, second, _ = scripts(world)
    async with world.running() as client:
        shown = await called(world, client)
        debtor = owing(world, second, shown.request)
        failing = refuses(PolicyDenied("frozen", "this device is frozen"))
        tried: list[Any] = []

        def say(frame: Any) -> list[Any]:
            if isinstance(frame, OpenComparison) and len(tried) < 3:
                tried.append(frame)
                return failing(frame)
            return debtor.say(frame)

        second.say = say
        world.service.comparisons.soon("savings")
        await until(lambda: not debtor.owes)
        while not (seen := await show_call(client, shown.id)).compared:
            await asyncio.sleep(0.01)
        texts = [event.text for event in seen.events]
        assert texts.count("device1 could not compare it with the exchange: this device is frozen") == 1


@pytest.mark.parametrize(("said", "waits"), [(300, 300), (86_400, 600)])
async def test_who_says_when_there_will_be_something_to_compare_is_asked_then(
    world: World, said: int, waits: int
):
    """But nobody has us wait for a day."""
    _, second, _ = scripts(world)
    debtor = owing(world, second, random(32))

    def say(frame: Any) -> list[Any]:
        if isinstance(frame, OpenComparison) and frame.carrier == second.device.identity:
            early = CallResult(frame.about, "unanswered", "too-early", said, None)
            return [Finished(frame.session, encode(early))]
        return debtor.say(frame)

    second.say = say
    async with world.running():
        tries = world.service.comparisons._tries
        await until(lambda: any(each.count for each in tries.values()))
        (found,) = tries.values()
        assert waits - 60 < found.until - time.monotonic() <= waits


async def test_a_device_that_owes_for_ever_costs_pauses_that_grow(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rounds, "FIRST_PAUSE", 50)
    monkeypatch.setattr(rounds, "LONGEST_PAUSE", 60_000)
    _, second, _ = scripts(world)
    debtor = owing(world, second, random(32), finds=["not-there"])
    async with world.running():
        await until(lambda: len(debtor.opened) == 3)  # 50 and 100 ms
    capped = rounds.Tries(count=20)
    before = time.monotonic()
    capped.later()
    assert 59 < capped.until - before < 61


async def test_a_helper_that_speaks_for_the_one_that_owes_is_not_believed(world: World):
    first, second, third = scripts(world)
    debtor = owing(world, second, random(32), finds=["not-there"])
    for other in (first, third):
        other.say = speaks_for_another
    async with world.running():
        await until(lambda: len(debtor.opened) >= 2)
        assert debtor.owes
