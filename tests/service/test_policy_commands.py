"""``warifu policy`` against a whole service with real signers: what an owner types, and what becomes of the wallet."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec
import pytest
from click.testing import CliRunner, Result
from tests.service.test_instructions import change, tell
from tests.service.test_recovery import Blocking, owners_profile, typed
from tests.support.service_world import Client, World, copied, embedded_chain, made_ready
from tests.support.simulator import FRIEND, PASSPHRASE, bitcoin_policy

from warifu.cli import changing
from warifu.cli.commands import approval
from warifu.cli.commands.policy import group
from warifu.cli.creating import adopt
from warifu.cli.credential_card import CredentialCard, write_card
from warifu.cli.device_key import DeviceKeyFile
from warifu.cli.known_wallet import Wallet
from warifu.cli.profile import Profile
from warifu.errors import AuthorizationRefused
from warifu.protocol import api
from warifu.protocol.authorization import authorize
from warifu.protocol.credential import DeviceKey, approver
from warifu.protocol.encoding import encode
from warifu.protocol.identity import IdentityKey
from warifu.protocol.policy import DAY, Policy
from warifu.protocol.policy_writing import write_policy

pytestmark = pytest.mark.real

POLICY = bitcoin_policy(per_transaction=100_000)


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A wallet whose first policy is ``POLICY``. To be copied, never to be run."""
    return made_ready(tmp_path_factory.mktemp("limited"), POLICY)


@pytest.fixture
def world(limited: World, tmp_path: Path):
    with copied(limited, tmp_path / "world") as made:
        yield made
        for device in made.devices.values():
            device.close()


@pytest.fixture
def new_world(tmp_path: Path):
    """Nothing is there yet."""
    with embedded_chain(tmp_path / "chain") as (chain, url):
        made = World(tmp_path, chain, url)
        made.found()
        yield made
        for device in made.devices.values():
            device.close()


@pytest.fixture
def passing(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let so many seconds pass, for the client, the service and every device alike."""
    beyond, real = [0], time.time
    monkeypatch.setattr(time, "time", lambda: real() + beyond[0])

    def pass_(seconds: int) -> None:
        beyond[0] += seconds

    return pass_


class Owner:
    """One owner at his command line."""

    def __init__(self, client: Client, profile: Profile) -> None:
        self._bridge: Any = Blocking(client)
        self._home = profile.home

    def profile(self) -> Profile:
        return Profile.load(self._home)

    @contextlib.contextmanager
    def client(self, _profile: Profile) -> Iterator[Any]:
        yield self._bridge

    @property
    def wallet(self) -> Wallet:
        return self.profile().wallet("savings")

    async def says(self, *arguments: str, expected: int = 0, of: click.Group = group) -> dict[str, Any]:
        """``warifu policy`` with these arguments; the object that it prints."""
        result: Result = await asyncio.to_thread(
            lambda: CliRunner().invoke(of, [*arguments, "--json"], obj=self, standalone_mode=False)
        )
        if result.exception is not None:
            raise result.exception
        assert (result.return_value or 0) == expected, result.output
        return dict(json.loads(result.stdout))

    async def approves(self, *arguments: str) -> dict[str, Any]:
        """``warifu approval`` with these arguments."""
        return await self.says(*arguments, of=approval.group)

    async def says_with_passphrase(self, *arguments: str, expected: int = 0) -> dict[str, Any]:
        return await self.says(*arguments, "--passphrase-fd", str(typed(PASSPHRASE)), expected=expected)


async def ready(world: World, client: Client, policy: Policy = POLICY) -> Owner:
    """Where the wallet is not there yet, it is made with this policy."""
    await world.ready(client, policy=policy)
    profile = owners_profile(world, world.root / "owner")
    owner = Owner(client, profile)
    await asyncio.to_thread(adopt, owner._bridge, profile, "savings")
    return owner


def written(place: Path, policy: Policy) -> str:
    path = place / "new.toml"
    path.write_text(write_policy(policy))
    return str(path)


def states(told: dict[str, Any]) -> list[str]:
    return [device["state"] for device in told["devices"]]


async def test_an_owner_tightens_loosens_vetoes_and_waits(world, tmp_path, passing):
    async with world.running() as client:
        owner = await ready(world, client)
        tight = written(tmp_path, bitcoin_policy(per_transaction=50_000))
        told = await owner.says("change", "savings", tight, "--yes")
        assert (told["waits"], states(told)) == (False, ["done"] * 3)
        assert told["changes"][0]["effect"] == "tightens"
        assert owner.wallet.rules.revision == 2
        refused = await world.send(client, await world.payment(client, 60_000))
        assert refused.refusal is not None and refused.refusal.code == "policy.per-transaction-limit"
        assert (await owner.says("change", "savings", tight, "--yes"))["changes"] == []

        loose = written(tmp_path, bitcoin_policy(per_transaction=1_000_000))
        told = await owner.says_with_passphrase("change", "savings", loose, "--yes")
        assert (told["waits"], states(told)) == (True, ["waits"] * 3)
        assert (await owner.says("show", "savings"))["asked"]["revision"] == 3
        pending = await owner.says("pending", "savings")
        assert {device["pending"][0]["id"] for device in pending["devices"]} == {told["id"]}
        assert states(await owner.says("veto", "savings", told["id"][:8])) == ["done"] * 3
        assert owner.wallet.asked is None

        await owner.says_with_passphrase("change", "savings", loose, "--yes")
        passing(2 * DAY)
        synced = await owner.says("sync", "savings", "--yes")
        assert (synced["revision"], states(synced)) == (3, ["same"] * 3)
        assert owner.wallet.rules.policy.chains[0].assets[0].per_transaction == "1000000"
        sent = await world.send(client, await world.payment(client, 600_000))
        assert sent.state == "broadcast"


async def test_a_device_that_was_away_for_long_is_brought_back_by_sync(world, tmp_path, passing):
    async with world.running() as client:
        owner = await ready(world, client)
        await world.disconnect("device2")
        tight = written(tmp_path, bitcoin_policy(per_transaction=50_000))
        assert states(await owner.says("change", "savings", tight, "--yes")) == ["done", "done", "away"]
        passing(2 * DAY)
        loose = written(tmp_path, bitcoin_policy(per_transaction=70_000))
        told = await owner.says_with_passphrase("change", "savings", loose, "--yes")
        assert states(told) == ["waits", "waits", "away"]
        passing(2 * DAY)
        await world.connect("device2")
        synced = await owner.says("sync", "savings", "--yes")
        assert (synced["revision"], states(synced)) == (3, ["same"] * 3)
        assert world.devices["device2"].status().wallets[0].revision == 3, "by one step that only tightens"


async def test_another_owners_client_takes_over_what_his_signature_and_the_devices_show(world, tmp_path):
    async with world.running() as client:
        owner = await ready(world, client)
        record = owner.profile().content.wallets[0]
        tight = written(tmp_path, bitcoin_policy(per_transaction=50_000))
        await owner.says("change", "savings", tight, "--yes")
        other = owners_profile(world, tmp_path / "other")
        other.add_wallet(record)
        second = Owner(client, other)
        assert second.wallet.rules.revision == 1
        assert (await second.says("sync", "savings", "--yes"))["revision"] == 2
        assert second.wallet.rules == owner.wallet.rules


async def test_a_service_that_makes_up_a_change_changes_no_record(world, tmp_path, monkeypatch):

    from warifu.protocol.identity import IdentityKey

    async with world.running() as client:
        owner = await ready(world, client)
        forged = change(world, owner.wallet.rules, passphrase_tries=20)
        signed = encode(authorize(approver(IdentityKey.generate()), forged, encode(forged), ()))
        told = api.Instruction(
            id="0" * 64, kind="rules", authorization=signed, created=1, expires=2, devices=()
        )
        bridge = owner._bridge
        real = bridge.get
        monkeypatch.setattr(
            bridge,
            "get",
            lambda path, kind, **query: (
                api.Instructions(instructions=(told,))
                if path.endswith("/instructions")
                else real(path, kind, **query)
            ),
        )
        known = await asyncio.to_thread(changing.known_rules, bridge, owner.wallet)
        assert known == [owner.wallet.rules]


async def test_an_owner_freezes_announces_and_thaws(world, passing):
    async with world.running() as client:
        owner = await ready(world, client)
        assert states(await owner.says("freeze", "savings", "--reason", "stolen")) == ["done"] * 3
        pending = await owner.says("pending", "savings")
        assert {device["frozen"] for device in pending["devices"]} == {"stolen"}
        told = await owner.says_with_passphrase("unfreeze", "savings")
        assert states(told) == ["waits"] * 3
        passing(2 * DAY)
        announced = await owner.says("announce", "savings", FRIEND, "0.5 BTC")
        assert announced["outflows"] == [{"kind": "payment", "token": "", "amount": "50000000", "to": FRIEND}]
        pending = await owner.says("pending", "savings")
        for device in pending["devices"]:
            assert device["frozen"] is None
            assert device["notices"][0]["destinations"] == [FRIEND]


async def test_an_owner_is_added_by_his_card_waits_and_then_takes_the_wallet_up(world, tmp_path, passing):
    async with world.running() as client:
        owner = await ready(world, client)
        key = IdentityKey.generate()
        alice = DeviceKey(key.public)
        (tmp_path / "alice.owner").write_text(write_card(CredentialCard("alice", alice)) + "\n")
        told = await owner.says_with_passphrase(
            "owners", "savings", "--add", str(tmp_path / "alice.owner"), "--yes"
        )
        assert (told["waits"], states(told)) == (True, ["waits"] * 3)
        assert [change["rule"] for change in told["changes"]] == ["owners"]
        asked = owner.wallet.asked
        assert asked is not None and asked.rules.owners == (*owner.wallet.rules.owners, alice)

        passing(2 * DAY)
        profile = owners_profile(world, tmp_path / "alice")
        DeviceKeyFile(tmp_path / "alice/credential").write(key, None, replace=True)
        bridge: Any = Blocking(client)
        await asyncio.to_thread(adopt, bridge, profile, "savings", owner.wallet.wallet_id)
        second = Owner(client, profile)
        assert (await second.says("sync", "savings", "--yes"))["revision"] == 2
        assert states(await second.says("freeze", "savings")) == ["done"] * 3

        stranger = owners_profile(world, tmp_path / "stranger")
        DeviceKeyFile(tmp_path / "stranger/credential").write(IdentityKey.generate(), None, replace=True)
        with pytest.raises(AuthorizationRefused):
            await asyncio.to_thread(adopt, bridge, stranger, "savings", owner.wallet.wallet_id)


async def test_what_two_owners_have_to_want_is_laid_before_the_other_and_carried_out(new_world, tmp_path):
    other = IdentityKey.generate()
    new_world.others = (DeviceKey(other.public),)
    both = msgspec.structs.replace(POLICY, approvals_needed=2)
    async with new_world.running() as client:
        owner = await ready(new_world, client, both)
        home = tmp_path / "other"
        profile = owners_profile(new_world, home)
        DeviceKeyFile(home / "credential").write(other, None, replace=True)
        profile.add_wallet(owner.profile().content.wallets[0])
        second = Owner(client, profile)
        loose = written(tmp_path, msgspec.structs.replace(both, approvals_needed=1))
        proposed = await owner.says("change", "savings", loose, "--yes")
        assert (proposed["state"], proposed["needed"]) == ("proposed", 2)
        with pytest.raises(AuthorizationRefused) as alone:
            await owner.says_with_passphrase("carry", proposed["id"])
        assert alone.value.code == "authorization.approvals-missing"
        (seen,) = (await second.approves("list"))["proposals"]
        assert (seen["id"], seen["missing"], seen["changes"][0]["rule"]) == (proposed["id"], 1, "approvals")
        approved = await second.approves("give", proposed["id"], "--yes")
        assert approved["missing"] == 0
        told = await owner.says_with_passphrase("carry", proposed["id"])
        assert states(told) == ["waits"] * 3
        assert states(await second.says("veto", "savings", told["id"])) == ["done"] * 3


async def test_devices_that_were_told_different_things_are_given_the_record_again(world, passing):
    """Two owners at once, or a thief with a credential and the service: each device has a revision 2 of its own."""
    async with world.running() as client:
        owner = await ready(world, client)
        for number, (name, device) in enumerate(world.devices.items()):
            others = [other for other in world.devices if other != name]
            for other in others:
                await world.disconnect(other)
            await tell(client, change(world, owner.wallet.rules, passphrase_tries=4 - number))
            for other in others:
                await world.connect(other)
            assert device.status().wallets[0].revision == 2
        synced = await owner.says("sync", "savings", "--yes", expected=13)
        assert states(synced) == ["ahead"] * 3
        restored = await owner.says_with_passphrase("sync", "savings", "--restore", "--yes", expected=13)
        assert states(restored) == ["waits"] * 3
        passing(2 * DAY)
        synced = await owner.says("sync", "savings", "--yes")
        assert (synced["revision"], states(synced)) == (3, ["same"] * 3)
        assert owner.wallet.rules.policy == POLICY
