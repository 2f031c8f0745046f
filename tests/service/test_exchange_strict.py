"""Strict wallets at exchanges, over the real service: it collects words of devices, and has them tell each other."""

import asyncio
import uuid
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import pytest
from tests.support.exchange_road import Asked, Record, Road, record_database, recorded, road
from tests.support.exchange_scripts import ended, show_call
from tests.support.service_world import Client, refusal

from warifu.exchanges.market import Order, Pair
from warifu.exchanges.registry import EXCHANGES
from warifu.protocol import api
from warifu.protocol.frames import AskAcknowledgeCall, OpenCall, OpenTelling
from warifu.service.workflows import exchange_calls as workflow

pytestmark = pytest.mark.real

BINANCE = EXCHANGES["binance"]
FOUR = ("device0", "device1", "device2", "device3")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Road]:
    """2 of 4: three must count what is given away."""
    with road(tmp_path_factory.mktemp("strict")) as made:

        async def prepare() -> None:
            async with made.world.running() as client:
                await made.prepare(client, FOUR, strict=True)
                await made.add_born(client)

        asyncio.run(prepare())
        yield made


def order(dollars: int = 100) -> Any:
    pair = Pair("BTC", "USDT")
    size, price = Decimal("0.01"), Decimal(dollars * 100)
    return BINANCE.place(Order(str(uuid.uuid4()), pair, "buy", kind="limit", size=size, price=price))


async def made(
    home: Road, client: Client, makers: Sequence[str], witnesses: Sequence[str], dollars: int = 100
) -> tuple[Asked, api.ExchangeCallShown]:
    asked = await home.asked(client, "binance", order(dollars), witnesses, makers=makers)
    await home.hand_in(client, asked)
    return asked, await ended(client, asked.id)


def heard(home: Road, name: str, monkeypatch: pytest.MonkeyPatch, kinds: tuple[type, ...]) -> list[Any]:
    """What the device hears of these kinds from now on."""
    found: list[Any] = []
    signer = home.world.devices[name].signer
    original = signer._service_frames

    def receiving(message: Any) -> Any:
        if isinstance(message, kinds):
            found.append(message)
        return original(message)

    monkeypatch.setattr(signer, "_service_frames", receiving)
    return found


async def test_it_is_counted_by_enough_and_made_by_two_and_who_was_away_is_told(
    home: Road, monkeypatch: pytest.MonkeyPatch
):
    """device3 took no part in the first one, and makes the second. The service carries none of what it must hear."""
    record = Record()
    async with home.world.running() as client, recorded(client, record):
        before = len(home.orders("binance"))
        tellings = heard(home, "device3", monkeypatch, (OpenTelling,))
        first, shown = await made(home, client, FOUR[:2], FOUR[:3])
        assert (shown.state, shown.outcome) == ("done", "done"), shown
        words = [event.text for event in shown.events]
        assert any("count the call from now on" in text and "device2" in text for text in words), words
        assert not tellings
        second, shown = await made(home, client, ("device3", "device2"), FOUR[1:])
        assert (shown.state, shown.outcome) == ("done", "done"), shown
        assert len(tellings) == 1
        assert len(home.orders("binance")) == before + 2
        record_database(record, home.world)
    for asked in (first, second):
        assert not record.holds(asked.content[:60])


async def test_where_too_few_are_there_no_device_is_asked_to_make_it(
    home: Road, monkeypatch: pytest.MonkeyPatch
):
    async with home.world.running() as client:
        openings = heard(home, "device0", monkeypatch, (OpenCall,))
        _, shown = await made(home, client, FOUR[:2], FOUR[:2])
        assert shown.state == "refused" and shown.refusal is not None
        assert shown.refusal.code == "service.device-offline" and "device2" in shown.refusal.message
        assert not openings


async def test_beyond_the_limit_they_refuse_to_count_it(home: Road, monkeypatch: pytest.MonkeyPatch):
    async with home.world.running() as client:
        openings = heard(home, "device0", monkeypatch, (OpenCall,))
        _, shown = await made(home, client, FOUR[:2], FOUR[:3], dollars=20_001)
        assert shown.state == "refused" and shown.refusal is not None
        assert shown.refusal.code == "policy.order-limit"
        assert not openings


async def test_killed_while_the_devices_count_it_the_service_asks_them_once_more(
    home: Road, monkeypatch: pytest.MonkeyPatch
):
    """Nothing can have left until then; a device that counted it before says so again without its parcel."""
    reached = asyncio.Event()
    session = workflow.ExchangeCalls._session

    async def hangs(*_arguments: Any) -> Any:
        raise AssertionError("it was not to come so far")

    before = len(home.orders("binance"))
    witnessed = workflow.ExchangeCalls._witnessed

    async def counted_and_then_stopped(self: Any, call: Any, parcelled: Any) -> Any:
        await witnessed(self, call, parcelled)
        reached.set()
        await asyncio.Event().wait()

    async with home.world.running() as client:
        asked_again = heard(home, "device2", monkeypatch, (AskAcknowledgeCall,))
        monkeypatch.setattr(workflow.ExchangeCalls, "_witnessed", counted_and_then_stopped)
        monkeypatch.setattr(workflow.ExchangeCalls, "_session", hangs)
        asked = await home.asked(client, "binance", order(), FOUR[:3], makers=FOUR[:2])
        await home.hand_in(client, asked)
        await asyncio.wait_for(reached.wait(), 30)
        assert (await show_call(client, asked.id)).state == "waiting"
    monkeypatch.setattr(workflow.ExchangeCalls, "_witnessed", witnessed)
    monkeypatch.setattr(workflow.ExchangeCalls, "_session", session)
    async with home.world.running() as client:
        shown = await ended(client, asked.id)
        assert (shown.state, shown.outcome) == ("done", "done"), shown
        assert len(asked_again) == 2
        assert len(home.orders("binance")) == before + 1


async def test_a_question_is_asked_as_ever_and_a_giving_call_without_words_is_refused_by_the_devices(
    home: Road,
):
    async with home.world.running() as client:
        assert await home.answer(client, "binance", BINANCE.balances())
        _, shown = await home.shown(client, "binance", order())
        assert shown.state == "refused" and shown.refusal is not None
        assert shown.refusal.code == "policy.acknowledgements"


async def test_who_makes_it_is_among_those_with_a_parcel_and_the_carrier_among_them(home: Road):
    async with home.world.running() as client:
        for makers in (("device0", "device3"), ("device1", "device2")):
            asked = await home.asked(
                client,
                "binance",
                order(),
                FOUR[:3],
                carrier=home.world.devices["device0"].identity,
                makers=makers,
            )
            assert (await refusal(home.hand_in(client, asked))).code == "input.parcels"
