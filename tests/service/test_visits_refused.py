"""What an exchange refuses to let go is not what it lets go, and not what somebody else took meanwhile."""

from __future__ import annotations

import asyncio
import time
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
from nacl.utils import random
from tests.service.test_visits import (
    Clock,
    all_are,
    balance,
    brought,
    founded,
    request_for,
    seen,
    tell,
    until,
)
from tests.support import service_world
from tests.support.sandbox import sandbox
from tests.support.service_world import Client, World, embedded_chain
from tests.support.visiting import BTC, keep_account, visiting_policy

from warifu.chains.ethereum_embedded.chain import EmbeddedEthereum
from warifu.chains.ethereum_embedded.server import serving
from warifu.protocol import api
from warifu.protocol.exchange_requests import EndVisitRequest, VisitAsset
from warifu.protocol.exchange_visits import VisitShown
from warifu.protocol.policy import ExchangeLimits, Window
from warifu.sandbox.control import AddFault, Allow, SetAccount, SetClock
from warifu.sandbox.simulation import Simulation
from warifu.service.workflows import rounds
from warifu.service.workflows import visits as module

pytestmark = pytest.mark.real

ETHER = 10**18


def refused(symbol: str, found: list[VisitShown]) -> str:
    """Why, as the device says that heard it; empty where none did."""
    sweeps = [sweep for each in found for sweep in each.sweeps if sweep.symbol == symbol]
    return next((sweep.reason for sweep in sweeps if sweep.state == "refused"), "")


async def later(world: World, client: Client, simulation: Simulation, clock: Clock) -> list[VisitShown]:
    """Time passes, nobody asks for anything, and the devices show their visits."""
    clock.later += 15
    simulation.do(SetClock(exchange="binance", ahead=1000 * clock.later))
    await asyncio.to_thread(world.chain.mine, 1)
    await asyncio.sleep(0.5)
    return seen(await client.get("/wallets/savings/visits", api.VisitsShown))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(service_world, "now", clock)
    monkeypatch.setattr(module, "ROUND_SECONDS", 0.05)
    passing = SimpleNamespace(time=clock, monotonic=lambda: time.monotonic() + clock.later)
    monkeypatch.setattr(module, "time", passing)
    monkeypatch.setattr(rounds, "time", passing)
    return clock


def test_an_asset_that_is_refused_keeps_no_other_one_from_coming_home(tmp_path: Path, clock: Clock) -> None:
    bitcoin, dollars = visiting_policy().exchanges[0].limits
    ether = ExchangeLimits("ETH", 18, "1", (Window(24, "1"),), str(5 * ETHER))
    policy = visiting_policy(limits=(bitcoin, ether, dollars))

    async def whole(world: World, simulation: Simulation) -> None:
        async with world.running() as client:
            for number in range(3):
                await world.add_device(client, f"device{number}")
            created = await world.create_wallet(client, policy=policy, schemes=("bip340", "ecdsa"))
            assert created.state == "finished"
            keep_account(world.devices.values(), world.wallet_id, simulation, "ada")
            await world.fund(client, BTC)
            device = world.devices["device0"].device
            ours = device.wallets.born(world.wallet_id).ethereum
            home = (await client.post("/wallets/savings/addresses", None, api.Address)).address
            request = msgspec.structs.replace(
                request_for(world, BTC // 4),
                brings=VisitAsset("BTC", "bitcoin", home),
                others=(VisitAsset("ETH", "eip155:1", ours),),
            )
            visit = await brought(world, client, BTC // 4, ["device0", "device1"], request)
            ledger = simulation.venues["binance"].state.ledger
            simulation.do(SetAccount(exchange="binance", account="ada", gives={"ETH": Decimal(2)}))
            simulation.do(SetAccount(exchange="binance", account="ada", allowlist_only=True))
            simulation.do(Allow(exchange="binance", account="ada", asset="ETH", address=ours))
            await tell(client, EndVisitRequest(random(16), world.wallet_id, visit, clock(), clock() + 600))
            found = await until(client, visit, lambda found: bool(refused("BTC", found)))
            assert refused("BTC", found) == "address-not-allowed"
            async with asyncio.timeout(60):
                while ledger.free_of("ada", "ETH"):
                    await asyncio.sleep(0.1)
            found = await later(world, client, simulation, clock)
            assert any(each.state == "stuck" for each in found)
            assert ledger.free_of("ada", "BTC") == Decimal("0.25")

            simulation.do(Allow(exchange="binance", account="ada", asset="BTC", address=home))
            async with asyncio.timeout(60):
                while not all_are("home")(found):
                    await client.post("/wallets/savings/visits/sweep", api.SweepVisits(), api.VisitsShown)
                    found = await later(world, client, simulation, clock)
            assert ledger.free_of("ada", "BTC") == 0
            assert await balance(world, client) > BTC - 30_000

    with (
        embedded_chain(tmp_path / "chain") as (chain, url),
        serving(EmbeddedEthereum()) as ethereum,
        sandbox(tmp_path / "sandbox", bitcoin=url, ethereum=ethereum) as simulation,
    ):
        asyncio.run(whole(_world(tmp_path, chain, url, simulation), simulation))


def test_what_somebody_took_while_it_was_swept_keeps_no_visit_for_ten_minutes(
    tmp_path: Path, clock: Clock
) -> None:
    """The exchange says that there is not enough, and the next look finds nothing: that is at home."""

    async def whole(world: World, simulation: Simulation) -> None:
        async with world.running() as client:
            await founded(world, client, simulation)
            visit = await brought(world, client, BTC // 4, ["device0", "device1"])
            venue = simulation.venues["binance"]
            short = AddFault(kind="refuse", path="/sapi/v1/capital/withdraw/apply", reason="funds", times=0)
            simulation.do(short)
            await tell(client, EndVisitRequest(random(16), world.wallet_id, visit, clock(), clock() + 600))
            found = await until(client, visit, lambda found: bool(refused("BTC", found)))
            with venue.lock:  # an owner, by hand
                venue.state.ledger.hold("ada", "BTC", Decimal("0.25"))
                venue.state.ledger.pay("ada", "somebody", "BTC", Decimal("0.25"))
            while not all_are("home")(found):
                found = await later(world, client, simulation, clock)
                assert clock.later < module.STUCK_SECONDS // 2

    with (
        embedded_chain(tmp_path / "chain") as (chain, url),
        sandbox(tmp_path / "sandbox", bitcoin=url) as simulation,
    ):
        asyncio.run(whole(_world(tmp_path, chain, url, simulation), simulation))


def test_what_is_too_little_to_be_let_go_no_device_waits_long_to_hear(tmp_path: Path, clock: Clock) -> None:
    """Each one has to hear it from the exchange itself."""

    async def whole(world: World, simulation: Simulation) -> None:
        async with world.running() as client:
            await founded(world, client, simulation)
            visit = await brought(world, client, BTC // 4, ["device0", "device1"])
            venue = simulation.venues["binance"]
            await tell(client, EndVisitRequest(random(16), world.wallet_id, visit, clock(), clock() + 600))
            ledger = venue.state.ledger
            await until(client, visit, lambda _found: not ledger.free_of("ada", "BTC"))
            with venue.lock:  # what a trade left
                ledger.come("ada", "BTC", Decimal("0.00000001"))
            while not all_are("home")(found := await later(world, client, simulation, clock)):
                assert clock.later < module.STUCK_SECONDS
            assert ledger.free_of("ada", "BTC") == Decimal("0.00000001")
            assert refused("BTC", found) == "below-minimum"

    with (
        embedded_chain(tmp_path / "chain") as (chain, url),
        sandbox(tmp_path / "sandbox", bitcoin=url) as simulation,
    ):
        asyncio.run(whole(_world(tmp_path, chain, url, simulation), simulation))


def _world(place: Path, chain: object, url: str, simulation: Simulation) -> World:
    host, port = simulation.address
    world = World(place, chain, url, settings={"simulated_exchanges": {"api.binance.com": f"{host}:{port}"}})  # type: ignore[arg-type]
    world.found()
    return world
