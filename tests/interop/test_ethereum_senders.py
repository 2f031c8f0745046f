"""Who sent it: eth-account recovers from (r, s, v) the same account that we do, and from the key itself."""

from __future__ import annotations

import os

import coincurve
import pytest
from eth_account import Account
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.interop.ecdsa_cases import DIGEST, N, compact, points

from warifu.chains.ethereum.address import address_of
from warifu.chains.ethereum.signature import Signature, signature_of
from warifu.errors import InputRefused, TransactionRefused
from warifu.threshold import libsecp256k1
from warifu.threshold.secp256k1 import SECP256K1

pytestmark = pytest.mark.unit

secrets = st.integers(1, N - 1) | st.integers(1, 3) | st.integers(N - 3, N - 1)
digests = st.binary(min_size=32, max_size=32)


def signed(secret: int, digest: bytes) -> tuple[str, bytes]:
    """The account, and r, s and the recovery identifier (65 bytes) by libsecp256k1's own one-key signing."""
    key = coincurve.PrivateKey.from_int(secret)
    return address_of(key.public_key.format()), key.sign_recoverable(digest, hasher=None)


def recovered_by_eth_account(digest: bytes, r: int, s: int, recovery_id: int) -> str:
    return str(Account._recover_hash(HexBytes(digest), vrs=(27 + recovery_id, r, s)))


def recovered_by_us(digest: bytes, signature: bytes, recovery_id: int) -> str | None:
    point = libsecp256k1.ecdsa_recover(signature, recovery_id, digest)
    return None if point is None else address_of(libsecp256k1.point_serialize(point))


@settings(max_examples=50, deadline=None)
@given(secrets, digests)
def test_eth_account_and_we_recover_the_account_of_the_key(secret: int, digest: bytes) -> None:
    sender, data = signed(secret, digest)
    assert sender == Account.from_key(secret.to_bytes(32, "big")).address
    r, s = int.from_bytes(data[:32], "big"), int.from_bytes(data[32:64], "big")
    assert recovered_by_eth_account(digest, r, s, data[64]) == sender
    assert recovered_by_us(digest, data[:64], data[64]) == sender
    assert Signature(data[64], r, s).signer(digest) == sender


@settings(max_examples=30, deadline=None)
@given(secrets, digests)
def test_another_recovery_identifier_is_another_account(secret: int, digest: bytes) -> None:
    sender, data = signed(secret, digest)
    r, s = int.from_bytes(data[:32], "big"), int.from_bytes(data[32:64], "big")
    other = recovered_by_us(digest, data[:64], data[64] ^ 1)
    assert other != sender
    assert other == recovered_by_eth_account(digest, r, s, data[64] ^ 1)


@settings(max_examples=30, deadline=None)
@given(secrets, digests)
def test_the_twin_with_high_s_recovers_to_the_sender_too_and_is_refused(secret: int, digest: bytes) -> None:
    """eth-account takes it, as the contract ``ecrecover`` does; a transaction with it is invalid (EIP-2)."""
    sender, data = signed(secret, digest)
    r, s = int.from_bytes(data[:32], "big"), int.from_bytes(data[32:64], "big")
    assert recovered_by_eth_account(digest, r, N - s, data[64] ^ 1) == sender
    with pytest.raises(TransactionRefused):
        signature_of(compact(r, N - s) + bytes([data[64] ^ 1]), digest, sender)


def test_a_nonce_above_the_order_is_recovered_and_not_ethereums() -> None:
    """x(R) above n takes the identifiers 2 and 3, which Ethereum's v cannot say: such a signature is drawn again."""
    case = next(case for case in points() if case.accepted_by)
    senders = {recovered_by_us(DIGEST, compact(case.r, case.s), identifier) for identifier in (2, 3)}
    assert address_of(case.key) in senders
    for identifier in (2, 3):
        with pytest.raises(InputRefused):
            Signature(identifier, case.r, case.s)


@pytest.mark.parametrize("identifier", [-1, 4, 27, 28, 255, 2**31])
def test_no_other_identifier_recovers_anything(identifier: int) -> None:
    _, data = signed(7, DIGEST)
    assert libsecp256k1.ecdsa_recover(data[:64], identifier, DIGEST) is None


@pytest.mark.parametrize("length", [0, 63, 65])
def test_other_lengths_recover_nothing(length: int) -> None:
    _, data = signed(7, DIGEST)
    assert libsecp256k1.ecdsa_recover((data + bytes(9))[:length], 0, DIGEST) is None
    assert libsecp256k1.ecdsa_recover(data[:64], 0, (DIGEST * 3)[:length]) is None


def test_zero_and_out_of_range_recover_nothing() -> None:
    for r, s in ((0, 1), (1, 0), (N, 1), (1, N), (2**256 - 1, 1)):
        for identifier in range(4):
            assert libsecp256k1.ecdsa_recover(compact(r, s), identifier, DIGEST) is None


def test_a_digest_that_leads_to_infinity_recovers_nothing() -> None:
    """z G = s R: the key would be the point at infinity."""
    k = 12345
    r = int.from_bytes(SECP256K1.base_mul_public(k).encoded[1:], "big")
    parity = SECP256K1.base_mul_public(k).encoded[0] & 1
    digest = (k * 7 % N).to_bytes(32, "big")
    assert libsecp256k1.ecdsa_recover(compact(r, 7), parity, digest) is None


def test_a_whole_transaction_is_its_senders() -> None:
    """EIP-1559, signed from outside as the signers do it: hash, sign, put r, s and the parity back."""
    secret = int.from_bytes(os.urandom(31), "big") + 1
    fields = {
        "type": 2,
        "chainId": 1,
        "nonce": 3,
        "to": "0x" + "52" * 20,
        "value": 10**18,
        "gas": 21000,
        "maxFeePerGas": 3 * 10**10,
        "maxPriorityFeePerGas": 10**9,
        "data": b"",
        "accessList": [],
    }
    digest = bytes(TypedTransaction.from_dict(fields).hash())
    sender, data = signed(secret, digest)
    r, s = int.from_bytes(data[:32], "big"), int.from_bytes(data[32:64], "big")
    raw = TypedTransaction.from_dict({**fields, "v": data[64], "r": r, "s": s}).encode()
    assert Account.recover_transaction(raw) == sender
