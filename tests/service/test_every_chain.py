"""One wallet, one passphrase, three real signers, three chains: BTC, ETH and a token, SOL, each confirmed."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from nacl.utils import random
from solders.keypair import Keypair
from tests.support.account_world import (
    ETHER,
    EVM,
    FRIEND,
    AccountWorld,
    LocalEvm,
    LocalSolana,
    evm_chain,
    local_evm,
    local_solana,
    solana_chain,
)
from tests.support.limits import limits
from tests.support.service_world import Client, embedded_chain, now

from warifu.chains.ethereum.personal import personal_message
from warifu.chains.ethereum.signature import signature_of
from warifu.protocol import api
from warifu.protocol.chains import SOLANA
from warifu.protocol.request import Outflow, RefreshRequest
from warifu.service.roads.forms import understand
from warifu.service.workflows import correlations
from warifu.service.workflows.correlations import TARGET

pytestmark = pytest.mark.real

SOL = 10**9


@pytest.fixture
def evm() -> Iterator[LocalEvm]:
    with local_evm() as made:
        yield made


@pytest.fixture
def solana() -> Iterator[LocalSolana]:
    with local_solana() as made:
        yield made


@pytest.fixture
def world(tmp_path: Path, evm: LocalEvm, solana: LocalSolana, monkeypatch) -> Iterator[AccountWorld]:
    monkeypatch.setattr(correlations, "ROUND_SECONDS", 0.1)
    token = evm.token()
    capped = limits(token, "TUSD", 6, 10**9, 10**9)
    with embedded_chain(tmp_path / "chain") as (chain, url):
        made = AccountWorld(tmp_path, chain, url, evm=evm, tokens=(capped,))
        made.chains = [evm_chain(evm.url), solana_chain(solana.url)]
        made.found()
        yield made


async def confirmed(world: AccountWorld, client: Client, solana: LocalSolana, transfer: str) -> api.Transfer:
    async with asyncio.timeout(30):
        while True:
            found = await client.get(f"/transfers/{transfer}", api.Transfer)
            if found.state == "confirmed":
                return found
            assert found.state in ("authorized", "signing", "signed", "broadcast"), found
            await world.mine()
            await asyncio.to_thread(solana.advance)
            await asyncio.to_thread(world.chain.mine, 1)


async def test_one_wallet_pays_on_every_chain(world: AccountWorld, evm: LocalEvm, solana: LocalSolana):
    (token,) = (asset.token for asset in world.tokens)
    friend = str(Keypair().pubkey())
    before = evm.balance(FRIEND)
    async with world.running() as client:
        await world.enrol(client)
        await world.fund(client, 10**8)
        await asyncio.to_thread(evm.fund, world.address, 10 * ETHER)
        await asyncio.to_thread(evm.control, "mint", token=token, address=world.address, amount="5000000")
        await asyncio.to_thread(solana.fund, world.solana_address, 10 * SOL)
        accounts = (await client.get("/wallets/savings/accounts", api.Accounts)).accounts
        assert [account.address for account in accounts] == [world.address, world.solana_address]
        payments = [
            await world.payment(client),
            await world.pay(client),
            await world.pay(client, 2_000_000, token=token),
            await world.pay(client, SOL, friend, chain=SOLANA),
        ]
        # All at the same time: the devices take part in several ceremonies at once.
        await asyncio.gather(*(world.hand_in(client, payment) for payment in payments))
        done = [await confirmed(world, client, solana, payment.id) for payment in payments]
        assert {transfer.chain for transfer in done} == {"bitcoin", EVM, SOLANA}
        assert (evm.balance(FRIEND), solana.balance(friend)) == (before + ETHER, SOL)
        for transfer in done:
            steps = [event.step for event in transfer.events]
            assert set(steps) == set(range(1, 9))
            assert {event.device for event in transfer.events if event.step == 3} == {"device0", "device1"}


async def test_the_wallet_pays_on_every_chain_with_refreshed_shares(
    world: AccountWorld, evm: LocalEvm, solana: LocalSolana
):
    """The same addresses and the same money; every share and every prepared ECDSA signature is new."""
    friend = str(Keypair().pubkey())
    before = evm.balance(FRIEND)
    async with world.running() as client:
        await world.enrol(client)
        await world.fund(client, 10**8)
        await asyncio.to_thread(evm.fund, world.address, 10 * ETHER)
        await asyncio.to_thread(solana.fund, world.solana_address, 10 * SOL)
        assert (await world.send(client, await world.pay(client))).state == "broadcast"
        await refreshed(world, client)
        payments = [
            await world.payment(client),
            await world.pay(client),
            await world.pay(client, SOL, friend, chain=SOLANA),
        ]
        await asyncio.gather(*(world.hand_in(client, payment) for payment in payments))
        done = [await confirmed(world, client, solana, payment.id) for payment in payments]
        assert {transfer.chain for transfer in done} == {"bitcoin", EVM, SOLANA}
        assert (evm.balance(FRIEND), solana.balance(friend)) == (before + 2 * ETHER, SOL)


async def refreshed(world: AccountWorld, client: Client) -> None:
    """All devices of the wallet have new shares of its three keys."""
    request = RefreshRequest(random(16), world.wallet_id, 1, now(), now() + 600)
    identities = sorted(device.identity for device in world.devices.values())
    authorization, envelopes = await client.authorized(request, identities)
    question = api.NewRefresh(authorization=authorization, envelopes=envelopes)
    accepted = await client.post("/wallets/savings/refresh", question, api.Accepted)
    while True:
        found = await client.get(f"/refreshes/{accepted.id}", api.Refresh, after=0, wait=1)
        if found.state != "running":
            break
    assert found.state == "finished", found.refusal
    assert {device.status().wallets[0].epoch for device in world.devices.values()} == {1}


async def test_a_bump_and_a_cancellation_are_signed_as_the_same_payment(world: AccountWorld, evm: LocalEvm):
    before = evm.balance(FRIEND)
    async with world.running() as client:
        await world.enrol(client)
        await asyncio.to_thread(evm.fund, world.address, 10 * ETHER)
        payment = await world.pay(client)
        assert (await world.send(client, payment)).state == "broadcast"
        bump = await world.pay(client, bump=payment.id)
        assert (await world.send(client, bump)).state == "broadcast"
        spent = {item.chain: item.amount for item in world.devices["device0"].status().wallets[0].spent_today}
        cancel = await world.pay(client, cancel=bump.id)
        assert (await world.send(client, cancel)).state == "broadcast"
        await world.mine(3)
        await client.until(cancel.id, ("confirmed",))
        for item in (payment, bump):
            await client.until(item.id, ("replaced",))
        assert evm.balance(FRIEND) == before
        assert int(spent[EVM]) < ETHER + 2 * int(bump.request.fee_ceiling), "counted once"


async def test_a_message_is_signed_by_the_threshold(world: AccountWorld):
    unsigned = personal_message("Log in to example.org")
    name = understand(unsigned, EVM).name
    async with world.running() as client:
        await world.enrol(client)
        draft = api.AccountDraft(
            chain=EVM, unsigned=unsigned, transaction=name.hex(), fee="0", likely_fee="0", replaces=None
        )
        message = world.asked(draft, (Outflow("message", "", "0", ""),))
        signed = await client.until(await world.hand_in(client, message), ("signed", "refused"))
        assert (signed.state, signed.settled) == ("signed", True), signed.refusal
        shown = await client.get(f"/transfers/{message.id}/transaction", api.TransferBytes)
        signature_of(shown.raw[:64] + bytes([shown.raw[64] - 27]), name, world.address)


async def test_devices_are_kept_prepared_for_ecdsa(world: AccountWorld, evm: LocalEvm):
    async with world.running() as client:
        await world.enrol(client)
        await asyncio.to_thread(evm.fund, world.address, 10 * ETHER)
        async with asyncio.timeout(30):
            while not all(counts == [0, TARGET, TARGET] for counts in said(world)):
                await asyncio.sleep(0.05)
        assert (await world.send(client, await world.pay(client))).state == "broadcast"
        assert sum(map(sum, said(world))) in (6 * TARGET - 2, 6 * TARGET), "used up, or made again"


def said(world: AccountWorld) -> list[list[int]]:
    """What each device says that it has prepared, in ascending order."""
    return [sorted(device.status().wallets[0].correlations) for device in world.devices.values()]
