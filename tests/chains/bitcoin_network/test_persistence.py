"""The wallet lives in opaque entries of a store that is handed in, and survives whatever happens to it."""

from __future__ import annotations

import pytest
from tests.support.single_key import SingleKey

from warifu.chains.bitcoin.descriptor import Branch, KeyPath
from warifu.chains.bitcoin.network import Network
from warifu.chains.bitcoin.transaction import OutPoint, Transaction, TxInput, TxOutput
from warifu.chains.bitcoin_network.changes import (
    Anchor,
    Changes,
    decode_changes,
    encode_changes,
    from_bdk,
    merge,
    merge_stored,
)
from warifu.chains.bitcoin_network.persistence import MemoryStore
from warifu.chains.bitcoin_network.wallet import MAX_UNUSED_ADDRESSES, DescriptorWallet
from warifu.errors import InputRefused, StoreDamaged
from warifu.units import satoshi

pytestmark = pytest.mark.unit

BLOCK = bytes([7]) * 32


class FailingStore(MemoryStore):
    """A disk that can be full."""

    full = False

    def append(self, entry: bytes) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        super().append(entry)


def payment_to(script: bytes, amount: int = 50_000) -> Transaction:
    outputs = (TxOutput(satoshi(amount), script),)
    return Transaction(2, (TxInput(OutPoint(bytes([9]) * 32, amount), witness=(bytes(64),)),), outputs)


def in_block(transaction: Transaction, height: int = 5, block: bytes = BLOCK) -> Changes:
    return Changes(
        checkpoints=((height, block),),
        transactions=(transaction.serialize(),),
        anchors=(Anchor(height, block, 1_700_000_000, transaction.txid),),
    )


def everything(wallet: DescriptorWallet) -> tuple[object, ...]:
    return (
        wallet.balance(), wallet.coins(), wallet.transactions(), wallet.tip(),
        wallet.revealed_addresses(), wallet.next_index(Branch.CHANGE),
    )  # fmt: skip


@pytest.fixture
def store() -> FailingStore:
    return FailingStore()


@pytest.fixture
def wallet(alice, store):
    wallet = alice.wallet(store)
    wallet.next_receive_address()
    wallet.apply_changes(in_block(payment_to(alice.keys.script(KeyPath(Branch.RECEIVE, 0)))))
    wallet.apply_broadcast(
        payment_to(alice.keys.script(KeyPath(Branch.RECEIVE, 1)), 7_000).serialize(), 1_700_000_100
    )
    wallet.reserve([coin.outpoint for coin in wallet.coins()][:1])
    return wallet


def test_addresses_are_those_that_the_signers_derive(alice):
    wallet = alice.wallet()
    shown = [wallet.next_receive_address() for _ in range(3)]
    assert [(item.index, item.address) for item in shown] == [
        (index, alice.keys.address(KeyPath(Branch.RECEIVE, index))) for index in range(3)
    ]
    assert wallet.peek(KeyPath(Branch.CHANGE, 9)) == alice.keys.address(KeyPath(Branch.CHANGE, 9))


def test_a_reloaded_wallet_is_the_same(alice, store, wallet):
    assert wallet.balance().total == 57_000
    assert everything(alice.wallet(store)) == everything(wallet)


def test_an_address_is_never_given_out_twice(alice, store):
    first = alice.wallet(store).next_receive_address()
    second = alice.wallet(store).next_receive_address()
    assert (first.index, second.index) == (0, 1)


def test_merged_entries_are_the_same_wallet_and_less_to_read(alice, store, wallet):
    merged = MemoryStore()
    merged.append(merge_stored(store.load()))
    assert everything(alice.wallet(merged)) == everything(wallet)
    assert len(merged.load()[0]) < sum(map(len, store.load()))


def test_every_part_of_a_change_set_survives_the_bytes(store, wallet):
    merged = from_bdk(merge(store.load()))
    assert decode_changes(encode_changes(merged)) == merged
    empty = [name for name in Changes.__struct_fields__ if not getattr(merged, name)]
    assert empty == ["foreign_outputs", "last_evicted"], "the wallet above exercises all but these"


def test_what_the_library_does_not_show_on_its_own_survives_too(alice, store, wallet):
    unconfirmed = next(tx for tx in wallet.transactions() if tx.confirmed_in is None)
    wallet.forget([unconfirmed.txid], at=1_700_000_200)
    assert alice.wallet(store).balance().total == 50_000
    assert from_bdk(merge(store.load())).last_evicted == ((unconfirmed.txid, 1_700_000_200),)


def test_a_checkpoint_taken_away_takes_the_confirmation_away(alice, store, wallet):
    wallet.apply_changes(Changes(checkpoints=((5, None),)))
    assert wallet.tip().height == 0
    assert wallet.balance().confirmed == 0
    assert alice.wallet(store).balance() == wallet.balance()


def test_a_full_disk_loses_nothing(alice, store):
    wallet = alice.wallet(store)
    store.full = True
    with pytest.raises(StoreDamaged) as refused:
        wallet.next_receive_address()
    assert isinstance(refused.value.__cause__, OSError)
    store.full = False
    after = wallet.next_receive_address()
    assert after.index == 1, "the address that was not handed out is skipped, not reused"
    assert everything(alice.wallet(store)) == everything(wallet)


def test_a_store_s_own_refusal_comes_through(alice):
    class Locked(MemoryStore):
        def append(self, entry: bytes) -> None:
            raise StoreDamaged("locked", "the database is locked")

    with pytest.raises(StoreDamaged) as refused:
        alice.wallet(Locked())
    assert refused.value.code == "store.locked"


def test_damaged_entries_stop_the_wallet(alice, store, wallet):
    for damaged in (
        b"",
        b"\x01",
        b"\x02" + store.load()[0][1:],
        store.load()[0][:-1],
        store.load()[0] + b"\x00",
    ):
        broken = MemoryStore()
        broken.append(damaged)
        with pytest.raises(StoreDamaged) as refused:
            alice.wallet(broken)
        assert refused.value.code == "store.wallet-changes"


def test_impossible_values_stop_the_wallet(alice, store, wallet):
    for impossible in (
        Changes(checkpoints=((1, b"short"),)),
        Changes(transactions=(b"nonsense",)),
        Changes(checkpoints=((-1, BLOCK),)),
        Changes(network="moon"),
    ):
        broken = MemoryStore()
        for entry in (*store.load(), encode_changes(impossible)):
            broken.append(entry)
        with pytest.raises(StoreDamaged):
            alice.wallet(broken)


def test_another_wallet_s_store_is_refused(alice, bob, store, wallet):
    with pytest.raises(StoreDamaged) as refused:
        bob.wallet(store)
    assert refused.value.code == "store.other-wallet"
    with pytest.raises(StoreDamaged) as refused:
        SingleKey("alice", Network.SIGNET).wallet(store)
    assert refused.value.code == "store.other-wallet"


def test_a_store_that_begins_in_the_middle_is_refused(alice, store, wallet):
    headless = MemoryStore()
    for entry in store.load()[1:]:
        headless.append(entry)
    with pytest.raises(StoreDamaged):
        alice.wallet(headless)


def test_descriptors_that_are_none_are_refused(alice):
    good = alice.keys.descriptor(Branch.RECEIVE)
    for wrong in ("", "tr()", good[:-1] + ("q" if good[-1] != "q" else "p")):
        with pytest.raises(StoreDamaged) as refused:
            DescriptorWallet(wrong, alice.keys.descriptor(Branch.CHANGE), Network.REGTEST, MemoryStore())
        assert refused.value.code == "store.descriptor"


def test_waiting_addresses_are_bounded(alice):
    """Beyond the window in which signers look, coins would be there and not be spendable."""
    wallet = alice.wallet()
    wallet.reveal_to(KeyPath(Branch.RECEIVE, MAX_UNUSED_ADDRESSES - 1))
    with pytest.raises(InputRefused) as refused:
        wallet.next_receive_address()
    assert refused.value.code == "input.too-many-unused"
    wallet.apply_changes(in_block(payment_to(alice.keys.script(KeyPath(Branch.RECEIVE, 0)))))
    assert wallet.next_receive_address().index == MAX_UNUSED_ADDRESSES


def test_entries_hold_no_readable_address_but_are_not_encrypted_here(alice, store, wallet):
    """Encryption is the store's: this only says that nothing here claims otherwise."""
    joined = b"".join(store.load())
    assert alice.keys.script(KeyPath(Branch.RECEIVE, 0)) in joined
