"""Ours, libsecp256k1 by its own functions, and noble on every edge of BIP-340, made here from the definition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.interop.noble import Noble
from tests.interop.verifiers import libsecp256k1_bip340
from tests.threshold import hostile_points

from warifu.threshold import bip340
from warifu.threshold.hashing import tagged_hash
from warifu.threshold.secp256k1 import SECP256K1

N = SECP256K1.order
P = 2**256 - 2**32 - 977
MESSAGE = bytes(range(32))


def even(secret: int) -> tuple[int, bytes]:
    """``secret`` or its negation, whichever has a point with even y, and the x coordinate of that."""
    point = SECP256K1.base_mul_public(secret)
    return (secret if SECP256K1.has_even_y(point) else N - secret), SECP256K1.xonly(point)


D, KEY = even(0x1234567890ABCDEF)
K, NONCE = even(0xFEDCBA0987654321)


def challenge(nonce: bytes, key: bytes, message: bytes) -> int:
    return int.from_bytes(tagged_hash("BIP0340/challenge", nonce, key, message), "big") % N


def scalar(number: int) -> bytes:
    return (number % N).to_bytes(32, "big")


@dataclass(frozen=True)
class Case:
    name: str
    key: bytes
    signature: bytes
    valid: bool = False
    message: bytes = MESSAGE


def every_case() -> Iterator[Case]:
    s = (K + challenge(NONCE, KEY, MESSAGE) * D) % N
    good = NONCE + scalar(s)
    yield Case("valid", KEY, good, valid=True)
    yield Case("of another message", KEY, good, message=bytes(32))
    for name, value in {"0": 0, "n": N, "n + 1": N + 1, "2^256 - 1": 2**256 - 1}.items():
        yield Case(f"s = {name}", KEY, NONCE + value.to_bytes(32, "big"))
    yield Case("-s", KEY, NONCE + scalar(-s))
    odd = scalar(N - K + challenge(NONCE, KEY, MESSAGE) * D)
    yield Case("R with odd y", KEY, NONCE + odd)
    yield Case("R at infinity", KEY, bytes(32) + scalar(challenge(bytes(32), KEY, MESSAGE) * D))
    one = (1).to_bytes(32, "big")
    yield Case("R at infinity, as x = 1", KEY, one + scalar(challenge(one, KEY, MESSAGE) * D))
    yield Case("r = p", KEY, P.to_bytes(32, "big") + scalar(s))
    yield Case("r is no x coordinate", KEY, (5).to_bytes(32, "big") + scalar(s))
    yield Case("all zero", KEY, bytes(64))
    for length in (0, 32, 63):
        yield Case(f"{length} bytes", KEY, good[:length])
    yield Case("65 bytes, as a signature with a sighash type", KEY, good + b"\1")
    yield Case("twice", KEY, good * 2)
    for name, point in hostile_points.SECP256K1.items():
        if name != "prefix of an uncompressed point":  # whose x is the generator's: a key as any other
            key = point[1:]
            forged = NONCE + scalar(K + challenge(NONCE, key, MESSAGE) * D)
            yield Case(f"key: {name}", key, forged)
    yield Case("key of 33 bytes", b"\x02" + KEY, good)
    yield Case("key of 31 bytes", KEY[1:], good)


each_case = pytest.mark.parametrize("case", list(every_case()), ids=lambda case: case.name)


@pytest.mark.unit
@each_case
def test_the_verdict_of_ours_and_of_libsecp256k1(case: Case) -> None:
    assert bip340.verify(case.key, case.message, case.signature) is case.valid
    assert libsecp256k1_bip340(case.key, case.message, case.signature) is case.valid


@pytest.mark.real
@each_case
def test_the_verdict_of_noble(case: Case, noble: Noble) -> None:
    accepts = noble.accepts("bip340", key=case.key, message=case.message, signature=case.signature)
    assert accepts is case.valid
