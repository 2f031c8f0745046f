"""What our signers sign together verifies under code that others wrote, as an ordinary signature of one key."""

from __future__ import annotations

import os

import pytest
from tests.interop.noble import Noble
from tests.interop.verifiers import (
    libsecp256k1_bip340,
    libsodium_ed25519,
    openssl_ed25519,
    solana_ed25519,
)
from tests.support.dealer import Dealt
from tests.support.dkg import generate
from tests.support.signing import Ceremony

from warifu.threshold.dkg.suite_bip340 import BIP340 as BIP340_DKG
from warifu.threshold.dkg.suite_ed25519 import ED25519_DKG
from warifu.threshold.frost.aggregation import VerifiedSignature
from warifu.threshold.frost.bip445 import BIP340
from warifu.threshold.frost.rfc9591 import FROST_ED25519, MAX_MESSAGE_BYTES
from warifu.threshold.frost.scheme import Scheme
from warifu.threshold.taproot import bip86_key

GROUPS = [(1, 1), (2, 2), (2, 3), (3, 5)]
LENGTHS = [0, 1, 32, 1232, MAX_MESSAGE_BYTES]
"""1232 bytes are the largest Solana transaction."""


def born(t: int, n: int, scheme: Scheme) -> Dealt:
    """A key that nobody ever had whole."""
    _, results = generate(t, n, ED25519_DKG if scheme is FROST_ED25519 else BIP340_DKG)
    return Dealt(results[0].key, tuple(result.share for result in results), results[0].share)


def ed25519_signed(t: int, n: int, message: bytes) -> tuple[bytes, VerifiedSignature]:
    key = born(t, n, FROST_ED25519)
    signature = Ceremony(key, range(n - t, n), message, scheme=FROST_ED25519).finish()
    return key.key.threshold_pubkey, signature


def bip340_signed(t: int, n: int, message: bytes, index: int | None) -> tuple[bytes, VerifiedSignature]:
    """Under the key of an address (BIP-86), or the bare threshold key."""
    key = born(t, n, BIP340)
    if index is None:
        return key.key.threshold_pubkey[1:], Ceremony(key, range(t), message).finish()
    address = bip86_key(key.key.threshold_pubkey, bytes(32), (0, index))
    return address.output_key, Ceremony(key, range(n - t, n), message, address.tweaks).finish()


@pytest.mark.unit
@pytest.mark.parametrize(("t", "n"), GROUPS)
@pytest.mark.parametrize("length", LENGTHS)
def test_ed25519_for_libsodium_openssl_and_solana(t: int, n: int, length: int) -> None:
    message = os.urandom(length)
    key, signature = ed25519_signed(t, n, message)
    for verifies in (libsodium_ed25519, openssl_ed25519, solana_ed25519):
        assert verifies(key, message, signature)
        assert not verifies(key, message + b"\0", signature)
        assert not verifies(key, message, signature[:63] + bytes([signature[63] ^ 1]))


@pytest.mark.unit
@pytest.mark.parametrize(("t", "n"), GROUPS)
@pytest.mark.parametrize("index", [None, 0, 1, 2, 3])
def test_bip340_for_libsecp256k1(t: int, n: int, index: int | None) -> None:
    message = os.urandom(32)
    key, signature = bip340_signed(t, n, message, index)
    assert libsecp256k1_bip340(key, message, signature)
    assert not libsecp256k1_bip340(key, bytes(32), signature)
    assert not libsecp256k1_bip340(key, message, signature[:63] + bytes([signature[63] ^ 1]))


@pytest.mark.real
def test_both_for_noble(noble: Noble) -> None:
    for t, n in GROUPS:
        message = os.urandom(32)
        key, signature = ed25519_signed(t, n, message)
        for zip215 in (False, True):
            assert noble.ask("ed25519", key=key, message=message, signature=signature, zip215=zip215)
            assert not noble.ask("ed25519", key=key, message=bytes(32), signature=signature, zip215=zip215)
        for index in (None, 0, 1):
            key, signature = bip340_signed(t, n, message, index)
            assert noble.ask("bip340", key=key, message=message, signature=signature)
            assert not noble.ask("bip340", key=key, message=bytes(32), signature=signature)
