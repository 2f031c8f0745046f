"""From verified signatures to the transaction that is sent; no invalid signature ever becomes one."""

from __future__ import annotations

from dataclasses import replace

import coincurve
import pytest
from bitcointx.core import CTransaction, CTxOut
from bitcointx.core.script import CScript, SignatureHashSchnorr
from tests.support.bitcoin_coins import (
    CHANGE,
    COIN,
    FRIEND_SCRIPT,
    KEYS,
    WINDOW,
    change,
    ordinary,
    pay,
    sign,
    spend,
    with_input,
)

from warifu.chains.bitcoin.descriptor import Branch, KeyPath
from warifu.chains.bitcoin.finalize import extract, finalize, signed_transaction, with_signatures
from warifu.chains.bitcoin.payment import read_payment
from warifu.chains.bitcoin.psbt import Psbt, PsbtInput, parse_psbt
from warifu.chains.bitcoin.transaction import parse_transaction
from warifu.errors import TransactionRefused

pytestmark = pytest.mark.unit

PATHS = [COIN, CHANGE, KeyPath(Branch.RECEIVE, 4), KeyPath(Branch.RECEIVE, 5)]


def several() -> Psbt:
    """Four inputs of both branches: some of the keys have an odd y, some an even one."""
    return spend([(path, 25_000) for path in PATHS], [pay(FRIEND_SCRIPT, 60_000), change(39_000)])


def test_signatures_by_the_private_keys_verify_under_what_was_derived_publicly():
    psbt = several()
    transaction = signed_transaction(psbt, sign(psbt, PATHS))
    payment = read_payment(psbt.serialize(), KEYS, WINDOW)
    assert transaction.txid == payment.txid
    assert transaction.vsize == payment.vsize
    assert parse_transaction(transaction.serialize()) == transaction
    assert {len(item.witness[0]) for item in transaction.inputs} == {64}


def test_the_signatures_are_valid_for_the_digests_that_bitcointx_computes():
    psbt = several()
    transaction = signed_transaction(psbt, sign(psbt, PATHS))
    spent = [CTxOut(25_000, CScript(KEYS.script(path))) for path in PATHS]
    other = CTransaction.deserialize(transaction.serialize())
    for index, path in enumerate(PATHS):
        digest = SignatureHashSchnorr(other, index, spent)
        signature = other.wit.vtxinwit[index].scriptWitness.stack[0]
        assert coincurve.PublicKeyXOnly(KEYS.script(path)[2:]).verify(signature, digest)


def test_the_signed_psbt_can_be_exported_finalized_and_extracted():
    psbt = several()
    signed = with_signatures(psbt, sign(psbt, PATHS))
    assert parse_psbt(signed.serialize()) == signed
    final = finalize(signed)
    assert parse_psbt(final.serialize()) == final
    assert final.inputs[0] == PsbtInput(
        witness_utxo=psbt.inputs[0].witness_utxo,
        spent=psbt.inputs[0].spent,
        final_witness=(signed.inputs[0].tap_key_signature,),
    )
    assert extract(parse_psbt(final.serialize())) == signed_transaction(psbt, sign(psbt, PATHS))


def _flipped(signature: bytes) -> bytes:
    return signature[:40] + bytes([signature[40] ^ 1]) + signature[41:]


@pytest.mark.parametrize(
    "spoil", [_flipped, lambda s: s[:63], lambda s: s + b"\x01", lambda s: b"", lambda s: bytes(64)]
)
def test_an_invalid_signature_is_refused_and_its_input_named(spoil):
    psbt = several()
    signatures = sign(psbt, PATHS)
    signatures[2] = spoil(signatures[2])
    with pytest.raises(TransactionRefused, match="input 2") as caught:
        with_signatures(psbt, signatures)
    assert caught.value.code == "transaction.signature"


def test_signatures_in_another_order_are_refused():
    psbt = several()
    with pytest.raises(TransactionRefused):
        with_signatures(psbt, sign(psbt, PATHS)[::-1])


@pytest.mark.parametrize("count", [0, 3, 5])
def test_another_number_of_signatures_is_refused(count: int):
    psbt = several()
    with pytest.raises(TransactionRefused) as caught:
        with_signatures(psbt, (sign(psbt, PATHS) * 2)[:count])
    assert caught.value.code == "transaction.signature-count"


def test_signatures_of_another_transaction_are_refused():
    psbt = several()
    other = spend([(path, 25_000) for path in PATHS], [pay(FRIEND_SCRIPT, 60_001), change(38_999)])
    with pytest.raises(TransactionRefused):
        with_signatures(psbt, sign(other, PATHS))


def test_a_lie_about_an_amount_makes_honest_signatures_invalid():
    psbt = several()
    lie = with_input(
        psbt, 0, witness_utxo=pay(KEYS.script(COIN), 24_000), spent=pay(KEYS.script(COIN), 24_000)
    )
    with pytest.raises(TransactionRefused):
        with_signatures(psbt, sign(lie, PATHS))


def test_an_unsigned_or_spoiled_psbt_is_neither_finalized_nor_extracted():
    psbt = ordinary()
    with pytest.raises(TransactionRefused):
        finalize(psbt)
    with pytest.raises(TransactionRefused):
        extract(psbt)
    final = finalize(with_signatures(psbt, sign(psbt, [COIN])))
    (signature,) = final.inputs[0].final_witness
    for witness in ((_flipped(signature),), (signature, b""), (b"", signature)):
        with pytest.raises(TransactionRefused):
            extract(with_input(final, 0, final_witness=witness))


def test_without_the_spent_output_nothing_can_be_verified():
    for utxo in (None, pay(FRIEND_SCRIPT, 100_000)):
        psbt = with_input(ordinary(), 0, witness_utxo=utxo, spent=utxo)
        with pytest.raises(TransactionRefused) as caught:
            with_signatures(psbt, [bytes(64)])
        assert caught.value.code == "transaction.spent-output"


def test_an_output_key_that_is_no_point_verifies_nothing():
    nobody = pay(b"\x51\x20" + b"\xff" * 32, 100_000)
    with pytest.raises(TransactionRefused):
        with_signatures(replace(with_input(ordinary(), 0, witness_utxo=nobody, spent=nobody)), [bytes(64)])
