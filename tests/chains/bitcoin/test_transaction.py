"""Transactions: what is read is what was written, and there is only one way to write it."""

from __future__ import annotations

import pytest
from bitcointx.core import CTransaction
from hypothesis import given
from hypothesis import strategies as st
from tests.support.bitcoin_coins import outpoint

from warifu.chains.bitcoin.reader import Reader, compact_size
from warifu.chains.bitcoin.transaction import (
    MAX_TRANSACTION_BYTES,
    OutPoint,
    Transaction,
    TxInput,
    TxOutput,
    display_hash,
    parse_hash,
    parse_transaction,
)
from warifu.errors import InputRefused
from warifu.units import MAX_SATOSHI, Satoshi

pytestmark = pytest.mark.unit

# The first transaction between two people (block 170), and the P2WPKH example of BIP-143.
LEGACY = bytes.fromhex(
    "0100000001c997a5e56e104102fa209c6a852dd90660a20b2d9c352423edce25857fcd3704000000004847304402"
    "204e45e16932b8af514961a1d3a1a25fdf3f4f7732e9d624c6c61548ab5fb8cd410220181522ec8eca07de4860a4"
    "acdd12909d831cc56cbbac4622082221a8768d1d0901ffffffff0200ca9a3b00000000434104ae1a62fe09c5f51b"
    "13905f07f06b99a2f7159b2225f374cd378d71302fa28414e7aab37397f554a7df5f142c21c1b7303b8a0626f1ba"
    "ded5c72a704f7e6cd84cac00286bee0000000043410411db93e1dcdb8a016b49840f8c53bc1eb68a382e97b1482e"
    "cad7b148a6909a5cb2e0eaddfb84ccf9744464f82e160bfa9b8b64f9d4c03f999b8643f656b412a3ac00000000"
)
SEGWIT = bytes.fromhex(
    "01000000000102fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf433541db4e4ad969f00000000494830"
    "450221008b9d1dc26ba6a9cb62127b02742fa9d754cd3bebf337f7a55d114c8e5cdd30be022040529b194ba3f928"
    "1a99f2b1c0a19c0489bc22ede944ccf4ecbab4cc618ef3ed01eeffffffef51e1b804cc89d182d279655c3aa89e81"
    "5b1b309fe287d9b2b55d57b90ec68a0100000000ffffffff02202cb206000000001976a9148280b37df378db99f6"
    "6f85c95a783a76ac7a6d5988ac9093510d000000001976a9143bde42dbee7e4dbe6a21b2d50ce2f0167faa815988"
    "ac000247304402203609e17b84f6a7d30c80bfa610b5b4542f32a8a0d5447a12fb1366d7f01cc44a0220573a954c"
    "4518331561406f90300e8f3358f51928d43c212a8caed02de67eebee0121025476c2e83188368da1ff3e292e7aca"
    "fcdb3566bb0ad253f62fc70f07aeee635711000000"
)

outpoints = st.builds(OutPoint, st.binary(min_size=32, max_size=32), st.integers(0, 2**32 - 1))
words = st.integers(0, 2**32 - 1)
scripts = st.binary(max_size=80)
tx_inputs = st.builds(
    TxInput, outpoints, scripts, words, st.lists(st.binary(max_size=300), max_size=3).map(tuple)
)
tx_outputs = st.builds(TxOutput, st.integers(0, 10**14).map(Satoshi), scripts)
transactions = st.builds(
    Transaction,
    words,
    st.lists(tx_inputs, min_size=1, max_size=5).map(tuple),
    st.lists(tx_outputs, min_size=1, max_size=5).map(tuple),
    words,
)


def test_a_legacy_transaction_is_read_as_the_chain_knows_it():
    transaction = parse_transaction(LEGACY)
    assert (
        display_hash(transaction.txid) == "f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16"
    )
    assert transaction.wtxid == transaction.txid
    assert [output.amount for output in transaction.outputs] == [1_000_000_000, 4_000_000_000]
    assert (transaction.vsize, transaction.weight) == (len(LEGACY), 4 * len(LEGACY))
    assert transaction.serialize() == LEGACY


def test_a_segwit_transaction_keeps_its_witness_out_of_the_txid():
    transaction = parse_transaction(SEGWIT)
    assert (
        display_hash(transaction.txid) == "e8151a2af31c368a35053ddd4bdb285a8595c769a3ad83e0fa02314a602d4609"
    )
    assert (
        display_hash(transaction.wtxid) == "c36c38370907df2324d9ce9d149d191192f338b37665a82e78e76a12c909b762"
    )
    assert transaction.inputs[0].witness == ()
    assert len(transaction.inputs[1].witness) == 2
    assert transaction.serialize() == SEGWIT


@pytest.mark.slow
@given(transactions)
def test_writing_and_reading_give_the_same_transaction_and_bitcointx_agrees(transaction: Transaction):
    data = transaction.serialize()
    assert parse_transaction(data) == transaction
    other = CTransaction.deserialize(data)
    assert other.serialize() == data
    assert transaction.txid == other.GetTxid()
    assert transaction.wtxid == other.GetHash()
    assert transaction.vsize == other.get_virtual_size()


def _head(count: int = 1) -> bytes:
    return b"\x02\x00\x00\x00" + compact_size(count)


INPUT = bytes(36) + b"\x00" + b"\xff" * 4
OUTPUT = (1000).to_bytes(8, "little") + b"\x01\x51"
WHOLE = _head() + INPUT + b"\x01" + OUTPUT + bytes(4)


def test_the_smallest_transaction_is_read():
    assert parse_transaction(WHOLE).outputs == (TxOutput(Satoshi(1000), b"\x51"),)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "transaction-form"),
        (WHOLE[:-1], "transaction-form"),
        (WHOLE + b"\x00", "transaction-form"),
        (_head(0) + b"\x01" + OUTPUT + bytes(4), "transaction-form"),  # no inputs: reads as an unknown flag
        (_head() + INPUT + b"\x00" + bytes(4), "transaction-form"),  # no outputs
        (_head(2) + INPUT + b"\x01" + OUTPUT + bytes(4), "transaction-form"),
        (b"\x02\x00\x00\x00\xfd\x01\x00" + WHOLE[5:], "transaction-form"),  # 1 written in three bytes
        (b"\x02\x00\x00\x00\xff" + b"\xff" * 8, "transaction-form"),  # 2^64 - 1 inputs
        (b"\x02\x00\x00\x00\x00\x02" + WHOLE[4:], "transaction-form"),  # unknown witness flag
        (b"\x02\x00\x00\x00\x00\x01" + WHOLE[4:-4] + b"\x00" + bytes(4), "transaction-form"),  # empty witness
        (
            _head() + INPUT + b"\x01" + (MAX_SATOSHI + 1).to_bytes(8, "little") + b"\x00" + bytes(4),
            "amount-range",
        ),
        (
            _head() + INPUT + b"\x01" + b"\xff" * 8 + b"\x00" + bytes(4),
            "amount-range",
        ),  # -1 to careless readers
        (
            _head() + INPUT + b"\x02" + 2 * (MAX_SATOSHI.to_bytes(8, "little") + b"\x00") + bytes(4),
            "amount-range",
        ),
        (
            _head() + INPUT + b"\x01" + bytes(8) + compact_size(10_001) + bytes(10_001) + bytes(4),
            "transaction-form",
        ),
        (bytes(MAX_TRANSACTION_BYTES + 1), "transaction-form"),
    ],
)
def test_malformed_bytes_are_refused(data: bytes, reason: str):
    with pytest.raises(InputRefused) as caught:
        parse_transaction(data)
    assert caught.value.reason == reason


def test_a_count_that_the_rest_cannot_hold_is_refused_before_anything_is_read():
    with pytest.raises(InputRefused, match="announces 2 items where 56 bytes are left"):
        parse_transaction(_head(2) + INPUT + b"\x01" + OUTPUT + bytes(4))


def test_an_unsigned_transaction_has_no_witness_form():
    signed = Transaction(2, (TxInput(outpoint(0), witness=(b"\x01",)),), (TxOutput(Satoshi(1), b""),))
    assert parse_transaction(signed.serialize()) == signed
    with pytest.raises(InputRefused):
        parse_transaction(signed.serialize(), witness=False)


@given(st.binary(max_size=400))
def test_random_bytes_are_read_or_refused_and_never_crash(data: bytes):
    try:
        transaction = parse_transaction(data)
    except InputRefused:
        return
    assert transaction.serialize() == data


@given(st.sampled_from([LEGACY, SEGWIT]), st.integers(0, 10_000), st.integers(0, 255))
def test_a_mutated_transaction_is_refused_or_reads_as_exactly_the_mutated_bytes(
    data: bytes, place: int, value: int
):
    mutated = bytearray(data)
    mutated[place % len(data)] = value
    try:
        transaction = parse_transaction(bytes(mutated))
    except InputRefused:
        return
    assert transaction.serialize() == bytes(mutated)


@given(st.integers(0, 2**64 - 1))
def test_a_compact_size_has_one_form(value: int):
    reader = Reader(compact_size(value), "transaction")
    assert reader.compact_size() == value
    reader.end()


@pytest.mark.parametrize("longer", ["fd0000", "fdfc00", "feffff0000", "ffffffffff00000000"])
def test_a_longer_form_of_a_compact_size_is_refused(longer: str):
    with pytest.raises(InputRefused):
        Reader(bytes.fromhex(longer), "transaction").compact_size()


def test_a_txid_is_shown_reversed_and_read_back():
    shown = "f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16"
    assert parse_hash(shown) == parse_transaction(LEGACY).txid
    assert str(OutPoint(parse_hash(shown), 1)) == f"{shown}:1"


@pytest.mark.parametrize("text", ["", "00", "zz" * 32, "00" * 33, " " + "00" * 31 + " ", "0" * 63])
def test_a_txid_of_another_form_is_refused(text: str):
    with pytest.raises(InputRefused):
        parse_hash(text)


def test_an_outpoint_of_another_size_cannot_be_made():
    with pytest.raises(InputRefused):
        OutPoint(bytes(31), 0)
    with pytest.raises(InputRefused):
        OutPoint(bytes(32), 2**32)
