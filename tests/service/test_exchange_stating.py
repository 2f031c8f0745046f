"""An owner's own withdrawal says who is paid: inside of the sealed call, and nowhere that a service or a journal is."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from tests.service.test_policy_commands import Owner
from tests.service.test_recovery import owners_profile
from tests.service.test_visits import stage
from tests.support.exchange_road import Record, all_looked, record_database, recorded
from tests.support.service_world import Client, World
from tests.support.visiting import BTC, keep_account, visiting_policy

from warifu.cli.commands import exchange
from warifu.cli.creating import adopt
from warifu.errors import ExchangeRefused, InputRefused
from warifu.protocol.encoding import encode
from warifu.sandbox.control import AddFault, ClearFaults, SetAccount
from warifu.sandbox.simulation import Simulation

pytestmark = pytest.mark.real
__all__ = ["stage"]
TOWN = "Hakone-12345"
FURTHER = ("GET /sapi/v2/localentity/withdraw/history", "POST /sapi/v1/localentity/withdraw/apply")
WITHDRAW = ("withdraw", "savings", "main", "BTC", "0.1", "--network", "BTC", "--no-memo")


async def owner_of(world: World, client: Client, simulation: Simulation) -> Owner:
    for number in range(3):
        await world.add_device(client, f"device{number}")
    policy = visiting_policy()
    rules = policy.exchanges[0]
    rules = msgspec.structs.replace(rules, endpoints=tuple(sorted((*rules.endpoints, *FURTHER))))
    policy = msgspec.structs.replace(policy, exchanges=(rules, *policy.exchanges[1:]))
    assert (await world.create_wallet(client, policy=policy)).state == "finished"
    keep_account(world.devices.values(), world.wallet_id, simulation, "ada")
    simulation.do(SetAccount(exchange="binance", account="ada", gives={"BTC": Decimal(1)}, travel_rule=True))
    await world.fund(client, BTC)
    owner = Owner(client, owners_profile(world, world.root / "owner"))
    await asyncio.to_thread(adopt, owner._bridge, owner.profile(), "savings")
    owner.home = world.root / "owner"  # type: ignore[attr-defined]
    owner._bridge.delete = lambda _path: None
    return owner


def kept_by_devices(world: World) -> bytes:
    """Their journals and what they say of themselves."""
    found = b""
    for device in world.devices.values():
        entries = device.device.journal.entries()
        found += b"".join(encode(event) for _, event in entries)
    return found


async def test_a_withdrawal_says_who_is_paid_and_the_service_sees_no_word_of_it(
    stage: Any, tmp_path: Path
) -> None:
    world, simulation, _ = stage
    statement, record = tmp_path / "me.json", Record()
    statement.write_text(json.dumps({"isAddressOwner": 1, "city": TOWN}))
    said = ("--travel-rule", str(statement), "--yes")
    async with world.running() as client:
        owner = await owner_of(world, client, simulation)

        async def says(*arguments: str) -> dict[str, Any]:
            return await owner.says(*arguments, of=exchange.group)

        with pytest.raises(ExchangeRefused) as refused:
            await says(*WITHDRAW, "--yes")
        assert "travel-rule" in refused.value.reason and "--travel-rule" in refused.value.remedy
        await all_looked(client, "main")
        async with recorded(client, record):
            done = await says(*WITHDRAW, *said)
            assert done["withdrawal"]["travel_rule"] == ["city", "isAddressOwner"]
            assert TOWN not in json.dumps(done)

            await all_looked(client, "main")
            simulation.do(AddFault(kind="lose-answer", path=".*/localentity/withdraw/apply"))
            with pytest.raises(ExchangeRefused):
                await says(*WITHDRAW, *said)
            simulation.do(ClearFaults())
            waiting = (await says("orders", "savings", "main"))["kept"]
            lost = next(each for each in waiting if each["client_id"] != done["withdrawal"]["client_id"])
            found = await says("status", "savings", "main", lost["client_id"])
            assert found["known"] is True, "it is looked for in the list of what said who is paid"
        record_database(record, world)
        assert record.holds(TOWN.encode()) == []
        assert TOWN.encode() not in kept_by_devices(world)
    kept = [file for file in (world.root / "owner").rglob("*") if file.is_file()]
    assert kept and all(TOWN.encode() not in file.read_bytes() for file in kept)


async def test_what_the_exchange_does_not_take_is_refused_before_anybody_is_asked_and_not_repeated(
    stage: Any, tmp_path: Path
) -> None:
    world, simulation, _ = stage
    statement = tmp_path / "me.json"
    async with world.running() as client:
        owner = await owner_of(world, client, simulation)
        for text in (json.dumps({"city": [TOWN]}), f"{{{TOWN}", "[]"):
            statement.write_text(text)
            with pytest.raises(InputRefused) as refused:
                await owner.says(*WITHDRAW, "--travel-rule", str(statement), "--yes", of=exchange.group)
            assert refused.value.reason == "travel-rule" and TOWN not in str(refused.value)
        assert (await owner.says("orders", "savings", "main", of=exchange.group))["kept"] == []


async def test_who_stated_it_for_visits_is_told_that_this_withdrawal_does_not_say_it(
    stage: Any, tmp_path: Path
) -> None:
    world, simulation, _ = stage
    statement = tmp_path / "me.json"
    statement.write_text(json.dumps({"isAddressOwner": 1, "city": TOWN}))
    async with world.running() as client:
        owner = await owner_of(world, client, simulation)
        await owner.says(
            "travel-rule", "savings", "main", "--file", str(statement), "--yes", of=exchange.group
        )
        told = await asyncio.to_thread(
            CliRunner().invoke, exchange.group, [*WITHDRAW], obj=owner, input="n\n"
        )
        assert "this withdrawal does not say it" in " ".join(told.output.split())
        told = await asyncio.to_thread(
            CliRunner().invoke,
            exchange.group,
            [*WITHDRAW, "--travel-rule", str(statement)],
            obj=owner,
            input="n\n",
        )
        words = " ".join(told.output.split())
        assert "this withdrawal does not say it" not in words and "city, isAddressOwner" in words
        assert TOWN not in words
