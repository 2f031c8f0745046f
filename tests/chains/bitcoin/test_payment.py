"""A signer's reading of a PSBT: what is understood, and one attack after the other that is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.bitcoin_coins import (
    CHANGE,
    COIN,
    FRIEND,
    FRIEND_SCRIPT,
    KEYS,
    MASTER_FINGERPRINT,
    STRANGER,
    WINDOW,
    ordinary,
    outpoint,
    pay,
    spend,
    with_input,
    with_transaction,
)

from warifu.chains.bitcoin.descriptor import Branch, KeyPath
from warifu.chains.bitcoin.network import Network
from warifu.chains.bitcoin.payment import Payment, faults, read_payment
from warifu.chains.bitcoin.psbt import KeyOrigin, Psbt, PsbtOutput
from warifu.chains.bitcoin.sighash import KeyPathSighash
from warifu.chains.bitcoin.transaction import TxInput
from warifu.errors import InputRefused, TransactionRefused

pytestmark = pytest.mark.unit


def read(psbt: Psbt) -> Payment:
    return read_payment(psbt.serialize(), KEYS, WINDOW)


def test_an_ordinary_payment_is_understood():
    psbt = ordinary()
    payment = read(psbt)
    assert payment.network is Network.REGTEST
    assert payment.txid == psbt.transaction.txid
    (coin,) = payment.inputs
    assert (coin.outpoint, coin.amount, coin.key) == (outpoint(0), 100_000, COIN)
    spent = psbt.spent()
    assert spent is not None
    assert coin.sighash == KeyPathSighash(psbt.transaction, spent).digest(0)
    (recipient,) = payment.recipients
    assert (recipient.address, recipient.script, recipient.amount, recipient.key) == (
        FRIEND,
        FRIEND_SCRIPT,
        60_000,
        None,
    )
    (back,) = payment.change
    assert (back.key, back.amount, back.address) == (CHANGE, 39_000, KEYS.address(CHANGE))
    assert payment.fee == 1_000
    assert payment.vsize == 142  # 1 Taproot key-path input, 1 P2WPKH and 1 P2TR output
    assert payment.fee_rate == Fraction(1_000, 142)
    assert payment.replaceable


def test_the_size_is_that_of_the_signed_transaction():
    coins = [(KeyPath(Branch.RECEIVE, index), 10_000) for index in range(3)]
    psbt = spend(coins, [pay(FRIEND_SCRIPT, 20_000)])
    signed = replace(
        psbt.transaction,
        inputs=tuple(replace(item, witness=(bytes(64),)) for item in psbt.transaction.inputs),
    )
    assert read(psbt).vsize == signed.vsize
    assert read(psbt).txid == signed.txid


def test_hints_change_nothing_but_the_speed():
    with_hints, without = (
        ordinary(),
        spend([(COIN, 100_000)], list(ordinary().transaction.outputs), hints=False),
    )
    assert read(with_hints) == read(without)


def test_a_hint_into_a_script_tree_of_another_wallet_is_only_a_wrong_place_to_look():
    origins = (KeyOrigin(b"\x05" * 32, MASTER_FINGERPRINT, (7, 8)), KeyOrigin(b"\x06" * 32, bytes(4), ()))
    assert read(with_input(ordinary(), 0, tap_origins=origins)) == read(ordinary())


@pytest.mark.parametrize("locktime", [0, 1, 900_000, 499_999_999])
@pytest.mark.parametrize("sequence", [0xFFFFFFFD, 0xFFFFFFFE, 0xFFFFFFFF])
@pytest.mark.parametrize("version", [2, 3])
def test_block_heights_final_and_replaceable_sequences_are_allowed(
    locktime: int, sequence: int, version: int
):
    outputs = list(ordinary().transaction.outputs)
    payment = read(spend([(COIN, 100_000)], outputs, version=version, locktime=locktime, sequence=sequence))
    assert (payment.version, payment.locktime) == (version, locktime)
    assert payment.replaceable == (sequence == 0xFFFFFFFD)


def test_a_payment_to_an_own_receive_address_is_a_recipient_not_change():
    own = KeyPath(Branch.RECEIVE, 1)
    payment = read(spend([(COIN, 100_000)], [pay(KEYS.script(own), 99_000)]))
    assert [output.key for output in payment.recipients] == [own]
    assert not payment.change


def _more_inputs(psbt: Psbt, *more: TxInput) -> Psbt:
    inputs = (*psbt.transaction.inputs, *more)
    return replace(with_transaction(psbt, inputs=inputs), inputs=tuple(psbt.inputs[0] for _ in inputs))


def _pay_also(script: bytes, amount: int) -> Psbt:
    return spend([(COIN, 100_000)], [pay(FRIEND_SCRIPT, 60_000), pay(script, amount)])


def _foreign(script: bytes) -> Psbt:
    psbt = spend([(COIN, 50_000), (COIN, 50_000)], [pay(FRIEND_SCRIPT, 90_000)])
    return with_input(psbt, 1, witness_utxo=pay(script, 50_000))


def _input_elsewhere(path: KeyPath) -> Psbt:
    return spend([(path, 100_000)], [pay(FRIEND_SCRIPT, 90_000)])


def _change_names_key(key: bytes) -> Psbt:
    return replace(ordinary(), outputs=(PsbtOutput(), PsbtOutput(tap_internal_key=key)))


FAULTS: dict[str, tuple[Callable[[], Psbt], str]] = {
    "transaction version 0": (lambda: with_transaction(ordinary(), version=0), "version"),
    "transaction version 1": (lambda: with_transaction(ordinary(), version=1), "version"),
    "transaction version 4": (lambda: with_transaction(ordinary(), version=4), "version"),
    "negative version": (lambda: with_transaction(ordinary(), version=2**32 - 1), "version"),
    "locked until a moment": (lambda: with_transaction(ordinary(), locktime=500_000_000), "time-lock"),
    "locked to the end": (lambda: with_transaction(ordinary(), locktime=2**32 - 1), "time-lock"),
    "relative lock in blocks": (
        lambda: spend([(COIN, 100_000)], [pay(FRIEND_SCRIPT, 99_000)], sequence=144),
        "time-lock",
    ),
    "relative lock in seconds": (
        lambda: spend([(COIN, 100_000)], [pay(FRIEND_SCRIPT, 99_000)], sequence=1 << 22 | 10),
        "time-lock",
    ),
    "sequence of no wallet": (
        lambda: spend([(COIN, 100_000)], [pay(FRIEND_SCRIPT, 99_000)], sequence=0xFFFFFFFC),
        "time-lock",
    ),
    "a coin twice": (lambda: _more_inputs(ordinary(), TxInput(outpoint(0))), "duplicate-input"),
    "a coin twice with different sequences": (
        lambda: _more_inputs(ordinary(), TxInput(outpoint(1)), TxInput(outpoint(0), sequence=0xFFFFFFFF)),
        "duplicate-input",
    ),
    "sighash ALL": (lambda: with_input(ordinary(), 0, sighash_type=0x01), "sighash-type"),
    "sighash NONE": (lambda: with_input(ordinary(), 0, sighash_type=0x02), "sighash-type"),
    "sighash SINGLE": (lambda: with_input(ordinary(), 0, sighash_type=0x03), "sighash-type"),
    "sighash ALL, anyone can pay": (lambda: with_input(ordinary(), 0, sighash_type=0x81), "sighash-type"),
    "sighash NONE, anyone can pay": (lambda: with_input(ordinary(), 0, sighash_type=0x82), "sighash-type"),
    "sighash SINGLE, anyone can pay": (lambda: with_input(ordinary(), 0, sighash_type=0x83), "sighash-type"),
    "sighash that does not exist": (lambda: with_input(ordinary(), 0, sighash_type=0x100), "sighash-type"),
    "spent output not given": (lambda: with_input(ordinary(), 0, witness_utxo=None), "spent-output"),
    "a stranger's Taproot coin": (lambda: _foreign(STRANGER.script(COIN)), "foreign-input"),
    "a stranger's P2WPKH coin": (lambda: _foreign(FRIEND_SCRIPT), "foreign-input"),
    "a coin under our bare internal key": (
        lambda: _foreign(b"\x51\x20" + KEYS.key(COIN).internal_key),
        "foreign-input",
    ),
    "a coin beyond the window": (lambda: _input_elsewhere(KeyPath(Branch.RECEIVE, WINDOW)), "foreign-input"),
    "input hint to another key": (
        lambda: with_input(ordinary(), 0, tap_internal_key=KEYS.key(CHANGE).internal_key),
        "hint",
    ),
    "change hint to a stranger's key": (lambda: _change_names_key(STRANGER.key(CHANGE).internal_key), "hint"),
    "more out than in": (lambda: spend([(COIN, 1_000)], [pay(FRIEND_SCRIPT, 1_001)]), "negative-fee"),
    "everything to the miner": (lambda: spend([(COIN, 10**9)], [pay(FRIEND_SCRIPT, 1_000)]), "fee-rate"),
    "OP_RETURN": (lambda: _pay_also(b"\x6a\x04data", 0), "unknown-script"),
    "anyone can spend": (lambda: _pay_also(b"\x51", 1_000), "unknown-script"),
    "pay to anchor": (lambda: _pay_also(b"\x51\x02\x4e\x73", 1_000), "unknown-script"),
    "future witness version": (lambda: _pay_also(b"\x52\x20" + bytes(32), 1_000), "unknown-script"),
    "bare public key": (
        lambda: _pay_also(b"\x21" + KEYS.threshold_public + b"\xac", 1_000),
        "unknown-script",
    ),
    "empty script": (lambda: _pay_also(b"", 1_000), "unknown-script"),
    "worthless output": (lambda: _pay_also(FRIEND_SCRIPT, 0), "dust"),
    "dust to a friend": (lambda: _pay_also(FRIEND_SCRIPT, 293), "dust"),
    "dust as change": (lambda: _pay_also(KEYS.script(CHANGE), 329), "dust"),
}


@pytest.mark.parametrize(("psbt", "reason"), FAULTS.values(), ids=FAULTS.keys())
def test_what_is_not_understood_or_absurd_is_refused(psbt: Callable[[], Psbt], reason: str):
    with pytest.raises(TransactionRefused) as caught:
        read(psbt())
    assert caught.value.code == f"transaction.{reason}"


def test_one_satoshi_less_absurd_is_read():
    assert read(spend([(COIN, 1_000)], [pay(FRIEND_SCRIPT, 1_000)])).fee == 0
    assert read(_pay_also(FRIEND_SCRIPT, 294))
    assert read(_pay_also(KEYS.script(CHANGE), 330))
    assert read(_input_elsewhere(KeyPath(Branch.CHANGE, WINDOW - 1)))
    assert read(with_input(ordinary(), 0, sighash_type=0x00))


def test_all_faults_are_listed_not_only_the_first():
    psbt = with_input(_pay_also(b"\x6a", 0), 0, sighash_type=0x02)
    psbt = with_transaction(psbt, version=1)
    assert {fault.reason for fault in faults(psbt, KEYS, WINDOW)} == {
        "version",
        "sighash-type",
        "unknown-script",
    }


def test_without_keys_the_faults_that_need_none_are_listed():
    assert [fault.reason for fault in faults(_foreign(STRANGER.script(COIN)), None, WINDOW)] == []
    assert [fault.reason for fault in faults(with_transaction(ordinary(), version=1), None, WINDOW)] == [
        "version"
    ]


def test_a_lie_about_an_amount_changes_what_every_input_signs():
    """The fee-hiding attack: the service says that the coin is worth less than it is."""
    coins = [(COIN, 50_000), (CHANGE, 50_000)]
    honest = spend(coins, [pay(FRIEND_SCRIPT, 90_000)])
    lie = with_input(honest, 1, witness_utxo=pay(KEYS.script(CHANGE), 40_500))
    assert read(lie).fee == 500
    assert read(lie).txid == read(honest).txid
    for told, true in zip(read(lie).inputs, read(honest).inputs, strict=True):
        assert told.sighash != true.sighash


@settings(max_examples=150)
@given(st.data())
def test_a_mutated_psbt_is_read_or_refused_and_never_pays_other_than_it_says(data: st.DataObject):
    raw = bytearray(ordinary().serialize())
    for _ in range(data.draw(st.integers(1, 2))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        payment = read_payment(bytes(raw), KEYS, WINDOW)
    except (InputRefused, TransactionRefused):
        return
    paid = sum(output.amount for output in payment.outputs)
    assert sum(coin.amount for coin in payment.inputs) == paid + payment.fee
    assert payment.fee >= 0
