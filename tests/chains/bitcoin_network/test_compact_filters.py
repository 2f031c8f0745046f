"""The peer-to-peer road against a real node that serves compact filters."""

from __future__ import annotations

import time

import pytest
from tests.support.single_key import SingleKey

from warifu.chains.bitcoin.descriptor import Branch, KeyPath
from warifu.chains.bitcoin.network import Network
from warifu.chains.bitcoin.transaction import display_hash
from warifu.chains.bitcoin_network.backends.base import Broadcast, Place, check_network
from warifu.chains.bitcoin_network.backends.compact_filters import CompactFilters, Peer
from warifu.chains.bitcoin_network.drafts import Recipient, draft_payment
from warifu.chains.bitcoin_network.fees import FeeRate
from warifu.errors import ChainUnavailable, InputRefused
from warifu.units import satoshi

pytestmark = [pytest.mark.real]

BOB = SingleKey("bob").keys.address(KeyPath(Branch.RECEIVE, 0))


@pytest.fixture
def owner(request) -> SingleKey:
    return SingleKey(request.node.name)


@pytest.fixture
def wallet(bitcoind, owner):
    wallet = owner.wallet()
    bitcoind.mine(2, wallet.next_receive_address().address)
    bitcoind.mine(100, BOB)
    return wallet


@pytest.fixture
def peers(bitcoind, wallet):
    backend = CompactFilters(wallet, [Peer("127.0.0.1", bitcoind.p2p_port)])
    backend.sync(wallet)
    return backend


def _offer_until_taken(bitcoind, peers, raw: bytes, txid: bytes) -> None:
    """A peer may be too busy to fetch what it is offered, and does not say so: the service, too, offers it again."""
    for _ in range(4):
        assert peers.broadcast(raw).result is Broadcast.SENT
        for _ in range(40):
            if display_hash(txid) in bitcoind.rpc.call("getrawmempool", kind=list[str]):
                return
            time.sleep(0.05)
    pytest.fail("the node never took the transaction")


def test_a_payment_goes_out_and_is_found_in_its_block(bitcoind, wallet, peers, owner):
    before = wallet.balance().confirmed
    assert before > 0
    draft = draft_payment(wallet, [Recipient(BOB, satoshi(40_000))], FeeRate.per_vb(4))
    raw = owner.sign(draft.psbt)
    _offer_until_taken(bitcoind, peers, raw, draft.txid)
    wallet.apply_broadcast(raw)
    assert peers.status(draft.txid).place is Place.UNKNOWN, "peers do not show their mempool"

    bitcoind.mine(1, BOB)
    peers.sync(wallet)
    status = peers.status(draft.txid)
    assert (status.place, status.block) == (Place.CONFIRMED, wallet.tip())
    assert display_hash(wallet.tip().block_hash) == bitcoind.rpc.call("getbestblockhash", kind=str)
    assert wallet.balance().confirmed == before - 40_000 - draft.fee


def test_synchronising_with_nothing_new_ends(wallet, peers):
    tip = wallet.tip()
    peers.sync(wallet)
    assert wallet.tip() == tip == peers.tip()


def test_a_reorganisation_is_followed(bitcoind, wallet, peers, owner):
    (block,) = bitcoind.mine(1, wallet.next_receive_address().address)
    peers.sync(wallet)
    assert wallet.balance().immature > 0
    bitcoind.rpc.call("invalidateblock", block, kind=object)
    bitcoind.mine(2, owner.keys.address(KeyPath(Branch.CHANGE, 200)))
    peers.sync(wallet)
    assert wallet.balance().immature == 0
    assert display_hash(wallet.tip().block_hash) == bitcoind.rpc.call("getbestblockhash", kind=str)


def test_the_least_relayed_rate_is_known(peers):
    assert FeeRate.per_vb(1) <= peers.fee_rates().within(144) < FeeRate.per_vb(2)


def test_the_library_accepts_one_network_only(peers):
    check_network(peers, Network.REGTEST)
    with pytest.raises(ChainUnavailable):
        check_network(peers, Network.BITCOIN)


def test_another_wallet_is_refused(peers, bob):
    with pytest.raises(InputRefused) as refused:
        peers.sync(bob.wallet())
    assert refused.value.code == "input.backend-wallet"


def test_without_a_peer_it_says_so_in_time(alice, free_port):
    wallet = alice.wallet()
    backend = CompactFilters(wallet, [Peer("127.0.0.1", free_port)], connect_seconds=1)
    with pytest.raises(ChainUnavailable) as refused:
        backend.sync(wallet)
    assert refused.value.code == "chain.unreachable"
    assert wallet.tip().height == 0


@pytest.mark.parametrize(
    ("host", "port"), [("localhost", 8333), ("127.0.0.1", 0), ("127.0.0.1", 65536), ("", 1)]
)
def test_a_peer_is_an_address_and_a_port(host, port):
    with pytest.raises(InputRefused):
        Peer(host, port)
