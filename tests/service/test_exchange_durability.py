"""A service that is killed at any step of a call at an exchange: nothing is sent twice, and the outcome is known.

The service is a process of its own behind TLS; devices and a simulated exchange live on here.
"""

import asyncio
import contextlib
import signal
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import httpx
import msgspec
import pytest
from tests.support.exchange_road import Asked, Road, road, settle
from tests.support.exchange_scripts import ended, show_call
from tests.support.sandbox import BINANCE_KEY
from tests.support.service_process import OF_A_CALL
from tests.support.spying import in_memory
from tests.support.ward import Ward

from warifu.exchanges.http import HttpAnswer, HttpRequest
from warifu.exchanges.market import Order, Pair
from warifu.exchanges.registry import EXCHANGES
from warifu.protocol import api
from warifu.signer.egress.client import HttpsClient

pytestmark = [pytest.mark.real, pytest.mark.slow]

BINANCE = EXCHANGES["binance"]
ENDS = {
    "call-stored": ("done", "done", 1),  # no device was told: it is made now
    "call-begun": ("refused", None, 0),
    "devices-talking": ("refused", None, 0),
    "clock-asked": ("refused", None, 0),
    "before-the-call-leaves": ("done", "unknown", 0),  # the carrier gave it away, and knows no more
    "after-the-call-left": ("done", "unknown", 1),
    "answer-on-its-way": ("done", "unknown", 1),
    "carrier-finished": ("done", "done", 1),
    "before-the-outcome": ("done", "done", 1),
    "after-the-outcome": ("done", "done", 1),
}
"""Where it is killed -> what is said of the call afterwards, and how often the exchange has it."""


@dataclass
class Stage:
    road: Road
    ward: Ward

    def placed(self, wanted: Order) -> int:
        """How often the exchange has the order."""
        text = msgspec.json.encode(self.road.orders("binance")).decode()
        return text.count(wanted.client_id)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with (
        road(tmp_path_factory.mktemp("stage")) as made,
        contextlib.closing(asyncio.new_event_loop()) as loop,
    ):
        ward = Ward(loop, made.world, [], settings=made.world.settings)

        async def prepare() -> None:
            async with made.world.running() as client:
                await made.prepare(client)
                await made.add_born(client)

        ward.run(prepare())
        ward.run(adopted(ward))
        yield Stage(made, ward)
        ward.close()


async def adopted(ward: Ward) -> None:
    ward.adopt()


def order() -> Order:
    price, size = Decimal("50000.01"), Decimal("0.0123")
    return Order(str(uuid.uuid4()), Pair("BTC", "USDT"), "buy", kind="limit", size=size, price=price)


async def hand_in(stage: Stage, wanted: Order, point: str) -> Asked:
    """A call is handed in; the service dies of it, perhaps before it answers."""
    async with stage.ward.client() as client:
        for name in ("device0", "device1"):  # what they owe of the last one is compared first
            await settle(client, stage.road, name, "binance", waits=True)
        asked = await stage.road.asked(client, "binance", BINANCE.place(wanted))
        stage.ward.arm(point, signal.SIGKILL, asked.id)
        with contextlib.suppress(httpx.HTTPError):
            await stage.road.hand_in(client, asked)
            while True:
                await show_call(client, asked.id)
                await asyncio.sleep(0.02)
    return asked


def test_every_step_has_an_end() -> None:
    assert set(ENDS) == set(OF_A_CALL)


@pytest.mark.parametrize("point", OF_A_CALL)
def test_killed_it_never_sends_twice_and_says_what_came_of_it(stage: Stage, point: str):
    state, outcome, times = ENDS[point]
    wanted = order()
    stage.ward.start()
    asked = stage.ward.run(hand_in(stage, wanted, point))
    assert stage.ward.run(stage.ward.ended()) == -signal.SIGKILL, stage.ward.output
    stage.ward.start()
    shown = stage.ward.run(came_of(stage, asked))
    assert (shown.state, shown.outcome) == (state, outcome), [event.text for event in shown.events]
    if state == "done":
        told = asked.told(shown)
        assert (told.outcome, told.answer is not None) == (outcome, outcome == "done")
    assert stage.placed(wanted) == times
    stage.ward.run(made_good(stage, wanted, asked, shown))
    assert stage.placed(wanted) == 1
    numbers = [event.number for event in shown.events]
    assert numbers == list(range(1, len(numbers) + 1))


async def came_of(stage: Stage, asked: Asked) -> api.ExchangeCallShown:
    """Handed in once more by a client that had no answer, and watched to its end."""
    async with stage.ward.client() as client:
        await stage.road.hand_in(client, asked)
        return await ended(client, asked.id, "done", "refused")


async def made_good(stage: Stage, wanted: Order, asked: Asked, shown: api.ExchangeCallShown) -> None:
    """What the owner does then: ask where it is not known, and make it where it is not there."""
    async with stage.ward.client() as client:
        there = shown.outcome == "done"
        if shown.outcome == "unknown":
            there = bool((await stage.road.answer(client, "binance", BINANCE.find_order(wanted))).items)
        if not there:
            again, made = await stage.road.shown(client, "binance", BINANCE.place(wanted))
            assert again.told(made).outcome == "done"
        await stage.road.hand_in(client, asked)  # the old one again: it is what it was
        assert (await show_call(client, asked.id)).state == shown.state


def test_its_memory_its_files_and_its_output_hold_nothing_of_a_call(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    """The process that carried it is looked at from outside."""
    caught: dict[str, bytes] = {"API key": BINANCE_KEY.encode()}
    ask, receive = HttpsClient.ask, HttpsClient.receive

    def asking(client: HttpsClient, request: HttpRequest) -> None:
        caught.setdefault(f"target {len(caught)}", request.target.encode())
        ask(client, request)

    def receiving(client: HttpsClient, ciphertext: bytes) -> HttpAnswer | None:
        answer = receive(client, ciphertext)
        if answer is not None and len(answer.body) >= 16:
            caught.setdefault(f"answer {len(caught)}", answer.body)
        return answer

    monkeypatch.setattr(HttpsClient, "ask", asking)
    monkeypatch.setattr(HttpsClient, "receive", receiving)
    wanted = order()

    async def call() -> Asked:
        async with stage.ward.client() as client:
            asked, shown = await stage.road.shown(client, "binance", BINANCE.place(wanted))
            assert asked.told(shown).outcome == "done"
            return asked

    stage.ward.start()
    asked = stage.ward.run(call())
    assert stage.ward.process is not None and stage.ward.process.pid is not None
    caught |= {"order": wanted.client_id.encode(), "content": asked.content}
    caught = {name: value for name, value in caught.items() if value != b"/api/v3/time"}  # the code has it
    assert len(caught) >= 6
    control = {"the request's id, which it must know": asked.id.encode()}
    assert in_memory(stage.ward.process.pid, caught | control) == set(control)
    disk = b"".join(path.read_bytes() for path in stage.road.world.data_dir.rglob("*") if path.is_file())
    assert not [name for name, secret in caught.items() if secret in disk]
    assert stage.ward.stop() == 0
    assert stage.ward.output.strip() == ""
