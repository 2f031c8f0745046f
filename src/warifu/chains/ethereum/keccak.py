"""Keccak-256 as Ethereum uses it (the padding from before FIPS 202, so not SHA3-256): the chains' one door to
pycryptodome."""

from __future__ import annotations

from Crypto.Hash import keccak


def keccak256(data: bytes) -> bytes:
    """32 bytes."""
    return keccak.new(digest_bits=256, data=data).digest()
