"""Independent eyes: whatever a signer sees is shown, in each form in which it may come, with every refusal."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.chains.ethereum.samples import (
    CHAIN,
    FRIEND,
    GWEI,
    SENDER,
    THIEF,
    TOKEN,
    call,
    legacy,
    raw,
    signed_by_eth_account,
    transaction,
)
from tests.chains.ethereum.test_abi import UNDERSTOOD
from tests.chains.ethereum.typed_samples import MAIL, PERMIT, PERMIT_SINGLE, as_json, changed

from warifu.chains.ethereum.decode import MAX_INPUT_BYTES, decode
from warifu.chains.ethereum.personal import personal_message
from warifu.chains.ethereum.reading import read
from warifu.chains.ethereum.transaction import AccessEntry, Delegation, TxType, parse_signed
from warifu.errors import InputRefused

pytestmark = pytest.mark.unit


def codes(shown: dict[str, Any]) -> list[str]:
    return [refusal["code"] for refusal in shown["refusals"]]


def test_a_transaction_is_shown_as_a_signer_sees_it():
    sample = transaction(access_list=(AccessEntry(raw(TOKEN), (b"\x01" * 32,)),))
    shown = decode(sample.serialize(), CHAIN, SENDER)
    assert shown == {
        "kind": "unsigned-transaction",
        "type": "dynamic-fee",
        "chain": "eip155:1",
        "network": "Ethereum",
        "nonce": 7,
        "to": FRIEND,
        "value": {"wei": 10**18, "shown": "1 ETH"},
        "gas_limit": 21_000,
        "max_fee_per_gas": {"wei": 30 * GWEI, "shown": "30 gwei"},
        "max_priority_fee_per_gas": {"wei": 2 * GWEI, "shown": "2 gwei"},
        "max_fee": {"wei": 630_000 * GWEI, "shown": "0.00063 ETH"},
        "data": "0x",
        "access_list": [{"address": TOKEN, "keys": ["0x" + "01" * 32]}],
        "blobs": [],
        "delegations": [],
        "call": None,
        "chain_checked": True,
        "sender_checked": True,
        "digest": "0x" + read(sample.serialize(), SENDER, CHAIN).reading.name.hex(),
        "outflows": [{"kind": "payment", "to": FRIEND, "token": None, "amount": 10**18, "shown": "1 ETH"}],
        "refusals": [],
    }
    assert json.loads(json.dumps(shown)) == shown


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "binary": lambda data: data,
    "hexadecimal": lambda data: data.hex().encode() + b"\n",
    "hexadecimal with its prefix": lambda data: b"0x" + data.hex().encode(),
    "hexadecimal in capitals": lambda data: b" 0x" + data.hex().upper().encode() + b"\r\n",
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize(
    "data", (transaction().serialize(), legacy().serialize(), personal_message("Hello World"))
)
def test_every_form_is_read(form: Callable[[bytes], bytes], data: bytes):
    assert decode(form(data)) == decode(data)


def test_typed_data_is_read_with_white_space_around_it():
    assert decode(b"\n " + as_json(MAIL) + b"\n") == decode(as_json(MAIL))


def test_a_signed_transaction_is_shown_with_its_id_and_signer():
    data = bytes(signed_by_eth_account(transaction()).raw_transaction)
    shown = decode(data, CHAIN, SENDER)
    signed = parse_signed(data)
    assert (shown["kind"], shown["txid"], shown["sender"]) == ("signed-transaction", signed.txid, SENDER)
    assert int(shown["signature"]["s"], 16) == signed.signature.s
    assert shown["digest"] == "0x" + signed.transaction.name.hex()
    assert shown["outflows"][0]["to"] == FRIEND
    assert codes(shown) == ["input.transaction-form"]
    assert json.loads(json.dumps(shown)) == shown


def test_a_transaction_that_another_account_signed_is_told():
    data = bytes(signed_by_eth_account(transaction()).raw_transaction)
    assert codes(decode(data, CHAIN, THIEF)) == ["input.transaction-form", "transaction.signature"]


def test_a_token_transfer_is_shown_in_the_tokens_unit():
    shown = decode(call("transfer(address,uint256)", FRIEND, 12_500_000).serialize())
    assert shown["call"] == {
        "function": "transfer(address,uint256)",
        "arguments": [
            {"name": "to", "type": "address", "value": FRIEND},
            {"name": "amount", "type": "uint256", "value": "12500000"},
        ],
    }
    assert shown["outflows"][0]["shown"] == "12.5 USDC"


def test_an_unlimited_approval_is_shown_as_such():
    shown = decode(call("approve(address,uint256)", FRIEND, 2**256 - 1).serialize())
    assert (shown["outflows"][0]["kind"], shown["outflows"][0]["shown"]) == ("approval", "unlimited USDC")
    unlisted = decode(call("approve(address,uint256)", FRIEND, 2**256 - 1, to=raw(THIEF)).serialize())
    assert unlisted["outflows"][0]["shown"] == "unlimited tokens"


def test_a_permit_without_end_is_shown_as_such_and_a_payment_never():
    request = changed(PERMIT_SINGLE, "message/details/amount", str(2**160 - 1))
    assert decode(as_json(request))["outflows"][0]["shown"] == "unlimited USDC"
    paid = decode(call("transfer(address,uint256)", FRIEND, 2**160 - 1).serialize())
    assert paid["outflows"][0]["shown"].startswith("1461501637330902918203684832716283019655932.")


def test_what_is_not_understood_is_a_call():
    shown = decode(transaction(data=b"\x12\x34\x56\x78").serialize())
    assert shown["call"] is None
    assert shown["outflows"][0]["kind"] == "call"


def test_every_reason_is_told():
    worst = transaction(
        chain_id=10,
        type=TxType.SET_CODE,
        to=bytes(20),
        value=0,
        delegations=(Delegation(0, raw(THIEF), 1, 0, 1, 1),),
    )
    shown = decode(worst.serialize(), CHAIN, SENDER)
    assert codes(shown) == [
        "transaction.wrong-chain",
        "transaction.delegation",
        "transaction.reserved-address",
        "transaction.empty-transfer",
    ]
    assert shown["delegations"] == [{"chain_id": 0, "code_of": THIEF, "nonce": 1}]


def test_sloppy_arguments_are_shown_with_their_refusal():
    sample = call("transfer(address,uint256)", FRIEND, 5)
    shown = decode(transaction(to=sample.to, value=0, data=sample.data + b"\x00").serialize())
    assert codes(shown) == ["transaction.call-data"]


def test_a_transaction_from_before_eip_155_is_shown():
    shown = decode(legacy(chain_id=None).serialize(), CHAIN)
    assert (shown["chain"], shown["network"]) == (None, None)
    assert codes(shown) == ["transaction.replay-unprotected"]


def test_without_chain_and_account_it_says_that_they_were_not_checked():
    shown = decode(call("transferFrom(address,address,uint256)", THIEF, FRIEND, 5).serialize())
    assert not shown["chain_checked"]
    assert not shown["sender_checked"]
    assert shown["refusals"] == []


def test_typed_data_is_shown_whole():
    shown = decode(as_json(MAIL), CHAIN, SENDER)
    assert shown["kind"] == "typed-data"
    assert shown["type"] == "Mail(Person from,Person to,string contents)Person(string name,address wallet)"
    assert shown["domain"] == MAIL["domain"] | {"chainId": "1"}
    assert shown["message"] == MAIL["message"]
    assert shown["digest"] == "0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2"
    assert json.loads(json.dumps(shown)) == shown


def test_a_permit_is_shown_as_what_it_takes():
    shown = decode(as_json(PERMIT), CHAIN, SENDER)
    assert shown["outflows"] == [
        {"kind": "approval", "to": FRIEND, "token": TOKEN, "amount": 5_000_000, "shown": "5 USDC"}
    ]
    assert codes(decode(as_json(changed(PERMIT, "domain/chainId", 10)), CHAIN, THIEF)) == [
        "transaction.wrong-chain",
        "transaction.foreign-approval",
    ]


def test_a_message_is_shown():
    shown = decode(personal_message("Hello World"), CHAIN, SENDER)
    assert (shown["kind"], shown["text"], shown["asked_by"]) == ("personal-message", "Hello World", None)
    assert shown["digest"] == "0xa1de988600a42c4b4ab089b619297c17d53cffae5d5120d82d8a92d0bb3b78f2"
    blind = decode(b"\x19Ethereum Signed Message:\n32" + b"\xfe" * 32)
    assert (blind["text"], codes(blind)) == (None, ["transaction.unreadable"])


@pytest.mark.parametrize(
    "data", (b"", b"0x", b"abc", b"hello", b"0xzz", b"{", b"0" * (MAX_INPUT_BYTES + 1), b"\x19", b"c0c0")
)
def test_what_cannot_be_read_is_refused(data: bytes):
    with pytest.raises(InputRefused):
        decode(data)


def test_a_signature_that_no_node_takes_is_refused():
    from warifu.chains.ethereum.rlp import decode as items_of
    from warifu.chains.ethereum.rlp import encode, integer
    from warifu.threshold.secp256k1 import SECP256K1

    data = bytes(signed_by_eth_account(transaction()).raw_transaction)
    items = items_of(data[1:])
    assert isinstance(items, tuple)
    high = integer(SECP256K1.order - parse_signed(data).signature.s)
    with pytest.raises(InputRefused) as refused:
        decode(b"\x02" + encode((*items[:-1], high)))
    assert refused.value.code == "input.signature-form"


@settings(max_examples=200)
@given(
    st.binary(max_size=150),
    st.sampled_from((b"", b"\x02", b"{", b"\x19Ethereum Signed Message:\n", b"0x02f8")),
)
def test_whatever_comes_is_shown_or_refused(data: bytes, opening: bytes):
    try:
        shown = decode(opening + data)
    except InputRefused:
        return
    assert json.loads(json.dumps(shown)) == shown


def test_arguments_are_shown_in_words_of_people():
    approved = decode(UNDERSTOOD["approval for all"][0].serialize())["call"]["arguments"]
    assert [argument["value"] for argument in approved] == [FRIEND, "true"]
    batch = decode(UNDERSTOOD["a batch of ERC-1155 tokens"][0].serialize())["call"]["arguments"]
    assert [argument["value"] for argument in batch] == [SENDER, FRIEND, "[7, 8]", "[5, 6]", "0x"]
    permit = decode(UNDERSTOOD["permit"][0].serialize())["call"]["arguments"]
    assert permit[-1] == {"name": "s", "type": "bytes32", "value": "0x" + "02" * 32}
