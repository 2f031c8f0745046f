"""Whether 32 bytes are a point of edwards25519, as Solana's runtime asks it (``bytes_are_curve_point``).

It decides which addresses can have a private key, and at which bump a derived address is found, so it has to be the
runtime's answer and no stricter one: curve25519-dalek takes the y-coordinate modulo p, whoever wrote it larger, takes a
sign for x = 0, and points of small order. libsodium's test of a *valid* point refuses all three; its addition decodes
both points and refuses nothing but bytes that are no point. Everything here is public.
"""

from __future__ import annotations

from nacl.bindings import crypto_core_ed25519_add
from nacl.exceptions import UnavailableError


def is_on_curve(encoded: bytes) -> bool:
    """Whether ``encoded`` (32 bytes, little-endian, the top bit a sign) is the encoding of a point."""
    try:
        crypto_core_ed25519_add(encoded, encoded)
    except UnavailableError:  # a libsodium without points has no answer, and "no" would be one
        raise
    except RuntimeError:
        return False
    return True
