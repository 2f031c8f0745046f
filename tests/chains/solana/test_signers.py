"""Who signed a transaction that others built: read from the message's head, each signature verified."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.hash import Hash
from solders.message import MessageV0, to_bytes_versioned
from tests.chains.solana.messages import ALICE, BOB, MALLORY, advance, key_of, message, pay

from warifu.chains.solana.base58 import encode_base58
from warifu.chains.solana.signers import read_signed
from warifu.errors import InputRefused

pytestmark = pytest.mark.unit


def signed(raw: bytes, *names: str) -> bytes:
    signatures = [key_of(name).sign(raw).signature for name in names]
    return bytes([len(signatures)]) + b"".join(signatures) + raw


def with_a_lookup_table() -> bytes:
    """It pays Bob, whom only the table names."""
    table = AddressLookupTableAccount(MALLORY, [BOB])
    compiled = MessageV0.try_compile(ALICE, [pay(BOB)], [table], Hash.default())
    assert BOB not in compiled.account_keys
    return bytes(to_bytes_versioned(compiled))


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        (message(pay()), ["alice"]),
        (message(pay(), version=0), ["alice"]),
        (with_a_lookup_table(), ["alice"]),
        (message(pay(payer=MALLORY), pay(), payer=MALLORY), ["mallory", "alice"]),
        (message(advance(), payer=MALLORY), ["mallory", "alice"]),
    ],
    ids=["legacy", "v0", "lookup table", "two sign", "another pays the fee"],
)
def test_its_signers_are_the_first_keys_of_the_message(raw: bytes, names: list[str]):
    data = signed(raw, *names)
    found = read_signed(data)
    assert found.signers == tuple(bytes(key_of(name).verify_key) for name in names)
    assert found.txid == encode_base58(data[1:65])
    assert found.name == hashlib.sha256(raw).digest()


def test_a_recipient_is_no_signer():
    assert bytes(BOB) not in read_signed(signed(message(pay(BOB)), "alice")).signers


def test_nothing_is_believed_that_somebody_did_not_sign():
    two = message(pay(payer=MALLORY), pay(), payer=MALLORY)
    for forged in (signed(two, "mallory", "mallory"), signed(message(pay()), "mallory")):
        with pytest.raises(InputRefused) as refused:
            read_signed(forged)
        assert refused.value.reason == "signature"


@given(st.integers(0, 8 * len(signed(message(pay()), "alice")) - 1))
def test_no_flipped_bit_goes_unnoticed(bit: int):
    data = bytearray(signed(message(pay()), "alice"))
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(InputRefused):
        read_signed(bytes(data))


def test_a_message_of_an_unknown_version_is_not_guessed_at():
    raw = b"\x81" + message(pay(), version=0)[1:]
    with pytest.raises(InputRefused) as refused:
        read_signed(signed(raw, "alice"))
    assert refused.value.reason == "message-version"


@given(st.binary(max_size=200))
def test_noise_has_no_signers(data: bytes):
    with pytest.raises(InputRefused):
        read_signed(data)


@given(st.integers(0, len(signed(message(pay()), "alice")) - 1))
def test_what_ends_early_has_none(length: int):
    with pytest.raises(InputRefused):
        read_signed(signed(message(pay()), "alice")[:length])
