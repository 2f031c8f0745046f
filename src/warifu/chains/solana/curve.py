"""Whether 32 bytes are a point of edwards25519, as Solana's runtime asks it (``bytes_are_curve_point``).

It decides which addresses can have a private key, and at which bump a derived address is found, so it has to be the
runtime's answer and no stricter one: curve25519-dalek takes the y-coordinate modulo p, whoever wrote it larger, and
takes a sign for x = 0. libsodium's and RFC 8032's decoding refuse both, and libsodium points of small order besides.
Everything here is public.
"""

from __future__ import annotations

_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P  # RFC 8032, section 5.1
_Y_MASK = 2**255 - 1


def is_on_curve(encoded: bytes) -> bool:
    """Whether ``encoded`` (32 bytes, little-endian, the top bit a sign) is the encoding of a point."""
    y_squared = pow(int.from_bytes(encoded, "little") & _Y_MASK, 2, _P)
    # -x^2 + y^2 = 1 + d x^2 y^2, so x^2 = (y^2 - 1) / (d y^2 + 1). A quotient is a square where the product is, and
    # the divisor is never zero: -1 is a square modulo p, d is none, so -1/d is none.
    product = (y_squared - 1) * (_D * y_squared + 1) % _P
    return pow(product, (_P - 1) // 2, _P) != _P - 1
