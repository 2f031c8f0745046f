"""Transfers on Solana: real signers (FROST on Ed25519), the real network half, an embedded cluster (LiteSVM)."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, cast

import pytest
from nacl.utils import random
from solders.keypair import Keypair
from tests.support.account_world import AccountWorld, LocalSolana, local_solana, solana_chain
from tests.support.service_world import Client, Payment, refusal

from warifu.chains.accounts import Sent
from warifu.chains.solana.transaction import parse_transaction
from warifu.errors import ChainUnavailable
from warifu.protocol import api
from warifu.protocol.chains import SOLANA
from warifu.service.account_chains import make_account_chains
from warifu.service.config import BackendConfig, ChainConfig, ServiceConfig
from warifu.service.store.database import create_database, open_database

pytestmark = pytest.mark.real

SOL = 10**9


@pytest.fixture
def solana() -> Iterator[LocalSolana]:
    with local_solana() as made:
        yield made


@pytest.fixture
def world(tmp_path: Path, solana: LocalSolana) -> AccountWorld:
    made = AccountWorld(tmp_path, cast("Any", None), "", make_backend=lambda _: None)
    made.chains = [solana_chain(solana.url)]
    made.found()
    return made


@pytest.fixture
def friend() -> str:
    return str(Keypair().pubkey())


async def ready(world: AccountWorld, client: Client, solana: LocalSolana) -> None:
    await world.enrol(client)
    await asyncio.to_thread(solana.fund, world.solana_address, 10 * SOL)


async def pay(world: AccountWorld, client: Client, to: str, **wanted: Any) -> Payment:
    return await world.pay(client, SOL, to, chain=SOLANA, **wanted)


async def confirmed(client: Client, solana: LocalSolana, transfer: str) -> api.Transfer:
    """Slots pass until the transfer is final."""
    async with asyncio.timeout(30):
        while True:
            await asyncio.to_thread(solana.advance)
            found = await client.get(f"/transfers/{transfer}", api.Transfer)
            if found.state in ("confirmed", "rejected", "replaced") and found.settled:
                return found


async def test_the_eight_steps(world: AccountWorld, solana: LocalSolana, friend: str):
    async with world.running() as client:
        await ready(world, client, solana)
        payment = await pay(world, client, friend)
        await world.hand_in(client, payment)
        done = await confirmed(client, solana, payment.id)
        assert (done.state, done.chain) == ("confirmed", SOLANA)
        shown = await client.get(f"/transfers/{payment.id}/transaction", api.TransferBytes)
        assert parse_transaction(shown.raw).txid == done.txid
        steps = [event.step for event in done.events]
        steps = steps[: steps.index(8) + 1]  # behind it one more for each look at how deep it is
        assert steps == sorted(steps) and set(steps) == set(range(1, 9))
        assert solana.balance(friend) == SOL
        (entry,) = (await client.get("/wallets/savings/account-transactions", api.AccountHistory)).transfers
        assert entry.fee is not None and int(entry.fee) <= int(payment.request.fee_ceiling)
        (account,) = (await client.get("/wallets/savings/accounts", api.Accounts)).accounts
        assert account.address == world.solana_address
        assert account.assets[0].amount == str(9 * SOL - int(entry.fee))


async def test_what_waited_too_long_expires_and_is_settled(
    world: AccountWorld, solana: LocalSolana, friend: str
):
    """Signed, refused by the node because its blockhash is gone, and then proven to be gone for good."""
    async with world.running() as client:
        await ready(world, client, solana)
        payment = await pay(world, client, friend)
        await asyncio.to_thread(solana.control, "expire")
        await world.hand_in(client, payment)
        rejected = await client.until(payment.id, ("rejected",))
        assert rejected.refusal is not None and rejected.refusal.code == "broadcast.expired"
        done = await expired(client, solana, payment.id)
        assert done.state == "rejected" and done.refusal is not None
        assert done.refusal.code == "broadcast.expired"
        assert solana.balance(friend) == 0


async def expired(client: Client, solana: LocalSolana, transfer: str) -> api.Transfer:
    async with asyncio.timeout(30):
        while True:
            await asyncio.to_thread(solana.control, "expire")
            found = await client.get(f"/transfers/{transfer}", api.Transfer)
            if found.settled:
                return found
            await asyncio.sleep(0.05)


async def test_with_a_durable_nonce_two_drafts_take_two_accounts_and_a_bump_replaces(
    world: AccountWorld, solana: LocalSolana, friend: str
):
    async with world.running() as client:
        await ready(world, client, solana)
        prepared = await world.pay(client, chain=SOLANA, prepare=True)
        await world.hand_in(client, prepared)
        assert (await confirmed(client, solana, prepared.id)).state == "confirmed"
        first = await pay(world, client, friend)
        second = await pay(world, client, friend)
        slots = [await held(world, payment) for payment in (first, second)]
        assert slots[0] is not None and slots[1] != slots[0]
        # An hour passes before it is handed in; a blockhash would be long gone.
        await asyncio.to_thread(solana.control, "expire")
        await world.hand_in(client, first)
        assert (await confirmed(client, solana, first.id)).state == "confirmed"
        assert solana.balance(friend) == SOL
        error = await refusal(pay(world, client, friend, bump=first.id))
        assert error.code == "input.not-replaceable"


class BlackHole:
    """Takes what is sent, says that it did, and keeps it."""

    def __init__(self, world: AccountWorld) -> None:
        network: Any = world.service.roads.account(SOLANA).network
        self._network = network
        self._broadcast = self._network.broadcast
        self._network.broadcast = lambda raw: (Sent.ACCEPTED, "rpc")

    def close(self) -> None:
        self._network.broadcast = self._broadcast


async def test_what_nobody_executed_in_time_is_told_as_what_it_is(
    world: AccountWorld, solana: LocalSolana, friend: str
):
    async with world.running() as client:
        await ready(world, client, solana)
        BlackHole(world)
        payment = await pay(world, client, friend)
        await world.hand_in(client, payment)
        await client.until(payment.id, ("broadcast",))
        done = await expired(client, solana, payment.id)
        assert done.state == "rejected" and done.refusal is not None
        assert (done.refusal.code, done.refusal.not_done) == ("broadcast.expired", "Nothing moved.")
        assert done.events[-1].step == 8


async def test_a_bump_uses_up_the_same_durable_nonce(world: AccountWorld, solana: LocalSolana, friend: str):
    async with world.running() as client:
        await ready(world, client, solana)
        prepared = await world.pay(client, chain=SOLANA, prepare=True)
        await world.hand_in(client, prepared)
        await confirmed(client, solana, prepared.id)
        earlier = await pay(world, client, friend)
        turn = await held(world, earlier)
        await world.hand_in(client, earlier)
        assert (await confirmed(client, solana, earlier.id)).state == "confirmed"
        payment = await pay(world, client, friend)
        assert turn is not None and await held(world, payment) == turn, "the same nonce account, advanced"
        hole = BlackHole(world)
        await world.hand_in(client, payment)
        await client.until(payment.id, ("broadcast",))
        hole.close()
        bump = await pay(world, client, friend, bump=payment.id)
        assert await held(world, bump) is not None
        question = await world.question(client, bump)
        await client.post("/transfers", question, api.Accepted)
        ends = {(found := await confirmed(client, solana, item.id)).state: found for item in (bump, payment)}
        assert set(ends) == {"confirmed", "replaced"}
        assert ends["replaced"].replaced_by == ends["confirmed"].txid, "and not the earlier one"
        assert solana.balance(friend) == 2 * SOL, "the earlier one, and one of the two"


async def held(world: AccountWorld, payment: Payment) -> int | None:
    """The durable nonce that a draft holds."""
    import sqlalchemy as sa

    from warifu.service.store.schema import drafts

    name = payment.request.transaction.hex()
    with world.database.reading() as connection:
        return connection.execute(sa.select(drafts.c.slot).where(drafts.c.name == name)).scalar()


def test_a_local_cluster_that_took_the_place_of_another_is_noticed_after_a_restart(tmp_path: Path):
    key, directory = random(32), tmp_path / "service"
    create_database(directory, key).close()

    def check(url: str, cluster: Literal["devnet", "local"]) -> None:
        """One life of the service."""
        database = open_database(directory, key)
        config = ServiceConfig(
            data_dir=str(directory),
            network="regtest",
            backends=(BackendConfig(chain="solana", kind="rpc", url=url),),
            chains=(ChainConfig(chain="solana", cluster=cluster),),
        )
        (chain,) = make_account_chains(config, database)
        try:
            chain.check()
        finally:
            chain.close()
            database.close()

    with local_solana() as first:
        with pytest.raises(ChainUnavailable):
            check(first.url, "devnet")  # which is known by its own hash, and remembers nothing
        check(first.url, "local")
        check(first.url, "local")
    with local_solana() as second, pytest.raises(ChainUnavailable) as refused:
        check(second.url, "local")
    assert refused.value.reason == "wrong-network" and "begins anew" in refused.value.remedy


async def test_the_service_lists_what_names_the_account_and_shows_it(
    world: AccountWorld, solana: LocalSolana, friend: str
):
    async with world.running() as client:
        await ready(world, client, solana)
        payment = await pay(world, client, friend)
        await world.hand_in(client, payment)
        done = await confirmed(client, solana, payment.id)
        listed = await client.get("/wallets/savings/account-listing", api.AccountListing, chain=SOLANA)
        assert (listed.txids, listed.since) == ((done.txid,), None)
        question = api.AccountBytesQuestion(chain=SOLANA, txids=listed.txids)
        shown = await client.post("/wallets/savings/account-bytes", question, api.AccountBytes)
        (raw,) = shown.transactions
        assert parse_transaction(raw).txid == done.txid
