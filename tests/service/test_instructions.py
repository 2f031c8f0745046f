"""What owners say about a wallet comes to every device, also to one that was away, and is done once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from nacl.utils import random
from tests.support.service_world import Client, World, copied, now
from tests.support.simulator import PASSPHRASE

from warifu.errors import AuthorizationRefused, InputRefused
from warifu.protocol import api
from warifu.protocol.authorization import authorize
from warifu.protocol.credential import DeviceKey, approver
from warifu.protocol.encoding import encode
from warifu.protocol.frames import Instruct, WalletStatus, decode_to_signer
from warifu.protocol.framing import Origin
from warifu.protocol.identity import IdentityKey
from warifu.protocol.operator import FreezeDevice, VetoWaiting
from warifu.protocol.request import (
    FreezeRequest,
    Instruction,
    RulesRequest,
    UnfreezeRequest,
    request_digest,
)
from warifu.protocol.rules import Rules, rules_hash
from warifu.service.store.instructions import owners_of, rules_of
from warifu.service.store.wallets import wallet_named

pytestmark = pytest.mark.real


@pytest.fixture
def world(template: World, tmp_path: Path):
    with copied(template, tmp_path / "world") as made:
        yield made
        for device in made.devices.values():
            device.close()


def times() -> tuple[int, int]:
    return now(), now() + 3600


def change(world: World, before: Rules, **fields: Any) -> RulesRequest:
    policy = msgspec.structs.replace(before.policy, **fields)
    rules = Rules(before.revision + 1, before.owners, policy)
    return RulesRequest(random(16), world.wallet_id, rules_hash(before), rules, *times())


def first_rules(world: World) -> Rules:
    return wallet_named(world.database, "savings").request.rules


def status(world: World, name: str) -> WalletStatus:
    (found,) = world.devices[name].status().wallets
    return found


async def tell(
    client: Client, request: Instruction, sealed_to: Sequence[bytes] = (), key: IdentityKey | None = None
) -> api.Instruction:
    if sealed_to:
        authorization, envelopes = await client.authorized(request, sealed_to, PASSPHRASE)
    else:
        signed = authorize(approver(key or client.owner), request, encode(request), ())
        authorization, envelopes = encode(signed), ()
    question = api.NewInstruction(authorization=authorization, envelopes=envelopes)
    return await client.post("/instructions", question, api.Instruction)


def states(told: api.Instruction) -> dict[str, str]:
    return {device.device: device.state for device in told.devices}


async def kept(client: Client) -> api.Instruction:
    """The one that the service has."""
    (found,) = (await client.get("/wallets/savings/instructions", api.Instructions)).instructions
    return found


async def until(check: Any) -> None:
    for _ in range(1500):
        if check():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not happen")


async def test_a_tightening_reaches_all_and_one_that_was_away_when_it_comes(world):
    async with world.running() as client:
        await world.disconnect("device2")
        request = change(world, first_rules(world), passphrase_tries=3)
        told = await tell(client, request)
        assert states(told) == {"device0": "done", "device1": "done", "device2": "away"}
        assert told.id == request_digest(request).hex() and told.kind == "rules"
        assert told.devices[0].words[0].startswith("tightens (passphrase-tries)")
        await world.connect("device2")
        await until(lambda: status(world, "device2").revision == 2)
        while set(states(await kept(client)).values()) != {"done"}:  # the service hears of it a moment later
            await asyncio.sleep(0.02)
    async with world.running() as client:  # the service was stopped and started: nothing is told twice
        assert set(states(await kept(client)).values()) == {"done"}
        assert (await tell(client, request)).id == told.id
        assert [device.kinds().count("rules-changed") for device in world.devices.values()] == [1, 1, 1]


async def test_what_was_kept_and_told_nobody_is_told_after_the_service_was_killed(world, monkeypatch):
    async with world.running() as client:
        monkeypatch.setattr(world.service.instructor, "_tell", lambda *_: asyncio.sleep(0))
        told = await tell(client, FreezeRequest(random(16), world.wallet_id, "stolen", *times()))
        assert set(states(told).values()) == {"away"}
    async with world.running():
        await until(lambda: all(status(world, name).frozen == "stolen" for name in world.devices))


async def test_a_loosening_is_sealed_to_each_device_and_waits_there_until_somebody_vetoes_it(world):
    async with world.running() as client:
        request = change(world, first_rules(world), passphrase_tries=20)
        there = [world.devices[name].identity for name in ("device0", "device1")]
        told = await tell(client, request, there)
        assert states(told) == {"device0": "waits", "device1": "waits", "device2": "away"}
        assert told.devices[0].effect >= now() + 47 * 3600
        assert rules_of(world.database, wallet_named(world.database, "savings")).revision == 1
        # The operator of one device vetoes, and the service carries its word to the other.
        world.devices["device0"].operator(VetoWaiting(world.wallet_id, request_digest(request)))
        await until(lambda: status(world, "device1").pending == ())
        again = await tell(client, request, there)
        assert {device.refusal.code for device in again.devices if device.refusal} == {"authorization.vetoed"}


async def test_a_new_owner_is_known_to_the_service_and_his_words_are_passed_on(world):
    other = IdentityKey.generate()
    async with world.running() as client:
        before = first_rules(world)
        current = Rules(2, before.owners, msgspec.structs.replace(before.policy, loosening_delay=0))
        for name in world.devices:  # no wait: so that the change is in force within the test
            device = world.devices[name].device
            with device.store.transaction():
                device.rules.put(world.wallet_id, current, now())
        rules = Rules(3, (*before.owners, DeviceKey(other.public)), current.policy)
        request = RulesRequest(random(16), world.wallet_id, rules_hash(current), rules, *times())
        with pytest.raises(AuthorizationRefused):
            await tell(client, FreezeRequest(random(16), world.wallet_id, "mine", *times()), key=other)
        told = await tell(client, request, [device.identity for device in world.devices.values()])
        assert set(states(told).values()) == {"waits"} and told.devices[0].effect <= now()
        stored = wallet_named(world.database, "savings")
        assert DeviceKey(other.public) in owners_of(world.database, stored)
        assert rules_of(world.database, stored) == rules
        told = await tell(client, FreezeRequest(random(16), world.wallet_id, "mine", *times()), key=other)
        assert set(states(told).values()) == {"done"}


async def test_a_device_that_does_not_answer_delays_no_other_ones_news(world, monkeypatch):
    """Not its wallet's, and not another wallet's: what it is told is a freeze, perhaps."""
    async with world.running() as client:
        for name in ("device0", "device1", "device2"):
            await world.disconnect(name)
        for _ in range(2):
            await tell(client, FreezeRequest(random(16), world.wallet_id, "", *times()))
        signer = world.devices["device0"].signer
        original = signer.receive

        def silent(origin: Origin, payload: bytes) -> Any:
            heard = decode_to_signer(payload) if origin is Origin.SERVICE else None
            return [] if isinstance(heard, Instruct) else original(origin, payload)

        monkeypatch.setattr(signer, "receive", silent)
        for name in ("device0", "device1", "device2"):
            await world.connect(name)
        async with asyncio.timeout(20):  # it is waited for for half a minute, each time
            while any(status(world, name).frozen is None for name in ("device1", "device2")):
                await asyncio.sleep(0.02)
        await world.disconnect("device0")


async def test_a_frozen_wallet_sends_nothing_until_it_is_unfrozen(world):
    async with world.running() as client:
        await tell(client, FreezeRequest(random(16), world.wallet_id, "stop", *times()))
        ended = await world.send(client, await world.payment(client))
        assert ended.state == "refused" and ended.refusal is not None
        assert ended.refusal.code == "policy.frozen-wallet"
        told = await tell(
            client,
            UnfreezeRequest(random(16), world.wallet_id, *times()),
            [device.identity for device in world.devices.values()],
        )
        assert set(states(told).values()) == {"waits"}


async def test_a_device_that_freezes_its_wallets_is_heard_by_the_others(world):
    async with world.running():
        world.devices["device1"].operator(FreezeDevice("the door was open", wallets=True))
        await until(lambda: status(world, "device0").frozen is not None)
        assert status(world, "device0").frozen == "device device1: the door was open"


async def test_a_stranger_and_what_is_no_instruction_come_no_further_than_the_service(world):
    async with world.running() as client:
        stranger = IdentityKey.generate()
        with pytest.raises(AuthorizationRefused):
            await tell(client, FreezeRequest(random(16), world.wallet_id, "x", *times()), key=stranger)
        payment = await world.payment(client)
        signed = authorize(approver(client.owner), payment.request, encode(payment.request), ())
        with pytest.raises(InputRefused):
            question = api.NewInstruction(authorization=encode(signed), envelopes=())
            await client.post("/instructions", question, api.Instruction)
        assert (await client.get("/wallets/savings/instructions", api.Instructions)).instructions == ()


async def test_many_notices_do_not_crowd_out_a_change_of_rules(world, monkeypatch):
    monkeypatch.setattr("warifu.service.store.instructions.MAX_SHOWN", 2)
    async with world.running() as client:
        request = change(world, first_rules(world), passphrase_tries=3)
        await tell(client, request)
        for number in range(3):
            await tell(client, FreezeRequest(random(16), world.wallet_id, str(number), *times()))
        told = (await client.get("/wallets/savings/instructions", api.Instructions)).instructions
        assert sorted(item.kind for item in told) == ["freeze", "freeze", "rules"]
        assert rules_of(world.database, wallet_named(world.database, "savings")) == request.rules
