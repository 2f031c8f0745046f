"""Encodings that no door of the prime-order groups may let through, by name (RFC 8032, 5.1.3; SEC 1, 2.3.4).

The points of small order are computed here from one point of order 8, so that the list is complete by construction
and not by copying: 8 = the cofactor, and the multiples of that one point are all there is.
"""

from __future__ import annotations

from nacl.bindings import crypto_core_ed25519_add

FIELD = 2**255 - 19
IDENTITY = b"\x01" + bytes(31)
BASE = bytes.fromhex("58" + "66" * 31)
ORDER_8 = bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")


def _torsion() -> list[bytes]:
    """0 T, 1 T, ... 7 T for T of order 8."""
    points = [IDENTITY]
    for _ in range(7):
        points.append(crypto_core_ed25519_add(points[-1], ORDER_8))
    assert crypto_core_ed25519_add(points[-1], ORDER_8) == IDENTITY
    assert len(set(points)) == 8
    return points


TORSION = _torsion()
"""The eight points of small order, canonically encoded, k T at position k."""


def _with_sign(y: int) -> bytes:
    return (y | 1 << 255).to_bytes(32, "little")


SMALL_ORDER = {f"order {order}, {k} T": TORSION[k] for k, order in enumerate((1, 8, 4, 8, 2, 8, 4, 8))}

NON_CANONICAL = {
    "identity with the sign bit": _with_sign(1),
    "identity, y + p": (1 + FIELD).to_bytes(32, "little"),
    "identity, y + p, with the sign bit": _with_sign(1 + FIELD),
    "order 2 with the sign bit": _with_sign(FIELD - 1),
    "order 4, y + p": FIELD.to_bytes(32, "little"),
    "order 4, y + p, with the sign bit": _with_sign(FIELD),
    "y = 3 + p": (3 + FIELD).to_bytes(32, "little"),
    "y = 18 + p, the largest": (18 + FIELD).to_bytes(32, "little"),
    "all ones": b"\xff" * 32,
}

OFF_CURVE = {"y = 2": (2).to_bytes(32, "little"), "y = 7": (7).to_bytes(32, "little")}

MIXED_ORDER = {f"B + {k} T": crypto_core_ed25519_add(BASE, TORSION[k]) for k in range(1, 8)}
"""A good point with a component of small order: on the curve, canonical, of order 2 L, 4 L or 8 L."""

ED25519 = {**SMALL_ORDER, **NON_CANONICAL, **OFF_CURVE, **MIXED_ORDER}
"""Nothing of this is an element. (The canonical identity is one where it is allowed by name.)"""

GENERATOR_X = bytes.fromhex("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")

SECP256K1 = {
    "identity, 33 zeroes": bytes(33),
    "no square": b"\x02" + (5).to_bytes(32, "big"),
    "x beyond the field": b"\x02" + (2**256 - 2**32 - 977 + 1).to_bytes(32, "big"),
    "x = p": b"\x03" + (2**256 - 2**32 - 977).to_bytes(32, "big"),
    "all ones": b"\xff" * 33,
    "prefix of an uncompressed point": b"\x04"
    + bytes.fromhex("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"),
}

OF_GROUP = {"ed25519": ED25519, "secp256k1": SECP256K1}
