"""The group secp256k1 (SEC 2, section 2.4.1) over libsecp256k1.

Scalars: 32 bytes, big-endian. Elements: 33 bytes, compressed (SEC 1, section 2.3.3); the identity is 33 zero bytes,
as BIP 445 and ChillDKG encode it (``cbytes_ext``).
"""

from __future__ import annotations

import os
from typing import ClassVar

from warifu.threshold import libsecp256k1 as lib
from warifu.threshold.errors import InvalidInput, ZeroSecret
from warifu.threshold.group import Element, Group
from warifu.threshold.wiping import Buffer, Secret

_IDENTITY = bytes(33)


class Secp256k1(Group):
    """secp256k1 with BIP-340's helpers for points that are known by their x coordinate."""

    name: ClassVar[str] = "secp256k1"
    order: ClassVar[int] = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    scalar_bytes: ClassVar[int] = 32
    element_bytes: ClassVar[int] = 33

    def __init__(self) -> None:
        self.identity = Element(_IDENTITY)
        self.generator = self.base_mul_public(1)

    def scalar_from_bytes(self, encoded: bytes) -> int:
        _exactly(encoded, 32, "a scalar")
        scalar = int.from_bytes(encoded, "big")
        if scalar >= self.order:
            raise InvalidInput("the scalar is not below the group order")
        return scalar

    def scalar_to_bytes(self, scalar: int) -> bytes:
        if not 0 <= scalar < self.order:
            raise InvalidInput("the scalar is not below the group order")
        return scalar.to_bytes(32, "big")

    def scalar_reduce(self, uniform: bytes) -> int:
        """Reduces a big-endian number of any length."""
        return int.from_bytes(uniform, "big") % self.order

    def random_secret(self) -> Secret:
        while True:
            secret = Secret(os.urandom(32))
            if lib.seckey_verify(secret.buffer):
                return secret

    def secret_from_bytes(self, encoded: bytes | Buffer) -> Secret:
        _exactly(encoded, 32, "a secret")
        secret = Secret(encoded)
        if not lib.seckey_verify(secret.buffer):
            raise InvalidInput("the secret is zero or not below the group order")
        return secret

    def secret_reduce(self, uniform: bytes | Buffer) -> Secret:
        """From 32 bytes (a tagged hash) or 48 bytes (RFC 9380 hash_to_field), big-endian.

        32 bytes reach the order with probability 2^-128 only, and are then refused (ZeroSecret) instead of reduced:
        libsecp256k1 offers no reduction in constant time. 48 bytes are high * 2^192 + low, both below the order.
        """
        if len(uniform) == 32:
            secret = Secret(uniform)
            return _checked(secret, lib.seckey_verify(secret.buffer))
        _exactly(uniform, 48, "uniform input")
        with (
            Secret(bytes(8) + uniform[:24]) as high,
            Secret(bytes(8) + uniform[24:]) as low,
            self.secret_mul_public(high, 1 << 192) as shifted,
        ):
            return self.secret_add(shifted, low)

    def secret_add(self, a: Secret, b: Secret) -> Secret:
        total = a.clone()
        return _checked(total, lib.seckey_add(_buffer(total), _buffer(b)))

    def secret_add_public(self, a: Secret, k: int) -> Secret:
        total = a.clone()
        return _checked(total, lib.seckey_add(_buffer(total), (k % self.order).to_bytes(32, "big")))

    def secret_mul(self, a: Secret, b: Secret) -> Secret:
        product = a.clone()
        return _checked(product, lib.seckey_mul(_buffer(product), _buffer(b)))

    def secret_mul_public(self, a: Secret, k: int) -> Secret:
        if k % self.order == 0:
            raise InvalidInput("a secret cannot be multiplied by zero")
        product = a.clone()
        return _checked(product, lib.seckey_mul(_buffer(product), (k % self.order).to_bytes(32, "big")))

    def secret_negate(self, a: Secret) -> Secret:
        negated = a.clone()
        return _checked(negated, lib.seckey_negate(_buffer(negated)))

    def element_from_bytes(self, encoded: bytes, *, allow_identity: bool = False) -> Element:
        _exactly(encoded, 33, "a point")
        if allow_identity and encoded == _IDENTITY:
            return self.identity
        native = lib.point_parse(bytes(encoded))
        if native is None:
            raise InvalidInput("this is no compressed point of secp256k1")
        return Element(bytes(encoded), native)

    def element_add(self, *elements: Element) -> Element:
        natives = [self._native(element) for element in elements if not self.is_identity(element)]
        return self._element(lib.point_add(natives) if natives else None)

    def element_negate(self, element: Element) -> Element:
        if self.is_identity(element):
            return element
        return self._element(lib.point_negate(self._native(element)))

    def base_mul(self, secret: Secret) -> Element:
        return self._finite(lib.point_create(_buffer(secret)))

    def element_mul_secret(self, element: Element, secret: Secret) -> Element:
        if self.is_identity(element):
            raise InvalidInput("the identity has no secret multiple")
        return self._finite(lib.point_mul_secret(self._native(element), _buffer(secret)))

    def base_mul_public(self, scalar: int) -> Element:
        return self._element(lib.point_create((scalar % self.order).to_bytes(32, "big")))

    def element_mul_public(self, element: Element, scalar: int) -> Element:
        if self.is_identity(element):
            return element
        return self._element(
            lib.point_mul_public(self._native(element), (scalar % self.order).to_bytes(32, "big"))
        )

    def has_even_y(self, element: Element) -> bool:
        """Whether the y coordinate is even (BIP-340); InvalidInput for the identity."""
        if self.is_identity(element):
            raise InvalidInput("the identity has no coordinates")
        return element.encoded[0] == 2

    def xonly(self, element: Element) -> bytes:
        """The 32-byte x coordinate (BIP-340); InvalidInput for the identity."""
        if self.is_identity(element):
            raise InvalidInput("the identity has no coordinates")
        return element.encoded[1:]

    def lift_x(self, xonly: bytes) -> Element:
        """The point with this 32-byte x coordinate and even y (BIP-340); InvalidInput where there is none."""
        _exactly(xonly, 32, "an x coordinate")
        return self.element_from_bytes(b"\x02" + xonly)

    def _native(self, element: Element) -> lib.Point:
        if element.native is None or len(element.encoded) != 33:
            raise InvalidInput("this element is of another group")
        return lib.Point(element.native)

    def _element(self, native: lib.Point | None) -> Element:
        return self.identity if native is None else Element(lib.point_serialize(native), native)

    def _finite(self, native: lib.Point | None) -> Element:
        if native is None:
            raise ZeroSecret("a secret scalar is zero")
        return self._element(native)


def _exactly(value: bytes | Buffer, length: int, what: str) -> None:
    if len(value) != length:
        raise InvalidInput(f"{what} has {length} bytes, not {len(value)}")


def _buffer(secret: Secret) -> Buffer:
    if len(secret) != 32:  # the C library would read past the end of a shorter one
        raise InvalidInput("this secret is no scalar")
    return secret.buffer


def _checked(secret: Secret, succeeded: bool) -> Secret:
    if not succeeded:
        secret.wipe()
        raise ZeroSecret("a secret scalar came out as zero or out of range")
    return secret


SECP256K1 = Secp256k1()
