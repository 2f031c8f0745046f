"""What a key may do is asked of the exchange, and what is too much or too little of it is said: as an owner types it,
over real devices and the simulated exchanges."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from tests.cli.test_exchange_keys import cdp_file
from tests.service.test_policy_commands import Owner
from tests.service.test_recovery import owners_profile
from tests.support.exchange_road import ALL, CUSTOMER, Road, generous, road
from tests.support.sandbox import BINANCE_KEY, CDP_KEY
from tests.support.service_world import Client

from warifu.cli.commands import exchange
from warifu.cli.creating import adopt
from warifu.cli.exchanges.permissions import warnings_of
from warifu.errors import ExchangeRefused, PolicyDenied
from warifu.exchanges.adapter import Permissions
from warifu.exchanges.binance.spot import Restrictions
from warifu.protocol.policy import Policy
from warifu.sandbox.control import ClearFaults, SetCredential

pytestmark = pytest.mark.real

SEED = bytes(range(60, 92))
APIS = {"Advanced Trade", "Coinbase App"}


def asking(*further: str) -> Policy:
    """The generous one, in which ``further`` may be asked, too."""
    found = generous()
    rules = tuple(
        msgspec.structs.replace(each, endpoints=tuple(sorted({*each.endpoints, *further})))
        for each in found.exchanges
    )
    return msgspec.structs.replace(found, exchanges=rules)


ALL_QUESTIONS = (
    "GET /api/v3/brokerage/key_permissions",
    "GET /v2/accounts",
    "GET /sapi/v1/account/apiRestrictions",
)


@pytest.fixture
def home(tmp_path: Any) -> Iterator[Road]:
    with road(tmp_path) as made:
        yield made


@asynccontextmanager
async def owned(home: Road, *questions: str) -> AsyncIterator[tuple[Client, Owner]]:
    async with home.world.running() as client:
        for name in ALL:
            await home.world.add_device(client, name)
        assert (await home.world.create_wallet(client, policy=asking(*questions))).state == "finished"
        owner = Owner(client, owners_profile(home.world, home.world.root / "owner"))
        await asyncio.to_thread(adopt, owner._bridge, owner.profile(), "savings")
        owner.home = home.world.root / "owner"  # type: ignore[attr-defined]
        owner._bridge.delete = lambda _path: None
        yield client, owner


async def permissions(owner: Owner, account: str) -> dict[str, Any]:
    return await owner.says("permissions", "savings", account, of=exchange.group)


async def shown(owner: Owner, account: str) -> str:
    """For a person, warnings with it."""
    asked = ["permissions", "savings", account]
    result = await asyncio.to_thread(lambda: CliRunner().invoke(exchange.group, asked, obj=owner))
    return " ".join(result.output.split())


async def add_split(home: Road, client: Client) -> None:
    key = ed25519.Ed25519PrivateKey.from_private_bytes(SEED)
    await home.add_split(client, cdp_file(key, name=CDP_KEY), key.public_key().public_bytes_raw())


async def test_each_of_coinbases_apis_is_asked_once_whether_it_takes_a_key_of_this_kind(home: Road):
    async with owned(home, *ALL_QUESTIONS) as (client, owner):
        await add_split(home, client)
        said = await permissions(owner, "coinbase")
        assert said["apis"] == dict.fromkeys(APIS, "yes")
        assert said["permissions"]["trades"] is True

        home.fault(kind="refuse", reason="authentication", api="coinbase-app", times=0)
        said = await permissions(owner, "coinbase")
        assert said["apis"] == {"Advanced Trade": "yes", "Coinbase App": "no"}
        assert said["permissions"]["trades"] is True, "it trades, and nothing comes home by it"
        text = await shown(owner, "coinbase")
        assert "Coinbase App does not take this key, or not its kind (Ed25519)" in text
        assert "make one of the kind ECDSA there" in text

        home.fault(kind="refuse", reason="authentication", api="coinbase-advanced", times=0)
        with pytest.raises(ExchangeRefused) as refused:
            await permissions(owner, "coinbase")
        assert refused.value.reason == "authentication"
        assert "not its kind (Ed25519)" in refused.value.message and "ECDSA" in refused.value.remedy
        home.simulation.do(ClearFaults())
        home.fault(kind="refuse", reason="maintenance", api="coinbase-app", times=0)
        assert (await permissions(owner, "coinbase"))["apis"]["Coinbase App"] == "maintenance"


async def test_an_ecdsa_key_is_tried_in_the_same_way_and_its_kind_is_not_blamed(home: Road):
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    async with owned(home, *ALL_QUESTIONS) as (client, owner):
        await home.add_whole(client, cdp_file(key, name=CDP_KEY), public.decode())
        assert (await permissions(owner, "coinbase"))["apis"] == dict.fromkeys(APIS, "yes")
        home.fault(kind="refuse", reason="authentication", api="coinbase-advanced", times=0)
        with pytest.raises(ExchangeRefused) as refused:
            await permissions(owner, "coinbase")
        assert "kind" not in refused.value.message


async def test_what_the_policy_does_not_let_be_asked_is_said_to_be_unasked(home: Road):
    async with owned(home, ALL_QUESTIONS[0]) as (client, owner):
        await add_split(home, client)
        said = await permissions(owner, "coinbase")
        assert said["apis"] == {"Advanced Trade": "yes", "Coinbase App": "not-asked"}
    async with home.world.running() as client:
        await home.add_triplet(client)
        owner = Owner(client, owner.profile())
        owner.home = home.world.root / "owner"  # type: ignore[attr-defined]
        assert (await permissions(owner, "coinbase-exchange"))["permissions"] is None
        assert "does not say what a key may do" in await shown(owner, "coinbase-exchange")


async def test_a_key_that_may_more_than_a_wallet_needs_is_warned_of(home: Road):
    async with owned(home, *ALL_QUESTIONS) as (client, owner):
        await home.add_born(client)
        assert (await permissions(owner, "binance"))["permissions"]["more"] == []
        assert "more than a wallet needs" not in await shown(owner, "binance")
        allow(home, "view", "trade", "transfer", "margin", "futures")
        assert (await permissions(owner, "binance"))["permissions"]["more"] == [
            "enableFutures",
            "enableMargin",
        ]
        text = await shown(owner, "binance")
        assert "more than a wallet needs (enableFutures, enableMargin)" in text
        assert "the key may withdraw. Turn on the exchange's own list" in text
        allow(home, "view")
        said = (await permissions(owner, "binance"))["permissions"]
        assert (said["trades"], said["withdraws"], said["more"]) == (False, False, [])
        assert "the key may withdraw" not in await shown(owner, "binance")


def allow(home: Road, *may: Any) -> None:
    """What the key may do from now on."""
    account = home.world.devices["device0"].device.accounts.get(home.world.wallet_id, "binance")
    assert account is not None
    home.simulation.do(
        SetCredential(
            exchange="binance",
            api="binance",
            key=BINANCE_KEY,
            account=CUSTOMER,
            algorithm="EdDSA",
            verifier=account.public.hex(),
            permissions=may,
        )
    )


def test_the_least_is_warned_of_least():
    least = Permissions(views=True, trades=True, pays_out=False, bound_to_addresses=True)
    assert warnings_of(least) == []
    for more in (
        {"views": False},
        {"pays_out": True},
        {"bound_to_addresses": False},
        {"more": ("enableFutures",)},
    ):
        [warning] = warnings_of(Permissions(**{**vars(least), **more}))
        assert warning


@pytest.mark.parametrize(
    "name",
    [
        "enableInternalTransfer",
        "enableMargin",
        "enableFutures",
        "permitsUniversalTransfer",
        "enableVanillaOptions",
        "enablePortfolioMarginTrading",
        "enableFixApiTrade",
    ],
)
def test_whatever_binance_lets_a_key_do_beside_spot_is_named_as_it_calls_it(name: str):
    least = dict.fromkeys(
        ("ipRestrict", "enableReading", "enableWithdrawals", "enableSpotAndMarginTrading"), True
    )
    assert msgspec.convert(least, Restrictions).beyond_spot == ()
    assert msgspec.convert({**least, name: True}, Restrictions).beyond_spot == (name,)


async def test_what_the_devices_may_not_ask_is_no_answer_of_the_exchanges(home: Road):
    async with owned(home) as (client, owner):
        await home.add_born(client)
        with pytest.raises(PolicyDenied) as denied:
            await permissions(owner, "binance")
        assert denied.value.reason == "endpoint"
