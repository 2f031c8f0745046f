"""PSBTs: read strictly, written canonically, and nothing that is not understood gets through."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.bitcoin_coins import (
    CHANGE,
    COIN,
    FRIEND_SCRIPT,
    KEYS,
    MASTER_FINGERPRINT,
    change,
    ordinary,
    outpoint,
    pay,
    spend,
    with_input,
)

from warifu.chains.bitcoin.psbt import (
    MAGIC,
    MAX_INPUTS,
    MAX_PSBT_BYTES,
    KeyOrigin,
    Psbt,
    PsbtInput,
    PsbtOutput,
    UnknownField,
    parse_psbt,
    psbt_from_base64,
)
from warifu.chains.bitcoin.reader import sized_bytes
from warifu.chains.bitcoin.transaction import OutPoint, Transaction, TxInput, TxOutput
from warifu.errors import InputRefused, TransactionRefused, WarifuError
from warifu.protocol import frames
from warifu.units import Satoshi

pytestmark = [pytest.mark.unit, pytest.mark.slow]


def psbt_map(*entries: tuple[bytes, bytes]) -> bytes:
    """A map exactly as given, also where no honest writer would write it so."""
    return b"".join(sized_bytes(key) + sized_bytes(value) for key, value in entries) + b"\x00"


UNSIGNED = Transaction(2, (TxInput(outpoint(0)),), (pay(FRIEND_SCRIPT, 1_000),))
UTXO = pay(KEYS.script(COIN), 2_000)
TX = (b"\x00", UNSIGNED.serialize())
SPENT = (b"\x01", UTXO.serialize())


def psbt_bytes(
    head: tuple[tuple[bytes, bytes], ...] = (TX,),
    first: tuple[tuple[bytes, bytes], ...] = (SPENT,),
    output: tuple[tuple[bytes, bytes], ...] = (),
) -> bytes:
    """A PSBT of one input and one output with exactly these fields."""
    return MAGIC + psbt_map(*head) + psbt_map(*first) + psbt_map(*output)


def previous(amount: int = 2_000) -> Transaction:
    """A transaction whose output 0 is worth ``amount`` and pays to the wallet."""
    return Transaction(2, (TxInput(outpoint(9)),), (pay(KEYS.script(COIN), amount),))


def spending_previous(*first: tuple[bytes, bytes], vout: int = 0) -> bytes:
    """A PSBT that spends output ``vout`` of ``previous()``."""
    unsigned = replace(UNSIGNED, inputs=(TxInput(OutPoint(previous().txid, vout)),))
    return psbt_bytes(head=((b"\x00", unsigned.serialize()),), first=first)


def test_a_plain_psbt_is_read():
    psbt = parse_psbt(psbt_bytes())
    assert psbt == Psbt(UNSIGNED, (PsbtInput(witness_utxo=UTXO, spent=UTXO),), (PsbtOutput(),))
    assert psbt.serialize() == psbt_bytes()


# --- round trips -------------------------------------------------------------------------------------------------

_key32 = st.binary(min_size=32, max_size=32)
_steps = st.lists(st.integers(0, 2**32 - 1), max_size=5).map(tuple)
_origins = st.lists(
    st.builds(KeyOrigin, _key32, st.binary(min_size=4, max_size=4), _steps),
    max_size=3,
    unique_by=lambda origin: origin.key,
).map(lambda found: tuple(sorted(found, key=lambda origin: origin.key)))
_utxos = st.builds(TxOutput, st.integers(0, 10**14).map(Satoshi), st.binary(max_size=40))
_psbt_inputs = st.builds(
    PsbtInput,
    witness_utxo=st.none() | _utxos,
    sighash_type=st.none() | st.integers(0, 2**32 - 1),
    final_witness=st.lists(st.binary(max_size=70), max_size=3).map(tuple),
    tap_key_signature=st.just(b"") | st.binary(min_size=64, max_size=65),
    tap_origins=_origins,
    tap_internal_key=st.just(b"") | _key32,
).map(lambda item: replace(item, spent=item.witness_utxo))
_psbt_outputs = st.builds(PsbtOutput, tap_internal_key=st.just(b"") | _key32, tap_origins=_origins)


@st.composite
def psbts(draw: st.DrawFn) -> Psbt:
    inputs = draw(st.lists(_psbt_inputs, min_size=1, max_size=4))
    outputs = draw(st.lists(_psbt_outputs, min_size=1, max_size=4))
    transaction = Transaction(
        draw(st.integers(0, 3)),
        tuple(
            TxInput(outpoint(number), sequence=draw(st.integers(0, 2**32 - 1)))
            for number in range(len(inputs))
        ),
        tuple(draw(_utxos) for _ in outputs),
        draw(st.integers(0, 2**32 - 1)),
    )
    xpubs = draw(
        st.dictionaries(
            st.binary(min_size=78, max_size=78).map(lambda key: b"\x01" + key),
            _steps.map(lambda steps: b"".join(step.to_bytes(4, "little") for step in (1, *steps))),
            max_size=2,
        )
    )
    return Psbt(transaction, tuple(inputs), tuple(outputs), tuple(sorted(xpubs.items())))


@given(psbts())
def test_writing_and_reading_give_the_same_psbt(psbt: Psbt):
    data = psbt.serialize()
    assert parse_psbt(data) == psbt
    assert parse_psbt(data).serialize() == data
    assert psbt_from_base64(psbt.to_base64() + "\n") == data


def test_the_order_of_fields_does_not_matter_but_we_write_ascending():
    origin = (b"\x16" + bytes(32), b"\x00" + MASTER_FINGERPRINT)
    mixed = parse_psbt(psbt_bytes(first=((b"\x17", bytes(32)), origin, SPENT)))
    assert mixed.serialize() == psbt_bytes(first=(SPENT, origin, (b"\x17", bytes(32))))


# --- what is malformed -------------------------------------------------------------------------------------------

MALFORMED = {
    "nothing": b"",
    "another magic": b"psbt\xfe" + psbt_bytes()[5:],
    "only the magic": MAGIC,
    "cut short": psbt_bytes()[:-1],
    "trailing byte": psbt_bytes() + b"\x00",
    "too long": MAGIC + bytes(MAX_PSBT_BYTES),
    "no transaction": psbt_bytes(head=()),
    "transaction with key data": psbt_bytes(head=((b"\x00\x01", TX[1]),)),
    "a key twice": psbt_bytes(first=(SPENT, SPENT)),
    "a key twice with different amounts": psbt_bytes(
        first=(SPENT, (b"\x01", replace(UTXO, amount=Satoshi(5)).serialize()))
    ),
    "transaction twice": psbt_bytes(head=(TX, TX)),
    "map missing": MAGIC + psbt_map(TX) + psbt_map(SPENT),
    "map too many": psbt_bytes() + psbt_map(),
    "length not in shortest form": MAGIC + b"\xfd\x01\x00" + psbt_bytes()[6:],
    "key type not in shortest form": psbt_bytes(first=(SPENT, (b"\xfd\x01\x00", b""))),
    "key type cut short": psbt_bytes(first=(SPENT, (b"\xfd", b""))),
    "spent output with trailing byte": psbt_bytes(first=((b"\x01", SPENT[1] + b"\x00"),)),
    "spent output cut short": psbt_bytes(first=((b"\x01", SPENT[1][:-1]),)),
    "sighash type of three bytes": psbt_bytes(first=(SPENT, (b"\x03", bytes(3)))),
    "signature of 63 bytes": psbt_bytes(first=(SPENT, (b"\x13", bytes(63)))),
    "internal key of 33 bytes": psbt_bytes(first=(SPENT, (b"\x17", bytes(33)))),
    "internal key of no bytes": psbt_bytes(first=(SPENT, (b"\x17", b""))),
    "output key of 31 bytes": psbt_bytes(output=((b"\x05", bytes(31)),)),
    "origin of a 33-byte key": psbt_bytes(first=(SPENT, (b"\x16" + bytes(33), bytes(5)))),
    "origin without fingerprint": psbt_bytes(first=(SPENT, (b"\x16" + bytes(32), b"\x00"))),
    "origin with half a step": psbt_bytes(first=(SPENT, (b"\x16" + bytes(32), bytes(7)))),
    "origin with eleven steps": psbt_bytes(first=(SPENT, (b"\x16" + bytes(32), bytes(5 + 44)))),
    "empty final witness": psbt_bytes(first=(SPENT, (b"\x08", b"\x00"))),
    "final witness with trailing byte": psbt_bytes(first=(SPENT, (b"\x08", b"\x01\x01\x01\x00"))),
    "xpub too short": psbt_bytes(head=(TX, (b"\x01" + bytes(77), bytes(4)))),
    "xpub with a broken origin": psbt_bytes(head=(TX, (b"\x01" + bytes(78), bytes(5)))),
    "xpub without origin": psbt_bytes(head=(TX, (b"\x01" + bytes(78), b""))),
    "key over the limit": psbt_bytes(first=((b"\xfc" + bytes(10_000), b""),)),
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED.keys())
@pytest.mark.parametrize("keep_unknown", [False, True])
def test_malformed_bytes_are_refused(data: bytes, keep_unknown: bool):
    with pytest.raises(WarifuError) as caught:
        parse_psbt(data, keep_unknown=keep_unknown)
    assert caught.value.code in ("input.psbt-form", "input.transaction-form", "transaction.unknown-field")
    assert isinstance(caught.value, InputRefused) or not keep_unknown


def test_a_transaction_that_already_has_signatures_is_refused():
    scripted = replace(UNSIGNED, inputs=(TxInput(outpoint(0), script_sig=b"\x51"),))
    witnessed = replace(UNSIGNED, inputs=(TxInput(outpoint(0), witness=(b"\x51",)),))
    for signed in (scripted, witnessed):
        with pytest.raises(InputRefused):
            parse_psbt(psbt_bytes(head=((b"\x00", signed.serialize()),)))


def test_more_inputs_than_a_signing_session_can_carry_are_refused():
    coins = [(COIN, 1_000)] * (MAX_INPUTS + 1)
    with pytest.raises(InputRefused, match="more than 500"):
        parse_psbt(spend(coins, [change(10)], hints=False).serialize())
    assert parse_psbt(spend(coins[1:], [change(10)], hints=False).serialize())


def test_the_limits_are_those_of_the_frames_that_carry_psbts_and_signatures():
    assert (MAX_PSBT_BYTES, MAX_INPUTS) == (frames.MAX_UNSIGNED_BYTES, frames.MAX_INPUTS)


@pytest.mark.parametrize("version", [1, 2, 0xFFFFFFFF])
def test_another_psbt_version_is_refused_by_name(version: int):
    data = psbt_bytes(head=(TX, (b"\xfb", version.to_bytes(4, "little"))))
    with pytest.raises(InputRefused, match="not of version 0") as caught:
        parse_psbt(data)
    assert caught.value.reason == "psbt-version"
    assert "version 0" in caught.value.remedy


def test_version_zero_may_be_written_out():
    assert parse_psbt(psbt_bytes(head=(TX, (b"\xfb", bytes(4))))).serialize() == psbt_bytes()


# --- what is not understood --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "key", "named"),
    [
        ("head", b"\x05", "OUTPUT_COUNT (global type 0x05) in the global part"),
        ("head", b"\xfc\x05dummy", "PROPRIETARY (global type 0xfc)"),
        ("head", b"\xf0", "without a name (global type 0xf0)"),
        ("first", b"\x02" + bytes(33), "PARTIAL_SIG (input type 0x02) in input 0"),
        ("first", b"\x04", "REDEEM_SCRIPT (input type 0x04)"),
        ("first", b"\x05", "WITNESS_SCRIPT (input type 0x05)"),
        ("first", b"\x06" + bytes(33), "BIP32_DERIVATION (input type 0x06)"),
        ("first", b"\x07", "FINAL_SCRIPTSIG (input type 0x07)"),
        ("first", b"\x10", "SEQUENCE (input type 0x10)"),
        ("first", b"\x14" + bytes(64), "TAP_SCRIPT_SIG (input type 0x14)"),
        ("first", b"\x15" + bytes(33), "TAP_LEAF_SCRIPT (input type 0x15)"),
        ("first", b"\x18", "TAP_MERKLE_ROOT (input type 0x18)"),
        ("first", b"\x1a" + bytes(33), "MUSIG2_PARTICIPANT_PUBKEYS (input type 0x1a)"),
        ("first", b"\x01\x00", "WITNESS_UTXO (input type 0x01)"),  # a known field with data in its key
        ("first", b"\x13" + bytes(32), "TAP_KEY_SIG (input type 0x13)"),
        ("first", b"\xfd\x00\x01", "without a name (input type 0x100)"),
        ("output", b"\x06", "TAP_TREE (output type 0x06) in output 0"),
        ("output", b"\x00", "REDEEM_SCRIPT (output type 0x00)"),
        ("output", b"\xfc\x00", "PROPRIETARY (output type 0xfc)"),
    ],
)
def test_a_field_that_is_not_understood_is_refused_by_name(place: str, key: bytes, named: str):
    known = {"head": (TX,), "first": (SPENT,), "output": ()}
    known[place] = (*known[place], (key, b"\x01\x02"))
    data = psbt_bytes(**known)
    with pytest.raises(TransactionRefused) as caught:
        parse_psbt(data)
    assert caught.value.code == "transaction.unknown-field"
    assert named in caught.value.message
    assert [(found.key, found.value) for found in parse_psbt(data, keep_unknown=True).all_unknown] == [
        (key, b"\x01\x02")
    ]


def test_a_key_origin_with_script_leaves_is_not_understood():
    leaves = (b"\x16" + bytes(32), b"\x01" + bytes(32) + MASTER_FINGERPRINT)
    with pytest.raises(TransactionRefused, match="TAP_BIP32_DERIVATION"):
        parse_psbt(psbt_bytes(first=(SPENT, leaves)))


def test_kept_unknown_fields_are_written_back():
    data = psbt_bytes(head=(TX, (b"\xf0", b"a")), first=(SPENT, (b"\xf1", b"b")), output=((b"\xf2", b"c"),))
    psbt = parse_psbt(data, keep_unknown=True)
    assert psbt.all_unknown == (
        UnknownField("global", 0, b"\xf0", b"a"),
        UnknownField("input", 0, b"\xf1", b"b"),
        UnknownField("output", 0, b"\xf2", b"c"),
    )
    assert psbt.serialize() == data


# --- the spent output --------------------------------------------------------------------------------------------


def test_the_spent_output_comes_from_either_field_or_from_both():
    whole, single = (b"\x00", previous().serialize()), (b"\x01", UTXO.serialize())
    for first in ((single,), (whole,), (whole, single)):
        psbt = parse_psbt(spending_previous(*first))
        assert psbt.inputs[0].spent == UTXO
        assert psbt.serialize() == spending_previous(*first)


@pytest.mark.parametrize(
    "data",
    [
        spending_previous((b"\x00", previous(2_001).serialize())),  # hashes to another txid
        spending_previous((b"\x00", previous().serialize()), vout=1),  # has no such output
        spending_previous(
            (b"\x00", previous().serialize()), (b"\x01", replace(UTXO, amount=Satoshi(1_999)).serialize())
        ),
        spending_previous(
            (b"\x00", previous().serialize()),
            (b"\x01", replace(UTXO, script=KEYS.script(CHANGE)).serialize()),
        ),
    ],
)
def test_two_stories_about_the_spent_output_are_refused(data: bytes):
    with pytest.raises(TransactionRefused) as caught:
        parse_psbt(data)
    assert caught.value.code == "transaction.spent-output"


def test_a_missing_spent_output_is_seen():
    assert parse_psbt(psbt_bytes(first=())).spent() is None


# --- hostile bytes -----------------------------------------------------------------------------------------------


@given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda data: MAGIC + data))
def test_random_bytes_are_read_or_refused_and_never_crash(data: bytes):
    try:
        parse_psbt(data)
    except (InputRefused, TransactionRefused):
        return
    pytest.fail("random bytes do not make a PSBT")


@given(psbts(), st.data())
def test_a_mutated_psbt_is_read_the_one_way_or_refused(psbt: Psbt, data: st.DataObject):
    raw = bytearray(psbt.serialize())
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, 3))
    try:
        read = parse_psbt(bytes(raw[: len(raw) - cut]), keep_unknown=True)
    except (InputRefused, TransactionRefused):
        return
    assert parse_psbt(read.serialize(), keep_unknown=True) == read


@pytest.mark.parametrize(
    "text", ["", "!!!!", "cHNidP8", "cHNidP8BAH0=\x00", "cHNidP8B AH0C", "ドル", "A" * 3_000_000]
)
def test_what_is_not_base64_is_refused(text: str):
    with pytest.raises(InputRefused):
        parse_psbt(psbt_from_base64(text))


def test_signature_and_final_witness_travel():
    psbt = with_input(ordinary(), 0, tap_key_signature=b"\x01" * 64, final_witness=(b"\x02" * 64,))
    assert parse_psbt(psbt.serialize()) == psbt
