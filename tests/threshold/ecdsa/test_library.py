"""What threshold ECDSA asks of libsecp256k1 is what others compute."""

from __future__ import annotations

import os

import pytest
from coincurve import PrivateKey

from warifu.threshold import libsecp256k1 as lib
from warifu.threshold.secp256k1 import SECP256K1

pytestmark = pytest.mark.unit

DIGEST = bytes(range(32))
Q = SECP256K1.order


@pytest.fixture
def signed():
    key = PrivateKey()
    signature = key.sign_recoverable(DIGEST, hasher=None)
    return lib.point_parse(key.public_key.format()), signature[:64], signature[64]


def test_a_signature_verifies_under_its_key_and_digest_only(signed):
    point, signature, _ = signed
    assert lib.ecdsa_verify(signature, DIGEST, point)
    assert not lib.ecdsa_verify(signature, bytes(32), point)
    assert not lib.ecdsa_verify(signature, DIGEST, lib.point_negate(point))
    assert not lib.ecdsa_verify(signature[:63] + bytes([signature[63] ^ 1]), DIGEST, point)
    assert not lib.ecdsa_verify(b"\xff" * 64, DIGEST, point)
    assert not lib.ecdsa_verify(bytes(64), DIGEST, point)


def test_a_high_s_does_not_verify(signed):
    point, signature, _ = signed
    high = (Q - int.from_bytes(signature[32:], "big")).to_bytes(32, "big")
    assert not lib.ecdsa_verify(signature[:32] + high, DIGEST, point)


def test_the_recovery_identifier_leads_to_the_key(signed):
    point, signature, recovery_id = signed
    recovered = lib.ecdsa_recover(signature, recovery_id, DIGEST)
    other = lib.ecdsa_recover(signature, recovery_id ^ 1, DIGEST)
    assert recovered is not None
    assert other is not None
    assert lib.point_serialize(recovered) == lib.point_serialize(point) != lib.point_serialize(other)
    assert lib.ecdsa_recover(b"\xff" * 64, 0, DIGEST) is None


def test_uniform_bytes_are_points():
    """BIP-324's first decoding vector: all zero bytes decode, and so do any others, to many points of both parities."""
    vector = lib.point_serialize(lib.point_from_uniform(bytes(64)))
    assert vector[1:].hex() == "edd1fd3e327ce90cc7a3542614289aee9682003e9cf7dcc9cf2ca9743be5aa0c"
    points = {lib.point_serialize(lib.point_from_uniform(os.urandom(64))) for _ in range(64)}
    assert len(points) == 64
    assert {point[0] for point in points} == {2, 3}


@pytest.mark.parametrize("length", [0, 33, 63, 65])
def test_other_lengths_encode_no_point(length):
    with pytest.raises(RuntimeError):
        lib.point_from_uniform(bytes(length))
