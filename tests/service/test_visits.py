"""A whole visit over the real service: to the simulated Binance and home, with the service killed and a device lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from nacl.utils import random
from tests.support import service_world
from tests.support.exchange_scripts import parcelled
from tests.support.sandbox import sandbox
from tests.support.service_world import Client, World, embedded_chain
from tests.support.visiting import BTC, keep_account, visiting_policy

from warifu.protocol import api
from warifu.protocol.encoding import decode
from warifu.protocol.exchange_requests import EndVisitRequest, VisitAsset, VisitRequest
from warifu.protocol.exchange_visits import VisitShown
from warifu.protocol.request import Request
from warifu.sandbox.control import SetClock
from warifu.sandbox.simulation import Simulation
from warifu.service.workflows import visits as module

pytestmark = pytest.mark.real

FEE = BTC // 10_000
"""Of a withdrawal."""


class Clock:
    """The devices' and the exchange's: the machine's, and as much later as a test wants."""

    later = 0

    def __call__(self) -> int:
        return int(time.time()) + self.later


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[World, Simulation, Clock]]:
    clock = Clock()
    monkeypatch.setattr(service_world, "now", clock)
    monkeypatch.setattr(module, "ROUND_SECONDS", 0.05)
    with (
        embedded_chain(tmp_path / "chain") as (chain, url),
        sandbox(tmp_path / "sandbox", bitcoin=url) as simulation,
    ):
        host, port = simulation.address
        settings = {"simulated_exchanges": {"api.binance.com": f"{host}:{port}"}}
        world = World(tmp_path, chain, url, settings=settings)
        world.found()
        yield world, simulation, clock


async def founded(world: World, client: Client, simulation: Simulation) -> None:
    for number in range(3):
        await world.add_device(client, f"device{number}")
    assert (await world.create_wallet(client, policy=visiting_policy())).state == "finished"
    keep_account(world.devices.values(), world.wallet_id, simulation, "ada")
    await world.fund(client, BTC)


async def tell(client: Client, request: Request) -> list[VisitShown]:
    authorization, _ = await parcelled(client, request, {})
    question = api.NewVisit(authorization=authorization)
    return seen(await client.post("/wallets/savings/visits", question, api.VisitsShown))


def seen(answer: api.VisitsShown) -> list[VisitShown]:
    assert all(device.refusal is None for device in answer.devices), answer
    return [decode(VisitShown, each, 2**20) for device in answer.devices for each in device.visits]


async def until(client: Client, visit: bytes, true: Callable[[list[VisitShown]], bool]) -> list[VisitShown]:
    """What the devices show of it, once that is so."""
    async with asyncio.timeout(60):
        while True:
            answer = await client.get("/wallets/savings/visits", api.VisitsShown)
            found = [each for each in seen(answer) if each.visit == visit]
            if found and true(found):
                return found
            await asyncio.sleep(0.1)


def all_are(state: str) -> Callable[[list[VisitShown]], bool]:
    return lambda found: all(each.state == state for each in found)


def request_for(world: World, amount: int, seconds: int = 7200) -> VisitRequest:
    now = service_world.now()
    return VisitRequest(
        random(16),
        world.wallet_id,
        "main",
        VisitAsset("BTC", "bitcoin"),
        "",
        str(amount),
        (),
        now + seconds,
        now,
        now + 600,
    )


async def brought(world: World, client: Client, amount: int, names: list[str]) -> bytes:
    """A visit whose funds are at the exchange."""
    [shown, *_] = await tell(client, request_for(world, amount))
    found = await until(client, shown.visit, all_are("proven"))
    assert len({each.address for each in found}) == 1  # each of them fetched it over its own TLS
    paid = await world.send(client, await world.payment(client, amount, to=found[0].address), names)
    assert paid.state in ("broadcast", "confirmed"), paid
    await asyncio.to_thread(world.chain.mine, 2)
    await until(client, shown.visit, lambda each: any(one.state == "trading" for one in each))
    return shown.visit


async def balance(world: World, client: Client) -> int:
    await asyncio.to_thread(world.chain.mine, 1)
    return int((await client.get("/wallets/savings/balance", api.Balance)).confirmed)


def test_there_and_home_twice_with_the_service_killed_and_a_device_lost(stage: Any) -> None:
    world, simulation, clock = stage

    async def first() -> bytes:
        async with world.running() as client:
            await founded(world, client, simulation)
            before = await balance(world, client)
            visit = await brought(world, client, BTC // 2, ["device0", "device1"])
            end = EndVisitRequest(random(16), world.wallet_id, visit, clock(), clock() + 600)
            await tell(client, end)
            [shown, *_] = await until(client, visit, all_are("home"))
            assert {sweep.state for sweep in shown.sweeps} <= {"signed", "sent", "done"}
            fees = before - await balance(world, client) - FEE
            assert 0 < fees < 5_000  # of the deposit's transaction: the rest is there, to the satoshi
            return await brought(world, client, 20_000_000, ["device0", "device1"])

    async def second(visit: bytes) -> None:
        """Another start of the service, long after; nobody asks for anything."""
        async with world.running() as client:
            found = await until(client, visit, all_are("home"))
            assert len(found) == 2
            there = simulation.venues["binance"].state.ledger.free_of("ada", "BTC")
            assert there == 0
            assert await balance(world, client) > BTC - 2 * FEE - 10_000

    visit = asyncio.run(first())
    clock.later += 7201
    simulation.do(SetClock(exchange="binance", ahead=1000 * clock.later))
    lost = world.devices.pop("device1")
    lost.crash()
    asyncio.run(second(visit))
