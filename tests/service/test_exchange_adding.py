"""``warifu exchange add | finish`` against a whole service with real signers, broken off and run again."""

from __future__ import annotations

import asyncio
import base64
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import ed25519
from tests.cli.test_exchange_keys import cdp_file
from tests.service.test_exchange_births import cut, shares
from tests.service.test_policy_commands import Owner
from tests.service.test_recovery import owners_profile, typed
from tests.support.exchange_accounts import (
    BINANCE_KEY,
    EVERY_EXCHANGE,
    EXCHANGE_KEY,
    HMAC_SECRET,
    rules_for,
)
from tests.support.service_world import Client, World

from warifu.cli.commands import exchange
from warifu.cli.creating import adopt
from warifu.cli.exchanges import bearing as exchange_bearing
from warifu.cli.exchanges.authorities import program_authorities
from warifu.cli.exchanges.born import asked
from warifu.cli.profile import Profile
from warifu.errors import InputRefused, SessionAborted, WarifuError
from warifu.exchanges.registry import EXCHANGES
from warifu.protocol.policy import Policy
from warifu.service.hub.session import Session
from warifu.service.workflows import exchange_births as module
from warifu.signer.exchanges.loading import load

pytestmark = [pytest.mark.real, pytest.mark.slow]
ALL = ("device0", "device1", "device2")
SECRET = base64.b64encode(HMAC_SECRET).decode()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(module, "ROUND_SECONDS", 0.02)
    monkeypatch.setattr(module, "RECOVERY_SECONDS", 0.1)
    monkeypatch.setattr(exchange_bearing, "WAIT", 1)
    made = World(
        tmp_path,
        None,  # type: ignore[arg-type]
        "",
        settings={"session_seconds": 5.0, "signer_wait": 2.0},
        make_backend=lambda _: None,
    )
    made.found()
    return made


@asynccontextmanager
async def owned(world: World, policy: Policy = EVERY_EXCHANGE) -> AsyncIterator[tuple[Client, Any]]:
    """The service runs; its owner's commands about exchanges."""
    async with world.running() as client:
        home = world.root / "owner"
        if not world.devices:
            for name in ALL:
                await world.add_device(client, name)
            assert (await world.create_wallet(client, policy=policy)).state == "finished"
            owner = Owner(client, owners_profile(world, home))
            await asyncio.to_thread(adopt, owner._bridge, owner.profile(), "savings")
        owner = owner_of(world, client)

        async def says(*arguments: str) -> dict[str, Any]:
            return await owner.says(*arguments, of=exchange.group)

        yield client, says


def owner_of(world: World, client: Client) -> Owner:
    home = world.root / "owner"
    owner = Owner(client, Profile.load(home))
    owner.home = home  # type: ignore[attr-defined]
    return owner


async def refused(saying: Any) -> WarifuError:
    with pytest.raises(WarifuError) as caught:
        await saying
    return caught.value


ADD = ("add", "savings", "main", "--exchange", "binance", "--yes")


async def finished(says: Any, api_key: str = BINANCE_KEY) -> dict[str, Any]:
    said: dict[str, Any] = await says(
        "finish", "savings", "main", "--yes", "--api-key-fd", str(typed(api_key))
    )
    return said


async def test_add_run_again_shows_the_key_that_was_made_and_makes_no_other(world: World):
    async with owned(world) as (client, says):
        first = await says(*ADD)
        assert await says(*ADD) == first
        shown = await asyncio.to_thread(
            CliRunner().invoke, exchange.group, [*ADD], obj=owner_of(world, client)
        )
        assert first["public_key"] in shown.output, "line by line, as it is to be copied"
        assert (await says("list", "savings"))["accounts"][0]["finished"] is False
        await finished(says)
        assert (await says("list", "savings"))["accounts"][0]["finished"] is True
        assert isinstance(await refused(says(*ADD)), InputRefused | SessionAborted)


async def test_add_that_broke_off_goes_on_with_the_same_key_and_says_who_lacks_it(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    """Whether the service was stopped with the last frames on their way, at any of them."""
    async with owned(world) as (_, says):
        await says("list", "savings")
    ends = set()
    for count in range(16, 21):
        with monkeypatch.context() as patch:
            there = cut(patch, count)
            patch.setattr(exchange_bearing, "PATIENCE", 0.0)
            async with owned(world) as (_, says):
                assert (await refused(says(*ADD))).code == "service.key-waits"
                await asyncio.wait_for(there.wait(), 20)
                for _turn in range(5):
                    await asyncio.sleep(0)
                await world.service.exchange_births.close()
        request = asked(world.root / "owner", world.wallet_id, "main")
        assert request is not None
        before = shares(world, request)
        lacking = [name for name in ALL if name not in before]
        ends.add(len(before))
        away = lacking[0] if before and lacking else ""
        connect = world.connect

        async def all_but_one(name: str, away: str = away, connect: Any = connect) -> None:
            if name != away:
                await connect(name)

        monkeypatch.setattr(world, "connect", all_but_one)
        async with owned(world) as (_, says):
            monkeypatch.setattr(world, "connect", connect)
            if away:
                waits = await refused(says(*ADD))
                assert (waits.code, waits.blame) == ("service.key-waits", away)
                await world.connect(away)
            shown = await says(*ADD)
            kept = shares(world, request)
            assert sorted(kept) == list(ALL) and len(set(kept.values())) == 1
            if before:
                assert set(before.values()) == set(kept.values()), "it is the same key"
            assert shown["finished"] is False
            await says("remove", "savings", "main", "--yes")
            await asyncio.sleep(1.1)  # what is asked about a name is newer than its removal, in seconds
    assert 0 in ends and ends & {1, 2}, ends


async def test_a_key_that_nobody_has_is_said_to_be_none_and_another_is_made(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    async with owned(world) as (_, says):
        await says("list", "savings")
        with monkeypatch.context() as patch:
            numbers, relay = itertools.count(), Session.relay
            patch.setattr(
                Session, "relay", lambda self, *told: relay(self, *told) if next(numbers) < 3 else None
            )
            broken = await refused(says(*ADD))
            assert broken.code == "session.timeout"
        await asyncio.sleep(1.1)
        assert (await says(*ADD))["public_key"]


async def test_finish_that_reached_some_devices_reaches_all_when_it_is_run_again(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    async with owned(world) as (_, says):
        await says(*ADD)
        device = world.devices["device1"].device
        with monkeypatch.context() as patch:
            patch.setattr(device.freeze, "_reason", "somebody is at the door")
            assert (await refused(finished(says))).code == "policy.frozen"
        await finished(says)
        assert (await refused(finished(says))).code == "input.unknown-key"
        (account,) = (await says("list", "savings"))["accounts"]
        assert account["finished"] and sorted(account["seen"]) == list(ALL)


async def test_a_key_that_the_service_names_is_not_taken_for_one_that_this_client_saw(world: World):
    async with owned(world) as (_, says):
        await says(*ADD)
        for place in (world.root / "owner" / "exchange-keys").iterdir():
            place.unlink()
        assert (await refused(finished(says))).code == "input.unknown-key"
        assert isinstance(await refused(says("finish", "savings", "other", "--yes")), InputRefused)


@pytest.mark.parametrize(
    ("like", "key_arguments", "kind"),
    [
        (EXCHANGES["binance"], (), None),
        (EXCHANGES["coinbase"], ("--key-file", "FILE", "--destroy-file"), "ed25519-split"),
        (EXCHANGES["coinbase-exchange"], ("FDS",), "hmac"),
    ],
    ids=["takes its user's own key", "hands out a key file", "hands out a triplet"],
)
async def test_an_exchange_that_one_line_registers_is_added_by_the_kinds_of_key_that_it_takes(
    world: World, monkeypatch: pytest.MonkeyPatch, like: Any, key_arguments: tuple[str, ...], kind: str | None
):
    """Nothing but the registry and the wallet's policy knows its name."""
    monkeypatch.setitem(EXCHANGES, "third", like)
    policy = msgspec.structs.replace(
        EVERY_EXCHANGE, exchanges=(*EVERY_EXCHANGE.exchanges, rules_for("third"))
    )
    file = world.root / "key.json"
    file.write_text(cdp_file(ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))))
    triplet = {"--api-key-fd": EXCHANGE_KEY, "--secret-fd": SECRET, "--exchange-passphrase-fd": "open sesame"}
    given: list[str] = []
    for each in key_arguments:
        if each == "FDS":
            given += [part for name, said in triplet.items() for part in (name, str(typed(said)))]
        else:
            given.append(str(file) if each == "FILE" else each)
    async with owned(world, policy) as (_, says):
        said = await says("add", "savings", "main", "--exchange", "third", "--yes", *given)
        (account,) = (await says("list", "savings"))["accounts"]
        assert (said["exchange"], account["exchange"], said.get("key")) == ("third", "third", kind)
        assert ("public_key" in said) is (kind is None)
        assert file.exists() is (kind != "ed25519-split"), (
            "what was split is destroyed, where that was asked for"
        )


async def test_the_authorities_that_the_owner_names_are_what_every_device_believes(world: World):
    async with owned(world) as (_, says):
        made = await says(*ADD)
    for device in world.devices.values():
        device.loaded = load()
        device.restart()
    named = program_authorities()[7].digest
    only = ("--only-authority", named.hex().upper())
    async with owned(world) as (_, says):
        wrong = await refused(says(*ADD, "--only-authority", "00" * 32))
        assert wrong.code == "input.exchange-roots"
        assert (await says(*ADD)) == made
        key = ("--api-key-fd", str(typed(BINANCE_KEY)))
        await says("finish", "savings", "main", "--yes", *only, *key)
        for device in world.devices.values():
            account = device.device.accounts.get(world.wallet_id, "main")
            assert account is not None and account.terms is not None and account.terms.only == (named,)
        listed = (await says("authorities"))["authorities"]
        assert named.hex() in {each["sha256"] for each in listed}
