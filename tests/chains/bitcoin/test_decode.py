"""Independent eyes: whatever a signer sees is shown, in each form in which it may come, with every refusal."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.bitcoin_coins import (
    CHANGE,
    COIN,
    FRIEND,
    FRIEND_SCRIPT,
    KEYS,
    THIEF,
    THIEF_SCRIPT,
    WINDOW,
    ordinary,
    pay,
    sign,
    spend,
    with_input,
    with_transaction,
)

from warifu.chains.bitcoin.decode import MAX_INPUT_BYTES, decode
from warifu.chains.bitcoin.finalize import signed_transaction, with_signatures
from warifu.chains.bitcoin.network import Network
from warifu.chains.bitcoin.payment import read_payment
from warifu.chains.bitcoin.psbt import MAGIC, UnknownField
from warifu.chains.bitcoin.transaction import display_hash
from warifu.errors import InputRefused

pytestmark = pytest.mark.unit


def test_a_psbt_is_shown_as_a_signer_sees_it():
    psbt = ordinary()
    payment = read_payment(psbt.serialize(), KEYS, WINDOW)
    shown = decode(psbt.serialize(), Network.REGTEST, KEYS)
    assert shown == {
        "kind": "psbt",
        "network": "regtest",
        "txid": display_hash(payment.txid),
        "version": 2,
        "locktime": 0,
        "replaceable": True,
        "fee": {"sat": 1_000, "btc": "0.00001000 BTC"},
        "vsize": 142,
        "fee_rate": "7.042 sat/vB",
        "inputs": [
            {
                "outpoint": str(payment.inputs[0].outpoint),
                "sequence": "0xfffffffd",
                "sighash_type": "DEFAULT",
                "sighash": payment.inputs[0].sighash.hex(),
                "signature": None,
                "final_witness": [],
                "spends": {
                    "amount": {"sat": 100_000, "btc": "0.00100000 BTC"},
                    "address": KEYS.address(COIN),
                    "script": KEYS.script(COIN).hex(),
                    "owner": "receive",
                    "path": "0/3",
                },
            }
        ],
        "outputs": [
            {
                "amount": {"sat": 60_000, "btc": "0.00060000 BTC"},
                "address": FRIEND,
                "script": FRIEND_SCRIPT.hex(),
                "owner": "other",
                "path": None,
            },
            {
                "amount": {"sat": 39_000, "btc": "0.00039000 BTC"},
                "address": KEYS.address(CHANGE),
                "script": KEYS.script(CHANGE).hex(),
                "owner": "change",
                "path": "1/2",
            },
        ],
        "unknown_fields": [],
        "ownership_checked": True,
        "refusals": [],
    }
    assert json.loads(json.dumps(shown)) == shown


FORMS: dict[str, Callable[[bytes, str], bytes]] = {
    "binary": lambda raw, text: raw,
    "base64": lambda raw, text: text.encode(),
    "base64 with a line end": lambda raw, text: text.encode() + b"\r\n",
    "hexadecimal": lambda raw, text: raw.hex().encode() + b"\n",
    "hexadecimal in capitals": lambda raw, text: raw.hex().upper().encode(),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_every_form_of_a_psbt_is_read(form: Callable[[bytes, str], bytes]):
    psbt = ordinary()
    expected = decode(psbt.serialize(), Network.REGTEST)
    assert decode(form(psbt.serialize(), psbt.to_base64()), Network.REGTEST) == expected


def test_without_keys_it_says_that_ownership_is_not_known():
    shown = decode(ordinary().serialize(), Network.REGTEST)
    assert not shown["ownership_checked"]
    assert {output["owner"] for output in shown["outputs"]} == {"unknown"}
    assert shown["refusals"] == []


def test_a_swapped_change_is_plain_to_see():
    psbt = spend([(COIN, 100_000)], [pay(FRIEND_SCRIPT, 60_000), pay(THIEF_SCRIPT, 39_000)])
    outputs = decode(psbt.serialize(), Network.REGTEST, KEYS)["outputs"]
    assert [(output["owner"], output["address"]) for output in outputs] == [
        ("other", FRIEND),
        ("other", THIEF),
    ]


def test_what_a_signer_would_refuse_is_shown_with_every_reason():
    psbt = spend([(COIN, 100_000), (COIN, 5_000)], [pay(b"\x6a\x01\x00", 0), pay(FRIEND_SCRIPT, 106_000)])
    psbt = with_transaction(psbt, locktime=1_700_000_000)
    psbt = with_input(psbt, 0, sighash_type=0x83, unknown=(UnknownField("input", 0, b"\x18", bytes(32)),))
    psbt = with_input(psbt, 1, witness_utxo=pay(FRIEND_SCRIPT, 5_000))
    shown = decode(psbt.serialize(), Network.REGTEST, KEYS)
    assert [refusal["code"] for refusal in shown["refusals"]] == [
        "transaction.unknown-field",
        "transaction.time-lock",
        "transaction.sighash-type",
        "transaction.foreign-input",
        "transaction.negative-fee",
        "transaction.unknown-script",
    ]
    assert shown["unknown_fields"] == ["TAP_MERKLE_ROOT (input type 0x18) in input 0"]
    assert [item["sighash"] for item in shown["inputs"]] == [None, None]
    assert shown["inputs"][0]["sighash_type"] == "SINGLE_ANYONECANPAY"
    assert shown["outputs"][0]["address"] is None
    assert shown["fee"] == {"sat": -1_000, "btc": "-0.00001000 BTC"}
    assert shown["vsize"] is None  # not all inputs are Taproot: nobody knows how they will be signed


def test_no_digest_is_shown_where_a_spent_output_is_missing():
    psbt = spend([(COIN, 100_000), (CHANGE, 5_000)], [pay(FRIEND_SCRIPT, 60_000)])
    shown = decode(with_input(psbt, 1, witness_utxo=None).serialize(), Network.REGTEST, KEYS)
    assert [item["sighash"] for item in shown["inputs"]] == [None, None]
    assert shown["inputs"][1]["spends"] is None
    assert [refusal["code"] for refusal in shown["refusals"]] == ["transaction.spent-output"]


def test_a_sighash_type_without_a_name_is_shown_as_a_number():
    shown = decode(with_input(ordinary(), 0, sighash_type=0x42).serialize(), Network.REGTEST)
    assert shown["inputs"][0]["sighash_type"] == "0x42"


def test_signatures_are_shown():
    psbt = ordinary()
    (signature,) = sign(psbt, [COIN])
    shown = decode(with_signatures(psbt, [signature]).serialize(), Network.REGTEST)
    assert shown["inputs"][0]["signature"] == signature.hex()


@pytest.mark.parametrize("form", [bytes, lambda raw: raw.hex().encode()])
def test_a_raw_transaction_is_shown_and_no_signer_would_take_it(form: Callable[[bytes], bytes]):
    psbt = ordinary()
    transaction = signed_transaction(psbt, sign(psbt, [COIN]))
    shown = decode(form(transaction.serialize()), Network.REGTEST)
    assert shown["kind"] == "transaction"
    assert shown["txid"] == display_hash(transaction.txid)
    assert shown["wtxid"] == display_hash(transaction.wtxid) != shown["txid"]
    assert shown["vsize"] == 142
    assert shown["inputs"][0]["witness"] == [transaction.inputs[0].witness[0].hex()]
    assert [output["address"] for output in shown["outputs"]] == [FRIEND, KEYS.address(CHANGE)]
    assert [refusal["code"] for refusal in shown["refusals"]] == ["input.psbt-form"]


def test_the_same_scripts_are_shown_with_the_addresses_of_the_asked_network():
    assert decode(ordinary().serialize(), Network.BITCOIN)["outputs"][0]["address"].startswith("bc1q")
    with pytest.raises(InputRefused) as caught:
        decode(ordinary().serialize(), Network.BITCOIN, KEYS)
    assert caught.value.reason == "wrong-network"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"   ",
        b"hello",
        b"abc",  # hexadecimal, half a byte short
        b"cHNidP8=",
        b"cHNidP8!",
        MAGIC,
        b"70736274ff",
        ordinary().serialize()[:-3],
        "日本".encode(),
        bytes(MAX_INPUT_BYTES + 1),
    ],
    ids=range(11),
)
def test_what_cannot_be_read_is_refused(data: bytes):
    with pytest.raises(InputRefused):
        decode(data, Network.REGTEST)


def test_two_stories_about_a_spent_output_are_refused_as_unreadable():
    previous = ordinary().transaction
    data = with_input(ordinary(), 0, non_witness_utxo=previous).serialize()
    with pytest.raises(InputRefused, match="not the one it spends"):
        decode(data, Network.REGTEST)


@settings(max_examples=150)
@given(st.data())
def test_mutated_bytes_are_shown_or_refused_and_never_crash(data: st.DataObject):
    raw = bytearray(ordinary().serialize())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        json.dumps(decode(bytes(raw), Network.REGTEST, KEYS, WINDOW))
    except InputRefused:
        return


@given(st.binary(max_size=200) | st.text("0123456789abcdef", max_size=400).map(str.encode))
def test_random_bytes_are_shown_or_refused_and_never_crash(data: bytes):
    try:
        json.dumps(decode(data, Network.REGTEST))
    except InputRefused:
        return
