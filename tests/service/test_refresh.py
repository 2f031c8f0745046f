"""A refresh through the whole service: real signers, a real chain, and whatever goes away in the middle."""

import asyncio
from itertools import combinations
from pathlib import Path
from typing import Any

import msgspec
import pytest
from nacl.utils import random
from tests.support.service_world import Client, World, copied, now, refusal
from tests.support.simulator import PASSPHRASE, SimulatedDevice

from warifu.errors import WarifuError
from warifu.protocol import api
from warifu.protocol.encoding import decode, encode
from warifu.protocol.epochs import EpochCertificate, certify, check_certificate, read_statement
from warifu.protocol.frames import (
    Finished,
    OpenSession,
    Relay,
    Reply,
    ShowEpoch,
    decode_from_signer,
    decode_to_signer,
)
from warifu.protocol.framing import Origin
from warifu.protocol.request import RefreshRequest
from warifu.service.store import schema
from warifu.service.workflows import refresh as refresh_workflow

pytestmark = pytest.mark.real
WORDS = 4
"""The place of its word among what a device says to another: after Hello, Shown, zero shares and agreement."""


@pytest.fixture
def world(template: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(refresh_workflow, "ROUND_SECONDS", 0.2)
    with copied(template, tmp_path / "world") as made:
        yield made


def impatient(world: World) -> None:
    """From its next start the service waits four seconds for a session."""
    world.settings["session_seconds"] = 4.0


async def question(
    world: World, client: Client, epoch: int = 1, passphrase: str = PASSPHRASE
) -> tuple[str, api.NewRefresh]:
    request = RefreshRequest(random(16), world.wallet_id, epoch, now(), now() + 600)
    identities = sorted(device.identity for device in world.devices.values())
    authorization, envelopes = await client.authorized(request, identities, passphrase)
    return request.request_id.hex(), api.NewRefresh(authorization=authorization, envelopes=envelopes)


async def begin(world: World, client: Client, epoch: int = 1) -> str:
    identifier, asked = await question(world, client, epoch)
    assert (await client.post("/wallets/savings/refresh", asked, api.Accepted)).id == identifier
    return identifier


async def ended(client: Client, identifier: str) -> api.Refresh:
    while True:
        found = await client.get(f"/refreshes/{identifier}", api.Refresh)
        if found.state != "running":
            return found
        await asyncio.sleep(0.02)


async def nobody_behind(client: Client, identifier: str) -> None:
    for _ in range(600):
        found = await client.get(f"/refreshes/{identifier}", api.Refresh)
        if found.state == "finished" and not found.behind:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("a device stays behind")


async def every_pair_pays(world: World, client: Client) -> None:
    """Money of the embedded chain, confirmed in its blocks."""
    for pair in combinations(world.devices, 2):
        sent = await world.send(client, await world.payment(client), pair)
        assert sent.state == "broadcast", sent.refusal
        await asyncio.to_thread(world.chain.mine, 1)


def epochs(world: World) -> list[int]:
    return [device.status().wallets[0].epoch for device in world.devices.values()]


def hears(device: SimulatedDevice, keep: Any) -> None:
    """The device gets only those frames of the service for which ``keep`` says yes."""
    original = device.signer.receive

    def receive(origin: Any, payload: bytes) -> Any:
        if origin is Origin.SERVICE and not keep(decode_to_signer(payload)):
            return []
        return original(origin, payload)

    device.signer.receive = receive  # type: ignore[method-assign]


def all_but_words() -> Any:
    heard: dict[tuple[bytes, bytes], int] = {}

    def keep(frame: Any) -> bool:
        if not isinstance(frame, Relay):
            return True
        place = heard[frame.session, frame.peer] = heard.get((frame.session, frame.peer), -1) + 1
        return place != WORDS

    return keep


async def test_the_new_shares_pay_and_the_address_stays(world: World):
    async with world.running() as client:
        before = (await client.get("/wallets/savings/addresses", api.Addresses)).addresses
        for epoch in (1, 2):
            found = await ended(client, await begin(world, client, epoch))
            assert (found.state, found.epoch, found.behind) == ("finished", epoch, ()), found.refusal
            identities = sorted(device.identity for device in world.devices.values())
            assert (
                check_certificate(found.certificate, world.wallet_id, identities, ("bip340",)).epoch == epoch
            )
            assert epochs(world) == [epoch] * 3
            wallet = await client.get("/wallets/savings", api.Wallet)
            assert wallet.certificate == found.certificate
            await every_pair_pays(world, client)
        assert (await client.get("/wallets/savings/addresses", api.Addresses)).addresses == before


async def test_who_is_missing_is_said_and_nothing_is_done(world: World):
    async with world.running() as client:
        identifier, asked = await question(world, client)
        await world.disconnect("device2")
        await client.post("/wallets/savings/refresh", asked, api.Accepted)
        waiting = await client.get(f"/refreshes/{identifier}", api.Refresh, after=0, wait=5)
        assert [event.text for event in waiting.events] == ["waiting for: device2"]
        found = await ended(client, identifier)
        assert found.refusal is not None
        assert (found.refusal.code, found.refusal.blame) == ("service.device-offline", "device2")
        assert epochs(world) == [0, 0, 0]


async def test_who_comes_in_time_takes_part(world: World):
    async with world.running() as client:
        identifier, asked = await question(world, client)
        await world.disconnect("device2")
        await client.post("/wallets/savings/refresh", asked, api.Accepted)
        await client.get(f"/refreshes/{identifier}", api.Refresh, after=0, wait=5)
        await world.connect("device2")
        assert (await ended(client, identifier)).state == "finished"


async def test_the_same_question_is_one_refresh_and_two_at_once_are_refused(world: World):
    async with world.running() as client:
        identifier, asked = await question(world, client)
        _, other = await question(world, client)
        for _ in range(2):
            assert (await client.post("/wallets/savings/refresh", asked, api.Accepted)).id == identifier
        assert (
            await refusal(client.post("/wallets/savings/refresh", other, api.Accepted))
        ).reason == "refresh-running"
        assert (await ended(client, identifier)).state == "finished"
        assert (await client.post("/wallets/savings/refresh", asked, api.Accepted)).id == identifier
        assert epochs(world) == [1, 1, 1]


async def test_a_wrong_passphrase_and_an_epoch_that_does_not_follow(world: World):
    async with world.running() as client:
        identifier, asked = await question(world, client, passphrase="wrong wrong wrong")
        await client.post("/wallets/savings/refresh", asked, api.Accepted)
        found = await ended(client, identifier)
        assert found.refusal is not None and found.refusal.code == "passphrase.wrong"
        found = await ended(client, await begin(world, client, 5))
        assert found.refusal is not None and found.refusal.code == "authorization.epoch-stale"
        await every_pair_pays(world, client)


async def test_a_device_that_missed_the_end_is_shown_it_when_it_comes_back(world: World):
    impatient(world)
    async with world.running() as client:
        last = world.devices["device2"]
        hears(last, all_but_words())
        identifier = await begin(world, client)
        for _ in range(400):
            if epochs(world)[:2] == [1, 1]:
                break
            await asyncio.sleep(0.01)
        await world.disconnect("device2")
        last.restart()
        found = await ended(client, identifier)
        assert (found.state, found.behind) == ("finished", ("device2",))
        assert epochs(world) == [1, 1, 0]
        await world.connect("device2")
        await nobody_behind(client, identifier)
        assert epochs(world) == [1, 1, 1]
        await every_pair_pays(world, client)


async def test_who_is_behind_is_shown_the_end_before_it_signs(world: World):
    """No session is wasted on it, and no passphrase: the certificate goes ahead of the request."""
    impatient(world)
    async with world.running() as client:
        last = world.devices["device2"]
        hears(last, all_but_words())
        identifier = await begin(world, client)
        found = await ended(client, identifier)  # its silence ends the session; the others' journals know
        assert found.state == "finished"
        del last.signer.receive
        sent = await world.send(client, await world.payment(client), ["device0", "device2"])
        assert sent.state == "broadcast", sent.refusal
        assert epochs(world) == [1, 1, 1]


@pytest.mark.parametrize("moment", ["before the devices entered", "when two had finished"])
async def test_a_service_that_is_killed_in_the_middle_takes_it_up(world: World, moment: str):
    async with world.running() as client:
        identifier, asked = await question(world, client)
        deaf = (
            all_but_words()
            if moment == "when two had finished"
            else (lambda frame: not isinstance(frame, OpenSession))
        )
        hears(world.devices["device2"], deaf)
        await client.post("/wallets/savings/refresh", asked, api.Accepted)
        wanted = [1, 1] if moment == "when two had finished" else [0, 0]
        for _ in range(400):
            if epochs(world)[:2] == wanted and len(world.service.hub._sessions) == 1:
                break
            await asyncio.sleep(0.005)
        await world.service.refreshes.close()  # as a killed process leaves it: nothing more is written
    del world.devices["device2"].signer.receive
    async with world.running() as client:
        found = await ended(client, identifier)
        if moment == "when two had finished":
            assert found.state == "finished", found.refusal
            await nobody_behind(client, identifier)
            assert epochs(world) == [1, 1, 1]
        elif found.state == "refused":  # the devices had opened their one-shot envelopes
            assert found.refusal is not None and found.refusal.code == "session.interrupted"
            assert (await ended(client, await begin(world, client))).state == "finished"
        await every_pair_pays(world, client)


async def test_a_device_that_hands_in_something_else_ends_it_in_its_own_name(world: World):
    async with world.running() as client:
        liar = world.devices["device1"]
        original = liar.signer.receive

        def receive(origin: Any, payload: bytes) -> Any:
            return [(where, forged(data)) for where, data in original(origin, payload)]

        def forged(data: bytes) -> bytes:
            frame = decode_from_signer(data)
            return (
                encode(Finished(frame.session, b"\x92\xc4\x00\x90")) if isinstance(frame, Finished) else data
            )

        liar.signer.receive = receive  # type: ignore[method-assign]
        found = await ended(client, await begin(world, client))
        # The others have the certificate: what one says of it decides nothing.
        assert found.state == "finished"
        assert epochs(world) == [1, 1, 1]


async def test_another_wallets_request_and_a_stranger_are_refused_at_the_door(world: World):
    async with world.running() as client:
        request = RefreshRequest(random(16), bytes(32), 1, now(), now() + 600)
        identities = sorted(device.identity for device in world.devices.values())
        authorization, envelopes = await client.authorized(request, identities)
        strange = api.NewRefresh(authorization=authorization, envelopes=envelopes)
        with pytest.raises(WarifuError, match="not a request to refresh this wallet"):
            await client.post("/wallets/savings/refresh", strange, api.Accepted)
        _, asked = await question(world, client)
        fewer = api.NewRefresh(authorization=asked.authorization, envelopes=asked.envelopes[:2])
        with pytest.raises(WarifuError, match="envelopes"):
            await client.post("/wallets/savings/refresh", fewer, api.Accepted)
        assert (await refusal(client.get("/refreshes/" + "0" * 32, api.Refresh))).reason == "unknown-refresh"


async def test_an_end_that_nobody_could_be_asked_about_is_found_when_the_devices_come_back(world: World):
    """All connections break just after two devices finished: to the service it looks like a refusal."""
    async with world.running() as client:
        hears(world.devices["device2"], all_but_words())
        identifier = await begin(world, client)
        for _ in range(400):
            if epochs(world)[:2] == [1, 1]:
                break
            await asyncio.sleep(0.005)
        await asyncio.gather(*(world.disconnect(name) for name in world.devices))
        del world.devices["device2"].signer.receive
        await ended(client, identifier)
        for name in world.devices:
            await world.connect(name)
        await nobody_behind(client, identifier)
        found = await client.get(f"/refreshes/{identifier}", api.Refresh)
        assert (found.state, found.refusal) == ("finished", None)
        assert epochs(world) == [1, 1, 1]
        assert (await ended(client, await begin(world, client, 2))).state == "finished"


async def test_a_service_that_was_put_back_to_an_old_database_learns_the_epoch_from_the_devices(world: World):
    async with world.running() as client:
        found = await ended(client, await begin(world, client))
        with world.database.writing() as connection:
            connection.execute(schema.epochs.delete())
            connection.execute(schema.refreshes.delete())
    async with world.running() as client:
        for _ in range(200):
            wallet = await client.get("/wallets/savings", api.Wallet)
            if wallet.certificate:
                break
            await asyncio.sleep(0.05)
        assert wallet.certificate == found.certificate
        assert (await ended(client, await begin(world, client, 2))).state == "finished"


async def test_a_device_that_shows_nonsense_teaches_the_service_nothing(world: World):
    async with world.running() as client:
        found = await ended(client, await begin(world, client))
        real = decode(EpochCertificate, found.certificate, 2**14)
        statement = msgspec.structs.replace(read_statement(real.statement), epoch=9)
        liar = world.devices["device1"]
        original = liar.signer.receive

        def receive(origin: Any, payload: bytes) -> Any:
            frame = decode_to_signer(payload)
            if isinstance(frame, ShowEpoch):
                made_up = certify(encode(statement), real.signatures)
                return [(Origin.SERVICE, encode(Reply(frame.call, made_up)))]
            return original(origin, payload)

        liar.signer.receive = receive  # type: ignore[method-assign]
    async with world.running() as client:
        for _ in range(100):
            refresh = await client.get(f"/refreshes/{found.id}", api.Refresh)
            if len(refresh.behind) == 1:
                break
            await asyncio.sleep(0.05)
        assert refresh.behind == ("device1",), "whoever speaks nonsense has said nothing"
        assert (await client.get("/wallets/savings", api.Wallet)).certificate == found.certificate
