"""A device without a sealing key at a whole service: handed out over the API, shut by a power cut, opened over the hub.

The platform is a simulation (``tests.support.keyless``); the service, its API and its hub are the product's.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from nacl.utils import random
from tests.support.keyless_world import KeylessWorld, ready
from tests.support.peer_release import FORMAT, SimulatedVerifier
from tests.support.scripted_signer import Device, meeting
from tests.support.service_world import embedded_chain, now, refusal

from warifu.attestation import pinning
from warifu.attestation.registry import VERIFIERS
from warifu.errors import WarifuError
from warifu.protocol import api
from warifu.protocol.encoding import encode
from warifu.protocol.frames import (
    AskBoot,
    AskKeeper,
    AskPiece,
    BootPresence,
    CallRefused,
    Relay,
    Reply,
    decode_to_boot,
)
from warifu.protocol.identity import IdentityKey
from warifu.protocol.release import MAX_KEEPERS, AskChallenge
from warifu.protocol.request import HandOutRequest
from warifu.service.hub import boots
from warifu.service.hub.link import LinkClosed
from warifu.service.store.database import Database, create_database
from warifu.signer import booting, hand_outs


@pytest.fixture(autouse=True)
def simulated_vendor(monkeypatch):
    monkeypatch.setitem(VERIFIERS, FORMAT, SimulatedVerifier())
    monkeypatch.setitem(pinning.PINNED, FORMAT, ("launch",))
    monkeypatch.setattr(hand_outs, "WITHOUT_SEALING_KEY", {FORMAT})
    monkeypatch.setattr(booting, "OFF_PAUSE", 0.1)


# --- a whole service -------------------------------------------------------------------------------------------------


@pytest.fixture
def world(tmp_path: Path):
    with embedded_chain(tmp_path / "chain") as (chain, url):
        made = KeylessWorld(tmp_path, chain, url)
        made.found()
        yield made


@pytest.mark.real
async def test_from_the_hand_out_over_a_power_cut_to_a_device_like_any_other(world: KeylessWorld):
    async with world.running() as client:
        await ready(world, client)
        with pytest.raises(WarifuError) as wrong:
            await world.hand_out(client, passphrase="a guess")
        assert wrong.value.code == "passphrase.wrong"
        await world.hand_out(client)
        identity = world.server.identity
        await world.power_cut()
        await world.disconnect("cellar")
        async with world.booting() as opened:
            await until(lambda: world.server.said and world.server.said[-1].needed == 1)
            await until(lambda: "off service.device-offline" in world.server.states.values())
            assert world.server.states["attic"] == "released"
            shown = await client.get("/devices", api.Devices)
            server = next(device for device in shown.devices if device.name == "server")
            assert (server.connected, server.waiting) == (False, True)
            await world.connect("cellar")
            await asyncio.wait_for(opened, 60)
        await world.connect("server")
        assert world.server.identity == identity and world.service.hub.connected(identity)
        assert not world.service.hub.boots.waiting(identity)
        await world.fund(client, 100_000_000)
        payment = await world.payment(client)
        sent = await world.send(client, payment, ["attic", "server"])
        assert sent.state in ("broadcast", "confirmed")


async def until(true: Any) -> None:
    for _ in range(200):
        if true():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not happen")


# --- who is let in, and what a boot may say --------------------------------------------------------------------------


@pytest.fixture
def database(tmp_path: Path):
    made = create_database(tmp_path / "service", random(32))
    yield made
    made.close()


class Boot(Device):
    """A scripted boot of ``of``."""

    def __init__(self, of: Device) -> None:
        super().__init__(of.name)
        self.of = of

    def word(self, nonce: bytes, **changes: bytes) -> BootPresence:
        said = BootPresence(
            self.of.identity,
            self.identity,
            self.of.key.sign("boot-key", self.identity),
            self.key.sign("boot-presence", nonce),
        )
        return msgspec.structs.replace(said, **changes)

    async def hear_answer(self) -> Any:
        return decode_to_boot(await asyncio.wait_for(self.end.receive(), 60))


async def enter(hall: Any, name: str = "server") -> Boot:
    boot = Boot(hall.devices[name])
    await hall.knock(boot)
    await boot.say(boot.word(await boot.challenge()))
    await until(lambda: hall.hub.boots.waiting(boot.of.identity))
    return boot


QUESTION = AskChallenge(bytes(32))


@pytest.mark.unit
async def test_a_boot_s_questions_go_to_its_keeper_and_the_answers_back(database: Database):
    async with meeting(database, "server", "attic") as hall:
        keeper, boot = await hall.enter(hall.devices["attic"]), await enter(hall)
        await boot.say(AskKeeper(7, keeper.identity, QUESTION))
        asked = await keeper.hear()
        assert isinstance(asked, AskPiece) and asked.question == QUESTION
        await keeper.say(Reply(asked.call, b"answer"))
        assert await boot.hear_answer() == Reply(7, b"answer")
        await boot.say(AskKeeper(8, random(32), QUESTION))
        refused = await boot.hear_answer()
        assert isinstance(refused, CallRefused)
        assert (refused.call, refused.refusal.reason) == (8, "device-offline")


@pytest.mark.unit
@pytest.mark.parametrize("forged", ["no certificate", "another's key", "other nonce", "stranger"])
async def test_a_connection_that_proves_no_boot_key_is_closed(database: Database, forged: str):
    async with meeting(database, "server") as hall:
        boot = Boot(hall.devices["server"] if forged != "stranger" else Device("server"))
        await hall.knock(boot)
        nonce = await boot.challenge()
        word = {
            "no certificate": boot.word(nonce, certificate=boot.key.sign("boot-key", boot.identity)),
            "another's key": boot.word(nonce, signature=IdentityKey.generate().sign("boot-presence", nonce)),
            "other nonce": boot.word(random(32)),
            "stranger": boot.word(nonce),
        }[forged]
        await boot.say(word)
        assert await boot.is_disconnected()
        assert not hall.hub.boots.waiting(boot.of.identity)


@pytest.mark.unit
async def test_a_boot_counts_as_no_device(database: Database):
    async with meeting(database, "server") as hall:
        boot = await enter(hall)
        assert not hall.hub.connected(boot.of.identity) and hall.hub.connected_count() == 0
        device = await hall.enter(hall.devices["server"])
        assert not boot.end.closed and not device.end.closed
        await boot.say(Relay(bytes(16), bytes(32), b""))
        assert await boot.is_disconnected()
        assert hall.hub.connected(device.identity)


@pytest.mark.unit
async def test_of_two_boots_of_one_device_the_newer_stays(database: Database):
    async with meeting(database, "server") as hall:
        first = await enter(hall)
        second = Boot(hall.devices["server"])
        await hall.knock(second)
        await second.say(second.word(await second.challenge()))
        assert await first.is_disconnected()
        assert hall.hub.boots.waiting(second.of.identity)
        hall.hub.disconnect(second.of.identity)  # the device was removed
        assert await second.is_disconnected()


@pytest.mark.unit
async def test_a_boot_that_asks_more_than_it_can_have_keepers_is_disconnected(database: Database):
    async with meeting(database, "server", "attic") as hall:
        keeper, boot = await hall.enter(hall.devices["attic"]), await enter(hall)
        with contextlib.suppress(LinkClosed):
            for number in range(MAX_KEEPERS + 1):
                await boot.say(AskKeeper(number, keeper.identity, QUESTION))
        assert await boot.is_disconnected()


@pytest.mark.unit
async def test_only_the_boot_that_was_asked_answers_for_itself(database: Database):
    async with meeting(database, "server", "other") as hall:
        boot, other = await enter(hall), await enter(hall, "other")
        asking = asyncio.create_task(hall.hub.boots.ask(boot.of.identity, bytes(32), "server"))
        asked = await boot.hear_answer()
        assert isinstance(asked, AskBoot) and asked.nonce == bytes(32)
        await other.say(Reply(asked.call, b"another's"))
        await other.say(AskKeeper(1, random(32), QUESTION))
        await other.hear_answer()  # what it said before was taken
        busy = await refusal(hall.hub.boots.ask(boot.of.identity, bytes(32), "server"))
        assert busy.code == "service.device-busy"
        await boot.say(Reply(asked.call, b"its own"))
        assert await asyncio.wait_for(asking, 60) == b"its own"


@pytest.mark.unit
async def test_a_boot_that_does_not_answer_or_is_not_there_is_named(database: Database, monkeypatch):
    monkeypatch.setattr(boots, "ASK_TIMEOUT", 0.05)
    async with meeting(database, "server") as hall:
        absent = await refusal(hall.hub.boots.ask(hall.devices["server"].identity, bytes(32), "server"))
        assert (absent.code, absent.blame) == ("service.device-offline", "server")
        boot = await enter(hall)
        silent = await refusal(hall.hub.boots.ask(boot.of.identity, bytes(32), "server"))
        assert (silent.code, silent.blame) == ("service.device-silent", "server")


@pytest.mark.unit
async def test_there_is_room_for_so_many_boots_and_no_more(database: Database, monkeypatch):
    monkeypatch.setattr(boots, "MAX_BOOTS", 1)
    async with meeting(database, "server", "other") as hall:
        first, second = await enter(hall), Boot(hall.devices["other"])
        await hall.knock(second)
        await second.say(second.word(await second.challenge()))
        assert await second.is_disconnected()
        assert not first.end.closed
        again = await enter(hall)  # the same device comes back: it takes its own place
        assert not again.end.closed


@pytest.mark.real
async def test_the_service_carries_hand_outs_and_nothing_else_by_that_road(world: KeylessWorld):
    async with world.running() as client:
        await ready(world, client)
        identities = [device.identity for device in world.devices.values()]
        authorization, envelopes = await client.authorized(world.wallet_request(2), identities)
        question = api.NewHandOut(authorization=authorization, envelopes=envelopes)
        assert (await refusal(client.post("/hand-outs", question, api.HandOut))).code == "input.request"
        request = HandOutRequest(
            random(16), world.wallet_id, identities[2], (min(identities[:2]),), 1, now(), now() + 600
        )
        authorization, envelopes = await client.authorized(request, identities[1:])
        question = api.NewHandOut(authorization=authorization, envelopes=envelopes)
        assert (await refusal(client.post("/hand-outs", question, api.HandOut))).code == "input.envelopes"


@pytest.mark.unit
def test_the_frames_to_a_boot_are_read_strictly():
    for frame in (Relay(bytes(16), bytes(32), b""), BootPresence(bytes(32), bytes(32), bytes(64), bytes(64))):
        with pytest.raises(WarifuError):
            decode_to_boot(encode(frame))
