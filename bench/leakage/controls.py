"""Functions whose answer is known: without them, "no leak found" would say nothing of the test."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator

from bench.leakage.target import Target

from warifu.threshold import libsecp256k1 as lib
from warifu.threshold.secp256k1 import SECP256K1

_GUESS = bytes(range(32))
_NEARLY = _GUESS[:-1] + b"\xff"
_MODULUS = 2**255 - 19


def targets() -> Iterator[Target]:
    """Three that have to be found, and one that has not."""
    base = SECP256K1.generator.native
    scalar_one = bytes(31) + b"\x01"

    def early_exit(secret: bytearray) -> bool:
        return all(mine == theirs for mine, theirs in zip(secret, _GUESS, strict=True))

    yield Target(
        "control: comparison that stops at the first difference",
        _NEARLY,
        lambda: os.urandom(32),
        bytearray,
        early_exit,
        leaks=True,
    )
    yield Target(
        "control: Python's pow, exponent",
        bytes(30) + b"\x01\x01",
        lambda: os.urandom(32),
        lambda secret: int.from_bytes(secret, "big"),
        lambda exponent: pow(3, exponent, _MODULUS),
        leaks=True,
    )
    yield Target(
        "control: libsecp256k1.point_mul_public, scalar (variable time by its name)",
        scalar_one,
        lambda: SECP256K1.random_secret().expose(),
        bytes,
        lambda scalar: lib.point_mul_public(lib.Point(base), scalar),
        leaks=True,
    )
    yield Target(
        "control: SHA-256 of the secret (constant time)",
        bytes(32),
        lambda: os.urandom(32),
        bytes,
        lambda secret: hashlib.sha256(secret).digest(),
    )
