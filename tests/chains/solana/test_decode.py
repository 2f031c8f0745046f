"""Independent eyes: whatever a signer sees is shown, in each form in which it may come, with every refusal."""

from __future__ import annotations

import base64
import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from solders.message import Message
from solders.signature import Signature
from solders.transaction import Transaction
from tests.chains.solana.messages import (
    ALICE,
    BLOCKHASH,
    BOB,
    MALLORY,
    MINT,
    WALLET,
    advance,
    associated,
    compute_limit,
    compute_price,
    create_account,
    key_of,
    make_nonce,
    memo,
    message,
    pay,
    pay_token,
    token,
)

from warifu.chains.solana.base58 import encode_base58
from warifu.chains.solana.decode import MAX_INPUT_BYTES, decode
from warifu.chains.solana.transaction import parse_transaction
from warifu.errors import InputRefused, TransactionRefused

pytestmark = pytest.mark.unit

RAW = message(
    advance(), compute_limit(40_000), compute_price(25), create_account(), pay_token(), memo(b"rent")
)


def signed(raw: bytes) -> bytes:
    return b"\x01" + key_of("alice").sign(raw).signature + raw


def test_a_message_is_shown_as_a_signer_sees_it():
    shown = decode(RAW, WALLET)
    assert shown["refusals"] == []
    assert shown["fee"] == {"lamports": 5_000 + 1 + 2_039_280, "sol": "0.002044281 SOL"}
    assert shown["outflows"] == [
        {"kind": "payment", "token": str(MINT), "mint": str(MINT), "amount": 2_500_000, "to": str(BOB)}
    ]
    assert shown["to_sign"] == RAW.hex()
    assert shown["lifetime"] == str(BLOCKHASH)
    assert shown["memos"] == ["rent"]
    assert shown["durable_nonce"]["proven"] is False
    assert [item["does"] for item in shown["instructions"]] == [
        "advance-nonce",
        "compute-limit",
        "compute-price",
        "create-token-account",
        "pay",
        "memo",
    ]
    assert shown["instructions"][4] == {
        "program": "token",
        "does": "pay",
        "to_token_account": str(associated(BOB)),
        "amount": {"units": 2_500_000, "token": f"2.500000 {MINT}", "mint": str(MINT)},
    }
    json.dumps(shown)


@pytest.mark.parametrize(
    "write",
    [
        bytes,
        lambda raw: raw.hex().encode(),
        lambda raw: b"0x" + raw.hex().upper().encode() + b"\n",
        base64.b64encode,
        lambda raw: encode_base58(raw).encode() + b"\n",
    ],
    ids=["binary", "hex", "HEX", "base64", "base58"],
)
@pytest.mark.parametrize("kind", ["message", "transaction"])
def test_every_form_shows_the_same(write, kind):
    raw = RAW if kind == "message" else signed(RAW)
    shown = decode(write(raw), WALLET)
    assert shown["kind"] == kind
    assert shown == decode(raw, WALLET)


def test_a_signed_transaction_shows_the_message_that_was_signed():
    raw = signed(message(pay()))
    shown = decode(raw)
    theirs = Transaction.from_bytes(raw)
    assert shown["signature"] == str(theirs.signatures[0])
    assert shown["to_sign"] == bytes(theirs.message).hex()
    assert shown["account"] == WALLET
    assert shown["name"] == decode(message(pay()))["name"]


def test_a_missing_signature_is_none():
    empty = Transaction.populate(Message.from_bytes(message(pay())), [Signature.default()])
    assert decode(bytes(empty))["signature"] is None


def test_every_reason_is_shown():
    drain = token(9, b"", [(associated(ALICE), True), (MALLORY, True)])
    shown = decode(message(pay(payer=MALLORY), drain, payer=ALICE), str(BOB))
    assert [item["code"] for item in shown["refusals"]] == [
        "transaction.foreign-signer",
        "transaction.foreign-account",
        "transaction.foreign-signer",
        "transaction.instruction",
    ]
    assert shown["outflows"] is None
    assert shown["instructions"][1]["does"] == "refused"
    assert str(MALLORY) in shown["instructions"][1]["accounts"]


def test_a_wrong_proof_is_a_refusal_and_not_unreadable():
    shown = decode(RAW + bytes(32))
    assert [item["code"] for item in shown["refusals"]] == ["transaction.nonce-proof"]


def test_a_nonce_account_is_shown():
    shown = decode(message(*make_nonce()))
    assert shown["instructions"][0]["rent"] == {"lamports": 1_447_680, "sol": "0.001447680 SOL"}
    assert [item["does"] for item in shown["instructions"]] == ["create-nonce", "initialize-nonce"]


@pytest.mark.parametrize("count", [0, 2, 3, 127, 128, 255])
def test_another_number_of_signatures_is_refused(count):
    with pytest.raises((InputRefused, TransactionRefused)):
        parse_transaction(bytes([count]) + signed(message(pay()))[1:])


def test_a_transaction_of_two_signers_is_refused():
    raw = message(pay(), pay(payer=MALLORY))
    with pytest.raises(TransactionRefused) as error:
        parse_transaction(b"\x02" + bytes(128) + raw)
    assert error.value.reason == "foreign-signer"
    shown = decode(b"\x02" + bytes(128) + raw)
    assert shown["signers"] == [str(ALICE), str(MALLORY)]
    assert shown["refusals"][0]["code"] == "transaction.foreign-signer"


@pytest.mark.parametrize("data", [b"", b" ", b"0", b"zzz", bytes(MAX_INPUT_BYTES + 1), "ж".encode()])
def test_what_is_nothing_is_refused(data):
    with pytest.raises(InputRefused):
        decode(data)


def test_an_account_that_is_no_address_is_refused():
    with pytest.raises(InputRefused) as error:
        decode(RAW, "nobody")
    assert error.value.reason == "address"


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
@settings(max_examples=200)
def test_any_bytes_are_shown_or_refused(data):
    with suppress(InputRefused, TransactionRefused):
        json.dumps(decode(data))
