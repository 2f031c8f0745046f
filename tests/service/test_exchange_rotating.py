"""Another key in the place of an account's, over the real service: what is there comes home by the new one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from nacl.utils import random
from tests.service.test_policy_commands import Owner
from tests.service.test_recovery import owners_profile, typed
from tests.service.test_visits import Clock, brought, founded, seen, stage, tell, until
from tests.support.exchange_accounts import BINANCE_KEY
from tests.support.service_world import Client, World
from tests.support.visiting import BTC, allow

from warifu.cli.commands import exchange
from warifu.cli.commands import visit as command
from warifu.cli.creating import adopt
from warifu.errors import InputRefused, ServiceRefused, WarifuError
from warifu.protocol import api
from warifu.protocol.exchange_requests import EndVisitRequest
from warifu.sandbox.control import RevokeCredential, SetClock
from warifu.sandbox.simulation import Simulation
from warifu.service.workflows.exchange_successions import ExchangeSuccessions

pytestmark = [pytest.mark.real, pytest.mark.slow]
__all__ = ["stage"]
Saying = Callable[..., Any]


async def owned(world: World, client: Client) -> Owner:
    owner = Owner(client, owners_profile(world, world.root / "owner"))
    await asyncio.to_thread(adopt, owner._bridge, owner.profile(), "savings")
    owner.home = world.root / "owner"  # type: ignore[attr-defined]
    owner._bridge.delete = lambda _path: None
    added = int(time.time())
    while int(time.time()) <= added:  # what is asked about a name is newer than its key, in seconds
        await asyncio.sleep(0.05)
    return owner


def public_in(said: dict[str, Any]) -> bytes:
    key = serialization.load_pem_public_key(said["public_key"].encode())
    assert isinstance(key, Ed25519PublicKey)
    return key.public_bytes_raw()


async def refused(saying: Any) -> WarifuError:
    with pytest.raises(WarifuError) as caught:
        await saying
    return caught.value


async def shown_to_a_person(owner: Owner) -> str:
    told = await asyncio.to_thread(CliRunner().invoke, command.group, ["show", "savings"], obj=owner)
    return " ".join(told.output.split())


async def home(world: World, client: Client, simulation: Simulation, clock: Clock) -> None:
    """Time passes until all devices see nothing there any more."""
    async with asyncio.timeout(90):
        while True:
            clock.later += 30
            simulation.do(SetClock(exchange="binance", ahead=1000 * clock.later))
            await asyncio.to_thread(world.chain.mine, 1)
            await client.post("/wallets/savings/visits/sweep", api.SweepVisits(), api.VisitsShown)
            answer = await client.get("/wallets/savings/visits", api.VisitsShown)
            if all(each.state == "home" for each in seen(answer)):
                return
            await asyncio.sleep(0.2)


async def test_a_visit_whose_key_was_revoked_says_so_and_comes_home_by_a_new_one(stage: Any) -> None:
    world, simulation, clock = stage
    async with world.running() as client:
        await founded(world, client, simulation)
        await world.fund(client, BTC)
        owner = await owned(world, client)

        async def says(*arguments: str) -> dict[str, Any]:
            return await owner.says(*arguments, of=exchange.group)

        visit = await brought(world, client, BTC // 4, ["device0", "device1"])
        old = (await says("list", "savings"))["accounts"][0]["public"]
        simulation.do(RevokeCredential(exchange="binance", api="binance", key=BINANCE_KEY))
        await tell(client, EndVisitRequest(random(16), world.wallet_id, visit, clock(), clock() + 600))
        await until(client, visit, lambda found: any(each.state == "stuck" for each in found))
        told = await shown_to_a_person(owner)
        assert "STUCK" in told and "authentication" in told
        assert "warifu exchange rotate WALLET main" in told

        authority = ("--authorities", str(simulation.authority_file), "--yes")
        await world.disconnect("device2")
        away = await refused(says("rotate", "savings", "main", *authority))
        assert isinstance(away, ServiceRefused) and away.blame == "device2"
        await world.connect("device2")
        assert (await refused(says("rotate", "savings", "main", "--yes"))).code == "input.exchange-roots"
        assert isinstance(await refused(says("rotate", "savings", "other", *authority)), InputRefused)
        assert (await says("list", "savings"))["accounts"][0]["public"] == old

        made = await says("rotate", "savings", "main", *authority)
        assert public_in(made).hex() != old and made["finished"] is False
        assert (await says("rotate", "savings", "main", *authority)) == made
        [listed] = (await says("list", "savings"))["accounts"]
        assert listed["public"] == old and listed["successor"] == public_in(made).hex()
        allow(simulation, "ada", public_in(made), ("view", "trade", "transfer"))
        done = await says("finish", "savings", "main", *authority, "--api-key-fd", str(typed(BINANCE_KEY)))
        assert done["in_force"] is True
        [listed] = (await says("list", "savings"))["accounts"]
        assert listed["public"] == public_in(made).hex() and listed["successor"] is None
        await home(world, client, simulation, clock)
        assert "authentication" not in await shown_to_a_person(owner)


async def test_an_open_visit_outlives_the_rotation_of_its_key_and_brings_nothing_more_there(
    stage: Any,
) -> None:
    """The key still works: the owner replaces it because time has come, and forgets that somebody is abroad."""
    world, simulation, clock = stage
    async with world.running() as client:
        await founded(world, client, simulation)
        await world.fund(client, BTC)
        owner = await owned(world, client)

        async def says(*arguments: str) -> dict[str, Any]:
            return await owner.says(*arguments, of=exchange.group)

        visit = await brought(world, client, BTC // 4, ["device0", "device1"])
        authority = ("--authorities", str(simulation.authority_file), "--yes")
        made = await says("rotate", "savings", "main", *authority)
        found = await until(client, visit, lambda found: bool(found))
        assert not any(each.ended for each in found), "the old key is in force"
        allow(simulation, "ada", public_in(made), ("view", "trade", "transfer"))
        await says("finish", "savings", "main", *authority, "--api-key-fd", str(typed(BINANCE_KEY)))
        found = await until(client, visit, lambda found: all(each.ended for each in found))
        assert {each.why for each in found} == {"account"}
        assert found[0].address
        paid = await world.send(
            client, await world.payment(client, 1_000_000, to=found[0].address), ["device0", "device1"]
        )
        assert paid.state == "refused" and paid.refusal is not None
        assert paid.refusal.code == "policy.destination"
        await home(world, client, simulation, clock)


async def test_between_rotate_and_finish_a_visit_comes_home_by_the_old_key(stage: Any) -> None:
    world, simulation, clock = stage
    async with world.running() as client:
        await founded(world, client, simulation)
        await world.fund(client, BTC)
        owner = await owned(world, client)

        async def says(*arguments: str) -> dict[str, Any]:
            return await owner.says(*arguments, of=exchange.group)

        visit = await brought(world, client, BTC // 4, ["device0", "device1"])
        authority = ("--authorities", str(simulation.authority_file), "--yes")
        made = await says("rotate", "savings", "main", *authority)
        await tell(client, EndVisitRequest(random(16), world.wallet_id, visit, clock(), clock() + 600))
        await home(world, client, simulation, clock)
        [listed] = (await says("list", "savings"))["accounts"]
        assert listed["successor"] == public_in(made).hex() and not listed["successor_ready"]


async def test_a_service_that_is_killed_between_two_devices_switches_the_others_when_it_is_back(
    stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no owner is asked: whoever has switched tells the others why."""
    world, simulation, _ = stage
    put = ExchangeSuccessions._put
    told: list[bytes] = []

    async def put_once(self: Any, waiting: Any, identity: bytes, together: Any) -> bool:
        if told:
            return False
        told.append(identity)
        return await put(self, waiting, identity, together)

    async with world.running() as client:
        await founded(world, client, simulation)
        await asyncio.sleep(1)  # of one second nobody can say what was asked for later, so devices refuse it
        owner = await owned(world, client)

        async def says(*arguments: str) -> dict[str, Any]:
            return await owner.says(*arguments, of=exchange.group)

        authority = ("--authorities", str(simulation.authority_file), "--yes")
        made = await says("rotate", "savings", "main", *authority)
        allow(simulation, "ada", public_in(made), ("view", "trade", "transfer"))
        monkeypatch.setattr(ExchangeSuccessions, "_put", put_once)
        done = await says("finish", "savings", "main", *authority, "--api-key-fd", str(typed(BINANCE_KEY)))
        assert done["in_force"] is False
        assert len((await says("list", "savings"))["accounts"]) == 2, "the devices tell different stories"
    monkeypatch.undo()
    async with world.running() as client, asyncio.timeout(60):
        owner = Owner(client, owner.profile())
        while True:
            listed = (await owner.says("list", "savings", of=exchange.group))["accounts"]
            if [each["public"] for each in listed] == [public_in(made).hex()]:
                break
            await asyncio.sleep(0.2)
        assert listed[0]["successor"] is None and len(listed[0]["seen"]) == 3
