"""The whole road on the embedded chain: fund, find, pay, confirm, reorganise, replace, pull along."""

from __future__ import annotations

import pytest
from tests.support.single_key import SingleKey, with_corrupted_witness

from warifu.chains.bitcoin.descriptor import Branch, KeyPath
from warifu.chains.bitcoin.network import Network
from warifu.chains.bitcoin.transaction import parse_transaction
from warifu.chains.bitcoin_network.backends.base import Broadcast, Place, check_network
from warifu.chains.bitcoin_network.drafts import (
    Draft,
    Recipient,
    draft_again,
    draft_bump,
    draft_child,
    draft_payment,
    draft_sweep,
    spent_coins,
)
from warifu.chains.bitcoin_network.fees import FeeRate
from warifu.errors import BroadcastRejected, ChainUnavailable, InputRefused
from warifu.units import satoshi

pytestmark = pytest.mark.real

COIN = 1_000_000
RATE = FeeRate.per_vb(5)


@pytest.fixture
def funded(chain, esplora, alice):
    """Alice's wallet with two confirmed coins."""
    wallet = alice.wallet()
    for _ in range(2):
        chain.fund(wallet.next_receive_address().address, satoshi(COIN))
    chain.mine(1)
    esplora.sync(wallet)
    return wallet


def pay(wallet, bob, amount=300_000, rate=RATE, **options) -> Draft:
    return draft_payment(
        wallet, [Recipient(bob.keys.address(KeyPath(Branch.RECEIVE, 0)), satoshi(amount))], rate, **options
    )


def test_a_payment_goes_from_draft_to_confirmation(chain, esplora, alice, bob, funded):
    assert funded.balance().confirmed == 2 * COIN
    draft = pay(funded, bob)
    raw = alice.sign(draft.psbt)
    signed = parse_transaction(raw)
    assert (signed.txid, signed.vsize) == (draft.txid, draft.vsize), (
        "the draft's size is that of the signed one"
    )

    assert esplora.broadcast(raw).result is Broadcast.ACCEPTED
    funded.apply_broadcast(raw)
    assert esplora.status(draft.txid).place is Place.MEMPOOL
    assert funded.balance().total == 2 * COIN - 300_000 - draft.fee
    assert funded.balance().trusted_pending > 0, "our own change"

    chain.mine(1)
    esplora.sync(funded)
    status = esplora.status(draft.txid)
    assert status.place is Place.CONFIRMED
    assert status.block == esplora.tip()
    found = funded.transaction(draft.txid)
    assert found.confirmed_in == status.block
    assert found.net == -300_000 - draft.fee
    assert found.fee == draft.fee
    assert funded.balance().confirmed == 2 * COIN - 300_000 - draft.fee


def test_sending_twice_is_sending_once(chain, esplora, alice, bob, funded):
    raw = alice.sign(pay(funded, bob).psbt)
    results = [esplora.broadcast(raw).result, esplora.broadcast(raw).result]
    chain.mine(1)
    results.append(esplora.broadcast(raw).result)
    assert results == [Broadcast.ACCEPTED, Broadcast.ALREADY_KNOWN, Broadcast.ALREADY_KNOWN]
    assert chain.height == esplora.tip().height


def test_a_corrupted_witness_is_refused_first_by_the_engine_then_by_comparison(esplora, alice, bob, funded):
    raw = alice.sign(pay(funded, bob).psbt)
    with pytest.raises(BroadcastRejected) as refused:
        esplora.broadcast(with_corrupted_witness(raw))
    assert refused.value.code == "broadcast.signature"
    esplora.broadcast(raw)
    with pytest.raises(BroadcastRejected) as refused:
        esplora.broadcast(with_corrupted_witness(raw))
    assert refused.value.code == "broadcast.other-witness"


def test_a_spent_coin_and_a_low_fee_are_refused_with_the_node_s_words(chain, esplora, alice, bob, funded):
    coin = [funded.coins()[0].outpoint]
    first, cheap = pay(funded, bob, coins=coin), pay(funded, bob, rate=FeeRate(150), coins=coin)
    with pytest.raises(BroadcastRejected) as refused:
        esplora.broadcast(alice.sign(cheap.psbt))
    assert refused.value.code == "broadcast.fee-too-low"
    assert "min relay fee not met" in refused.value.message
    esplora.broadcast(alice.sign(first.psbt))
    chain.mine(1)
    with pytest.raises(BroadcastRejected) as refused:
        esplora.broadcast(alice.sign(cheap.psbt))
    assert refused.value.code == "broadcast.spent-coins"


def test_a_reorganisation_takes_the_confirmation_back_and_gives_it_again(chain, esplora, alice, bob, funded):
    draft = pay(funded, bob)
    esplora.broadcast(alice.sign(draft.psbt))
    chain.mine(1)
    esplora.sync(funded)
    first = funded.transaction(draft.txid).confirmed_in

    chain.reorganise(1)
    esplora.sync(funded)
    assert esplora.status(draft.txid).place is Place.MEMPOOL
    assert funded.transaction(draft.txid).confirmed_in is None
    assert funded.tip() == esplora.tip()

    chain.mine(1)
    esplora.sync(funded)
    again = funded.transaction(draft.txid).confirmed_in
    assert again is not None
    assert again != first


def test_a_bump_replaces_and_pays_the_same(chain, esplora, alice, bob, funded):
    old = pay(funded, bob, rate=FeeRate.per_vb(1))
    raw = alice.sign(old.psbt)
    esplora.broadcast(raw)
    funded.apply_broadcast(raw)
    esplora.sync(funded)

    new = draft_bump(funded, old.txid, FeeRate.per_vb(10))
    before, after = parse_transaction(raw), parse_transaction(alice.sign(new.psbt))
    to_bob = bob.keys.script(KeyPath(Branch.RECEIVE, 0))
    assert [out.amount for out in after.outputs if out.script == to_bob] == [300_000]
    assert {item.outpoint for item in before.inputs} <= {item.outpoint for item in after.inputs}

    esplora.broadcast(after.serialize())
    esplora.sync(funded)
    assert funded.transaction(new.txid) is not None
    assert funded.transaction(old.txid) is None, "the replaced one is no longer part of the history"
    assert esplora.status(old.txid).place is Place.UNKNOWN
    chain.mine(1)
    esplora.sync(funded)
    assert funded.balance().confirmed == 2 * COIN - 300_000 - new.fee


def test_a_bump_works_while_its_coins_are_reserved_and_leaves_other_reserved_coins_alone(
    esplora, alice, bob, funded
):
    old = pay(funded, bob, rate=FeeRate.per_vb(1), amount=900_000)
    raw = alice.sign(old.psbt)
    mine = spent_coins(funded, old)
    other = [coin.outpoint for coin in funded.coins() if coin.outpoint not in mine]
    funded.reserve(mine + other)
    esplora.broadcast(raw)
    funded.apply_broadcast(raw)
    new = draft_bump(funded, old.txid, FeeRate.per_vb(50))
    assert {item.outpoint for item in parse_transaction(alice.sign(new.psbt)).inputs} == set(mine)
    with pytest.raises(InputRefused) as refused:
        draft_bump(funded, old.txid, FeeRate.per_vb(2000))
    assert refused.value.code == "input.insufficient-funds"


def test_a_bump_never_adds_a_stranger_s_unconfirmed_coin(chain, esplora, alice, bob, funded):
    old = pay(funded, bob, rate=FeeRate.per_vb(1), amount=1_900_000)
    raw = alice.sign(old.psbt)
    esplora.broadcast(raw)
    chain.fund(funded.next_receive_address().address, satoshi(COIN))
    esplora.sync(funded)
    with pytest.raises(InputRefused) as refused:
        draft_bump(funded, old.txid, FeeRate.per_vb(1000))
    assert refused.value.code == "input.insufficient-funds"


def test_too_small_a_bump_is_refused_by_the_wallet_and_by_the_node(esplora, alice, bob, funded):
    coin = [funded.coins()[0].outpoint]
    old, same_rate = pay(funded, bob, coins=coin), pay(funded, bob, amount=310_000, coins=coin)
    raw = alice.sign(old.psbt)
    esplora.broadcast(raw)
    funded.apply_broadcast(raw)
    with pytest.raises(InputRefused) as refused:
        draft_bump(funded, old.txid, FeeRate(5_250))
    assert refused.value.code == "input.fee-rate"
    with pytest.raises(BroadcastRejected) as rejected:
        esplora.broadcast(alice.sign(same_rate.psbt))
    assert rejected.value.code == "broadcast.replacement-fee"


def test_what_was_refused_is_drafted_again_so_that_only_one_of_the_two_can_confirm(
    esplora, alice, bob, funded
):
    """Its coins are reserved for it; others that are reserved are left alone; the node has the old one, after all."""
    old = pay(funded, bob, rate=FeeRate.per_vb(1), amount=900_000)
    mine = spent_coins(funded, old)
    other = [coin.outpoint for coin in funded.coins() if coin.outpoint not in mine]
    funded.reserve(mine + other)
    raw = alice.sign(old.psbt)
    new = draft_again(funded, parse_transaction(raw), FeeRate.per_vb(50))
    after = parse_transaction(alice.sign(new.psbt))
    assert {item.outpoint for item in after.inputs} == set(mine)
    to_bob = bob.keys.script(KeyPath(Branch.RECEIVE, 0))
    assert [out.amount for out in after.outputs if out.script == to_bob] == [900_000]
    assert new.fee == 1_000_000 - sum(out.amount for out in after.outputs) > old.fee
    esplora.broadcast(raw)
    esplora.broadcast(after.serialize())
    assert esplora.status(old.txid).place is Place.UNKNOWN
    with pytest.raises(InputRefused) as refused:
        draft_again(funded, parse_transaction(raw), FeeRate.per_vb(2000))
    assert refused.value.code == "input.insufficient-funds"


def test_what_was_refused_gets_more_coins_where_its_own_are_not_enough(chain, esplora, alice, bob, funded):
    old = draft_sweep(
        funded,
        bob.keys.address(KeyPath(Branch.RECEIVE, 0)),
        FeeRate.per_vb(1),
        coins=[funded.coins()[0].outpoint],
    )
    raw = parse_transaction(alice.sign(old.psbt))
    new = parse_transaction(alice.sign(draft_again(funded, raw, FeeRate.per_vb(20)).psbt))
    assert len(new.inputs) == 2 and raw.inputs[0].outpoint in {item.outpoint for item in new.inputs}
    assert raw.outputs[0] in new.outputs


def test_what_pays_nobody_is_drafted_again_as_such(alice, funded):
    own = funded.next_receive_address().address
    old = draft_payment(funded, [Recipient(own, satoshi(300_000))], FeeRate.per_vb(1))
    raw = parse_transaction(alice.sign(old.psbt))
    new = parse_transaction(alice.sign(draft_again(funded, raw, FeeRate.per_vb(9)).psbt))
    scripts = {alice.keys.script(KeyPath(branch, index)) for branch in Branch for index in range(10)}
    assert {item.script for item in new.outputs} <= scripts
    assert {item.outpoint for item in raw.inputs} <= {item.outpoint for item in new.inputs}


def test_what_was_refused_is_not_drafted_again_for_no_more_or_once_its_coin_is_spent(
    esplora, alice, bob, funded
):
    coin = [funded.coins()[0].outpoint]
    old, other = pay(funded, bob, coins=coin), pay(funded, bob, amount=310_000, coins=coin)
    raw = parse_transaction(alice.sign(old.psbt))
    for rate in (RATE, FeeRate(5_250)):
        with pytest.raises(InputRefused) as refused:
            draft_again(funded, raw, rate)
        assert refused.value.code == "input.fee-rate"
    winner = alice.sign(other.psbt)
    esplora.broadcast(winner)
    funded.apply_broadcast(winner)
    with pytest.raises(InputRefused) as refused:
        draft_again(funded, raw, FeeRate.per_vb(50))
    assert refused.value.code == "input.not-replaceable"


def test_only_an_unconfirmed_transaction_of_ours_is_bumped(chain, esplora, alice, bob, funded):
    draft = pay(funded, bob)
    esplora.broadcast(alice.sign(draft.psbt))
    chain.mine(1)
    esplora.sync(funded)
    for txid in (draft.txid, bytes(32)):
        with pytest.raises(InputRefused) as refused:
            draft_bump(funded, txid, FeeRate.per_vb(50))
        assert refused.value.code == "input.not-replaceable"


def test_a_child_lifts_its_parent_to_the_wanted_rate(chain, esplora, alice, bob, funded):
    parent = draft_sweep(funded, funded.next_receive_address().address, FeeRate.per_vb(1))
    raw = alice.sign(parent.psbt)
    esplora.broadcast(raw)
    esplora.sync(funded)

    child = draft_child(funded, parent.txid, FeeRate.per_vb(20))
    together = (parent.fee + child.fee) / (parent.vsize + child.vsize)
    assert 20 <= together < 20.1
    esplora.broadcast(alice.sign(child.psbt))
    chain.mine(1)
    esplora.sync(funded)
    assert funded.transaction(child.txid).confirmed_in == funded.transaction(parent.txid).confirmed_in
    assert funded.balance().confirmed == 2 * COIN - parent.fee - child.fee


def test_a_child_is_refused_where_it_would_help_nobody(chain, esplora, alice, funded):
    parent = draft_sweep(funded, funded.next_receive_address().address, FeeRate.per_vb(30))
    esplora.broadcast(alice.sign(parent.psbt))
    esplora.sync(funded)
    with pytest.raises(InputRefused) as refused:
        draft_child(funded, parent.txid, FeeRate.per_vb(20))
    assert refused.value.code == "input.fee-rate"
    with pytest.raises(InputRefused) as refused:
        draft_child(funded, bytes(32), FeeRate.per_vb(20))
    assert refused.value.code == "input.no-child"


def test_a_sweep_leaves_nothing(esplora, alice, bob, funded):
    draft = draft_sweep(funded, bob.keys.address(KeyPath(Branch.RECEIVE, 3)), RATE)
    raw = alice.sign(draft.psbt)
    assert [out.amount for out in parse_transaction(raw).outputs] == [2 * COIN - draft.fee]
    esplora.broadcast(raw)
    esplora.sync(funded)
    assert funded.balance().total == 0


def test_named_coins_and_no_others_are_spent(funded, alice, bob):
    chosen = funded.coins()[1].outpoint
    draft = pay(funded, bob, amount=10_000, coins=[chosen])
    assert [item.outpoint for item in parse_transaction(alice.sign(draft.psbt)).inputs] == [chosen]
    for wrong in ([chosen, chosen], [type(chosen)(bytes(32), 0)]):
        with pytest.raises(InputRefused) as refused:
            pay(funded, bob, amount=10_000, coins=wrong)
        assert refused.value.code == "input.unknown-coin"


def test_reserved_coins_stay_out_of_the_next_draft(funded, bob):
    first = pay(funded, bob)
    funded.reserve(spent_coins(funded, first))
    second = pay(funded, bob)
    assert set(spent_coins(funded, first)).isdisjoint(spent_coins(funded, second))
    funded.reserve(spent_coins(funded, second))
    with pytest.raises(InputRefused) as refused:
        pay(funded, bob)
    assert refused.value.code == "input.insufficient-funds"
    funded.release(spent_coins(funded, first))
    assert pay(funded, bob).fee > 0


def test_a_stranger_s_unconfirmed_payment_is_seen_but_not_spent(chain, esplora, alice, bob):
    wallet = alice.wallet()
    chain.fund(wallet.next_receive_address().address, satoshi(COIN))
    esplora.sync(wallet)
    assert (wallet.balance().untrusted_pending, wallet.balance().spendable) == (COIN, 0)
    with pytest.raises(InputRefused) as refused:
        pay(wallet, bob)
    assert refused.value.code == "input.insufficient-funds"
    with pytest.raises(InputRefused) as refused:
        draft_sweep(wallet, bob.keys.address(KeyPath(Branch.RECEIVE, 0)), RATE)
    assert refused.value.code == "input.insufficient-funds"


def test_drafts_signal_replacement_and_lock_out_fee_sniping(funded, alice, bob):
    transaction = parse_transaction(alice.sign(pay(funded, bob).psbt))
    assert all(item.sequence <= 0xFFFFFFFD for item in transaction.inputs)
    assert transaction.locktime == funded.tip().height


def test_what_cannot_be_built_is_refused_before_anything_is_signed(funded, bob):
    address = bob.keys.address(KeyPath(Branch.RECEIVE, 0))
    cases = {
        "input.insufficient-funds": [Recipient(address, satoshi(3 * COIN))],
        "input.dust": [Recipient(address, satoshi(100))],
        "input.recipients": [],
        "input.address": [Recipient("bcrt1qnonsense", satoshi(1000))],
        "input.wrong-network": [Recipient("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", satoshi(1000))],
    }
    for code, recipients in cases.items():
        with pytest.raises(InputRefused) as refused:
            draft_payment(funded, recipients, RATE)
        assert refused.value.code == code


def test_coins_that_mining_pays_are_immature_first(chain, esplora, alice):
    wallet = alice.wallet()
    chain.mine(1, wallet.next_receive_address().address)
    esplora.sync(wallet)
    assert wallet.balance().immature == 50 * 100_000_000
    chain.mine(100)
    esplora.sync(wallet)
    assert wallet.balance().confirmed == 50 * 100_000_000


def test_a_restored_wallet_finds_its_coins_and_where_it_was(chain, esplora, alice, funded):
    restored = alice.wallet()
    esplora.sync(restored)
    assert restored.balance() == funded.balance()
    assert restored.next_index(Branch.RECEIVE) == 2, "it does not give out an address that was used"


def test_a_backend_of_another_network_is_refused(esplora):
    check_network(esplora, Network.REGTEST)
    with pytest.raises(ChainUnavailable) as refused:
        check_network(esplora, Network.BITCOIN)
    assert refused.value.code == "chain.wrong-network"


def test_a_chain_without_a_common_block_changes_nothing(chain, esplora):
    chain.mine(3)
    wallet = SingleKey("alice", Network.SIGNET).wallet()
    with pytest.raises(ChainUnavailable) as refused:
        esplora.sync(wallet)
    assert refused.value.code == "chain.answer-form"
    assert wallet.tip().height == 0


def test_what_was_found_on_another_chain_is_not_taken_in(chain, esplora, alice):
    chain.mine(3)
    with alice.wallet().changing() as inner:
        request = inner.start_full_scan().build()
    update = esplora._client.full_scan(request, 1, 1)
    wallet = SingleKey("alice", Network.SIGNET).wallet()
    with pytest.raises(ChainUnavailable) as refused:
        wallet.apply_update(update)
    assert refused.value.code == "chain.other-chain"
    assert wallet.tip().height == 0


def test_the_server_s_fee_estimates_are_read(esplora):
    rates = esplora.fee_rates()
    assert rates.within(1) == FeeRate.per_vb(2)
    assert rates.within(6) == FeeRate.per_vb(1)


def test_a_forgotten_transaction_no_longer_counts(esplora, alice, bob, funded):
    draft = pay(funded, bob)
    funded.apply_broadcast(alice.sign(draft.psbt), seen_at=1000)
    assert funded.balance().total < 2 * COIN
    funded.forget([draft.txid], at=2000)
    assert funded.balance().confirmed == 2 * COIN
    assert funded.transaction(draft.txid) is None
