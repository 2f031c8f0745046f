"""Accounts at exchanges through the service: what it carries to devices, and what it does not begin."""

import asyncio
from typing import Any

import pytest
from nacl.utils import random
from tests.support.exchange_road import born
from tests.support.exchange_scripts import (
    ALL,
    Script,
    digest_of,
    parcelled,
    scripted_world,
    speak_for_themselves,
)
from tests.support.service_world import Client, World, changed, now, refusal

from warifu.errors import PolicyDenied
from warifu.protocol import api
from warifu.protocol.encoding import decode, encode
from warifu.protocol.exchange_answers import AccountKept, AccountStatus, KeyBorn
from warifu.protocol.exchange_requests import (
    AccountRequest,
    AccountTerms,
    ExchangeKeyRequest,
    KeyKind,
    RemoveAccountRequest,
)
from warifu.protocol.frames import (
    AskResult,
    CallRefused,
    Finished,
    KeepAccount,
    OpenExchangeKey,
    Reply,
    ResultAnswer,
    refusal_of,
)
from warifu.protocol.identity import IdentityKey
from warifu.service.store.api_keys import create_api_key
from warifu.signer.exchanges.accounts import Account
from warifu.threshold.wiping import Secret

pytestmark = pytest.mark.real
SECRET = b"the exchange's secret, whole or in part"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> World:
    return scripted_world(tmp_path_factory.mktemp("accounts"))


@pytest.fixture
def world(home: World):
    yield home
    speak_for_themselves(home)


def scripts(world: World, say: Any) -> dict[str, Script]:
    return {name: Script(world.devices[name], say) for name in ALL}


def account_request(world: World, *names: str, key: KeyKind = "ed25519-split") -> AccountRequest:
    holders = tuple(sorted(world.devices[name].identity for name in names))
    return AccountRequest(
        random(16), world.wallet_id, "trading", "binance", key, holders, bytes(32), False, now(), now() + 600
    )


async def account_question(
    world: World, client: Client, request: Any, *names: str, key: IdentityKey | None = None
) -> api.NewExchangeAccount:
    contents = {world.devices[name].identity: SECRET for name in names}
    authorization, parcels = await parcelled(client, request, contents, key)
    return api.NewExchangeAccount(authorization=authorization, parcels=parcels)


async def keep(client: Client, question: api.NewExchangeAccount) -> api.ExchangeAccountTold:
    return await client.post("/wallets/savings/exchange-accounts", question, api.ExchangeAccountTold)


def kept(frame: Any) -> list[Any]:
    assert isinstance(frame, KeepAccount)
    return [Reply(frame.call, encode(AccountKept(digest_of(frame.authorization), bytes(64))))]


async def test_each_holder_gets_its_own_parcel_and_answers_for_itself(world: World):
    told = scripts(world, kept)
    async with world.running() as client:
        request = account_request(world, *ALL)
        answer = await keep(client, await account_question(world, client, request, *ALL))
        assert [device.identity for device in answer.devices] == list(request.holders)
        for device in answer.devices:
            assert device.refusal is None
            assert len(decode(AccountKept, device.answer, 1000).signature) == 64
            (frame,) = told[device.device].heard
            assert frame.parcel.identity == device.identity and SECRET not in encode(frame)


async def test_a_whole_secret_goes_to_its_one_holder(world: World):
    told = scripts(world, kept)
    async with world.running() as client:
        request = account_request(world, "device1", key="hmac")
        answer = await keep(client, await account_question(world, client, request, "device1"))
        assert [device.device for device in answer.devices] == ["device1"]
        assert [told[name].count(KeepAccount) for name in ALL] == [0, 1, 0]


async def test_where_a_holder_is_away_nobody_is_told(world: World):
    told = scripts(world, kept)
    async with world.running() as client:
        request = account_request(world, *ALL)
        question = await account_question(world, client, request, *ALL)
        await world.disconnect("device2")
        error = await refusal(keep(client, question))
        assert (error.code, error.blame) == ("service.device-offline", "device2")
        assert not any(script.heard for script in told.values())


async def test_what_one_device_refuses_is_said_beside_what_others_did(world: World):
    told = scripts(world, kept)

    def denies(frame: Any) -> list[Any]:
        return [CallRefused(frame.call, refusal_of(PolicyDenied("exchange", "no rules for this exchange")))]

    told["device1"].say = denies
    async with world.running() as client:
        request = account_request(world, *ALL)
        answer = await keep(client, await account_question(world, client, request, *ALL))
        codes = {device.device: device.refusal.code if device.refusal else None for device in answer.devices}
        assert codes == {"device0": None, "device1": "policy.exchange", "device2": None}


async def test_what_is_no_account_of_this_wallet_comes_no_further_than_the_door(world: World):
    told = scripts(world, kept)
    async with world.running() as client:
        request = account_request(world, *ALL)

        async def code(question: api.NewExchangeAccount) -> str:
            return (await refusal(keep(client, question))).code

        few = await account_question(world, client, request, "device0")
        assert await code(few) == "input.parcels"
        foreign = changed(request, wallet_id=random(32))
        assert await code(await account_question(world, client, foreign, *ALL)) == "input.request"
        stranger = await account_question(world, client, request, *ALL, key=IdentityKey.generate())
        assert await code(stranger) == "authorization.unknown-credential"
        removal: Any = RemoveAccountRequest(random(16), world.wallet_id, "trading", now(), now() + 600)
        assert await code(await account_question(world, client, removal, *ALL)) == "input.request"
        assert not any(script.heard for script in told.values())


REMOVE = "/wallets/savings/exchange-accounts/remove"


async def remove(client: Client, request: Any) -> dict[str, str | None]:
    """By device, why it did not forget the account."""
    authorization, _ = await parcelled(client, request, {})
    question = api.ExchangeAccountRemoval(authorization=authorization)
    told = (await client.post(REMOVE, question, api.ExchangeAccountTold)).devices
    assert [device.identity for device in told] == sorted(device.identity for device in told)
    return {device.device: device.refusal.code if device.refusal else None for device in told}


def keeps(world: World, name: str, account: str) -> None:
    """The device has such an account, whole, from here on."""
    device = world.devices[name].device
    terms = AccountTerms("an API key", b"", (), "")
    kept = Account(
        world.wallet_id, account, "binance", "hmac", (device.identity.public,), terms, False, None, now() - 5
    )
    with device.store.transaction(), Secret(bytes(32)) as secret:
        device.accounts.put(kept, random(32), now() - 5, secret)


def kept_by(world: World, account: str) -> list[str]:
    return [
        name for name in ALL if account in {each.account for each in world.devices[name].status().accounts}
    ]


async def test_removal_reaches_who_is_there_and_who_is_away_when_it_comes(world: World):
    for name in ALL:
        keeps(world, name, "trading")
    request = RemoveAccountRequest(random(16), world.wallet_id, "trading", now(), now() + 600)
    async with world.running() as client:
        await world.disconnect("device0")
        assert await remove(client, request) == {
            "device0": "service.device-offline",
            "device1": None,
            "device2": None,
        }
        assert kept_by(world, "trading") == ["device0"]
    async with world.running() as client:  # it was kept, and is told once the device is there
        while kept_by(world, "trading"):
            await asyncio.sleep(0.02)
        while set((await remove(client, request)).values()) != {None}:
            await asyncio.sleep(0.02)
        removed = [device.kinds().count("exchange-account-removed") for device in world.devices.values()]
        assert removed == [1, 1, 1]


async def test_a_removal_that_was_kept_takes_no_account_that_was_added_since(world: World):
    request = RemoveAccountRequest(random(16), world.wallet_id, "later", now() - 60, now() + 600)
    async with world.running() as client:
        await world.disconnect("device0")
        await remove(client, request)
        keeps(world, "device0", "later")
        await world.connect("device0")
        while (await remove(client, request))["device0"] != "authorization.replayed":
            await asyncio.sleep(0.02)
        assert kept_by(world, "later") == ["device0"]


async def test_a_removal_has_a_door_of_its_own_that_takes_nothing_else(world: World):
    async with world.running() as client:
        other: Any = account_request(world, *ALL)
        assert (await refusal(remove(client, other))).code == "input.request"
        request = RemoveAccountRequest(random(16), world.wallet_id, "trading", now(), now() + 600)
        authorization, _ = await parcelled(client, request, {})
        question = api.NewInstruction(authorization=authorization, envelopes=())
        error = await refusal(client.post("/instructions", question, api.Instruction))
        assert error.code == "input.request"


async def test_accounts_are_shown_as_each_device_sees_them(world: World):
    told = scripts(world, lambda _: [])
    account = AccountStatus(
        world.wallet_id, "trading", "binance", "ed25519-born", ALL, bytes(32), True, False, (), now()
    )
    told["device0"].status = lambda status: changed(
        status, accounts=(account, changed(account, wallet_id=bytes(32), account="of-another-wallet"))
    )
    async with world.running() as client:
        await world.disconnect("device2")
        shown = await client.get("/wallets/savings/exchange-accounts", api.ExchangeAccounts)
        by_name = {device.device: device for device in shown.devices}
        assert by_name["device0"].accounts == (encode(account),) and by_name["device0"].refusal is None
        assert by_name["device1"].accounts == () and by_name["device1"].refusal is None
        refused = by_name["device2"].refusal
        assert refused is not None and refused.code == "service.device-offline"


# --- keys that are born among the devices ------------------------------------------------------------------------


def bears(public: bytes) -> Any:
    def for_device(script_of: dict[str, Script], name: str) -> Any:
        identity = script_of[name].device.identity

        made: list[bytes] = []

        def say(frame: Any) -> list[Any]:
            if isinstance(frame, AskResult):
                return [
                    Reply(frame.call, encode(ResultAnswer("finished" if made else "unknown", b"".join(made))))
                ]
            if not isinstance(frame, OpenExchangeKey):
                return []
            born = KeyBorn(digest_of(frame.authorization), public, (bytes(32),) * 3, identity, bytes(64))
            made.append(encode(born))
            return [Finished(frame.session, encode(born))]

        return say

    return for_device


def key_request(world: World) -> ExchangeKeyRequest:
    return ExchangeKeyRequest(random(16), world.wallet_id, "trading", "binance", now(), now() + 600)


async def bear(client: Client, request: Any) -> api.ExchangeKeyShown:
    authorization, _ = await parcelled(client, request, {})
    question = api.NewExchangeKey(authorization=authorization)
    accepted = await client.post("/wallets/savings/exchange-keys", question, api.Accepted)
    assert accepted.id == request.request_id.hex()
    return await born(client, accepted.id)


async def test_a_key_is_born_where_all_devices_state_the_same(world: World):
    told = scripts(world, lambda _: [])
    for name in ALL:
        told[name].say = bears(b"k" * 32)(told, name)
    async with world.running() as client:
        shown = await bear(client, key_request(world))
        births = [decode(KeyBorn, birth, 10_000) for birth in shown.births]
        assert [birth.identity for birth in births] == sorted(
            device.identity for device in world.devices.values()
        )
        assert {birth.public for birth in births} == {b"k" * 32}
        assert (shown.state, shown.missing, shown.refusal) == ("finished", (), None)


async def test_devices_that_state_different_keys_bear_none(world: World):
    told = scripts(world, lambda _: [])
    for name in ALL:
        told[name].say = bears(b"k" * 32)(told, name)
    told["device2"].say = bears(b"x" * 32)(told, "device2")
    async with world.running() as client:
        shown = await bear(client, key_request(world))
        assert shown.state == "refused" and shown.refusal is not None
        assert shown.refusal.code == "peer.birth"


async def test_a_key_takes_all_devices_and_an_owner_of_this_wallet(world: World):
    told = scripts(world, lambda _: [])
    async with world.running() as client:
        assert (
            await refusal(bear(client, changed(key_request(world), wallet_id=random(32))))
        ).code == "input.request"
        assert (await refusal(bear(client, account_request(world, *ALL)))).code == "input.request"
        await world.disconnect("device1")
        error = await refusal(bear(client, key_request(world)))
        assert (error.code, error.blame) == ("service.device-offline", "device1")
        assert not any(script.heard for script in told.values())


async def test_each_route_wants_its_scope(world: World, tmp_path: Any):
    routes = {
        ("GET", "exchange-accounts"): {"read"},
        ("POST", "exchange-accounts"): {"admin"},
        ("POST", "exchange-accounts/remove"): {"admin"},
        ("POST", "exchange-keys"): {"admin"},
        ("GET", f"exchange-keys/{'0' * 32}"): {"read", "admin"},
        ("GET", "exchange-calls"): {"read"},
        ("POST", "exchange-calls"): {"transfer"},
        ("POST", "exchange-decisions"): {"draft", "transfer", "admin"},
        ("GET", f"exchange-calls/{'0' * 32}"): {"read", "transfer"},
        ("DELETE", f"exchange-calls/{'0' * 32}/answer"): {"transfer"},
    }
    async with world.running() as client:
        keys = {scope: create_api_key(world.database, f"only-{scope}", (scope,)).key for scope in api.SCOPES}
        for (method, path), allowed in routes.items():
            for scope, key in keys.items():
                answer = await client.http.request(
                    method,
                    f"/v1/wallets/savings/{path}",
                    headers={"Authorization": f"Bearer {key}"},
                    content=b"{}" if method == "POST" else None,
                )
                refused = answer.status_code == 403 and b"service.scope" in answer.content
                assert refused is (scope not in allowed), (method, path, scope, answer.content)
