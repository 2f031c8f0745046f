"""Threshold ECDSA signatures are ordinary ones for libsecp256k1, OpenSSL and noble; eth-account finds the sender."""

from __future__ import annotations

import os

import pytest
from eth_account import Account
from hexbytes import HexBytes
from tests.interop.ecdsa_cases import der
from tests.interop.noble import Noble
from tests.interop.verifiers import libsecp256k1_ecdsa, openssl_ecdsa, ours_ecdsa
from tests.support.dealer import deal
from tests.support.ecdsa_signing import EcdsaCeremony

from warifu.chains.ethereum.address import address_of
from warifu.chains.ethereum.signature import signature_of
from warifu.threshold.derivation import derive
from warifu.threshold.ecdsa.sign import VerifiedSignature

GROUPS = [(2, 2, (0, 1)), (2, 3, (0, 2)), (3, 5, (0, 2, 4))]


def signed(
    t: int, n: int, who: tuple[int, ...], path: tuple[int, ...]
) -> tuple[bytes, bytes, VerifiedSignature]:
    """Key, digest and signature, under the key at an unhardened ``path``."""
    dealt, digest = deal(t, n), os.urandom(32)
    tweaks = derive(dealt.key.threshold_pubkey, bytes(32), path).tweaks
    ceremony = EcdsaCeremony(dealt, who, tweaks).presign()
    return ceremony.public_key, digest, ceremony.finish(digest)


def numbers(signature: bytes) -> tuple[int, int]:
    return int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")


@pytest.mark.unit
@pytest.mark.parametrize(("t", "n", "who"), GROUPS)
@pytest.mark.parametrize("path", [(), (0, 7)], ids=["bare key", "derived key"])
def test_everybody_verifies_and_finds_the_sender(
    t: int, n: int, who: tuple[int, ...], path: tuple[int, ...]
) -> None:
    key, digest, signature = signed(t, n, who, path)
    encoded = der(*numbers(signature))
    assert ours_ecdsa(key, digest, signature)
    assert libsecp256k1_ecdsa(key, digest, encoded), "which refuses a high s"
    assert openssl_ecdsa(key, digest, encoded)
    assert not openssl_ecdsa(key, bytes(32), encoded)

    r, s = numbers(signature)
    sender = address_of(key)
    assert Account._recover_hash(HexBytes(digest), vrs=(27 + signature.recovery_id, r, s)) == sender
    assert signature_of(bytes(signature) + bytes([signature.recovery_id]), digest, sender)


@pytest.mark.real
def test_noble_verifies(noble: Noble) -> None:
    for t, n, who in GROUPS:
        key, digest, signature = signed(t, n, who, (0, 1))
        question = {"key": key, "signature": bytes(signature), "format": "compact", "lowS": True}
        assert noble.ask("ecdsa", digest=digest, **question)
        assert not noble.ask("ecdsa", digest=bytes(32), **question)
