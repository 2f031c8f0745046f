"""What ECDSA signing uses up is made ahead of time, and before the owner's envelopes are touched.

The signers hold a whole key each and count as the protocol says (``tests/support/whole_key.py``).
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.account_world import AccountWorld, LocalEvm, account_world, local_evm

from warifu.protocol import api
from warifu.service.workflows import correlations
from warifu.service.workflows.correlations import TARGET

pytestmark = pytest.mark.real

NOTHING = -1
"""As a target: no round makes anything."""


@pytest.fixture(scope="module")
def evm() -> Iterator[LocalEvm]:
    with local_evm() as made:
        yield made


@pytest.fixture
def world(tmp_path: Path, evm: LocalEvm, monkeypatch) -> AccountWorld:
    """Nothing is made ahead of time unless a test wants it."""
    monkeypatch.setattr(correlations, "ROUND_SECONDS", 0.05)
    monkeypatch.setattr(correlations, "TARGET", NOTHING)
    return account_world(tmp_path, evm)


def prepared(world: AccountWorld) -> dict[tuple[str, str], int]:
    """What each says that it has with each other."""
    return {
        (one, other): world.signer(one).prepared[world.devices[other].identity]
        for one in world.devices
        for other in world.devices
        if one != other
    }


async def until_prepared(world: AccountWorld, count: int) -> None:
    async with asyncio.timeout(60):
        while set(prepared(world).values()) != {count}:
            await asyncio.sleep(0.02)


async def test_each_two_connected_devices_are_kept_prepared(world: AccountWorld, monkeypatch):
    monkeypatch.setattr(correlations, "TARGET", TARGET)
    async with world.running() as client:
        await until_prepared(world, TARGET)
        for signer in map(world.signer, world.devices):
            assert all(len(frame.participants) == 2 and frame.count == TARGET for frame in signer.correlating)
        # Once half of it is used up it is made again.
        for _ in range(TARGET // 2):
            await world.send(client, await world.pay(client))
        await until_prepared(world, TARGET)
        made = world.signer("device0").correlating[-1]
        assert made.count == TARGET // 2
        assert set(made.participants) == {world.devices[name].identity for name in ("device0", "device1")}


async def test_a_device_that_is_not_there_is_left_out(world: AccountWorld, monkeypatch):
    async with world.running():
        await world.disconnect("device2")
        monkeypatch.setattr(correlations, "TARGET", TARGET)
        async with asyncio.timeout(60):
            while prepared(world)["device0", "device1"] < TARGET:
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.2)
        assert not any(count for pair, count in prepared(world).items() if "device2" in pair)


async def test_a_transfer_prepares_its_own_devices_before_the_envelopes_are_used(world: AccountWorld):
    async with world.running() as client:
        payment = await world.pay(client)
        sent = await world.send(client, payment)
        assert sent.state == "broadcast"
        one, other, third = map(world.signer, world.devices)
        assert (
            [frame.count for frame in one.correlating] == [frame.count for frame in other.correlating] == [1]
        )
        assert third.correlating == []
        assert (len(one.opened), len(other.opened)) == (1, 1), "one session, so no envelope was tried twice"


async def test_a_device_that_lost_what_it_says_it_has_costs_no_envelope(world: AccountWorld):
    """Rolled back, say. It refuses before it touches its envelope, and the same envelopes serve again."""
    async with world.running() as client:
        for one, other in (("device0", "device1"), ("device1", "device0")):
            world.signer(one).claims = {world.devices[other].identity: 3}
        sent = await world.send(client, await world.pay(client))
        assert sent.state == "broadcast" and sent.refusal is None
        first, second = world.signer("device0"), world.signer("device1")
        assert len(first.opened) == len(second.opened) == 2
        assert len(first.correlating) == len(second.correlating) == 1


@pytest.mark.parametrize("claim", [-(2**60), 2**60])
async def test_what_a_hostile_device_says_that_it_has_is_bounded(
    world: AccountWorld, monkeypatch, claim: int
):
    """Else an honest one would be sent a frame that it takes for nonsense, and leave."""
    monkeypatch.setattr(correlations, "TARGET", TARGET)
    hostile = world.signer("device2")
    hostile.insists = claim
    async with world.running():
        async with asyncio.timeout(60):
            while prepared(world)["device0", "device1"] < TARGET:
                await asyncio.sleep(0.02)
        for name in ("device0", "device1"):
            assert all(1 <= frame.count <= TARGET for frame in world.signer(name).correlating)
            assert world.service.hub.connected(world.devices[name].identity)


async def test_a_device_that_never_prepares_gives_the_transfer_back(world: AccountWorld):
    async with world.running() as client:
        world.signer("device1").refuses_correlating = True
        broken = await world.send(client, await world.pay(client))
        assert broken.state == "needs-authorization" and broken.refusal is not None
        assert broken.refusal.code == "session.busy"
        assert world.signer("device0").opened == [], "the envelopes went nowhere"
        world.signer("device1").refuses_correlating = False


async def test_after_a_failure_a_pair_is_left_alone_for_longer_each_time(world: AccountWorld, monkeypatch):
    monkeypatch.setattr(correlations, "TARGET", TARGET)
    for name in world.devices:
        world.signer(name).refuses_correlating = True
    async with world.running():
        pauses = world.service.correlations._pauses
        await until_asked(world)
        for failures in (1, 2, 3):
            await rounds(world, 3)
            # With each of the two others once, and not in each round.
            assert len(world.signer("device0").correlating) == 2 * failures
            assert {pause.seconds for pause in pauses.values()} == {10.0 * 2**failures}
            for pause in pauses.values():
                pause.until = 0.0  # as if it had passed
            await rounds(world, 2)
        for name in world.devices:
            world.signer(name).refuses_correlating = False
        for pause in pauses.values():
            pause.until = 0.0
        await until_prepared(world, TARGET)


async def test_a_device_that_always_says_that_it_has_nothing_is_not_prepared_for_in_each_round(
    world: AccountWorld, monkeypatch
):
    """Each honest one admits so many batches an hour with it, and each costs it work."""
    monkeypatch.setattr(correlations, "TARGET", TARGET)
    hostile = world.signer("device2")
    hostile.insists = 0
    async with world.running():
        pauses = world.service.correlations._pauses
        await until_asked(world)
        for failures in (1, 2, 3):
            await rounds(world, 5)
            assert len(hostile.correlating) == 2 * failures, (
                "once with each of the others, and not in each round"
            )
            paused = {pair for _, pair in pauses}
            assert len(paused) == 2 and all(hostile.identity in pair for pair in paused)
            assert {pause.seconds for pause in pauses.values()} == {10.0 * 2**failures}
            for pause in pauses.values():
                pause.until = 0.0  # as if it had passed
            await rounds(world, 5)
        honest = [len(world.signer(name).correlating) for name in ("device0", "device1")]
        assert honest == [5, 5], "once with each other, and four times with the hostile one"


async def until_asked(world: AccountWorld) -> None:
    """Every two were asked once."""
    async with asyncio.timeout(60):
        while sum(len(world.signer(name).correlating) for name in world.devices) < 6:
            await asyncio.sleep(0.02)


async def rounds(world: AccountWorld, count: int) -> None:
    """So many questions after what is prepared."""
    first = world.signer("device0").asked
    async with asyncio.timeout(60):
        while world.signer("device0").asked < first + count:
            await asyncio.sleep(0.02)


async def test_a_transfer_does_not_wait_for_a_silent_third_device(world: AccountWorld, monkeypatch):
    monkeypatch.setattr(correlations, "_STATUS_SECONDS", 0.3)
    async with world.running() as client:
        world.signer("device2").silent = True
        monkeypatch.setattr(correlations, "TARGET", TARGET)
        sent = await world.send(client, await world.pay(client))
        assert sent.state == "broadcast"
        assert (await client.get("/devices", api.Devices)).devices[2].connected
        world.signer("device2").silent = False
