"""A whole visit over the real service: to the simulated Binance and home, with the service started anew and a device
lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from nacl.utils import random
from tests.service.test_policy_commands import Owner
from tests.service.test_recovery import owners_profile, typed
from tests.support import service_world
from tests.support.exchange_accounts import BINANCE_KEY
from tests.support.exchange_road import all_looked
from tests.support.exchange_scripts import parcelled
from tests.support.sandbox import sandbox
from tests.support.service_world import Client, World, embedded_chain
from tests.support.simulator import FRIEND
from tests.support.visiting import BTC, allow, keep_account, keep_split, visiting_policy

from warifu.cli.commands import exchange
from warifu.cli.commands import visit as command
from warifu.cli.creating import adopt
from warifu.errors import InputRefused, PolicyDenied, WarifuError
from warifu.protocol import api
from warifu.protocol.encoding import decode, encode
from warifu.protocol.exchange_requests import EndVisitRequest, VisitAsset, VisitRequest
from warifu.protocol.exchange_visits import Visits, VisitShown
from warifu.protocol.identity import IdentityKey
from warifu.protocol.request import Request, request_digest
from warifu.sandbox.control import AddWallet, SetAccount, SetClock, SetPrice, Turn
from warifu.sandbox.orders import Terms
from warifu.sandbox.simulation import Simulation
from warifu.service.workflows import comparisons, visit_plan
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
        places = dict.fromkeys(("api.binance.com", "api.coinbase.com"), f"{host}:{port}")
        world = World(tmp_path, chain, url, settings={"simulated_exchanges": places})
        world.found()
        yield world, simulation, clock


async def founded(
    world: World, client: Client, simulation: Simulation | None, *, strict: bool = False
) -> None:
    """``simulation``: where the devices have an account already."""
    for number in range(3):
        await world.add_device(client, f"device{number}")
    policy = msgspec.structs.replace(visiting_policy(), strict=strict)
    assert (await world.create_wallet(client, policy=policy)).state == "finished"
    if simulation is not None:
        keep_account(world.devices.values(), world.wallet_id, simulation, "ada")
    await world.fund(client, BTC)


async def tell(client: Client, request: Request) -> list[VisitShown]:
    authorization, _ = await parcelled(client, request, {})
    question = api.NewVisit(authorization=authorization)
    return seen(await client.post("/wallets/savings/visits", question, api.VisitsShown))


def seen(answer: api.VisitsShown) -> list[VisitShown]:
    assert all(device.refusal is None for device in answer.devices), answer
    return [each for device in answer.devices for each in decode(Visits, device.answer, 2**20).visits]


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


async def brought(
    world: World, client: Client, amount: int, names: list[str], request: VisitRequest | None = None
) -> bytes:
    """A visit whose funds are at the exchange."""
    [shown, *_] = await tell(client, request or request_for(world, amount))
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


def test_there_and_home_twice_with_the_service_started_anew_and_a_device_lost(stage: Any) -> None:
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


@pytest.mark.parametrize("further", [False, True])
def test_with_a_cdp_key_what_each_sweep_made_is_looked_at_before_the_next_and_all_of_it_comes_home(
    stage: Any, monkeypatch: pytest.MonkeyPatch, further: bool
) -> None:
    """A sweep that leaves too much for the fee on top, its comparison, and what was too much; with a device lost.

    ``further``: with a wallet that is made meanwhile and is not the asset's first, among so many that lists have pages,
    and with savings in a vault.
    """
    world, simulation, clock = stage
    monkeypatch.setattr(module, "time", SimpleNamespace(time=clock, monotonic=time.monotonic))
    monkeypatch.setattr(comparisons, "ROUND_SECONDS", 0.05)

    async def whole() -> None:
        async with world.running() as client:
            await founded(world, client, None)
            home = (await client.post("/wallets/savings/addresses", None, api.Address)).address
            keep_split(world.devices.values(), world.wallet_id, simulation, "bob", home)
            before, amount = await balance(world, client), BTC // 2 - (BTC // 5 if further else 0)
            if further:
                for kind, gives in (("vault", "0.2"), *[("wallet", "0")] * 110):
                    asset = "BTC" if kind == "vault" else "ETH"
                    add: Any = {"asset": asset, "kind": kind, "gives": Decimal(gives)}
                    simulation.do(AddWallet(exchange="coinbase", account="bob", **add))
            request = request_for(world, amount)
            request = msgspec.structs.replace(request, brings=VisitAsset("BTC", "bitcoin", home))
            visit = await brought(world, client, amount, ["device0", "device1"], request)
            if further:
                add = {"asset": "BTC", "gives": Decimal("0.1")}
                added = simulation.do(AddWallet(exchange="coinbase", account="bob", **add))["id"]
            await tell(client, EndVisitRequest(random(16), world.wallet_id, visit, clock(), clock() + 600))
            await until(client, visit, lambda found: any(each.sweeps for each in found))
            signed = {
                name
                for name, device in world.devices.items()
                if device.device.visits.get(world.wallet_id, visit).sweeps
            }
            lost = next(name for name in world.devices if name not in signed)
            await world.disconnect(lost)
            async with asyncio.timeout(60):
                while True:
                    await asyncio.to_thread(world.chain.mine, 1)
                    clock.later += 30
                    simulation.do(SetClock(exchange="coinbase", ahead=1000 * clock.later))
                    await client.post("/wallets/savings/visits/sweep", api.SweepVisits(), api.VisitsShown)
                    answer = await client.get("/wallets/savings/visits", api.VisitsShown)
                    if all(each.state == "home" for each in seen(answer)):
                        break
                    await asyncio.sleep(0.2)
            ledger = simulation.venues["coinbase"].state.ledger
            assert ledger.free_of("bob", "BTC") == 0
            fees = before - await balance(world, client) - 2 * FEE
            if further:
                assert ledger.free_of(f"bob/{added}", "BTC") == 0
                assert [each.locked for each in seen(answer)[0].there] == ["0.2"]
                fees += BTC // 10 - FEE
            assert 0 < fees < 5_000  # of the deposit's transaction: the rest is there, to the satoshi
            kinds = [device.kinds() for name, device in world.devices.items() if name != lost]
            assert sum(each.count("call-compared") for each in kinds) >= 1
            assert all(
                device.device.rules.frozen(world.wallet_id) is None for device in world.devices.values()
            )

    asyncio.run(whole())


def test_devices_are_brought_to_look_and_bring_home_what_has_lost_too_much(
    stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody asks for anything: the price runs away from what was sold, and an order that rests is cancelled."""
    world, simulation, clock = stage
    monkeypatch.setattr(module, "time", SimpleNamespace(time=clock, monotonic=time.monotonic))
    monkeypatch.setattr(visit_plan, "LOOK_SECONDS", 1)
    monkeypatch.setattr(visit_plan, "LOOK_AGAIN_SECONDS", 1)

    async def whole() -> None:
        async with world.running() as client:
            await founded(world, client, simulation)
            request = msgspec.structs.replace(request_for(world, BTC // 2), loss=500)
            visit = await brought(world, client, BTC // 2, ["device0", "device1"], request)
            await until(
                client,
                visit,
                lambda found: all(each.worth and each.worth.credited == "0.5" for each in found),
            )
            venue = simulation.venues["binance"]
            simulation.do(SetPrice(exchange="binance", pair="BTC-USDT", price=Decimal(50_000)))
            sale = Terms(account="ada", pair="BTC-USDT", side="sell", kind="market", size=Decimal("0.2"))
            rests = msgspec.structs.replace(sale, kind="limit", size=Decimal("0.1"), price=Decimal(900_000))
            for terms in (sale, rests):
                with venue.lock:
                    venue.engine.place(terms, venue.now())
            simulation.do(SetPrice(exchange="binance", pair="BTC-USDT", price=Decimal(70_000)))
            await until(
                client,
                visit,
                lambda found: all(each.why or (each.worth and each.worth.low) for each in found),
            )
            clock.later += 25  # as far apart as two looks have to be
            simulation.do(SetClock(exchange="binance", ahead=1000 * clock.later))
            async with asyncio.timeout(100):
                while True:  # what the clock's leap broke is tried again at once
                    await client.post("/wallets/savings/visits/sweep", api.SweepVisits(), api.VisitsShown)
                    found = seen(await client.get("/wallets/savings/visits", api.VisitsShown))
                    if all(each.why == "loss" for each in found):
                        break
                    await asyncio.sleep(0.5)
            assert len(found) == 3
            async with asyncio.timeout(60):
                while venue.state.ledger.free_of("ada", "BTC") or venue.state.ledger.held_of("ada", "BTC"):
                    clock.later += 30  # what was swept before the order was cancelled is dead some day
                    simulation.do(SetClock(exchange="binance", ahead=1000 * clock.later))
                    await client.post("/wallets/savings/visits/sweep", api.SweepVisits(), api.VisitsShown)
                    await asyncio.sleep(0.2)

    asyncio.run(whole())


def test_an_owner_states_who_is_paid_and_what_was_stuck_comes_home_and_the_service_sees_no_word_of_it(
    stage: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    world, simulation, clock = stage
    monkeypatch.setattr(module, "time", SimpleNamespace(time=clock, monotonic=time.monotonic))
    policy = visiting_policy()
    rules = policy.exchanges[0]
    further = ("GET /sapi/v2/localentity/withdraw/history", "POST /sapi/v1/localentity/withdraw/apply")
    rules = msgspec.structs.replace(rules, endpoints=tuple(sorted((*rules.endpoints, *further))))
    policy = msgspec.structs.replace(policy, exchanges=(rules, *policy.exchanges[1:]))
    statement = tmp_path / "me.json"
    statement.write_text('{"isAddressOwner": 1, "city": "Hakone-12345"}')

    async def whole() -> None:
        async with world.running() as client:
            for number in range(3):
                await world.add_device(client, f"device{number}")
            assert (await world.create_wallet(client, policy=policy)).state == "finished"
            keep_account(world.devices.values(), world.wallet_id, simulation, "ada")
            await world.fund(client, BTC)
            owner = Owner(client, owners_profile(world, world.root / "owner"))
            await asyncio.to_thread(adopt, owner._bridge, owner.profile(), "savings")
            monkeypatch.setattr(owner, "home", world.root / "owner", raising=False)
            visit = await brought(world, client, BTC // 4, ["device0", "device1"])
            simulation.do(SetAccount(exchange="binance", account="ada", travel_rule=True))
            end = EndVisitRequest(random(16), world.wallet_id, visit, clock(), clock() + 600)
            await tell(client, end)
            found = await until(client, visit, lambda found: any(each.state == "stuck" for each in found))
            assert "travel-rule" in {sweep.reason for each in found for sweep in each.sweeps}
            told = await asyncio.to_thread(CliRunner().invoke, command.group, ["show", "savings"], obj=owner)
            assert "warifu exchange travel-rule WALLET main" in " ".join(told.output.split())

            said = await owner.says(
                "travel-rule", "savings", "main", "--file", str(statement), "--yes", of=exchange.group
            )
            assert said["fields"] == ["city", "isAddressOwner"]
            listed = await owner.says("list", "savings", of=exchange.group)
            assert listed["accounts"][0]["travel_rule"] == ["city", "isAddressOwner"]
            async with asyncio.timeout(60):
                while True:
                    clock.later += 30
                    simulation.do(SetClock(exchange="binance", ahead=1000 * clock.later))
                    await asyncio.to_thread(world.chain.mine, 1)
                    await client.post("/wallets/savings/visits/sweep", api.SweepVisits(), api.VisitsShown)
                    answer = await client.get("/wallets/savings/visits", api.VisitsShown)
                    if all(each.state == "home" for each in seen(answer)):
                        break
                    await asyncio.sleep(0.2)

    asyncio.run(whole())
    kept = [file for file in world.root.rglob("*") if file.is_file() and file != statement]
    assert kept and all(b"Hakone-12345" not in file.read_bytes() for file in kept)


# --- the command line -----------------------------------------------------------------------------------------------


def test_an_owner_opens_a_visit_looks_ends_it_and_believes_no_service(
    stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What he types, over the real service: the deposit address is one that as many devices fetched as must count a
    transfer, because the wallet is strict; so must they each trade."""
    world, simulation, _ = stage
    monkeypatch.setattr(command, "PAUSE", 0.1)

    async def whole() -> None:
        async with world.running() as client:
            await founded(world, client, None, strict=True)
            owner = Owner(client, owners_profile(world, world.root / "owner"))
            await asyncio.to_thread(adopt, owner._bridge, owner.profile(), "savings")
            monkeypatch.setattr(owner, "home", world.root / "owner", raising=False)
            monkeypatch.setattr(owner._bridge, "delete", lambda path: None, raising=False)

            async def types(*arguments: str, expected: int = 0) -> dict[str, Any]:
                return await owner.says(*arguments, of=command.group, expected=expected)

            async def at_a_terminal(*arguments: str) -> str:
                """All that is shown to somebody who says nothing."""
                told = await asyncio.to_thread(CliRunner().invoke, command.group, arguments, obj=owner)
                return " ".join(told.output.split())

            async def trades(*arguments: str) -> dict[str, Any]:
                return await owner.says(*arguments, of=exchange.group)

            authority = ("--authorities", str(simulation.authority_file), "--yes")
            born = await trades("add", "savings", "main", "--exchange", "binance", *authority)
            public = serialization.load_pem_public_key(born["public_key"].encode())
            assert isinstance(public, Ed25519PublicKey)
            simulation.do(SetAccount(exchange="binance", account="ada", gives={}))
            allow(simulation, "ada", public.public_bytes_raw(), ("view", "trade", "transfer"))
            await trades("finish", "savings", "main", *authority, "--api-key-fd", str(typed(BINANCE_KEY)))

            with pytest.raises(PolicyDenied) as refused:
                await types("open", "savings", "main", "0.6 BTC", "--for", "1h", "--yes")
            assert refused.value.reason == "exposure"
            with pytest.raises(InputRefused):
                await types("open", "savings", "main", "0.1 BTC", "--for", "soon", "--yes")
            opened = await types("open", "savings", "main", "0.1 BTC", "--for", "1h", "--yes")
            assert {view["address"] for view in opened["devices"].values()} >= {opened["address"]}
            again = await at_a_terminal("open", "savings", "main", "0.1 BTC", "--for", "1h")
            assert f"a visit with main is open already ({opened['id'][:16]})" in again
            assert len((await types("show", "savings"))["visits"]) == 1, "he was asked, and did not say yes"
            paid = await world.send(client, await world.payment(client, 10_000_000, to=opened["address"]))
            assert paid.state in ("broadcast", "confirmed")
            await asyncio.to_thread(world.chain.mine, 2)
            await until(
                client, bytes.fromhex(opened["id"]), lambda each: any(x.state == "trading" for x in each)
            )
            simulation.do(Turn(exchange="binance", steady=True))
            await trades("sell", "savings", "main", "BTC-USDT", "--size", "0.05", "--yes")
            await all_looked(client, "main")
            await trades("buy", "savings", "main", "BTC-USDT", "--funds", "2500", "--yes")
            await types("close", "savings", opened["id"][:8])
            found = await until(client, bytes.fromhex(opened["id"]), all_are("home"))
            assert any(each.brought == "10000000" for each in found)
            told = await at_a_terminal("show", "savings")
            assert opened["id"][:8] in told and "0.1 BTC" in told
            [shown] = (await types("show", "savings"))["visits"]
            assert {view["state"] for view in shown["devices"].values()} == {"home"}
            assert (await types("sweep", "savings"))["visits"] == []
            with pytest.raises(InputRefused):
                await types("close", "savings", "zz")

            monkeypatch.setattr(command, "payment", nothing_can_be_spent)
            unsent = await at_a_terminal(
                "open", "savings", "main", "0.1 BTC", "--for", "1h", "--send", "--yes"
            )
            [waits] = [
                each for each in (await types("show", "savings"))["visits"] if each["id"] != opened["id"]
            ]
            assert f"the visit {waits['id'][:16]} is open all the same" in unsent
            assert f"warifu visit close savings {waits['id'][:16]}" in unsent

            lie = service_says_another_address
            monkeypatch.setattr(owner._bridge, "get", lie(owner._bridge.get), raising=False)
            for visit in (await types("show", "savings"))["visits"]:
                assert len(visit["devices"]) == 2, "whose answer was altered says nothing"
                assert visit["address"] != FRIEND

    asyncio.run(whole())


def nothing_can_be_spent(*_: Any) -> None:
    raise InputRefused("insufficient-funds", "the coins that can be spent now are not enough")


def service_says_another_address(honest: Callable[..., Any]) -> Callable[..., Any]:
    def get(path: str, kind: Any, **query: Any) -> Any:
        answer = honest(path, kind, **query)
        if not path.endswith("/visits"):
            return answer
        [first, *others] = answer.devices
        said = decode(Visits, first.answer, 2**20)
        bent = (msgspec.structs.replace(said.visits[0], address=FRIEND), *said.visits[1:])
        told = msgspec.structs.replace(first, answer=encode(msgspec.structs.replace(said, visits=bent)))
        return msgspec.structs.replace(answer, devices=(told, *others))

    return get


def test_another_key_tells_no_device_anything(stage: Any) -> None:
    """Nor does a request of another wallet, or one that is nothing about a visit."""
    world, simulation, _ = stage

    async def whole() -> None:
        async with world.running() as client:
            await founded(world, client, simulation)
            request = request_for(world, BTC // 10)
            for bad, key in (
                (request, IdentityKey.generate()),
                (msgspec.structs.replace(request, wallet_id=bytes(32)), None),
                ((await world.payment(client)).request, None),
            ):
                authorization, _ = await parcelled(client, bad, {}, key)
                with pytest.raises(WarifuError):
                    await client.post(
                        "/wallets/savings/visits", api.NewVisit(authorization=authorization), api.VisitsShown
                    )
            assert seen(await client.get("/wallets/savings/visits", api.VisitsShown)) == []
            await world.disconnect("device2")
            assert len(await tell(client, request)) == 2
            await world.connect("device2")  # and hears of it as it comes
            await until(client, request_digest(request), lambda found: len(found) == 3)
            other = msgspec.structs.replace(request_for(world, BTC // 10), account="other")
            authorization, _ = await parcelled(client, other, {})
            question = api.NewVisit(authorization=authorization)
            answer = await client.post("/wallets/savings/visits", question, api.VisitsShown)
            assert {device.refusal.code for device in answer.devices if device.refusal} == {
                "input.unknown-account"
            }
            entries = [device.device.journal.head[0] for device in world.devices.values()]
            await client.post("/wallets/savings/visits/sweep", api.SweepVisits(), api.VisitsShown)
            await asyncio.sleep(0)
            await until(client, request_digest(request), all_are("proven"))
            denied = [device.kinds().count("denied") for device in world.devices.values()]
            assert denied == [1, 1, 1], entries  # nobody is told again and again what he refused

    asyncio.run(whole())
