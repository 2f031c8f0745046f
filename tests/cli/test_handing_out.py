"""``warifu devices hand-out`` against a whole service: who may be a keeper, and what the owner is made to believe."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.attested import NOTHING
from tests.support.bridge import Bridge, profile_of, typed
from tests.support.keyless_world import KeylessWorld, ready
from tests.support.peer_release import FORMAT, SimulatedVerifier, reference
from tests.support.service_world import embedded_chain, now
from tests.support.simulator import PASSPHRASE

from warifu.agent.device import DeviceDirectory
from warifu.agent.invitation import Invitation
from warifu.attestation import pinning
from warifu.attestation.registry import VERIFIERS
from warifu.cli.accepting import tell_wallet
from warifu.cli.approvers import this_client
from warifu.cli.devices import join_device
from warifu.cli.handing_out import hand_out, hand_out_request, keepers_of, wallet_for
from warifu.cli.inspecting import Inspection, changed, inspect
from warifu.cli.screen import Screen
from warifu.errors import AuthorizationRefused, InputRefused, PeerMisbehaved, ServiceRefused, WarifuError
from warifu.protocol import api
from warifu.protocol.encoding import decode, encode
from warifu.protocol.frames import BootShown, HandedOut, show_boot
from warifu.protocol.identity import IdentityKey
from warifu.signer import booting, hand_outs
from warifu.signer.isolation.layer import PlatformChoice

pytestmark = pytest.mark.real


@pytest.fixture(autouse=True)
def simulated_vendor(monkeypatch):
    monkeypatch.setitem(VERIFIERS, FORMAT, SimulatedVerifier())
    monkeypatch.setitem(pinning.PINNED, FORMAT, ("launch",))
    monkeypatch.setattr(hand_outs, "WITHOUT_SEALING_KEY", {FORMAT})


@pytest.fixture
def world(tmp_path: Path):
    with embedded_chain(tmp_path / "chain") as (chain, url):
        made = KeylessWorld(tmp_path, chain, url)
        made.found()
        yield made


async def test_the_owner_hands_out_and_believes_only_the_device_itself(world: KeylessWorld):
    async with world.running() as client:
        await ready(world, client)
        profile, bridge = await profile_of(world), Bridge(client, asyncio.get_running_loop())
        server = profile.device("server")
        wallet = wallet_for(profile, server, None)
        keepers = keepers_of(wallet, server, ())
        assert {keeper.name for keeper in keepers} == {"attic", "cellar"}

        async def done(passphrase: str = PASSPHRASE) -> bytes:
            request = hand_out_request(wallet, server, keepers, 2)
            arguments = (bridge, profile, this_client(profile), wallet, request, typed(passphrase))
            return await asyncio.to_thread(hand_out, *arguments)  # type: ignore[arg-type]

        with pytest.raises(WarifuError) as wrong:
            await done("a guess")
        assert wrong.value.code == "passphrase.wrong"
        assert world.server.status().not_held
        first = await done()
        described = world.server.device.entrusted
        assert described is not None and described.described is not None and described.described.id == first
        assert set(world.server.status().held_by) == {keeper.identity for keeper in keepers}
        # The service says that it was done, in words of its own, of another device, or of an earlier time.
        said: list[api.HandOut] = []

        def keep(answer: api.HandOut) -> api.HandOut:
            said.append(answer)
            return answer

        bridge.change = keep
        assert await done() != first, "each time a new secret is dealt"
        bridge.change = lambda answer: said[0]
        with pytest.raises(PeerMisbehaved) as stale:
            await done()
        assert stale.value.code == "peer.handed-out"
        bridge.change = forged
        with pytest.raises(AuthorizationRefused):
            await done()


def forged(answer: api.HandOut) -> api.HandOut:
    said, key = decode(HandedOut, answer.result, 1024), IdentityKey.generate()
    signature = key.sign("handed-out", said.request, said.set)
    return msgspec.structs.replace(answer, result=encode(msgspec.structs.replace(said, signature=signature)))


async def test_keepers_are_other_devices_of_the_wallet(world: KeylessWorld):
    async with world.running() as client:
        await ready(world, client)
        profile = await profile_of(world)
        server = profile.device("server")
        wallet = wallet_for(profile, server, "savings")
        assert [item.name for item in keepers_of(wallet, server, ["attic", "attic"])] == ["attic"]
        for names in (["server"], ["attic", "friend"]):
            with pytest.raises(InputRefused) as refusal:
                keepers_of(wallet, server, names)
            assert refusal.value.reason == "unknown-device"
        stranger = msgspec.structs.replace(server, identity=bytes(32))
        with pytest.raises(InputRefused) as none:
            wallet_for(profile, stranger, None)
        assert none.value.reason == "which-wallet"


async def test_an_upgraded_device_that_waits_is_looked_at_accepted_and_let_in(
    world: KeylessWorld, monkeypatch
):
    monkeypatch.setattr(booting, "REFUSED_PAUSE", 0.2)
    async with world.running() as client:
        await ready(world, client)
        profile = await profile_of(world)
        await world.hand_out(client)
        server, wallet = profile.device("server"), profile.wallet("savings")
        bridge: Any = Bridge(client, asyncio.get_running_loop())

        async def looked() -> Inspection:
            return await asyncio.to_thread(inspect, bridge, server, reference(), now())

        before = await looked()
        assert changed(before, reference()) is None
        world.server.image = "v2"
        await world.power_cut()
        with pytest.raises(ServiceRefused) as off:
            await looked()
        assert off.value.reason == "device-offline"
        async with world.booting() as opened:
            while not world.service.hub.boots.waiting(server.identity):
                await asyncio.sleep(0.02)
            found = await looked()
            assert changed(found, reference()) is not None and not opened.done()
            assert found.reference == reference("v2")
            for change in (another_boot, other_evidence):
                bridge.change = lambda answer, change=change: change(answer, bridge.nonce)
                with pytest.raises(AuthorizationRefused):
                    await looked()
            bridge.change = lambda answer: answer
            profile.accept_device("server", found.reference, now())
            told = await asyncio.to_thread(
                tell_wallet, bridge, profile, this_client(profile), wallet, server, found.reference, typed()
            )
            assert {item["device"]: item["refusal"] for item in told} == {
                "server": "service.device-offline",
                "attic": None,
                "cellar": None,
            }
            await asyncio.wait_for(opened, 20)


def another_boot(answer: api.Boot, nonce: bytes) -> api.Boot:
    """Of a machine that the identity never vouched for."""
    shown, key = decode(BootShown, answer.shown, 2**20), IdentityKey.generate()
    return api.Boot(shown=encode(show_boot(key, shown.certificate, shown.attestation, nonce)))


def other_evidence(answer: api.Boot, _nonce: bytes) -> api.Boot:
    """By whoever has the disk and not the unlock key."""
    shown = decode(BootShown, answer.shown, 2**20)
    return api.Boot(shown=encode(msgspec.structs.replace(shown, attestation=NOTHING)))


async def test_a_device_that_would_be_lost_when_its_process_ends_does_not_join_without_staying(tmp_path):
    directory = DeviceDirectory(tmp_path / "server")
    directory.make()
    directory.set_platform(PlatformChoice(name="tdx"))
    invitation = Invitation("https://127.0.0.1:1", bytes(32), bytes(16), "server")
    with pytest.raises(InputRefused) as refusal:
        await join_device(Screen(), directory, bytearray(32), invitation, stays=False, unlock=None)
    assert refusal.value.reason == "must-stay"
    assert not any(directory.store.iterdir()), "the enclave was not started"
