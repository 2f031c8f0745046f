"""Two owners whose largest payment takes both: neither changes alone which devices their wallet trusts.

The commands are the product's, on two profiles, against a whole service in this process; the TEE is a simulation.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any, cast

import click
import msgspec
import pytest
from click.testing import CliRunner
from tests.support.bridge import Bridge, profile_of, typed
from tests.support.keyless_world import KeylessWorld
from tests.support.peer_release import FORMAT, SimulatedVerifier, reference
from tests.support.service_world import Client, embedded_chain
from tests.support.simulator import GENEROUS, PASSPHRASE

from warifu.attestation import pinning
from warifu.attestation.registry import VERIFIERS
from warifu.cli.client import Client as OwnClient
from warifu.cli.commands.approval import group as approval
from warifu.cli.commands.devices import group as devices
from warifu.cli.context import Setting
from warifu.cli.profile import Profile
from warifu.errors import AuthorizationRefused, EvidenceRefused, PolicyDenied
from warifu.protocol.attesting import reference_digest
from warifu.protocol.credential import DeviceKey
from warifu.protocol.identity import IdentityKey
from warifu.signer import hand_outs

pytestmark = pytest.mark.real

PARTNER = IdentityKey(bytes([8]) * 32)


@pytest.fixture(autouse=True)
def simulated_vendor(monkeypatch):
    monkeypatch.setitem(VERIFIERS, FORMAT, SimulatedVerifier())
    monkeypatch.setitem(pinning.PINNED, FORMAT, ("launch",))
    monkeypatch.setattr(hand_outs, "WITHOUT_SEALING_KEY", {FORMAT})


@pytest.fixture
def world(tmp_path: Path):
    with embedded_chain(tmp_path / "chain") as (chain, url):
        made = KeylessWorld(tmp_path, chain, url, others=(DeviceKey(PARTNER.public),))
        made.found()
        yield made


class Owner(Setting):
    """One owner's client, whose connection leads to the service of the test."""

    def __init__(self, profile: Profile, client: Client) -> None:
        super().__init__(profile.home)
        self._bridge = Bridge(client, asyncio.get_running_loop(), ())

    def client(self, _profile: Profile) -> OwnClient:
        return cast("OwnClient", self._bridge)

    async def run(self, group: click.Group, *arguments: str, passphrase: str = "") -> Any:
        """What a script is told."""
        options = ("--passphrase-fd", str(typed(passphrase))) if passphrase else ()
        command = [*arguments, *options, "--json"]
        ended = await asyncio.to_thread(CliRunner().invoke, group, command, obj=self, standalone_mode=False)
        if ended.exception is not None:
            raise ended.exception
        return json.loads(ended.stdout)


async def ready(world: KeylessWorld, client: Client) -> tuple[Owner, Owner]:
    """Three devices and a wallet of two owners, in which every payment takes both."""
    for name in ("attic", "cellar", "server"):
        await world.add_device(client, name)
    policy = msgspec.structs.replace(GENEROUS, approvals_needed=2)
    ceremony = await world.create_wallet(client, policy=policy)
    assert ceremony.state == "finished", ceremony.refusal
    return (
        Owner(await profile_of(world), client),
        Owner(await profile_of(world, PARTNER), client),
    )


def held(world: KeylessWorld) -> set[bytes]:
    """What the devices hold the server to."""
    return {dict(each.status().wallets[0].references)["server"] for each in world.devices.values()}


async def test_a_changed_device_is_accepted_by_both_owners_each_of_whom_looked_at_it(world):
    async with world.running() as client:
        you, partner = await ready(world, client)
        world.server.simulated.becomes("v2")
        laid = await you.run(devices, "accept", "server", "--yes")
        (proposal,) = laid["proposals"]
        assert (laid["told"], proposal["needed"]) == ([], 2)
        assert held(world) == {reference_digest(reference())}, "no device heard of it"
        carry = ("carry", proposal["id"])
        with pytest.raises(AuthorizationRefused) as early:
            await you.run(devices, *carry, passphrase=PASSPHRASE)
        assert early.value.code == "authorization.approvals-missing"

        world.server.simulated.becomes("v3")  # what the partner is asked to accept is not what he sees
        with pytest.raises(EvidenceRefused) as doubt:
            await partner.run(approval, "give", proposal["id"], "--yes")
        assert doubt.value.code == "evidence.not-seen"
        await world.disconnect("server")  # nor does it help to keep the device from answering
        with pytest.raises(EvidenceRefused):
            await partner.run(approval, "give", proposal["id"], "--yes")
        await world.connect("server")
        world.server.simulated.becomes("v2")
        (seen,) = (await partner.run(approval, "list"))["proposals"]
        assert (seen["device"], seen["missing"]) == ("server", 1)
        given = await partner.run(approval, "give", proposal["id"], "--yes")
        assert given["missing"] == 0

        done = await you.run(devices, *carry, passphrase=PASSPHRASE)
        assert [each["refusal"] for each in done["told"]] == [None] * 3
        assert held(world) == {reference_digest(reference("v2"))}
        assert partner.profile().reference(world.server.identity) == reference("v2")
        again = await partner.run(devices, "accept", "server", "--yes")
        assert again["proposals"] == [] and {each["refusal"] for each in again["told"]} == {None}


async def test_a_sealing_secret_is_handed_out_and_an_old_disk_taken_back_by_both_owners(world, tmp_path):
    async with world.running() as client:
        you, partner = await ready(world, client)
        attic = world.devices["attic"]
        backup = Path(shutil.copytree(attic.directory, tmp_path / "backup"))
        with pytest.raises(PolicyDenied) as alone:
            await world.hand_out(client)  # one owner's credential and the passphrase, without his client
        assert alone.value.code == "policy.approvals"
        laid = await partner.run(devices, "hand-out", "server", "--threshold", "2", "--yes")
        assert world.server.status().not_held
        given = await you.run(approval, "give", laid["id"], "--yes")
        assert (given["keepers"], given["threshold"]) == (["attic", "cellar"], 2)
        await partner.run(devices, "carry", laid["id"], passphrase=PASSPHRASE)
        keepers = {world.devices[name].identity for name in ("attic", "cellar")}
        assert set(world.server.status().held_by) == keepers

        await world.disconnect("attic")
        attic.crash()
        shutil.rmtree(attic.directory)
        backup.rename(attic.directory)
        attic.start()
        await world.connect("attic")
        laid = await you.run(devices, "take-back", "savings", "attic", "--yes")
        assert "restored" not in world.devices["cellar"].kinds()
        given = await partner.run(approval, "give", laid["id"], "--yes")
        assert given["device"] == "attic" and given["missing"] == 0
        done = await partner.run(devices, "carry", laid["id"], passphrase=PASSPHRASE)
        assert {each["device"]: each["state"] for each in done["devices"]}["cellar"] == "done"
        assert "restored" in world.devices["cellar"].kinds()
