"""QuickNode as a Bitcoin backend: the whole road over Blockbook and the node, and what a lying one can not do."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.quicknode import BAD_DAYS
from tests.support.single_key import with_corrupted_witness

from warifu.chains.bitcoin.descriptor import Branch, KeyPath
from warifu.chains.bitcoin.network import Network
from warifu.chains.bitcoin.transaction import display_hash, parse_hash, parse_transaction
from warifu.chains.bitcoin_embedded.server import serving as serving_esplora
from warifu.chains.bitcoin_network.backends.base import Backend, Broadcast, Place, check_network
from warifu.chains.bitcoin_network.backends.esplora import Esplora
from warifu.chains.bitcoin_network.drafts import Recipient, draft_bump, draft_payment
from warifu.chains.bitcoin_network.fees import FeeRate
from warifu.chains.bitcoin_network.persistence import MemoryStore
from warifu.chains.bitcoin_network.wallet import LOOKAHEAD
from warifu.chains.quicknode.access import QuickNodeAccess
from warifu.chains.quicknode.bitcoin import QuickNodeBitcoin
from warifu.chains.quicknode.blockbook import Blockbook
from warifu.errors import BroadcastRejected, ChainUnavailable
from warifu.units import satoshi

pytestmark = pytest.mark.real

COIN = 1_000_000
RATE = FeeRate.per_vb(5)


@pytest.fixture
def backend(bitcoin, retries):
    made = QuickNodeBitcoin(QuickNodeAccess.parse(bitcoin.path_url), retries=retries)
    yield made
    made.close()


@pytest.fixture
def blockbook(bitcoin, retries):
    return Blockbook(QuickNodeAccess.parse(bitcoin.path_url).endpoint("quicknode", retries=retries))


@pytest.fixture
def funded(chain, backend, alice):
    """Alice's wallet with two confirmed coins."""
    wallet = alice.wallet()
    for _ in range(2):
        chain.fund(wallet.next_receive_address().address, satoshi(COIN))
    chain.mine(1)
    backend.sync(wallet)
    return wallet


@pytest.fixture
def methods(bitcoin):
    """The stand-in's answers, to be replaced one by one."""
    replaced: dict[str, Any] = {}
    found = bitcoin.bitcoin.methods
    bitcoin.bitcoin.methods = lambda: {**found(), **replaced}
    return replaced


def pay(wallet, bob, amount=300_000, rate=RATE):
    return draft_payment(
        wallet, [Recipient(bob.keys.address(KeyPath(Branch.RECEIVE, 0)), satoshi(amount))], rate
    )


def reason_of(work) -> str:
    with pytest.raises(ChainUnavailable) as error:
        work()
    return error.value.reason


def test_it_is_a_backend_of_the_right_network(backend, chain):
    asked: Backend = backend
    check_network(asked, Network.REGTEST)
    assert reason_of(lambda: check_network(asked, Network.BITCOIN)) == "wrong-network"
    chain.mine(3)
    assert backend.tip().height == 3
    assert backend.block_hash(3) == chain.tip
    assert reason_of(lambda: backend.block_hash(4)) == "answer-form"
    assert backend.fee_rates().within(2) == FeeRate.per_vb(2)


class TestRoad:
    @pytest.mark.parametrize("core_speaks_2_0", [False, True])
    def test_a_payment_goes_from_draft_to_confirmation(
        self, chain, backend, bitcoin, alice, bob, funded, core_speaks_2_0
    ):
        bitcoin.core_speaks_2_0 = core_speaks_2_0
        assert funded.balance().confirmed == 2 * COIN
        draft = pay(funded, bob)
        raw = alice.sign(draft.psbt)
        assert backend.broadcast(raw).result is Broadcast.ACCEPTED
        assert backend.broadcast(raw).result is Broadcast.ALREADY_KNOWN
        backend.sync(funded)
        assert backend.status(draft.txid).place is Place.MEMPOOL
        assert funded.balance().total == 2 * COIN - 300_000 - draft.fee
        assert funded.balance().trusted_pending > 0
        chain.mine(1)
        backend.sync(funded)
        status = backend.status(draft.txid)
        assert (status.place, status.block) == (Place.CONFIRMED, funded.transaction(draft.txid).confirmed_in)
        assert funded.balance().confirmed == 2 * COIN - 300_000 - draft.fee
        assert funded.tip() == backend.tip()

    def test_it_finds_what_bdk_s_esplora_client_finds(self, chain, backend, alice, bob, funded):
        raw = alice.sign(pay(funded, bob).psbt)
        backend.broadcast(raw)
        chain.mine(2)
        chain.fund(funded.next_receive_address().address, satoshi(70_000))
        backend.sync(funded)
        fresh = alice.wallet()
        with serving_esplora(chain) as url:
            esplora = Esplora(url)
            esplora.sync(fresh)
            esplora.close()
        ours = {(tx.txid, tx.confirmed_in, tx.net, tx.fee if tx.sent else 0) for tx in funded.transactions()}
        assert ours == {
            (tx.txid, tx.confirmed_in, tx.net, tx.fee if tx.sent else 0) for tx in fresh.transactions()
        }
        assert {coin.outpoint for coin in funded.coins()} == {coin.outpoint for coin in fresh.coins()}

    def test_a_restored_wallet_finds_addresses_with_a_gap_between_them(self, chain, backend, alice):
        far = alice.keys.address(KeyPath(Branch.RECEIVE, LOOKAHEAD - 1))
        further = alice.keys.address(KeyPath(Branch.RECEIVE, 2 * LOOKAHEAD - 1))
        for address in (far, further):
            chain.fund(address, satoshi(COIN))
        chain.mine(1)
        wallet = alice.wallet()
        backend.sync(wallet)
        assert wallet.balance().confirmed == 2 * COIN
        assert wallet.next_index(Branch.RECEIVE) == 2 * LOOKAHEAD

    def test_later_only_given_out_addresses_and_new_transactions_are_asked_for(
        self, backend, bitcoin, funded
    ):
        del bitcoin.asked[:]
        backend.sync(funded)
        asked = [request.json["method"] for request in bitcoin.asked]
        assert asked.count("bb_getAddress") == 2
        assert "bb_getTx" not in asked

    def test_an_address_with_many_pages(self, chain, backend, bitcoin, alice):
        wallet = alice.wallet()
        bitcoin.bitcoin.page = 2
        address = wallet.next_receive_address().address
        for _ in range(5):
            chain.fund(address, satoshi(50_000))
        backend.sync(wallet)
        assert wallet.balance().total == 5 * 50_000

    def test_a_reorganisation_takes_back_and_gives_again(self, chain, backend, funded):
        chain.reorganise(1)
        backend.sync(funded)
        assert (funded.balance().confirmed, funded.balance().total) == (0, 2 * COIN)
        chain.mine(1)
        backend.sync(funded)
        assert funded.balance().confirmed == 2 * COIN

    def test_a_replacement_takes_the_place_of_the_replaced(self, backend, alice, bob, funded):
        first = pay(funded, bob)
        raw = alice.sign(first.psbt)
        backend.broadcast(raw)
        funded.apply_broadcast(raw)
        bump = draft_bump(funded, first.txid, FeeRate.per_vb(20))
        backend.broadcast(alice.sign(bump.psbt))
        backend.sync(funded)
        assert funded.transaction(bump.txid) is not None
        assert funded.balance().total == 2 * COIN - 300_000 - bump.fee

    def test_a_transaction_that_no_mempool_holds_gives_its_coins_back(self, backend, alice, bob, funded):
        funded.apply_broadcast(alice.sign(pay(funded, bob).psbt))
        assert funded.balance().total < 2 * COIN
        backend.sync(funded)
        assert funded.balance().total == 2 * COIN

    def test_one_that_the_index_has_not_heard_of_keeps_them(self, backend, alice, bob, funded, methods):
        draft = pay(funded, bob)
        raw = alice.sign(draft.psbt)
        backend.broadcast(raw)
        funded.apply_broadcast(raw)
        answer = backend._blockbook.txids
        backend._blockbook.txids = lambda address: [txid for txid in answer(address) if txid != draft.txid]
        backend.sync(funded)
        assert funded.balance().total == 2 * COIN - 300_000 - draft.fee

    def test_an_index_behind_its_node_shows_the_newest_as_unconfirmed(self, chain, backend, bitcoin, alice):
        wallet = alice.wallet()
        chain.fund(wallet.next_receive_address().address, satoshi(COIN))
        chain.mine(1)
        bitcoin.bitcoin.lag = 1
        backend.sync(wallet)
        assert (wallet.balance().confirmed, wallet.balance().total) == (0, COIN)
        bitcoin.bitcoin.lag = 0
        backend.sync(wallet)
        assert wallet.balance().confirmed == COIN

    def test_an_index_ahead_of_its_node_does_too(self, chain, backend, alice, methods):
        wallet = alice.wallet()
        chain.fund(wallet.next_receive_address().address, satoshi(COIN))
        chain.mine(1)
        before = chain.height - 1
        methods["getblockchaininfo"] = lambda: {
            "blocks": before,
            "bestblockhash": display_hash(chain.index.blocks[before].header.block_hash),
        }
        backend.sync(wallet)
        assert (wallet.balance().confirmed, wallet.balance().total) == (0, COIN)

    def test_what_was_found_is_there_after_a_restart(self, chain, backend, alice):
        store = MemoryStore()
        wallet = alice.wallet(store)
        chain.fund(wallet.next_receive_address().address, satoshi(COIN))
        chain.mine(1)
        backend.sync(wallet)
        assert alice.wallet(store).balance().confirmed == COIN


class TestBroadcast:
    def test_other_signatures_are_not_taken_for_ours(self, backend, alice, bob, funded):
        """``sendrawtransaction`` alone would report success without looking at our signatures."""
        raw = alice.sign(pay(funded, bob).psbt)
        backend.broadcast(raw)
        with pytest.raises(BroadcastRejected):
            backend.broadcast(with_corrupted_witness(raw))

    def test_a_bad_signature_is_refused_before_it_is_sent(self, backend, bitcoin, alice, bob, funded):
        del bitcoin.asked[:]
        with pytest.raises(BroadcastRejected) as refused:
            backend.broadcast(with_corrupted_witness(alice.sign(pay(funded, bob).psbt)))
        assert refused.value.reason == "signature"
        assert [request.json["method"] for request in bitcoin.asked] == ["testmempoolaccept"]

    def test_an_unknown_transaction_is_unknown(self, backend):
        assert backend.status(bytes(32)).place is Place.UNKNOWN


class TestBlockbook:
    def test_coins_and_balance_of_an_address(self, chain, blockbook, alice):
        address = alice.keys.address(KeyPath(Branch.RECEIVE, 0))
        assert (blockbook.coins(address), blockbook.balance(address)) == ((), (0, 0))
        first = chain.fund(address, satoshi(COIN))
        chain.mine(1)
        second = chain.fund(address, satoshi(5_000))
        coins = {coin.outpoint.txid: (coin.amount, coin.height) for coin in blockbook.coins(address)}
        assert coins == {first: (COIN, chain.height), second: (5_000, None)}
        assert [coin.outpoint.txid for coin in blockbook.coins(address, confirmed=True)] == [first]
        assert blockbook.balance(address) == (COIN, 5_000)
        assert blockbook.block_hash(chain.height) == chain.tip

    def test_without_the_add_on_it_says_so(self, bitcoin, blockbook, alice):
        bitcoin.bitcoin.blockbook = False
        assert reason_of(lambda: blockbook.txids(alice.keys.address(KeyPath(Branch.RECEIVE, 0)))) == "add-on"


def about(address, **fields):
    found = {
        "address": address,
        "balance": "0",
        "unconfirmedBalance": "0",
        "txs": 0,
        "page": 1,
        "totalPages": 1,
    }
    return {**found, **fields}


LIES_ABOUT_ADDRESSES = {
    "another address": lambda _: about("bcrt1qother"),
    "no address": lambda _: {},
    "a txid that is none": lambda address: about(address, txids=["00"]),
    "txids that are none": lambda address: about(address, txids="no"),
    "endless pages": lambda address: about(address, totalPages=10**9, txids=["11" * 32]),
    "an empty page": lambda address: about(address, totalPages=5, txids=[]),
    "the same page again": lambda address: about(address, totalPages=3, page=3, txids=["11" * 32]),
    "too many": lambda address: about(address, txs=10**7),
    "a page of more than was asked for": lambda address: about(
        address, txids=[f"{n:064x}" for n in range(1001)]
    ),
    "text": lambda _: "not found",
    "null": lambda _: None,
}


@pytest.mark.parametrize("lie", LIES_ABOUT_ADDRESSES)
def test_a_lie_about_an_address_leaves_the_wallet_as_it_was(backend, alice, methods, lie):
    wallet = alice.wallet()
    methods["bb_getAddress"] = lambda address, _: LIES_ABOUT_ADDRESSES[lie](address)
    assert reason_of(lambda: backend.sync(wallet)) in ("answer-form", "answer-size")
    assert (wallet.tip().height, wallet.transactions()) == (0, [])


LIES_ABOUT_TRANSACTIONS = {
    "another transaction": lambda tx, other: {**tx, "hex": other.hex()},
    "another id": lambda tx, _: {**tx, "txid": "22" * 32},
    "no transaction": lambda tx, _: {**tx, "hex": "00" * 80},
    "no digits": lambda tx, _: {**tx, "hex": "zz"},
    "trailing bytes": lambda tx, _: {**tx, "hex": tx["hex"] + "00"},
    "a block that the node does not have": lambda tx, _: {**tx, "blockHash": "33" * 32},
    "a block hash that is none": lambda tx, _: {**tx, "blockHash": "33"},
    "no block hash": lambda tx, _: {**tx, "blockHash": ""},
    "a block in the far future": lambda tx, _: {**tx, "blockHeight": 2**40},
    "a time that is none": lambda tx, _: {**tx, "blockTime": -1},
    "another height for the same block": lambda tx, _: {**tx, "blockHeight": tx["blockHeight"] - 1},
    "an amount of digits as a number": lambda tx, _: {**tx, "hex": 5},
}


@pytest.mark.parametrize("lie", LIES_ABOUT_TRANSACTIONS)
def test_a_lie_about_a_transaction_leaves_the_wallet_as_it_was(chain, backend, bitcoin, alice, methods, lie):
    wallet = alice.wallet()
    txid = chain.fund(wallet.next_receive_address().address, satoshi(COIN))
    chain.mine(1)
    other = chain.index.blocks[1].transactions[0].serialize()
    truth = bitcoin.bitcoin.bb_getTx
    methods["bb_getTx"] = lambda asked: LIES_ABOUT_TRANSACTIONS[lie](truth(asked), other)
    assert reason_of(lambda: backend.sync(wallet)) in ("answer-form", "reorganised")
    assert (wallet.tip().height, wallet.balance().total) == (0, 0)
    assert parse_transaction(bytes.fromhex(truth(display_hash(txid))["hex"])).txid == txid


@pytest.mark.parametrize(
    "coins",
    [
        [{"txid": "11" * 32, "vout": 0, "value": "-5"}],
        [{"txid": "11" * 32, "vout": 0, "value": "1.5"}],
        [{"txid": "11" * 32, "vout": 0, "value": 5}],
        [{"txid": "11" * 32, "vout": 0, "value": "2100000000000001"}],
        [{"txid": "11" * 32, "vout": -1, "value": "5"}],
        [{"txid": "11", "vout": 0, "value": "5"}],
        [{"txid": "11" * 32, "vout": 0, "value": "5", "height": -1}],
        [{"txid": "11" * 32, "vout": 0, "value": "5"}] * 2,
        [{"txid": f"{n:064x}", "vout": 0, "value": "5"} for n in range(10_001)],
        {"coins": []},
    ],
    ids=[
        "negative",
        "fraction",
        "number",
        "over 21 million",
        "vout",
        "txid",
        "height",
        "twice",
        "many",
        "form",
    ],
)
def test_coins_that_are_none(blockbook, methods, coins):
    methods["bb_getUTXOs"] = lambda *_: coins
    assert reason_of(lambda: blockbook.coins("bcrt1q")) in ("answer-form", "answer-size")


def test_a_chain_that_changes_while_it_is_read_is_read_again(chain, backend, alice, methods):
    wallet = alice.wallet()
    chain.fund(wallet.next_receive_address().address, satoshi(COIN))
    chain.mine(2)
    hashes = iter([chain.height - 1])

    def changing(height):
        if next(hashes, None) is None:
            return "44" * 32
        return display_hash(chain.index.blocks[height].header.block_hash)

    genesis = display_hash(chain.index.blocks[0].header.block_hash)
    methods["getblockhash"] = lambda height: genesis if height == 0 else changing(height)
    with pytest.raises(ChainUnavailable) as error:
        backend.sync(wallet)
    assert (error.value.reason, error.value.retry_after) == ("reorganised", 10)
    assert wallet.tip().height == 0


@pytest.mark.parametrize("day", ["unauthorized", "limited", "unavailable", "a web page with status 200"])
def test_a_bad_day_in_the_middle_leaves_the_wallet_as_it_was(backend, bitcoin, funded, chain, day):
    before = (funded.tip(), funded.balance())
    chain.mine(1)
    del bitcoin.asked[:]
    answer = bitcoin.script

    def after_three(asked):
        return BAD_DAYS[day] if len(bitcoin.asked) > 3 else answer(asked)

    bitcoin.server.script = after_three
    with pytest.raises(ChainUnavailable):
        backend.sync(funded)
    assert (funded.tip(), funded.balance()) == before
    bitcoin.server.script = answer
    backend.sync(funded)
    assert funded.tip() == backend.tip()
    assert parse_hash(display_hash(chain.tip)) == funded.tip().block_hash
