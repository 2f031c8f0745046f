"""The service carries notes to devices that took no part, and collects a strict wallet's words: with real signers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.support.service_world import Client, World, embedded_chain
from tests.support.simulator import bitcoin_policy

from warifu.protocol import api
from warifu.protocol.policy import Policy

pytestmark = pytest.mark.real

BTC = 100_000_000
LIMITED = bitcoin_policy(per_day=BTC)
STRICT = msgspec.structs.replace(LIMITED, strict=True)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with embedded_chain(tmp_path / "chain") as (chain, url):
        made = World(tmp_path, chain, url)
        made.found()
        made.settings["signer_wait"] = 0.2
        yield made


async def ready(world: World, client: Client, policy: Policy) -> None:
    for number in range(3):
        await world.add_device(client, f"device{number}")
    ceremony = await world.create_wallet(client, policy=policy)
    assert ceremony.state == "finished", ceremony.refusal
    await world.fund(client, BTC)


def counted(world: World, name: str) -> int:
    (wallet,) = world.devices[name].status().wallets
    return sum(int(item.amount) for item in wallet.spent_today)


async def until_counted(world: World, name: str) -> int:
    async with asyncio.timeout(30):
        while not (found := counted(world, name)):
            await asyncio.sleep(0.05)
    return found


def test_who_took_no_part_is_told_after_the_transfer(world):
    async def story() -> None:
        async with world.running() as client:
            await ready(world, client, LIMITED)
            sent = await world.send(client, await world.payment(client), ["device0", "device1"])
            assert sent.state == "broadcast"
            assert await until_counted(world, "device2") >= 60_000

    asyncio.run(story())


def test_who_was_asleep_is_told_when_it_connects(world):
    async def story() -> None:
        async with world.running() as client:
            await ready(world, client, LIMITED)
            await world.disconnect("device2")
            await world.send(client, await world.payment(client), ["device0", "device1"])
            assert counted(world, "device2") == 0
            await world.connect("device2")
            assert await until_counted(world, "device2") >= 60_000

    asyncio.run(story())


def test_a_strict_wallets_payment_is_counted_by_all_before_it_is_signed(world):
    async def story() -> None:
        async with world.running() as client:
            await ready(world, client, STRICT)
            sent = await world.send(client, await world.payment(client), ["device0", "device1"])
            assert sent.state == "broadcast", sent.refusal
            assert counted(world, "device2") >= 60_000
            kinds = [world.devices[f"device{number}"].kinds() for number in range(3)]
            assert all(each.count("acknowledged") == 1 for each in kinds)
            assert [each.count("started") for each in kinds] == [1, 1, 0]
            again = await world.send(client, await world.payment(client, 70_000), ["device1", "device2"])
            assert again.state == "broadcast", again.refusal

    asyncio.run(story())


def test_a_strict_wallet_says_who_is_missing(world):
    async def story() -> None:
        async with world.running() as client:
            await ready(world, client, STRICT)
            await world.disconnect("device2")
            payment = await world.payment(client)
            sent = await world.send(client, payment, ["device0", "device1"])
            assert sent.state == "needs-authorization" and sent.refusal is not None
            assert sent.refusal.code == "service.device-offline" and sent.refusal.blame == "device2"
            assert "3 of its 3" in sent.refusal.message
            assert not any("acknowledged" in device.kinds() for device in world.devices.values())
            await world.connect("device2")
            question = await world.question(client, payment, ["device0", "device1"])
            again = api.NewAuthorization(authorization=question.authorization, envelopes=question.envelopes)
            await client.post(f"/transfers/{payment.id}/authorize", again, api.Accepted)
            await client.until(payment.id, ("broadcast",))

    asyncio.run(story())
