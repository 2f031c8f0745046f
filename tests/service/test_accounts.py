"""Transfers on a chain of accounts, with a real (embedded) Ethereum: nonces, replacements, failures, messages.

The signers hold a whole key each (``tests/support/whole_key.py``): here the service is under test.
"""

import asyncio
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.account_world import (
    ETHER,
    EVM,
    FRIEND,
    THIEF,
    AccountWorld,
    LocalEvm,
    account_world,
    evm_chain,
    local_evm,
)
from tests.support.limits import limits
from tests.support.service_world import Client, Payment, changed, refusal

from warifu.chains.accounts import Sent
from warifu.chains.ethereum.address import parse_address
from warifu.chains.ethereum.personal import personal_message
from warifu.chains.ethereum.signature import signature_of
from warifu.chains.ethereum.transaction import parse_signed, parse_unsigned
from warifu.errors import BroadcastRejected, StoreDamaged
from warifu.protocol import api
from warifu.protocol.request import Outflow
from warifu.service.roads.forms import understand

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def evm() -> Iterator[LocalEvm]:
    with local_evm() as made:
        yield made


@pytest.fixture
def world(tmp_path: Path, evm: LocalEvm) -> AccountWorld:
    return account_world(tmp_path, evm)


def nonce(payment: Payment) -> int:
    return parse_unsigned(payment.unsigned).nonce


# --- the road ----------------------------------------------------------------------------------------------------


async def test_the_eight_steps(world: AccountWorld):
    before = world.evm.balance(FRIEND)
    async with world.running() as client:
        payment = await world.pay(client)
        sent = await world.send(client, payment)
        assert (sent.state, sent.chain, sent.settled) == ("broadcast", EVM, False)
        shown = await client.get(f"/transfers/{payment.id}/transaction", api.TransferBytes)
        signed = parse_signed(shown.raw)
        assert (shown.unsigned, signed.sender, signed.txid) == (payment.unsigned, world.address, sent.txid)
        await world.mine()
        done = await client.until(payment.id, ("confirmed",))
        assert (done.confirmations, done.settled) == (1, False)
        steps = [event.step for event in done.events]
        assert steps == sorted(steps) and set(steps) == set(range(1, 9))
        await world.mine(2)
        while not (await client.get(f"/transfers/{payment.id}", api.Transfer)).settled:
            await asyncio.sleep(0.02)
        assert world.evm.balance(FRIEND) == before + ETHER


async def test_accounts_and_history_show_what_is_there_and_what_happened(tmp_path: Path, evm: LocalEvm):
    token = evm.token()
    capped = limits(token, "TUSD", 6, 10**9, 10**9)
    world = account_world(tmp_path, evm, tokens=(capped,))
    evm.control("mint", token=token, address=world.address, amount=str(5_000_000))
    async with world.running() as client:
        (account,) = (await client.get("/wallets/savings/accounts", api.Accounts)).accounts
        assert (account.chain, account.address, account.refusal) == (EVM, world.address, None)
        held = {asset.token: (asset.symbol, asset.decimals, asset.amount) for asset in account.assets}
        assert held == {"": ("ETH", 18, str(100 * ETHER)), token: ("TUSD", 6, "5000000")}
        payment = await world.pay(client, 2_000_000, token=token)
        await world.send(client, payment)
        await world.mine()
        done = await client.until(payment.id, ("confirmed",))
        (entry,) = (await client.get("/wallets/savings/account-transactions", api.AccountHistory)).transfers
        assert (entry.transfer, entry.txid, entry.state) == (payment.id, done.txid, "confirmed")
        assert entry.moved == (api.Moved(kind="payment", token=token, amount="2000000", to=FRIEND),)
        assert entry.height == done.height and entry.fee is not None
        (account,) = (await client.get("/wallets/savings/accounts", api.Accounts)).accounts
        coin, rest = account.assets
        assert rest.amount == "3000000"
        assert int(coin.amount) == 100 * ETHER - int(entry.fee)
        health = await client.get("/health", api.Health)
        assert (health.backend, health.height) == ("none", None)


async def test_a_failed_execution_is_rejected_with_its_reason_and_its_fee(tmp_path: Path, evm: LocalEvm):
    """The token is gone when the transaction executes: another one, sent before it, took it."""
    token = evm.token()
    capped = limits(token, "TUSD", 6, 10**9, 10**9)
    world = account_world(tmp_path, evm, tokens=(capped,))
    evm.control("mint", token=token, address=world.address, amount="100")
    async with world.running() as client:
        first = await world.pay(client, 100, token=token)
        second = await world.pay(client, 100, token=token)
        await world.send(client, first)
        await world.send(client, second)
        await world.mine()
        failed = await client.until(second.id, ("rejected",))
        assert failed.refusal is not None and failed.refusal.code == "broadcast.execution-failed"
        assert failed.height is not None and not failed.settled
        assert (await client.until(first.id, ("confirmed",))).refusal is None
        await world.mine(2)
        while not (await client.get(f"/transfers/{second.id}", api.Transfer)).settled:
            await asyncio.sleep(0.02)
        entries = (await client.get("/wallets/savings/account-transactions", api.AccountHistory)).transfers
        assert all(entry.fee is not None and int(entry.fee) > 0 for entry in entries)


# --- account nonces ----------------------------------------------------------------------------------------------


async def test_two_drafts_at_once_never_share_a_nonce(world: AccountWorld):
    async with world.running() as client:
        drafts = await asyncio.gather(*(world.pay(client) for _ in range(5)))
        assert sorted(map(nonce, drafts)) == [0, 1, 2, 3, 4]


async def test_a_draft_that_nobody_wants_frees_its_nonce(world: AccountWorld):
    async with world.running() as client:
        unwanted = await world.pay(client)
        path = f"/v1/wallets/savings/account-drafts/{unwanted.request.transaction.hex()}"
        assert (await client.http.delete(path)).status_code == 204
        assert (await client.http.delete(path)).status_code == 404
        assert nonce(await world.pay(client, 2 * ETHER)) == nonce(unwanted) == 0


async def test_an_old_draft_holds_no_nonce_but_may_still_be_handed_in(world: AccountWorld, monkeypatch):
    monkeypatch.setattr("warifu.service.accounts.SLOT_HOLD", -1)
    async with world.running() as client:
        old = await world.pay(client)
        new = await world.pay(client, 2 * ETHER)
        assert nonce(old) == nonce(new) == 0
        assert (await world.send(client, old)).state == "broadcast"
        # Now it is taken: the other one is refused before any device is asked.
        opened = len(world.signer("device0").opened)
        error = await refusal(world.hand_in(client, new))
        assert error.code == "service.slot-taken"
        assert len(world.signer("device0").opened) == opened
        assert nonce(await world.pay(client, 2 * ETHER)) == 1


async def test_what_waits_behind_an_open_draft_says_so(world: AccountWorld):
    async with world.running() as client:
        await world.pay(client)
        second = await world.pay(client, 2 * ETHER)
        sent = await world.send(client, second)
        assert any("waits behind account nonce 0" in event.text for event in sent.events)


async def test_a_refused_transfer_gives_its_nonce_back_and_may_want_it_again(world: AccountWorld):
    async with world.running() as client:
        payment = await world.pay(client)
        for name in ("device0", "device1"):
            world.signer(name).refuses = ("policy", "per-day")
        assert (await world.send(client, payment)).state == "refused"
        other = await world.pay(client, 2 * ETHER)
        assert nonce(other) == nonce(payment)
        for name in ("device0", "device1"):
            world.signer(name).refuses = None
        await world.send(client, other)
        question = await world.question(client, payment)
        again = api.NewAuthorization(authorization=question.authorization, envelopes=question.envelopes)
        error = await refusal(client.post(f"/transfers/{payment.id}/authorize", again, api.Accepted))
        assert error.code == "service.slot-taken"


async def test_a_transfer_that_waits_in_vain_gives_its_nonce_back(world: AccountWorld, monkeypatch):
    world.settings["signer_wait"] = 0.1
    async with world.running() as client:
        payment = await world.pay(client)
        question = await world.question(client, payment)
        await world.disconnect("device1")
        await client.post("/transfers", question, api.Accepted)
        assert (await client.until(payment.id)).state == "needs-authorization"
        assert nonce(await world.pay(client)) == 1
        later = payment.request.expires + 1
        monkeypatch.setattr("warifu.service.store.slots.time.time", lambda: later)
        assert nonce(await world.pay(client)) == 0


async def test_what_waits_behind_a_transfer_that_needs_its_owner_says_so(world: AccountWorld):
    world.settings["signer_wait"] = 0.1
    async with world.running() as client:
        first = await world.pay(client)
        question = await world.question(client, first)
        await world.disconnect("device1")
        await client.post("/transfers", question, api.Accepted)
        assert (await client.until(first.id)).state == "needs-authorization"
        await world.connect("device1")
        second = await world.pay(client)
        await world.send(client, second)
        async with asyncio.timeout(60):
            while "it waits for a transaction with the nonce 0" not in await texts(client, second.id):
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.3)
        assert (await texts(client, second.id)).count("it waits for a transaction with the nonce 0") == 1


async def texts(client: Client, transfer: str) -> list[str]:
    return [event.text for event in (await client.get(f"/transfers/{transfer}", api.Transfer)).events]


# --- transfers that nobody works on ------------------------------------------------------------------------------


async def test_a_transfer_whose_signing_could_not_begin_is_given_back_to_its_owner(
    world: AccountWorld, monkeypatch
):
    """The disk was full for a moment, before its devices were asked: it must not hold its nonce for nothing."""
    async with world.running() as client:
        payment = await world.pay(client)

        def full(*_: object) -> bool:
            raise StoreDamaged("write", "the disk is full")

        with monkeypatch.context() as patched:
            patched.setattr("warifu.service.workflows.transfer.store.begin_signing", full)
            await world.hand_in(client, payment)
            async with asyncio.timeout(60):
                while payment.id in world.service.transfers._at_work:
                    await asyncio.sleep(0.02)
        assert (await client.get(f"/transfers/{payment.id}", api.Transfer)).state == "authorized"
        await asyncio.to_thread(world.service.transfers.end_orphans)
        given_back = await client.until(payment.id, ("needs-authorization",))
        assert given_back.refusal is not None and given_back.refusal.code == "session.interrupted"
        assert world.signer("device0").opened == []
        question = await world.question(client, payment)
        again = api.NewAuthorization(authorization=question.authorization, envelopes=question.envelopes)
        await client.post(f"/transfers/{payment.id}/authorize", again, api.Accepted)
        await client.until(payment.id, ("broadcast",))


async def test_what_is_just_taken_in_or_waits_for_its_devices_is_nobodys_orphan(
    world: AccountWorld, monkeypatch
):
    async with world.running() as client:
        payment = await world.pay(client)
        transfers, road = world.service.transfers, world.service.roads.account(EVM)
        looked = []

        def hold(wallet: str, unsigned: bytes) -> None:
            transfers.end_orphans()
            looked.append((wallet, unsigned))

        monkeypatch.setattr(road, "hold", hold)
        question = await world.question(client, payment)
        await world.disconnect("device1")
        await client.post("/transfers", question, api.Accepted)
        assert looked == [("savings", payment.unsigned)]
        await client.post("/transfers", question, api.Accepted)  # a repetition ends nothing
        for _ in range(3):
            await asyncio.to_thread(transfers.end_orphans)
            await asyncio.sleep(0.02)
        await world.connect("device1")
        done = await client.until(payment.id, ("broadcast", "needs-authorization"))
        assert done.state == "broadcast", done.events
        assert not any("broke off" in event.text for event in done.events)


# --- replacement -------------------------------------------------------------------------------------------------


async def test_a_bump_replaces_and_the_old_one_ends(world: AccountWorld):
    before = world.evm.balance(FRIEND)
    async with world.running() as client:
        payment = await world.pay(client)
        await world.send(client, payment)
        bump = await world.pay(client, bump=payment.id)
        assert bump.request.replaces == payment.request.request_id
        assert nonce(bump) == nonce(payment)
        sent = await world.send(client, bump)
        assert (sent.state, sent.replaces) == ("broadcast", payment.id)
        error = await refusal(world.pay(client, bump=payment.id))
        assert error.code == "input.not-replaceable" and bump.id in error.message
        await world.mine(3)
        done = await client.until(bump.id, ("confirmed",))
        replaced = await client.until(payment.id, ("replaced",))
        assert (replaced.replaced_by, replaced.settled) == (done.txid, True)
        assert world.evm.balance(FRIEND) == before + ETHER, "one of the two"


async def test_a_cancellation_pays_nobody(world: AccountWorld):
    before = world.evm.balance(FRIEND)
    async with world.running() as client:
        payment = await world.pay(client)
        await world.send(client, payment)
        cancel = await world.pay(client, cancel=payment.id)
        await world.send(client, cancel)
        await world.mine(3)
        await client.until(cancel.id, ("confirmed",))
        await client.until(payment.id, ("replaced",))
        assert world.evm.balance(FRIEND) == before
        error = await refusal(world.pay(client, cancel=cancel.id))
        assert error.code == "input.not-replaceable"


async def rejected(world: AccountWorld, client: Client, payment: Payment) -> api.Transfer:
    """Signed, and refused by the network, which may have kept it."""

    def refuse(raw: bytes) -> tuple[Sent, str]:
        raise BroadcastRejected("refused", "rpc refuses it: because")

    network = world.service.roads.account(EVM).network
    original, network.broadcast = network.broadcast, refuse  # type: ignore[method-assign]
    try:
        return await world.send(client, payment)
    finally:
        network.broadcast = original  # type: ignore[method-assign]


async def test_a_bump_outbids_each_version_that_was_signed_also_a_rejected_one(world: AccountWorld):
    """Signers remember the rejected one, and sign nothing that costs no more."""
    async with world.running() as client:
        payment = await world.pay(client)
        await world.send(client, payment)
        fees = [int(payment.request.fee_ceiling)]
        for _ in range(3):
            bump = await world.pay(client, bump=payment.id)
            assert bump.request.replaces == payment.request.request_id
            assert int(bump.request.fee_ceiling) > max(fees)
            fees.append(int(bump.request.fee_ceiling))
            assert (await rejected(world, client, bump)).state == "rejected"
        last = await world.pay(client, bump=payment.id)
        assert (await world.send(client, last)).state == "broadcast"
        await world.mine(3)
        done = await client.until(last.id, ("confirmed",))
        assert (await client.until(payment.id, ("replaced",))).replaced_by == done.txid


async def test_what_a_signed_cancellation_excludes_is_not_drafted_again(world: AccountWorld):
    """The cancellation was rejected; signers remember it, and would sign only another one."""
    async with world.running() as client:
        payment = await world.pay(client)
        await world.send(client, payment)
        cancel = await world.pay(client, cancel=payment.id)
        assert (await rejected(world, client, cancel)).state == "rejected"
        error = await refusal(world.pay(client, bump=payment.id))
        assert error.code == "input.not-replaceable" and "cancellation" in error.message
        again = await world.pay(client, cancel=payment.id)
        first, second = parse_unsigned(cancel.unsigned), parse_unsigned(again.unsigned)
        assert second.max_fee > first.max_fee and second.max_priority_fee > first.max_priority_fee
        assert (await world.send(client, again)).state == "broadcast"
        dearer = await world.draft(client, bump=again.id)
        assert parse_unsigned(dearer.unsigned).value == 0, "a cancellation that is bumped cancels again"


async def test_a_nonce_is_shared_only_by_what_replaces(world: AccountWorld):
    """A bump that does not say what it replaces is a second payment."""
    async with world.running() as client:
        payment = await world.pay(client)
        await world.send(client, payment)
        bump = await world.pay(client, bump=payment.id)
        unsaid = Payment(changed(bump.request, replaces=None), bump.unsigned)
        assert (await refusal(world.hand_in(client, unsaid))).code == "service.slot-taken"


# --- the chain changes its mind ----------------------------------------------------------------------------------


async def test_a_reorganisation_is_noticed_and_survived(world: AccountWorld):
    async with world.running() as client:
        payment = await world.pay(client)
        await world.send(client, payment)
        await world.mine()
        await client.until(payment.id, ("confirmed",))
        await asyncio.to_thread(world.evm.control, "reorganise", depth=1)
        again = await client.until(payment.id, ("broadcast",))
        assert (again.confirmations, again.height) == (0, None)
        assert any("reorganisation" in event.text for event in again.events)
        await world.mine()
        await client.until(payment.id, ("confirmed",))


async def test_a_dropped_transaction_is_sent_again(world: AccountWorld):
    async with world.running() as client:
        payment = await world.pay(client)
        sent = await world.send(client, payment)
        await asyncio.to_thread(world.evm.control, "drop", hash=sent.txid)
        for _ in range(200):
            if world.evm.rpc("eth_getTransactionByHash", sent.txid) is not None:
                break
            await asyncio.sleep(0.02)
        await world.mine()
        assert (await client.until(payment.id, ("confirmed",))).txid == sent.txid


async def test_a_rejected_one_is_not_settled_before_the_chain_excludes_it(world: AccountWorld):
    """The backend that says no may have kept it: the owner is told, its nonce is free, and it is still looked for."""
    async with world.running() as client:
        dear, cheap = await world.pay(client), await world.pay(client, 2 * ETHER)
        path = f"/v1/wallets/savings/account-drafts/{dear.request.transaction.hex()}"
        await client.http.delete(path)
        road = world.service.roads.account(EVM)
        original = road.network.broadcast

        def refuse(raw: bytes) -> tuple[Sent, str]:
            raise BroadcastRejected("refused", "rpc refuses it: because")

        road.network.broadcast = refuse  # type: ignore[method-assign]
        rejected = await world.send(client, cheap)
        assert (rejected.state, rejected.settled) == ("rejected", False)
        assert rejected.refusal is not None and rejected.refusal.code == "broadcast.refused"
        road.network.broadcast = original  # type: ignore[method-assign]
        await asyncio.sleep(0.3)
        assert (await client.get(f"/transfers/{cheap.id}", api.Transfer)).state == "rejected", (
            "not sent again"
        )
        # It had kept it, after all.
        shown = await client.get(f"/transfers/{cheap.id}/transaction", api.TransferBytes)
        first = await world.pay(client)
        assert nonce(first) == 0
        await world.send(client, first)
        world.evm.rpc("eth_sendRawTransaction", "0x" + shown.raw.hex())
        await world.mine()
        done = await client.until(cheap.id, ("confirmed",))
        assert done.refusal is None


async def test_a_rejected_one_stays_rejected_once_its_nonce_is_used_up(world: AccountWorld):
    async with world.running() as client:
        payment = await world.pay(client)
        network = world.service.roads.account(EVM).network
        original = network.broadcast

        def refuse(raw: bytes) -> tuple[Sent, str]:
            raise BroadcastRejected("refused", "rpc refuses it: because")

        network.broadcast = refuse  # type: ignore[method-assign]
        assert (await world.send(client, payment)).state == "rejected"
        network.broadcast = original  # type: ignore[method-assign]
        other = await world.pay(client, 2 * ETHER)
        assert nonce(other) == nonce(payment)
        await world.send(client, other)
        await world.mine(3)
        await client.until(other.id, ("confirmed",))
        async with asyncio.timeout(60):
            while not (await client.get(f"/transfers/{payment.id}", api.Transfer)).settled:
                await asyncio.sleep(0.02)
        done = await client.get(f"/transfers/{payment.id}", api.Transfer)
        assert done.state == "rejected" and done.refusal is not None
        assert done.refusal.code == "broadcast.refused"


# --- messages ----------------------------------------------------------------------------------------------------


async def test_a_message_is_signed_and_not_sent(world: AccountWorld):
    unsigned = personal_message("Log in to example.org")
    name = understand(unsigned, EVM).name
    async with world.running() as client:
        draft = api.AccountDraft(
            chain=EVM, unsigned=unsigned, transaction=name.hex(), fee="0", likely_fee="0", replaces=None
        )
        message = world.asked(draft, (Outflow("message", "", "0", "example.org-example.org"),))
        identifier = await world.hand_in(client, message)
        signed = await client.until(identifier, ("signed",))
        assert (signed.settled, signed.txid) == (True, "")
        shown = await client.get(f"/transfers/{identifier}/transaction", api.TransferBytes)
        assert len(shown.raw) == 65 and shown.raw[64] in (27, 28)
        signature_of(shown.raw[:64] + bytes([shown.raw[64] - 27]), name, world.address)
        await asyncio.sleep(0.3)
        found = await client.get(f"/transfers/{identifier}", api.Transfer)
        assert found.state == "signed"
        assert [event.step for event in found.events][-1] == 8
        assert not any(event.step in (6, 7) for event in found.events)


# --- the door ----------------------------------------------------------------------------------------------------


async def test_what_does_not_fit_is_refused_at_the_door(world: AccountWorld):
    async with world.running() as client:
        payment, other = await world.pay(client), await world.pay(client, to=THIEF)
        elsewhere = changed(payment.request, chain="eip155:1")
        solana = changed(payment.request, chain="solana")
        cases = [
            ("transaction.other-transaction", Payment(payment.request, other.unsigned)),
            ("input.rlp-form", Payment(payment.request, b"\x02\xc0")),
            ("chain.no-backend", Payment(elsewhere, payment.unsigned)),
            ("chain.no-backend", Payment(solana, payment.unsigned)),
        ]
        for code, wrong in cases:
            assert (await refusal(world.hand_in(client, wrong))).code == code
        assert (await client.get("/transfers", api.Transfers)).transfers == ()


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({}, "input.draft"),
        ({"prepare": True, "cancel": "0" * 32}, "input.draft"),
        ({"prepare": True}, "input.nothing-to-prepare"),
        ({"bump": "0" * 32}, "service.unknown-transfer"),
        ({"payment": api.AccountPayment(to=FRIEND, amount="0")}, "input.amount-range"),
        ({"payment": api.AccountPayment(to=FRIEND.lower(), amount="1")}, "input.address"),
        ({"payment": api.AccountPayment(to=FRIEND, amount=str(10**30))}, "input.insufficient-funds"),
    ],
)
async def test_a_draft_that_cannot_be(world: AccountWorld, wanted, code: str):
    async with world.running() as client:
        assert (await refusal(world.draft(client, **wanted))).code == code


async def test_a_backend_of_another_chain_is_told_by_name(world: AccountWorld, evm: LocalEvm):
    from warifu.chains.ethereum.networks import NETWORKS
    from warifu.chains.ethereum_network.chain import EvmChain
    from warifu.chains.rpc.endpoint import JsonRpcEndpoint
    from warifu.chains.rpc.endpoints import Endpoints

    world.chains = [
        evm_chain(evm.url),
        EvmChain(NETWORKS[8453], Endpoints([JsonRpcEndpoint(evm.url, "rpc")])),
    ]
    async with world.running() as client:
        accounts = (await client.get("/wallets/savings/accounts", api.Accounts)).accounts
        assert [account.chain for account in accounts] == [EVM, "eip155:8453"]
        assert accounts[0].refusal is None
        assert accounts[1].refusal is not None and accounts[1].refusal.code == "chain.wrong-network"
        assert accounts[1].assets == () and parse_address(accounts[1].address)


# --- what the chain has that this service did not send --------------------------------------------------------------


async def test_what_the_account_sent_through_somebody_else_is_named_and_shown(world: AccountWorld):
    async with world.running() as client:
        payment = await world.pay(client)
        await world.send(client, payment)
        await world.mine()
        await client.until(payment.id, ("confirmed",))
        path = "/wallets/savings/account-listing"
        assert (await client.get(path, api.AccountListing, chain=EVM)).txids == ()
        unsigned = dataclasses.replace(parse_unsigned(payment.unsigned), nonce=1)
        signature = world.key.sign(EVM, unsigned.serialize())
        elsewhere = unsigned.with_signature(signature, world.address)
        await asyncio.to_thread(world.evm.rpc, "eth_sendRawTransaction", "0x" + elsewhere.raw.hex())
        await world.mine()
        assert (await client.get(path, api.AccountListing, chain=EVM)).txids == (elsewhere.txid,)
        question = api.AccountBytesQuestion(chain=EVM, txids=(elsewhere.txid, "0x" + 64 * "7"))
        shown = await client.post("/wallets/savings/account-bytes", question, api.AccountBytes)
        assert shown.transactions == (elsewhere.raw, b"")


@pytest.mark.parametrize(
    ("name", "query", "code"),
    [
        ("savings", {}, "input.malformed"),
        ("savings", {"chain": "dogecoin"}, "input.malformed"),
        ("savings", {"chain": "bitcoin"}, "chain.no-backend"),
        ("savings", {"chain": "eip155:1"}, "chain.no-backend"),
        ("none", {"chain": EVM}, "service.unknown-wallet"),
    ],
)
async def test_a_list_is_of_an_account_that_there_is(
    world: AccountWorld, name: str, query: dict[str, str], code: str
):
    async with world.running() as client:
        asked = client.get(f"/wallets/{name}/account-listing", api.AccountListing, **query)
        assert (await refusal(asked)).code == code
