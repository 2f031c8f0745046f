"""What owners say about visits, and who is told: also devices that are silent, away, or say no."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from nacl.utils import random
from tests.support.exchange_scripts import ALL, parcelled, scripted_world, speak_for_themselves
from tests.support.service_world import Client, World, now, refusal

from warifu.errors import PolicyDenied
from warifu.protocol import api
from warifu.protocol.encoding import decode, encode
from warifu.protocol.exchange_requests import EndVisitRequest, VisitAsset, VisitRequest
from warifu.protocol.exchange_visits import Visits, VisitShown
from warifu.protocol.frames import AskVisits, CallRefused, Reply, TellVisit, decode_to_signer, refusal_of
from warifu.protocol.framing import Origin
from warifu.protocol.request import Request, decode_request, request_digest
from warifu.service.store import visits as store
from warifu.service.workflows import visits as module

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> World:
    return scripted_world(tmp_path_factory.mktemp("told"))


@pytest.fixture
def world(home: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "ROUND_SECONDS", 0.02)
    monkeypatch.setattr(module, "_ASK_SECONDS", 0.2)
    monkeypatch.setattr(module, "_SILENT_SECONDS", 0.1)
    yield home
    speak_for_themselves(home)


class Keeper:
    """A device of which a test says how it takes what an owner says of visits, and how it tells of them."""

    def __init__(self, world: World, name: str) -> None:
        self.signer = world.devices[name].signer
        self.wallet = world.wallet_id
        self.told: list[bytes] = []
        """Digests of the requests that it was told of, each as often."""
        self.refuses = False
        self.silent = 0
        """How many questions it leaves without an answer, its connection open all the while."""
        self.shown: list[VisitShown] = []
        self._original = self.signer.receive
        self.signer.receive = self._receive  # type: ignore[method-assign]

    def _receive(self, origin: Origin, payload: bytes) -> Any:
        frame = decode_to_signer(payload) if origin is Origin.SERVICE else None
        match frame:
            case AskVisits() if self.silent:
                self.silent -= 1
                return []
            case AskVisits():
                return [(Origin.SERVICE, encode(Reply(frame.call, self._said())))]
            case TellVisit():
                return [(Origin.SERVICE, encode(self._takes(frame)))]
            case _:
                return self._original(origin, payload)

    def _takes(self, frame: TellVisit) -> Reply | CallRefused:
        request = decode_request(frame.authorization.request)
        self.told.append(request_digest(request))
        if self.refuses:
            return CallRefused(frame.call, refusal_of(PolicyDenied("exposure", "so much is not to be there")))
        if isinstance(request, VisitRequest):
            self.shown = [opened(request)]
        return Reply(frame.call, self._said())

    def _said(self) -> bytes:
        return encode(Visits(self.wallet, now(), tuple(self.shown), bytes(64)))


def opened(request: VisitRequest) -> VisitShown:
    return VisitShown(request_digest(request), request, "binance", "opened", None, (), (), "", 0, "0", (), ())


def request_for(world: World) -> VisitRequest:
    moment = now()
    asset = VisitAsset("BTC", "bitcoin")
    return VisitRequest(
        random(16), world.wallet_id, "main", asset, "", "5", (), moment + 600, moment, moment + 300
    )


async def question_of(client: Client, request: Request) -> api.NewVisit:
    return api.NewVisit(authorization=(await parcelled(client, request, {}))[0])


async def tell(client: Client, request: Request) -> api.VisitsShown:
    return await client.post("/wallets/savings/visits", await question_of(client, request), api.VisitsShown)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.01)


def kept(world: World) -> list[bytes]:
    return [each.request for each in store.visits_of(world.service.database, "savings", now())]


async def test_a_visit_of_which_nobody_told_once_is_looked_after_again_though_nobody_left(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    keepers = [Keeper(world, name) for name in ALL]
    looked_after: list[bytes] = []

    async def go_on(_self: object, _wallet: object, visit: bytes, _views: object) -> None:
        looked_after.append(visit)

    monkeypatch.setattr(module.VisitsAtWork, "_go_on", go_on)
    async with world.running() as client:
        request = request_for(world)
        await tell(client, request)
        monkeypatch.setattr(store, "visits_of", lambda *_: ())  # the owner's word has expired
        seen = len(looked_after)
        await until(lambda: len(looked_after) > seen + 20)  # and nobody comes, for whom all are asked anyway
        for each in keepers:
            each.silent = 5
        await until(lambda: not any(each.silent for each in keepers))
        before = len(looked_after)
        await until(lambda: len(looked_after) > before)
        assert set(looked_after) == {request_digest(request)}


async def test_what_all_devices_refuse_is_not_told_to_one_that_comes_later(world: World):
    keepers = {name: Keeper(world, name) for name in ALL}
    for each in keepers.values():
        each.refuses = True
    async with world.running() as client:
        await world.disconnect("device2")
        request = request_for(world)
        answer = await tell(client, request)
        assert {each.refusal.code for each in answer.devices if each.refusal} == {"policy.exposure"}
        assert request_digest(request) not in kept(world)
        keepers["device2"].refuses = False
        await world.connect("device2")
        service = world.service
        rounds = itertools.count()
        original = service.visits._look_after

        async def counted(*arguments: Any) -> None:
            await original(*arguments)
            next(rounds)

        service.visits._rounds._work = counted
        service.visits.soon("savings")
        await until(lambda: next(rounds) > 1)
        assert request_digest(request) not in keepers["device2"].told


async def test_what_one_device_takes_is_told_to_the_others_when_they_come(world: World):
    keepers = {name: Keeper(world, name) for name in ALL}
    keepers["device0"].refuses = True
    async with world.running() as client:
        await world.disconnect("device2")
        request = request_for(world)
        await tell(client, request)
        assert request_digest(request) in kept(world)
        await world.connect("device2")
        await until(lambda: request_digest(request) in keepers["device2"].told)


async def test_with_no_device_there_nothing_is_opened_and_what_ends_a_visit_waits(world: World):
    keepers = {name: Keeper(world, name) for name in ALL}
    async with world.running() as client:
        opening = request_for(world)
        [first, *_] = (await tell(client, opening)).devices
        [shown] = decode(Visits, first.answer, 2**20).visits
        for name in ALL:
            await world.disconnect(name)
        later = request_for(world)
        question = await question_of(client, later)
        refused = await refusal(client.post("/wallets/savings/visits", question, api.VisitsShown))
        assert (refused.code, refused.not_done) == ("service.device-offline", "Nothing was opened.")
        assert request_digest(opening) in kept(world) and request_digest(later) not in kept(world)
        ends = EndVisitRequest(random(16), world.wallet_id, shown.visit, now(), now() + 300)
        await tell(client, ends)
        await world.connect("device1")
        await until(lambda: request_digest(ends) in keepers["device1"].told)
