"""BIP-340 signatures: all official vectors, for verification and for signing."""

from __future__ import annotations

import csv

import pytest
from tests.support.vectors import vectors_dir

from warifu.threshold import bip340, libsecp256k1
from warifu.threshold.errors import InvalidInput, ThresholdError
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret

pytestmark = pytest.mark.unit


def rows() -> list[dict[str, str]]:
    with (vectors_dir() / "bip340" / "test-vectors.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_verification():
    cases = rows()
    assert len(cases) == 19
    for case in cases:
        verdict = bip340.verify(
            *(bytes.fromhex(case[name]) for name in ("public key", "message", "signature"))
        )
        assert verdict is (case["verification result"] == "TRUE"), case["index"]


def test_signing():
    cases = [case for case in rows() if case["secret key"]]
    assert len(cases) == 8
    for case in cases:
        secret = SECP256K1.secret_from_bytes(bytes.fromhex(case["secret key"]))
        signature = bip340.sign(secret, bytes.fromhex(case["message"]), bytes.fromhex(case["aux_rand"]))
        assert signature == bytes.fromhex(case["signature"]), case["index"]
        assert SECP256K1.xonly(SECP256K1.base_mul(secret)) == bytes.fromhex(case["public key"])


def test_signing_draws_fresh_auxiliary_randomness():
    secret = SECP256K1.random_secret()
    public = SECP256K1.xonly(SECP256K1.base_mul(secret))
    first, second = bip340.sign(secret, b"message"), bip340.sign(secret, b"message")
    assert first != second
    assert bip340.verify(public, b"message", first)
    assert bip340.verify(public, b"message", second)
    assert not bip340.verify(public, b"Message", first)


@pytest.mark.parametrize("length", [0, 31, 33, 63, 65, 1000])
def test_wrong_lengths_never_verify(length):
    secret = SECP256K1.random_secret()
    public = SECP256K1.xonly(SECP256K1.base_mul(secret))
    signature = bip340.sign(secret, b"")
    assert not bip340.verify(public, b"", (signature * 16)[:length])
    assert not bip340.verify((public * 40)[:length], b"", signature)


@pytest.mark.parametrize("key", [bytes(32), b"\xff" * 32, b"\x01" * 31, b"\x01" * 33])
def test_bad_keys_do_not_sign(key):
    with pytest.raises(InvalidInput):
        bip340.sign(Secret(key), b"message")


def test_auxiliary_randomness_has_32_bytes():
    with pytest.raises(InvalidInput):
        bip340.sign(SECP256K1.random_secret(), b"message", bytes(31))


def test_a_signature_computed_wrongly_is_not_released(monkeypatch):
    monkeypatch.setattr(libsecp256k1, "schnorr_sign", lambda *_: bytes(64))
    with pytest.raises(ThresholdError, match="not released"):
        bip340.sign(SECP256K1.random_secret(), b"message")
