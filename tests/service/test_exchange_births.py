"""A key for an exchange over the real service: stopped at any step, cut off from devices, it is on all of them or none.

Devices are real, and the service is stopped in the middle of its session and started again, or dies as a process of its
own (``test_exchange_births_killed``).
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.exchange_accounts import EVERY_EXCHANGE
from tests.support.exchange_road import agreed, born
from tests.support.exchange_scripts import parcelled
from tests.support.service_world import Client, World, now, refusal

from warifu.cli.exchanges.keys import new_key_request
from warifu.protocol import api
from warifu.protocol.exchange_requests import ExchangeKeyRequest
from warifu.protocol.frames import Relay
from warifu.protocol.request import request_digest
from warifu.service.hub.session import Session
from warifu.service.workflows import exchange_births as module

pytestmark = pytest.mark.real
ALL = ("device0", "device1", "device2")
ROAD = "/wallets/savings/exchange-keys"
_names = (f"account{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(
        tmp_path_factory.mktemp("births"),
        None,  # type: ignore[arg-type]
        "",
        settings={"session_seconds": 5.0, "signer_wait": 2.0},
        make_backend=lambda _: None,
    )
    world.found()

    async def prepare() -> None:
        async with world.running() as client:
            for name in ALL:
                await world.add_device(client, name)
            made = await world.create_wallet(client, policy=EVERY_EXCHANGE)
            assert made.state == "finished", made.refusal

    asyncio.run(prepare())
    return world


@pytest.fixture
def world(home: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(module, "ROUND_SECONDS", 0.02)
    monkeypatch.setattr(module, "RECOVERY_SECONDS", 0.1)
    yield home
    monkeypatch.undo()
    for device in home.devices.values():
        kept = [each.account for each in device.status().accounts]
        with device.device.store.transaction():
            for name in kept:
                device.device.accounts.remove(home.wallet_id, name, now() - 10, now())


def key_request(world: World, name: str = "") -> ExchangeKeyRequest:
    return new_key_request(world.wallet_id, name or next(_names), "binance", now(), now() + 600)


async def hand_in(client: Client, request: ExchangeKeyRequest) -> str:
    authorization, _ = await parcelled(client, request, {})
    question = api.NewExchangeKey(authorization=authorization)
    return (await client.post(ROAD, question, api.Accepted)).id


def shares(world: World, request: ExchangeKeyRequest) -> dict[str, bytes]:
    """The key of each device that has a share under the request's name."""
    return {
        name: kept.public
        for name, device in world.devices.items()
        for kept in device.status().accounts
        if kept.account == request.account
    }


def cut(monkeypatch: pytest.MonkeyPatch, count: int) -> asyncio.Event:
    """After ``count`` frames between devices the service hands on no more. Set when that is so."""
    there, seen, relay = asyncio.Event(), itertools.count(1), Session.relay

    def relayed(self: Session, sender: bytes, frame: Relay) -> None:
        number = next(seen)
        if number <= count:
            relay(self, sender, frame)
        if number >= count:
            there.set()

    monkeypatch.setattr(Session, "relay", relayed)
    return there


async def relays_of_one(world: World, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many frames pass in a whole generation."""
    count, relay = itertools.count(), Session.relay

    def counting(self: Session, sender: bytes, frame: Relay) -> None:
        next(count)
        relay(self, sender, frame)

    with monkeypatch.context() as patch:
        patch.setattr(Session, "relay", counting)
        async with world.running() as client:
            await born(client, await hand_in(client, key_request(world)))
    return next(count)


async def stopped_after(world: World, monkeypatch: pytest.MonkeyPatch, count: int) -> ExchangeKeyRequest:
    """A key was asked for, and the service stopped after so many frames."""
    with monkeypatch.context() as patch:
        there = cut(patch, count)
        async with world.running() as client:
            request = key_request(world)
            await hand_in(client, request)
            await asyncio.wait_for(there.wait(), 20)
            for _ in range(5):
                await asyncio.sleep(0)
            await world.service.exchange_births.close()
    return request


def whole_or_none(world: World, request: ExchangeKeyRequest, shown: api.ExchangeKeyShown) -> bool:
    """Whether all have the key; if not, nobody has one."""
    if shown.state == "finished":
        assert shares(world, request) == dict.fromkeys(ALL, agreed(world, request, shown))
        return True
    assert shown.state == "refused" and shown.refusal is not None, shown
    assert shown.refusal.code in ("session.interrupted", "session.device-left"), shown
    assert shares(world, request) == {}, shown
    return False


@pytest.mark.slow
async def test_stopped_at_any_step_it_is_on_all_devices_or_on_none(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    whole = await relays_of_one(world, monkeypatch)
    ends = {}
    for count in (1, whole // 2, *range(whole - 6, whole + 1)):
        request = await stopped_after(world, monkeypatch, count)
        before = len(shares(world, request))
        async with world.running() as client:
            shown = await born(client, request.request_id.hex())
            ends[count] = before, whole_or_none(world, request, shown)
            assert await hand_in(client, request) == shown.id, "asked again, it is what it was"
    assert (0, False) in ends.values(), ends
    assert ends[whole - 1][0] in (1, 2), "the last frame but one: who sent it has the key, and one has not"
    assert all(brought for before, brought in ends.values() if before)


@pytest.mark.slow
async def test_a_device_that_is_lost_in_the_middle_has_the_key_when_it_comes_back_or_nobody_has(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    whole = await relays_of_one(world, monkeypatch)
    ends = set()
    for count, lost in itertools.product(range(whole - 4, whole + 1, 2), ALL):
        with monkeypatch.context() as patch:
            there = cut(patch, count)
            async with world.running() as client:
                request = key_request(world)
                identifier = await hand_in(client, request)
                await asyncio.wait_for(there.wait(), 20)
                await world.disconnect(lost)
                await asyncio.sleep(0.3)
                patch.undo()
                await world.connect(lost)
                shown = await born(client, identifier)
                ends.add(whole_or_none(world, request, shown))
    assert ends == {True, False}


async def partial(world: World, monkeypatch: pytest.MonkeyPatch) -> tuple[ExchangeKeyRequest, str, str]:
    """Stopped so that at least one device has its share and one has not: the request, who has it, who has not."""
    whole = await relays_of_one(world, monkeypatch)
    for count in range(whole, 0, -1):
        request = await stopped_after(world, monkeypatch, count)
        having = shares(world, request)
        lacking = [
            name
            for name, device in world.devices.items()
            if device.result(request_digest(request)).state == "started"
        ]
        if having and lacking:
            return request, next(iter(having)), lacking[0]
    raise AssertionError("it was never cut off there")


async def test_as_long_as_a_device_is_away_the_key_is_said_to_be_on_the_others_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    request, having, lacking = await partial(world, monkeypatch)
    identifier = request.request_id.hex()
    connect = world.connect

    async def all_but_one(name: str) -> None:
        if name != lacking:
            await connect(name)

    monkeypatch.setattr(world, "connect", all_but_one)
    async with world.running() as client:
        while True:
            shown = await client.get(f"{ROAD}/{identifier}", api.ExchangeKeyShown)
            if lacking in shown.missing and having not in shown.missing:
                break
            await asyncio.sleep(0.02)
        assert (shown.state, lacking in shown.missing, having in shown.missing) == ("running", True, False)
        await connect(lacking)
        assert whole_or_none(world, request, await born(client, identifier))
        told = (await client.get(f"{ROAD}/{identifier}", api.ExchangeKeyShown)).events
        assert "made its share from what another device told" in {event.text for event in told}


async def test_a_device_that_cannot_make_its_share_now_is_asked_again(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    request, _, lacking = await partial(world, monkeypatch)
    identifier = request.request_id.hex()
    frozen = world.devices[lacking].device.freeze
    monkeypatch.setattr(frozen, "_reason", "somebody is at the door")
    async with world.running() as client:
        while not any(
            "not every device" in event.text
            for event in (await client.get(f"{ROAD}/{identifier}", api.ExchangeKeyShown)).events
        ):
            await asyncio.sleep(0.02)
        assert (await client.get(f"{ROAD}/{identifier}", api.ExchangeKeyShown)).state == "running"
        monkeypatch.setattr(frozen, "_reason", None)
        assert whole_or_none(world, request, await born(client, identifier))


async def test_a_device_that_knows_nothing_of_it_any_more_ends_it(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    """It was put back to an older disk, or lies: a key of which it has no share is registered nowhere."""
    request, _, lacking = await partial(world, monkeypatch)
    device = world.devices[lacking].device
    with device.store.transaction():
        device.accounts.generations.forget(world.wallet_id, request.account)
    async with world.running() as client:
        shown = await born(client, request.request_id.hex())
        assert shown.state == "refused" and shown.refusal is not None
        assert (shown.refusal.code, shown.refusal.blame) == ("session.key-lost", lacking)
        later = key_request(world, request.account)
        while later.created <= request.created:
            await asyncio.sleep(0.1)
            later = key_request(world, request.account)
        assert whole_or_none(world, later, await born(client, await hand_in(client, later)))


async def test_a_newer_key_takes_the_place_of_one_that_waits(world: World, monkeypatch: pytest.MonkeyPatch):
    request, _, lacking = await partial(world, monkeypatch)
    frozen = world.devices[lacking].device.freeze
    monkeypatch.setattr(frozen, "_reason", "somebody is at the door")
    async with world.running() as client:
        later = key_request(world, request.account)
        while later.created <= request.created:
            await asyncio.sleep(0.1)
            later = key_request(world, request.account)
        monkeypatch.setattr(frozen, "_reason", None)
        fresh = await born(client, await hand_in(client, later))
        assert whole_or_none(world, later, fresh)
        older = await born(client, request.request_id.hex())
        if older.state == "refused":
            assert older.refusal is not None and older.refusal.code == "authorization.superseded"


async def test_one_request_is_one_key_and_its_id_is_no_other_requests(world: World):
    async with world.running() as client:
        request = key_request(world)
        identifier = await hand_in(client, request)
        first = await born(client, identifier)
        assert await hand_in(client, request) == identifier
        assert (await born(client, identifier)).births == first.births
        other = new_key_request(world.wallet_id, "another", "binance", now(), now() + 600)
        stolen = type(other)(
            request.request_id,
            other.wallet_id,
            other.account,
            other.exchange,
            other.created,
            other.expires,
        )
        error = await refusal(hand_in(client, stolen))
        assert error.code == "service.request-id-used"
        unknown: Any = await refusal(client.get(f"{ROAD}/{'0' * 32}", api.ExchangeKeyShown))
        assert unknown.code == "service.unknown-exchange-key"


async def test_what_the_devices_refuse_is_said_and_leaves_no_key(world: World):
    async with world.running() as client:
        request = new_key_request(world.wallet_id, "main", "coinbase", now(), now() + 600)
        shown = await born(client, await hand_in(client, request))
        assert shown.state == "refused" and shown.refusal is not None
        assert shown.refusal.code == "input.exchange-key" and shown.births == ()
