"""Keys from keys: HKDF-SHA-512 (RFC 5869) with one label for each purpose."""

from __future__ import annotations

from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from warifu.threshold.wiping import Buffer, Secret


def derived_key(secret: bytes | Buffer, label: str) -> Secret:
    """32 bytes for the purpose ``label``; the caller wipes them."""
    key = HKDF(algorithm=SHA512(), length=32, salt=None, info=b"warifu/v1/" + label.encode())
    return Secret(key.derive(bytes(secret)))
