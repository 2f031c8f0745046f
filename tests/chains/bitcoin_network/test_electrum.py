"""The Electrum road: BDK's client against a stand-in that speaks the protocol over the embedded chain."""

from __future__ import annotations

import pytest
from tests.support.electrum_server import electrum_server
from tests.support.single_key import SingleKey, with_corrupted_witness

from warifu.chains.bitcoin.descriptor import Branch, KeyPath
from warifu.chains.bitcoin.network import Network
from warifu.chains.bitcoin_network.backends.base import Broadcast, Place, check_network
from warifu.chains.bitcoin_network.backends.electrum import Electrum
from warifu.chains.bitcoin_network.drafts import Draft, Recipient, draft_payment
from warifu.chains.bitcoin_network.fees import FeeRate
from warifu.errors import BroadcastRejected, ChainUnavailable, InputRefused
from warifu.units import satoshi

pytestmark = pytest.mark.real


@pytest.fixture
def server(chain):
    with electrum_server(chain) as url:
        backend = Electrum(url)
        yield backend
        backend.close()


@pytest.fixture
def funded(chain, server, alice):
    wallet = alice.wallet()
    for _ in range(2):
        chain.fund(wallet.next_receive_address().address, satoshi(1_000_000))
    chain.mine(1)
    server.sync(wallet)
    return wallet


def pay(wallet, bob, rate=5) -> Draft:
    recipient = Recipient(bob.keys.address(KeyPath(Branch.RECEIVE, 0)), satoshi(300_000))
    return draft_payment(wallet, [recipient], FeeRate.per_vb(rate))


def test_a_payment_goes_from_draft_to_confirmation_and_back_in_a_reorganisation(
    chain, server, alice, bob, funded
):
    draft = pay(funded, bob)
    raw = alice.sign(draft.psbt)
    assert server.status(draft.txid).place is Place.UNKNOWN
    assert server.broadcast(raw).result is Broadcast.ACCEPTED
    assert server.broadcast(raw).result is Broadcast.ALREADY_KNOWN
    server.sync(funded)
    assert server.status(draft.txid).place is Place.MEMPOOL
    assert funded.transaction(draft.txid).fee == draft.fee

    chain.mine(1)
    server.sync(funded)
    assert server.status(draft.txid).block == server.tip() == funded.tip()
    assert server.broadcast(raw).result is Broadcast.ALREADY_KNOWN
    assert funded.balance().confirmed == 2_000_000 - 300_000 - draft.fee

    chain.reorganise(1)
    assert server.status(draft.txid).place is Place.MEMPOOL, "the block that it was in is gone"
    server.sync(funded)
    assert funded.transaction(draft.txid).confirmed_in is None


def test_a_corrupted_witness_is_never_a_success(server, alice, bob, funded):
    raw = alice.sign(pay(funded, bob).psbt)
    with pytest.raises(BroadcastRejected) as refused:
        server.broadcast(with_corrupted_witness(raw))
    assert refused.value.code == "broadcast.signature"
    server.broadcast(raw)
    with pytest.raises(BroadcastRejected) as refused:
        server.broadcast(with_corrupted_witness(raw))
    assert refused.value.code == "broadcast.other-witness"


def test_the_node_s_reason_comes_through(server, alice, bob, funded):
    with pytest.raises(BroadcastRejected) as refused:
        server.broadcast(alice.sign(pay(funded, bob, rate="0.2").psbt))
    assert refused.value.code == "broadcast.fee-too-low"


def test_network_tip_and_fees(chain, server):
    check_network(server, Network.REGTEST)
    chain.mine(2)
    assert (server.tip().height, server.tip().block_hash) == (2, chain.tip)
    assert server.fee_rates().within(1) == FeeRate.per_vb(2)


def test_a_chain_without_a_common_block_changes_nothing(chain, server):
    chain.mine(3)
    wallet = SingleKey("alice", Network.SIGNET).wallet()
    with pytest.raises(ChainUnavailable) as refused:
        server.sync(wallet)
    assert refused.value.code == "chain.answer-form"
    assert wallet.tip().height == 0


def test_a_server_that_is_gone_is_unavailable(free_port):
    with pytest.raises(ChainUnavailable) as refused:
        Electrum(f"tcp://127.0.0.1:{free_port}").tip()
    assert refused.value.code == "chain.unreachable"


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "tcp://127.0.0.1", "ssl://", "127.0.0.1:50001"])
def test_an_address_of_another_form_is_refused(url):
    with pytest.raises(InputRefused):
        Electrum(url)
