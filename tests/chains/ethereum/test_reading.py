"""The one door for a signer: what leaves the account, what it may cost, what excludes what, what is never signed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.chains.ethereum.samples import (
    CHAIN,
    ETHER,
    FRIEND,
    GWEI,
    SENDER,
    THIEF,
    TOKEN,
    legacy,
    raw,
    signed_by_eth_account,
    transaction,
)
from tests.chains.ethereum.typed_samples import MAIL, PERMIT, as_json

from warifu.chains.ethereum.personal import personal_message
from warifu.chains.ethereum.reading import PATH, read
from warifu.chains.ethereum.transaction import AccessEntry, Delegation, Transaction, TxType
from warifu.chains.reading import COIN, Kind, Outflow, Scheme, ToSign
from warifu.errors import InputRefused, TransactionRefused

pytestmark = pytest.mark.unit


def test_a_payment_is_read_whole():
    sample = transaction()
    understood = read(sample.serialize(), SENDER, CHAIN)
    reading = understood.reading
    assert understood.subject == sample
    assert (reading.chain, reading.scheme, reading.name) == (CHAIN, Scheme.ECDSA, sample.name)
    assert reading.outflows == (Outflow(Kind.PAYMENT, COIN, ETHER, FRIEND),)
    assert reading.fee == 21_000 * 30 * GWEI
    assert reading.to_sign == (ToSign(sample.name, PATH),) == (ToSign(sample.name, (0, 0)),)
    assert len(reading.excludes) == 1
    assert len(reading.excludes[0]) == 32


SIGNED_TYPES = {
    "legacy": legacy(),
    "EIP-2930": transaction(
        type=TxType.ACCESS_LIST,
        max_priority_fee=30 * GWEI,
        access_list=(AccessEntry(raw(TOKEN), (b"\x01" * 32,)),),
    ),
    "EIP-1559": transaction(),
}


@pytest.mark.parametrize("sample", SIGNED_TYPES.values(), ids=SIGNED_TYPES.keys())
def test_the_three_types_that_are_signed(sample: Transaction):
    assert read(sample.serialize(), SENDER, CHAIN).reading.outflows[0].to == FRIEND


def excludes(sender: str = SENDER, chain: str = CHAIN, **changes: Any) -> bytes:
    sample = transaction(**({"chain_id": int(chain.removeprefix("eip155:"))} | changes))
    (element,) = read(sample.serialize(), sender, chain).reading.excludes
    return element


def test_transactions_with_one_nonce_exclude_each_other_and_no_others():
    assert excludes() == excludes(to=raw(THIEF), max_fee=60 * GWEI) == excludes(value=1)
    assert len({excludes(), excludes(nonce=8), excludes(sender=THIEF), excludes(chain="eip155:10")}) == 4


def test_what_comes_back_is_no_outflow_so_that_a_transaction_is_cancelled():
    for value in (0, ETHER):
        reading = read(transaction(to=raw(SENDER), value=value).serialize(), SENDER, CHAIN).reading
        assert reading.outflows == ()


def refusal(data: bytes, sender: str = SENDER, chain: str = CHAIN) -> str:
    with pytest.raises(TransactionRefused) as refused:
        read(data, sender, chain)
    return refused.value.code.removeprefix("transaction.")


NEVER_SIGNED = {
    "of another chain": (transaction(chain_id=10), "wrong-chain"),
    "of another chain, legacy": (legacy(chain_id=137), "wrong-chain"),
    "of any chain": (legacy(chain_id=None), "replay-unprotected"),
    "with blobs": (transaction(type=TxType.BLOB, blob_hashes=(b"\x01" * 32,)), "blob"),
    "with a delegation": (
        transaction(type=TxType.SET_CODE, delegations=(Delegation(1, raw(THIEF), 8, 0, 1, 1),)),
        "delegation",
    ),
    "with the place for one": (transaction(type=TxType.SET_CODE), "delegation"),
    "that creates a contract": (transaction(to=None, value=0, data=b"\x60\x00"), "contract-creation"),
    "that pays nobody": (transaction(to=None), "contract-creation"),
    "to the zero address": (transaction(to=bytes(20)), "reserved-address"),
    "to a precompiled contract": (transaction(to=bytes(19) + b"\x04"), "reserved-address"),
    "of nothing": (transaction(value=0), "empty-transfer"),
}


@pytest.mark.parametrize(("sample", "reason"), NEVER_SIGNED.values(), ids=NEVER_SIGNED.keys())
def test_some_transactions_are_never_signed(sample: Transaction, reason: str):
    assert refusal(sample.serialize()) == reason


def test_an_account_that_looks_like_another_is_another():
    alike = FRIEND[:8] + FRIEND[8:36].lower().replace("a", "b") + FRIEND[36:]
    other = bytes.fromhex(alike[2:])
    (outflow,) = read(transaction(to=other).serialize(), SENDER, CHAIN).reading.outflows
    assert outflow.to != FRIEND
    assert (outflow.to[:6].lower(), outflow.to[-4:].lower()) == (FRIEND[:6].lower(), FRIEND[-4:].lower())


def test_a_signed_transaction_is_not_read():
    with pytest.raises(InputRefused):
        read(bytes(signed_by_eth_account(transaction()).raw_transaction), SENDER, CHAIN)
    with pytest.raises(InputRefused):
        read(bytes(signed_by_eth_account(legacy()).raw_transaction), SENDER, CHAIN)


@pytest.mark.parametrize(
    "chain",
    (
        "",
        "eip155",
        "eip155:",
        "eip155:0",
        "eip155:01",
        "eip155:-1",
        "eip155:1 ",
        "eip155:１",
        "EIP155:1",
        "solana",
        "eip155:9223372036854775809",
        "eip155:0x1",
    ),
)
def test_a_chain_has_one_name(chain: str):
    with pytest.raises(InputRefused) as refused:
        read(transaction().serialize(), SENDER, chain)
    assert refused.value.code == "input.network"


@pytest.mark.parametrize("sender", ("", SENDER.lower(), SENDER[:-1], SENDER[2:]))
def test_the_sender_comes_in_its_one_text_form(sender: str):
    with pytest.raises(InputRefused) as refused:
        read(transaction().serialize(), sender, CHAIN)
    assert refused.value.code == "input.address"


def test_what_is_signed_tells_by_its_first_byte_what_it_is():
    kinds = [
        type(read(data, SENDER, CHAIN).subject).__name__
        for data in (transaction().serialize(), legacy().serialize(), as_json(MAIL), personal_message("hi"))
    ]
    assert kinds == ["Transaction", "Transaction", "TypedData", "PersonalMessage"]


@pytest.mark.parametrize(
    "data",
    (
        b"",
        b" " + as_json(MAIL),
        b"\xef\xbb\xbf" + as_json(MAIL),
        b"[]",
        bytes(32),
        b"\x2a" * 32,
        b"\x05\xc0",
        b"\x7f" + as_json(MAIL),
        b"\xc0",
        b"\x80",
    ),
)
def test_there_is_no_way_to_have_a_bare_digest_or_anything_else_signed(data: bytes):
    with pytest.raises(InputRefused):
        read(data, SENDER, CHAIN)


@pytest.mark.parametrize("sample", (transaction(), legacy()), ids=("EIP-1559", "legacy"))
def test_each_flipped_bit_is_refused_or_has_another_name(sample: Transaction):
    data = sample.serialize()
    for place in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[place // 8] ^= 1 << place % 8
        try:
            found = read(bytes(flipped), SENDER, CHAIN).reading
        except (InputRefused, TransactionRefused):
            continue
        assert found.name != sample.name


@settings(max_examples=300)
@given(
    st.sampled_from(
        (
            transaction().serialize(),
            legacy().serialize(),
            as_json(MAIL),
            as_json(PERMIT),
            personal_message("hi there"),
        )
    ),
    st.integers(0, 2_000),
    st.binary(max_size=4),
    st.integers(0, 4),
)
def test_whatever_comes_is_read_or_refused_in_the_intended_ways(data: bytes, at: int, put: bytes, cut: int):
    place = at % (len(data) + 1)
    altered = data[:place] + put + data[place + cut :]
    try:
        found = read(altered, SENDER, CHAIN).reading
    except (InputRefused, TransactionRefused):
        return
    assert len(found.name) == 32
    assert all(0 <= outflow.amount < 2**256 for outflow in found.outflows)


def test_a_text_that_names_a_transaction_is_no_transaction():
    # The prefix byte 0x19 begins no transaction, so neither signature serves for the other.
    message = personal_message(transaction().serialize().hex())
    assert read(message, SENDER, CHAIN).reading.name != transaction().name


def test_the_order_of_faults_is_from_the_whole_to_the_part():
    worst = transaction(chain_id=10, type=TxType.SET_CODE, to=bytes(20), value=0)
    assert refusal(worst.serialize()) == "wrong-chain"
