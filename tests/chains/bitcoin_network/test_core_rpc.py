"""The same road against a real node over JSON-RPC, and what only a real mempool can say."""

from __future__ import annotations

import pytest
from tests.support.single_key import SingleKey, with_corrupted_witness

from warifu.chains.bitcoin.descriptor import Branch, KeyPath
from warifu.chains.bitcoin.network import Network
from warifu.chains.bitcoin.transaction import display_hash, parse_transaction
from warifu.chains.bitcoin_network.backends.base import Broadcast, Place, check_network
from warifu.chains.bitcoin_network.backends.core_rpc import CoreRpc
from warifu.chains.bitcoin_network.drafts import (
    Draft,
    Recipient,
    draft_bump,
    draft_child,
    draft_payment,
    draft_sweep,
)
from warifu.chains.bitcoin_network.fees import FeeRate
from warifu.errors import BroadcastRejected, ChainUnavailable
from warifu.units import satoshi

pytestmark = [pytest.mark.real]

BOB = SingleKey("bob").keys.address(KeyPath(Branch.RECEIVE, 0))


@pytest.fixture
def node(bitcoind):
    backend = CoreRpc(bitcoind.url, cookie=bitcoind.cookie)
    yield backend
    backend.close()


@pytest.fixture
def owner(request) -> SingleKey:
    """A key of its own for each test: the node's chain is shared."""
    return SingleKey(request.node.name)


@pytest.fixture
def funded(bitcoind, node, owner):
    """A wallet with two mature coins; its birthday is where the chain stood before."""
    wallet = owner.wallet(birthday=node.tip().height)
    bitcoind.mine(2, wallet.next_receive_address().address)
    bitcoind.mine(100, BOB)
    node.sync(wallet)
    assert len(wallet.coins()) == 2
    return wallet


def pay(wallet, amount=300_000, rate=5, **options) -> Draft:
    return draft_payment(wallet, [Recipient(BOB, satoshi(amount))], FeeRate.per_vb(rate), **options)


def test_a_payment_goes_from_draft_to_confirmation(bitcoind, node, owner, funded):
    before = funded.balance().confirmed
    draft = pay(funded)
    raw = owner.sign(draft.psbt)
    assert node.status(draft.txid).place is Place.UNKNOWN
    assert node.broadcast(raw).result is Broadcast.ACCEPTED
    assert node.status(draft.txid).place is Place.MEMPOOL
    node.sync(funded)
    assert funded.transaction(draft.txid).confirmed_in is None
    assert funded.balance().trusted_pending > 0

    bitcoind.mine(1, BOB)
    node.sync(funded)
    status = node.status(draft.txid)
    assert (status.place, status.block) == (Place.CONFIRMED, node.tip())
    found = funded.transaction(draft.txid)
    assert (found.confirmed_in, found.fee, found.net) == (node.tip(), draft.fee, -300_000 - draft.fee)
    assert funded.balance().confirmed == before - 300_000 - draft.fee


def test_sending_twice_is_sending_once_also_when_it_is_mined_and_spent(bitcoind, node, owner, funded):
    raw = owner.sign(pay(funded).psbt)
    results = [node.broadcast(raw).result, node.broadcast(raw).result]
    bitcoind.mine(1, BOB)
    results.append(node.broadcast(raw).result)
    assert results == [Broadcast.ACCEPTED, Broadcast.ALREADY_KNOWN, Broadcast.ALREADY_KNOWN]


def test_a_corrupted_witness_is_never_a_success(bitcoind, node, owner, funded):
    raw = owner.sign(pay(funded).psbt)
    corrupted = with_corrupted_witness(raw)
    with pytest.raises(BroadcastRejected) as refused:
        node.broadcast(corrupted)
    assert refused.value.code == "broadcast.signature"
    node.broadcast(raw)
    # This is what the comparison is for: asked directly, the node calls it a success.
    assert bitcoind.rpc.call("sendrawtransaction", corrupted.hex(), kind=str)
    with pytest.raises(BroadcastRejected) as refused:
        node.broadcast(corrupted)
    assert refused.value.code == "broadcast.other-witness"


def test_the_node_s_reasons_are_told_apart(bitcoind, node, owner, funded):
    coin = [funded.coins()[0].outpoint]
    first, same_rate, cheap = (
        pay(funded, coins=coin), pay(funded, amount=310_000, coins=coin), pay(funded, rate="0.15"),
    )  # fmt: skip
    refusals = {}
    with pytest.raises(BroadcastRejected) as refused:
        node.broadcast(owner.sign(cheap.psbt))
    refusals["cheap"] = refused.value
    node.broadcast(owner.sign(first.psbt))
    with pytest.raises(BroadcastRejected) as refused:
        node.broadcast(owner.sign(same_rate.psbt))
    refusals["same rate"] = refused.value
    bitcoind.mine(1, BOB)
    with pytest.raises(BroadcastRejected) as refused:
        node.broadcast(owner.sign(same_rate.psbt))
    refusals["spent"] = refused.value
    assert {name: error.code for name, error in refusals.items()} == {
        "cheap": "broadcast.fee-too-low",
        "same rate": "broadcast.replacement-fee",
        "spent": "broadcast.spent-coins",
    }


def test_a_reorganisation_takes_the_confirmation_back_and_gives_it_again(bitcoind, node, owner, funded):
    draft = pay(funded)
    node.broadcast(owner.sign(draft.psbt))
    (block,) = bitcoind.mine(1, BOB)
    node.sync(funded)
    first = funded.transaction(draft.txid).confirmed_in

    bitcoind.rpc.call("invalidateblock", block, kind=object)
    node.sync(funded)
    assert funded.transaction(draft.txid).confirmed_in is None
    assert funded.tip() == node.tip()
    assert node.status(draft.txid).place is Place.MEMPOOL

    bitcoind.mine(2, owner.keys.address(KeyPath(Branch.CHANGE, 9)))  # to BOB it would be the same block again
    node.sync(funded)
    again = funded.transaction(draft.txid).confirmed_in
    assert (again.height, again == first) == (first.height, False)


def test_a_bump_replaces(bitcoind, node, owner, funded):
    old = pay(funded, rate=1)
    node.broadcast(owner.sign(old.psbt))
    node.sync(funded)
    new = draft_bump(funded, old.txid, FeeRate.per_vb(10))
    node.broadcast(owner.sign(new.psbt))
    node.sync(funded)
    assert funded.transaction(old.txid) is None
    bitcoind.mine(1, BOB)
    node.sync(funded)
    assert funded.transaction(new.txid).confirmed_in == node.tip()
    assert node.status(old.txid).place is Place.UNKNOWN


def test_a_child_pays_for_its_parent(bitcoind, node, owner, funded):
    parent = draft_sweep(funded, funded.next_receive_address().address, FeeRate.per_vb(1))
    node.broadcast(owner.sign(parent.psbt))
    node.sync(funded)
    child = draft_child(funded, parent.txid, FeeRate.per_vb(20))
    node.broadcast(owner.sign(child.psbt))
    bitcoind.mine(1, BOB)
    node.sync(funded)
    assert funded.transaction(child.txid).confirmed_in == funded.transaction(parent.txid).confirmed_in


def test_a_transaction_that_the_mempool_lost_is_forgotten(node, owner, funded):
    before = funded.balance()
    funded.apply_broadcast(owner.sign(pay(funded).psbt), seen_at=1)
    assert funded.balance() != before
    node.sync(funded)
    assert funded.balance() == before


def test_a_stranger_s_payment_is_seen_in_the_mempool(bitcoind, node, owner, funded):
    other = SingleKey("other " + owner.name)
    wallet = other.wallet(birthday=node.tip().height)
    address = wallet.next_receive_address().address
    draft = draft_payment(funded, [Recipient(address, satoshi(70_000))], FeeRate.per_vb(3))
    node.broadcast(owner.sign(draft.psbt))
    node.sync(wallet)
    assert wallet.balance().untrusted_pending == 70_000
    bitcoind.mine(1, BOB)
    node.sync(wallet)
    assert wallet.balance().confirmed == 70_000


@pytest.mark.parametrize("with_filters", [True, False])
def test_a_restored_wallet_finds_addresses_far_beyond_the_first(
    bitcoind, node, owner, funded, with_filters, monkeypatch
):
    """Each used address moves the margin on, so the last one is found only by looking again."""
    if not with_filters:
        monkeypatch.setattr("warifu.chains.bitcoin_network.backends.core_scan.FEW_BLOCKS", 10**9)
    start = node.tip().height
    other = SingleKey(f"far {with_filters}")
    for index in (0, 60, 140):
        address = other.keys.address(KeyPath(Branch.RECEIVE, index))
        draft = draft_payment(funded, [Recipient(address, satoshi(50_000))], FeeRate.per_vb(3))
        node.broadcast(owner.sign(draft.psbt))
        bitcoind.mine(1, BOB)
        node.sync(funded)
    bitcoind.mine(3, BOB)
    restored = other.wallet(birthday=start)
    node.sync(restored)
    assert restored.balance().confirmed == 150_000
    assert restored.next_index(Branch.RECEIVE) == 141


def test_the_node_s_network_is_checked(node):
    check_network(node, Network.REGTEST)
    with pytest.raises(ChainUnavailable):
        check_network(node, Network.SIGNET)


def test_a_young_chain_has_no_estimates_and_the_minimum_is_used(node):
    assert node.fee_rates().within(6) == FeeRate.per_vb(1)


def test_wrong_credentials_are_named_and_not_shown(bitcoind):
    wrong = CoreRpc(bitcoind.url, login=("user", "hunter2-secret"))
    with pytest.raises(ChainUnavailable) as refused:
        wrong.tip()
    assert refused.value.code == "chain.credentials"
    assert "hunter2" not in repr(refused.value) + str(refused.value)


def test_the_ids_are_those_of_the_node(bitcoind, node, owner, funded):
    draft = pay(funded)
    raw = owner.sign(draft.psbt)
    node.broadcast(raw)
    assert display_hash(parse_transaction(raw).txid) in bitcoind.rpc.call("getrawmempool", kind=list[str])
