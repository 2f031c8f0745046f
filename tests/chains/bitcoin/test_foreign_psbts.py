"""PSBTs that other software makes: BDK (the service's own wallet) and embit, read and signed for real."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest
from embit.descriptor import Descriptor  # type: ignore[import-untyped]  # embit ships no types
from embit.psbt import PSBT  # type: ignore[import-untyped]  # as above
from embit.script import Script  # type: ignore[import-untyped]  # as above
from embit.transaction import (  # type: ignore[import-untyped]  # as above
    Transaction as EmbitTransaction,
)
from embit.transaction import TransactionInput, TransactionOutput
from tests.support.bitcoin_coins import FRIEND, FRIEND_SCRIPT, KEYS, WINDOW, outpoint, pay, sign

from warifu.chains.bitcoin.authorized import AuthorizedTransfer, check_payment
from warifu.chains.bitcoin.descriptor import Branch, KeyPath
from warifu.chains.bitcoin.finalize import finalize, signed_transaction, with_signatures
from warifu.chains.bitcoin.network import Network
from warifu.chains.bitcoin.payment import Payment, read_payment
from warifu.chains.bitcoin.psbt import parse_psbt, psbt_from_base64
from warifu.chains.bitcoin.transaction import Transaction, TxInput, parse_transaction
from warifu.errors import TransactionRefused
from warifu.units import Satoshi

pytestmark = pytest.mark.unit

bdk: Any = importlib.import_module("bdkpython")  # generated code, annotated only in part


@pytest.fixture
def wallet() -> Any:
    """A BDK wallet on our descriptors with coins of 100,000 and 50,000 sat at 0/0 and 50,000 at 0/1."""
    external, internal = (bdk.Descriptor(KEYS.descriptor(branch), bdk.NetworkKind.TEST) for branch in Branch)
    wallet = bdk.Wallet(external, internal, bdk.Network.REGTEST, bdk.Persister.new_in_memory())
    for expected in range(2):
        address = wallet.reveal_next_address(bdk.KeychainKind.EXTERNAL).address
        assert str(address) == KEYS.address(KeyPath(Branch.RECEIVE, expected))
    first, second = (KEYS.script(KeyPath(Branch.RECEIVE, index)) for index in range(2))
    funding = Transaction(
        2, (TxInput(outpoint(99)),), (pay(first, 100_000), pay(first, 50_000), pay(second, 50_000))
    )
    wallet.apply_unconfirmed_txs([bdk.UnconfirmedTx(tx=bdk.Transaction(funding.serialize()), last_seen=1)])
    return wallet


def builder(amount: int = 120_000) -> Any:
    script = bdk.Address(FRIEND, bdk.Network.REGTEST).script_pubkey()
    return (
        bdk.TxBuilder()
        .add_recipient(script, bdk.Amount.from_sat(amount))
        .fee_rate(bdk.FeeRate.from_sat_per_vb(3))
    )


def read(psbt: Any) -> Payment:
    return read_payment(psbt_from_base64(psbt.serialize()), KEYS, WINDOW)


def test_bdk_derives_our_descriptors_and_we_read_its_psbt(wallet: Any):
    psbt = builder().finish(wallet)
    payment = read(psbt)
    assert [(output.script, output.amount) for output in payment.recipients] == [(FRIEND_SCRIPT, 120_000)]
    assert [output.key for output in payment.change] == [KeyPath(Branch.CHANGE, 0)]
    assert payment.fee == psbt.fee()
    assert 3 <= payment.fee_rate < 4
    assert payment.txid[::-1].hex() == str(psbt.extract_tx_unchecked_fee_rate().compute_txid())
    assert payment.replaceable
    check_payment(
        payment,
        AuthorizedTransfer(((FRIEND, Satoshi(120_000)),), Satoshi(1_000), payment.txid, Network.REGTEST),
    )


def test_what_bdk_wrote_is_written_back_byte_for_byte(wallet: Any):
    for psbt in (builder().finish(wallet), builder().add_global_xpubs().finish(wallet)):
        assert parse_psbt(psbt_from_base64(psbt.serialize())).to_base64() == psbt.serialize()


def test_bdk_finalizes_what_we_sign_and_finds_the_same_transaction(wallet: Any):
    unsigned = builder().finish(wallet)
    psbt = parse_psbt(psbt_from_base64(unsigned.serialize()))
    payment = read(unsigned)
    signatures = sign(psbt, [coin.key for coin in payment.inputs])
    ours = signed_transaction(psbt, signatures)
    theirs = bdk.Psbt(with_signatures(psbt, signatures).to_base64()).finalize()
    assert theirs.could_finalize, theirs.errors
    assert theirs.psbt.extract_tx().serialize() == ours.serialize()
    assert bdk.Psbt(finalize(with_signatures(psbt, signatures)).to_base64()).extract_tx().serialize() == (
        ours.serialize()
    )
    assert ours.vsize == payment.vsize


VARIANTS: dict[str, Callable[[Any], Any]] = {
    "current height as lock time": lambda tx: tx.current_height(800_000),
    "lock time in blocks": lambda tx: tx.nlocktime(bdk.LockTime.BLOCKS(900_000)),
    "not replaceable": lambda tx: tx.set_exact_sequence(0xFFFFFFFE),
    "with xpubs": lambda tx: tx.add_global_xpubs(),
    "version 3": lambda tx: tx.version(3),
    "change at the end": lambda tx: tx.ordering(bdk.TxOrdering.UNTOUCHED),
    "all coins": lambda tx: tx.drain_wallet(),
}


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS.keys())
def test_we_read_the_variants_that_the_service_may_build(wallet: Any, variant: Callable[[Any], Any]):
    payment = read(variant(builder()).finish(wallet))
    assert [output.amount for output in payment.recipients] == [120_000]
    assert len(payment.change) == 1


def test_a_sweep_leaves_no_change(wallet: Any):
    script = bdk.Address(FRIEND, bdk.Network.REGTEST).script_pubkey()
    sweep = bdk.TxBuilder().drain_wallet().drain_to(script).fee_rate(bdk.FeeRate.from_sat_per_vb(1))
    payment = read(sweep.finish(wallet))
    assert len(payment.inputs) == 3
    assert len(payment.outputs) == 1
    assert payment.fee + payment.outputs[0].amount == 200_000


REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "data carrier": (lambda tx: tx.add_data(b"hello"), "unknown-script"),
    "lock time in seconds": (lambda tx: tx.nlocktime(bdk.LockTime.SECONDS(1_700_000_000)), "time-lock"),
    "relative lock": (lambda tx: tx.set_exact_sequence(10), "time-lock"),
    "version 1": (lambda tx: tx.version(1), "version"),
}


@pytest.mark.parametrize(("variant", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_we_refuse_what_bdk_can_build_but_no_signer_should_sign(
    wallet: Any, variant: Callable[[Any], Any], reason: str
):
    with pytest.raises(TransactionRefused) as caught:
        read(variant(builder()).finish(wallet))
    assert caught.value.reason == reason


def _embit_psbt() -> PSBT:
    """A PSBT with embit's own idea of the Taproot fields."""
    descriptor = Descriptor.from_string(KEYS.descriptor(Branch.RECEIVE)).derive(2)
    spent = outpoint(4)
    psbt = PSBT(
        EmbitTransaction(
            version=2,
            vin=[TransactionInput(spent.txid[::-1], spent.vout, sequence=0xFFFFFFFD)],
            vout=[TransactionOutput(40_000, Script(FRIEND_SCRIPT))],
        )
    )
    psbt.inputs[0].witness_utxo = TransactionOutput(41_000, descriptor.script_pubkey())
    key = descriptor.keys[0].get_public_key()
    psbt.inputs[0].taproot_internal_key = key
    return psbt


def test_we_read_what_embit_writes_and_embit_reads_what_we_write():
    theirs = _embit_psbt()
    payment = read_payment(theirs.serialize(), KEYS, WINDOW)
    assert [(coin.key, coin.amount) for coin in payment.inputs] == [(KeyPath(Branch.RECEIVE, 2), 41_000)]
    assert [(output.script, output.amount) for output in payment.recipients] == [(FRIEND_SCRIPT, 40_000)]
    assert payment.fee == theirs.fee() == 1_000
    assert payment.txid[::-1] == theirs.tx.txid()
    assert payment.inputs[0].sighash == theirs.sighash_taproot(
        0, script_pubkeys=[theirs.inputs[0].script_pubkey], values=[41_000], sighash=0
    )
    ours = parse_psbt(theirs.serialize())
    assert PSBT.parse(ours.serialize()).serialize() == theirs.serialize()


def test_a_signature_that_embit_carries_as_unknown_is_read_as_one():
    theirs = _embit_psbt()
    psbt = parse_psbt(theirs.serialize())
    (signature,) = sign(psbt, [KeyPath(Branch.RECEIVE, 2)])
    theirs.inputs[0].unknown = {b"\x13": signature}  # embit shares one default dictionary among all inputs
    signed = parse_psbt(theirs.serialize())
    assert signed == with_signatures(psbt, [signature])
    assert PSBT.parse(signed.serialize()).inputs[0].unknown == {b"\x13": signature}


def test_embit_reads_the_transaction_that_we_sign():
    psbt = parse_psbt(_embit_psbt().serialize())
    transaction = signed_transaction(psbt, sign(psbt, [KeyPath(Branch.RECEIVE, 2)]))
    theirs = EmbitTransaction.parse(transaction.serialize())
    assert theirs.txid() == transaction.txid[::-1]
    assert theirs.serialize() == transaction.serialize()
    assert parse_transaction(theirs.serialize()) == transaction
