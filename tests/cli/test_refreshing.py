"""``warifu wallet refresh`` against a whole service: what the owner is told, and what he is made to believe."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.bridge import Bridge, profile_of, typed
from tests.support.keyless_world import KeylessWorld, ready
from tests.support.peer_release import FORMAT, SimulatedVerifier
from tests.support.service_world import World, embedded_chain
from tests.support.simulated_tee import SimulatedTee
from tests.support.simulator import PASSPHRASE

from warifu.attestation import pinning
from warifu.attestation.registry import VERIFIERS
from warifu.cli.approvers import this_client
from warifu.cli.creating import adopt
from warifu.cli.device_key import DeviceKeyFile
from warifu.cli.known_wallet import Wallet
from warifu.cli.profile import Profile
from warifu.cli.refreshing import latest, refresh, verify_epoch
from warifu.cli.screen import Screen
from warifu.errors import EvidenceRefused, InputRefused, PeerMisbehaved, WarifuError
from warifu.protocol import api
from warifu.protocol.encoding import decode, encode
from warifu.protocol.epochs import (
    EpochCertificate,
    EpochKey,
    EpochStatement,
    certify,
    read_statement,
    sign_kept,
)
from warifu.threshold.secp256k1 import SECP256K1

pytestmark = pytest.mark.real
SHOWS_AN_END = ("/refreshes/", "/wallets/savings")


@pytest.fixture(autouse=True)
def simulated_vendor(monkeypatch):
    monkeypatch.setitem(VERIFIERS, FORMAT, SimulatedVerifier())
    monkeypatch.setitem(pinning.PINNED, FORMAT, ("launch",))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[KeylessWorld]:
    with embedded_chain(tmp_path / "chain") as (chain, url):
        made = KeylessWorld(tmp_path, chain, url)
        made.found()
        yield made


async def refreshed(
    bridge: Bridge, profile: Profile, passphrase: str = PASSPHRASE
) -> tuple[Wallet, tuple[str, ...]]:
    screen, own = Screen(json=True), this_client(profile)
    arguments: Any = (bridge, profile, screen, own, profile.wallet("savings"), typed(passphrase))
    return await asyncio.to_thread(refresh, *arguments)


def epochs(world: World) -> list[int]:
    return [device.status().wallets[0].epoch for device in world.devices.values()]


async def test_the_owner_refreshes_twice_and_his_profile_follows(world: KeylessWorld):
    async with world.running() as client:
        await ready(world, client)
        profile, bridge = await profile_of(world), Bridge(client, asyncio.get_running_loop(), ())
        before = profile.wallet("savings")
        assert before.epoch == 0 and any(profile.content.wallets[0].recovery)
        for epoch in (1, 2):
            wallet, behind = await refreshed(bridge, profile)
            assert (wallet.epoch, behind) == (epoch, ())
            assert wallet.birth == before.birth
            assert epochs(world) == [epoch] * 3
            assert Profile.load(profile.home).wallet("savings").epoch == epoch
        assert profile.content.wallets[0].recovery == (b"",)


async def test_another_client_of_the_owner_learns_of_it_and_goes_on(world: KeylessWorld):
    async with world.running() as client:
        await ready(world, client)
        profile, bridge = await profile_of(world), Bridge(client, asyncio.get_running_loop(), ())
        await refreshed(bridge, profile)
        other = Profile.create(world.root / "other", "regtest", "https://127.0.0.1:1", bytes(32))
        DeviceKeyFile(other.home / "credential").write(world.owner, None, replace=True)
        for device in world.devices.values():
            other.pin_device(device.ref)
        arguments: Any = (bridge, other, "savings")
        assert (await asyncio.to_thread(adopt, *arguments)).epoch == 1
        stale = profile.wallet("savings")
        await refreshed(bridge, other)
        lagging: Any = (bridge, profile, stale)
        assert (await asyncio.to_thread(latest, *lagging)).epoch == 2
        assert (await refreshed(bridge, profile))[0].epoch == 3


async def test_a_wrong_passphrase_and_a_device_that_is_off_change_nothing(world: KeylessWorld):
    async with world.running() as client:
        await ready(world, client)
        profile, bridge = await profile_of(world), Bridge(client, asyncio.get_running_loop(), ())
        with pytest.raises(WarifuError) as wrong:
            await refreshed(bridge, profile, "guess after guess")
        assert wrong.value.code == "passphrase.wrong"
        await world.disconnect("cellar")
        with pytest.raises(WarifuError) as off:
            await refreshed(bridge, profile)
        assert (off.value.code, off.value.blame) == ("service.device-offline", "cellar")
        assert epochs(world) == [0, 0, 0] and profile.wallet("savings").epoch == 0


# --- what a device runs on -------------------------------------------------------------------------------------------


async def test_a_device_with_a_changed_measurement_gets_no_envelope(world: KeylessWorld):
    """The client looks before it seals: nothing is authorized, and no passphrase is tried anywhere."""
    async with world.running() as client:
        await ready(world, client)
        profile, bridge = await profile_of(world), Bridge(client, asyncio.get_running_loop(), ())
        changed(world.server.platform)
        with pytest.raises(WarifuError) as refused:
            await refreshed(bridge, profile)
        assert isinstance(refused.value, EvidenceRefused | PeerMisbehaved)
        assert refused.value.blame == "server" and "reference-measurement" in str(refused.value)
        assert epochs(world) == [0, 0, 0]
        assert {device.status().wallets[0].tries_left for device in world.devices.values()} == {5}


def changed(platform: Any) -> None:
    """Another program runs there now."""
    assert isinstance(platform, SimulatedTee)
    platform._shown = ("v2", *platform._shown[1:])


# --- a service that lies about the end -------------------------------------------------------------------------------


def forged(world: World, real: bytes, lie: str) -> bytes:
    """An end as a service could make it up."""
    certificate = decode(EpochCertificate, real, 2**14)
    statement, words = read_statement(certificate.statement), list(certificate.signatures)
    if lie == "a word less":
        words[1] = words[0]
    elif lie == "another epoch":
        return certify(encode(msgspec.structs.replace(statement, epoch=7)), words)
    elif lie == "nothing":
        return b""
    return certify(certificate.statement, words)


@pytest.mark.parametrize("lie", ["a word less", "another epoch", "nothing"])
async def test_an_end_that_the_service_makes_up_is_not_believed(world: KeylessWorld, lie: str):
    async with world.running() as client:
        await ready(world, client)
        profile, bridge = await profile_of(world), Bridge(client, asyncio.get_running_loop(), SHOWS_AN_END)

        def lying(answer: Any) -> Any:
            if not isinstance(answer, api.Refresh) or not answer.certificate:
                return answer
            return msgspec.structs.replace(answer, certificate=forged(world, answer.certificate, lie))

        bridge.change = lying
        with pytest.raises(PeerMisbehaved) as refused:
            await refreshed(bridge, profile)
        assert (refused.value.reason, refused.value.blame) == ("certificate", "service")
        assert profile.wallet("savings").epoch == 0


async def test_the_end_of_an_earlier_refresh_is_not_that_of_this_one(world: KeylessWorld):
    async with world.running() as client:
        await ready(world, client)
        profile, bridge = await profile_of(world), Bridge(client, asyncio.get_running_loop(), SHOWS_AN_END)
        seen: list[bytes] = []

        def replaying(answer: Any) -> Any:
            if not isinstance(answer, api.Refresh) or not answer.certificate:
                return answer
            seen.append(answer.certificate)
            return msgspec.structs.replace(answer, certificate=seen[0])

        bridge.change = replaying
        await refreshed(bridge, profile)
        with pytest.raises(PeerMisbehaved, match="another refresh"):
            await refreshed(bridge, profile)


async def test_even_all_devices_together_cannot_show_shares_of_another_key(world: KeylessWorld):
    """t of them are the wallet; that they agree on nonsense is seen all the same."""
    async with world.running() as client:
        await ready(world, client)
        profile = await profile_of(world)
        wallet = profile.wallet("savings")
        points = tuple(SECP256K1.base_mul(SECP256K1.random_secret()).encoded for _ in world.devices)
        statement = encode(
            EpochStatement(wallet.wallet_id, bytes(32), 1, (EpochKey("bip340", points),), bytes(32))
        )
        devices = sorted(world.devices.values(), key=lambda device: device.identity)
        words = [sign_kept(device.device.identity, statement) for device in devices]
        with pytest.raises(PeerMisbehaved, match="not of the wallet's key"):
            verify_epoch(wallet, certify(statement, words))


async def test_a_wallet_whose_every_share_is_the_key_is_not_asked_about(world: KeylessWorld):
    async with world.running() as client:
        await ready(world, client)
        profile, bridge = await profile_of(world), Bridge(client, asyncio.get_running_loop(), ())
        wallet = profile.wallet("savings")
        alone = msgspec.structs.replace(wallet, request=msgspec.structs.replace(wallet.request, threshold=1))
        arguments: Any = (bridge, profile, Screen(json=True), this_client(profile), alone, typed())
        with pytest.raises(InputRefused, match="whole key"):
            await asyncio.to_thread(refresh, *arguments)
