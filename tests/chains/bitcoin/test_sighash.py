"""BIP-341 digests: all official wallet vectors, and agreement with another implementation on random transactions."""

from __future__ import annotations

import hashlib

import pytest
from bitcointx.core import CTransaction, CTxOut
from bitcointx.core.script import CScript, SIGHASH_Type, SignatureHashSchnorr
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.vectors import load_vectors

from warifu.chains.bitcoin.sighash import KeyPathSighash, SighashType
from warifu.chains.bitcoin.transaction import OutPoint, Transaction, TxInput, TxOutput, parse_transaction
from warifu.errors import InputRefused
from warifu.units import Satoshi

pytestmark = [pytest.mark.unit, pytest.mark.slow]

words = st.integers(0, 2**32 - 1)
outputs = st.builds(TxOutput, st.integers(0, 10**14).map(Satoshi), st.binary(max_size=60))
inputs = st.builds(
    TxInput, st.builds(OutPoint, st.binary(min_size=32, max_size=32), words), st.just(b""), words
)


def test_all_wallet_vectors_of_bip341_pass():
    (spending,) = load_vectors("bip341/wallet-test-vectors.json")["keyPathSpending"]
    given_ = spending["given"]
    transaction = parse_transaction(bytes.fromhex(given_["rawUnsignedTx"]))
    spent = [
        TxOutput(Satoshi(utxo["amountSats"]), bytes.fromhex(utxo["scriptPubKey"]))
        for utxo in given_["utxosSpent"]
    ]
    sighashes = KeyPathSighash(transaction, spent)
    vectors = spending["inputSpending"]
    assert len(vectors) == 7
    for vector in vectors:
        index = vector["given"]["txinIndex"]
        hash_type = SighashType(vector["given"]["hashType"])
        assert sighashes.message(index, hash_type).hex() == vector["intermediary"]["sigMsg"]
        assert sighashes.digest(index, hash_type).hex() == vector["intermediary"]["sigHash"]


@settings(max_examples=150)
@given(
    words,
    st.lists(inputs, min_size=1, max_size=5),
    st.lists(outputs, min_size=1, max_size=5),
    words,
    st.data(),
)
def test_bitcointx_computes_the_same_digests(version, tx_inputs, tx_outputs, locktime, data):
    transaction = Transaction(version, tuple(tx_inputs), tuple(tx_outputs), locktime)
    spent = [data.draw(outputs) for _ in tx_inputs]
    other = CTransaction.deserialize(transaction.serialize())
    other_spent = [CTxOut(coin.amount, CScript(coin.script)) for coin in spent]
    sighashes = KeyPathSighash(transaction, spent)
    for index in range(len(tx_inputs)):
        for hash_type in SighashType:
            if hash_type & 3 == SighashType.SINGLE and index >= len(tx_outputs):
                continue
            theirs = SignatureHashSchnorr(
                other,
                index,
                other_spent,
                hashtype=None if hash_type == SighashType.DEFAULT else SIGHASH_Type(hash_type),
            )
            assert sighashes.digest(index, hash_type) == theirs


def _two_coins(first_amount: int = 50_000) -> KeyPathSighash:
    coins = [TxOutput(Satoshi(first_amount), b"\x51\x20" + b"\x11" * 32), TxOutput(Satoshi(7), b"\x51")]
    transaction = Transaction(
        2,
        (TxInput(OutPoint(bytes(32), 0)), TxInput(OutPoint(bytes(32), 1))),
        (TxOutput(Satoshi(40_000), b"\x51"),),
    )
    return KeyPathSighash(transaction, coins)


def test_a_lie_about_any_amount_changes_every_digest():
    honest, lie = _two_coins(), _two_coins(first_amount=50_001)
    assert honest.digest(0) != lie.digest(0)
    assert honest.digest(1) != lie.digest(1)


def test_default_and_all_are_different_digests():
    sighashes = _two_coins()
    assert sighashes.digest(0) != sighashes.digest(0, SighashType.ALL)


def test_the_digest_is_the_tagged_hash_of_the_message():
    sighashes = _two_coins()
    tag = hashlib.sha256(b"TapSighash").digest()
    assert sighashes.digest(1) == hashlib.sha256(tag + tag + sighashes.message(1)).digest()
    assert len(sighashes.message(1)) == 175


@pytest.mark.parametrize(
    ("index", "hash_type"),
    [(2, SighashType.DEFAULT), (-1, SighashType.DEFAULT), (1, SighashType.SINGLE)],
)
def test_what_cannot_be_signed_is_refused(index: int, hash_type: SighashType):
    with pytest.raises(InputRefused):
        _two_coins().digest(index, hash_type)


def test_every_input_needs_its_spent_output():
    transaction = Transaction(2, (TxInput(OutPoint(bytes(32), 0)),), (TxOutput(Satoshi(1), b""),))
    with pytest.raises(InputRefused):
        KeyPathSighash(transaction, [])
