"""The prime-order subgroup of edwards25519 (RFC 8032, section 5.1; RFC 9591, section 6.1) over libsodium.

Scalars: 32 bytes, little-endian. Elements: 32 bytes, the canonical encoding of RFC 8032 section 5.1.2; decoding
refuses small order, mixed order and non-canonical encodings, so every element here has prime order (or is the
identity, where allowed).
"""

from __future__ import annotations

import hmac
import os
from typing import ClassVar

from warifu.threshold import libsodium as lib
from warifu.threshold.errors import InvalidInput, ZeroSecret
from warifu.threshold.group import Element, Group
from warifu.threshold.wiping import Buffer, Secret

_IDENTITY = b"\x01" + bytes(31)


class Ed25519(Group):
    """edwards25519 without its cofactor."""

    name: ClassVar[str] = "ed25519"
    order: ClassVar[int] = 2**252 + 27742317777372353535851937790883648493
    scalar_bytes: ClassVar[int] = 32
    element_bytes: ClassVar[int] = 32

    def __init__(self) -> None:
        self.identity = Element(_IDENTITY)
        self.generator = self.base_mul_public(1)

    def scalar_from_bytes(self, encoded: bytes) -> int:
        _exactly(encoded, 32, "a scalar")
        scalar = int.from_bytes(encoded, "little")
        if scalar >= self.order:
            raise InvalidInput("the scalar is not below the group order")
        return scalar

    def scalar_to_bytes(self, scalar: int) -> bytes:
        if not 0 <= scalar < self.order:
            raise InvalidInput("the scalar is not below the group order")
        return scalar.to_bytes(32, "little")

    def scalar_reduce(self, uniform: bytes) -> int:
        """Reduces a little-endian number of any length."""
        return int.from_bytes(uniform, "little") % self.order

    def random_secret(self) -> Secret:
        return self.secret_reduce(os.urandom(64))

    def secret_from_bytes(self, encoded: bytes | Buffer) -> Secret:
        _exactly(encoded, 32, "a secret")
        secret = Secret(encoded)
        with Secret(bytes(64)) as wide:
            wide.buffer[:32] = secret.buffer
            with _taken(lib.scalar_reduce(wide.buffer)) as reduced:
                canonical = reduced == secret
        if not canonical or _is_zero(secret.buffer):
            raise InvalidInput("the secret is zero or not below the group order")
        return secret

    def secret_reduce(self, uniform: bytes | Buffer) -> Secret:
        """From 64 bytes (SHA-512 output), little-endian, as RFC 9591 section 6.1 does."""
        _exactly(uniform, 64, "uniform input")
        with Secret(uniform) as wide:
            return _nonzero(lib.scalar_reduce(wide.buffer))

    def secret_add(self, a: Secret, b: Secret) -> Secret:
        return _nonzero(lib.scalar_add(_buffer(a), _buffer(b)))

    def secret_add_public(self, a: Secret, k: int) -> Secret:
        return _nonzero(lib.scalar_add(_buffer(a), self._public(k)))

    def secret_mul(self, a: Secret, b: Secret) -> Secret:
        return _nonzero(lib.scalar_mul(_buffer(a), _buffer(b)))

    def secret_mul_public(self, a: Secret, k: int) -> Secret:
        if k % self.order == 0:
            raise InvalidInput("a secret cannot be multiplied by zero")
        return _nonzero(lib.scalar_mul(_buffer(a), self._public(k)))

    def secret_negate(self, a: Secret) -> Secret:
        return _nonzero(lib.scalar_negate(_buffer(a)))

    def element_from_bytes(self, encoded: bytes, *, allow_identity: bool = False) -> Element:
        _exactly(encoded, 32, "a point")
        if allow_identity and encoded == _IDENTITY:
            return self.identity
        if not lib.point_is_valid(bytes(encoded)):
            raise InvalidInput("this is no canonical point of prime order on edwards25519")
        return Element(bytes(encoded))

    def element_add(self, *elements: Element) -> Element:
        total = self.element_to_bytes(elements[0]) if elements else self.identity.encoded
        for element in elements[1:]:
            total = _on_curve(lib.point_add(total, self.element_to_bytes(element)))
        return Element(total)

    def element_negate(self, element: Element) -> Element:
        return self.element_sub(self.identity, element)

    def element_sub(self, a: Element, b: Element) -> Element:
        return Element(_on_curve(lib.point_sub(self.element_to_bytes(a), self.element_to_bytes(b))))

    def base_mul(self, secret: Secret) -> Element:
        return _finite(lib.base_mul(_buffer(secret)))

    def element_mul_secret(self, element: Element, secret: Secret) -> Element:
        if self.is_identity(element):
            raise InvalidInput("the identity has no secret multiple")
        return _finite(lib.point_mul(_buffer(secret), self.element_to_bytes(element)))

    def base_mul_public(self, scalar: int) -> Element:
        if scalar % self.order == 0:
            return self.identity
        return _finite(lib.base_mul(self._public(scalar)))

    def element_mul_public(self, element: Element, scalar: int) -> Element:
        if scalar % self.order == 0 or self.is_identity(element):
            return self.identity
        return _finite(lib.point_mul(self._public(scalar), self.element_to_bytes(element)))

    def _public(self, scalar: int) -> bytes:
        return (scalar % self.order).to_bytes(32, "little")


def _exactly(value: bytes | Buffer, length: int, what: str) -> None:
    if len(value) != length:
        raise InvalidInput(f"{what} has {length} bytes, not {len(value)}")


def _buffer(secret: Secret) -> Buffer:
    if len(secret) != 32:
        raise InvalidInput("this secret is no scalar")
    return secret.buffer


def _is_zero(scalar: Buffer) -> bool:
    return hmac.compare_digest(scalar, bytes(32))


def _taken(scalar: bytearray) -> Secret:
    """Take a computed scalar into custody; the bare buffer is overwritten."""
    secret = Secret(scalar)
    scalar[:] = bytes(32)
    return secret


def _nonzero(scalar: bytearray) -> Secret:
    """As :func:`_taken`, for a scalar that is not zero."""
    secret = _taken(scalar)
    if _is_zero(secret.buffer):
        raise ZeroSecret("a secret scalar came out as zero")
    return secret


def _finite(encoded: bytes | None) -> Element:
    if encoded is None:
        raise ZeroSecret("a secret scalar is zero")
    return Element(encoded)


def _on_curve(encoded: bytes | None) -> bytes:
    assert encoded is not None, "an Element is always a point of the curve"
    return encoded


ED25519 = Ed25519()
