"""libsecp256k1, through the one door: no other module touches coincurve's cffi layer.

Thin: lengths are asserted by the callers in ``secp256k1.py`` and ``bip340.py``, return codes are looked at here. To
put another binding in its place, rewrite this file.

Timing: everything that takes a ``bytearray`` of secret bytes is constant time in libsecp256k1. ``pubkey_mul_public``
is not, and only ever sees public scalars; a secret times a point goes through ``point_mul_secret`` (secp256k1_ecdh,
constant time, with a hash callback that hands out the raw coordinates).
"""

from __future__ import annotations

import ctypes
import os
from typing import Any, NewType, TypeAlias

from coincurve._libsecp256k1 import ffi, lib  # type: ignore[import-not-found]  # C extension without type stubs

from warifu.threshold.wiping import Buffer

CData: TypeAlias = Any  # cffi's objects have no type that a checker could see

Point = NewType("Point", object)
"""libsecp256k1's own form of a point that is not the identity (``secp256k1_pubkey``)."""

_SCHNORR_EXTRAPARAMS_MAGIC = b"\xda\x6f\xb3\x8c"  # secp256k1_schnorrsig.h


def _new_context() -> CData:
    context = ffi.gc(lib.secp256k1_context_create(lib.SECP256K1_CONTEXT_NONE), lib.secp256k1_context_destroy)
    # Blinds the base-point multiplication against power and electromagnetic side channels.
    if not lib.secp256k1_context_randomize(context, os.urandom(32)):
        raise RuntimeError("libsecp256k1 refuses to randomize its context")
    return context


_CONTEXT = _new_context()


# Secret scalars, in place


def seckey_verify(secret: Buffer) -> bool:
    """Whether 32 bytes are a scalar with 0 < scalar < order."""
    return bool(lib.secp256k1_ec_seckey_verify(_CONTEXT, ffi.from_buffer(secret)))


def seckey_add(secret: Buffer, other: bytes | Buffer) -> bool:
    """secret += other; False (and ``secret`` zeroed) where the sum is zero or ``other`` is not below the order."""
    return bool(lib.secp256k1_ec_seckey_tweak_add(_CONTEXT, ffi.from_buffer(secret), ffi.from_buffer(other)))


def seckey_mul(secret: Buffer, other: bytes | Buffer) -> bool:
    """secret *= other; False (and ``secret`` zeroed) where ``other`` is zero or not below the order."""
    return bool(lib.secp256k1_ec_seckey_tweak_mul(_CONTEXT, ffi.from_buffer(secret), ffi.from_buffer(other)))


def seckey_negate(secret: Buffer) -> bool:
    """secret = -secret."""
    return bool(lib.secp256k1_ec_seckey_negate(_CONTEXT, ffi.from_buffer(secret)))


# Points


def point_create(secret: Buffer | bytes) -> Point | None:
    """secret * G; None where the scalar is zero or not below the order."""
    point = ffi.new("secp256k1_pubkey *")
    made = lib.secp256k1_ec_pubkey_create(_CONTEXT, point, ffi.from_buffer(secret))
    return Point(point) if made else None


def point_parse(encoded: bytes) -> Point | None:
    """Decode 33 (compressed) or 65 (uncompressed) bytes; None where they are no point."""
    point = ffi.new("secp256k1_pubkey *")
    parsed = lib.secp256k1_ec_pubkey_parse(_CONTEXT, point, encoded, len(encoded))
    return Point(point) if parsed else None


def point_serialize(point: Point) -> bytes:
    """33 bytes, compressed."""
    output = ffi.new("unsigned char[33]")
    length = ffi.new("size_t *", 33)
    lib.secp256k1_ec_pubkey_serialize(_CONTEXT, output, length, point, lib.SECP256K1_EC_COMPRESSED)
    return bytes(ffi.buffer(output))


def point_add(points: list[Point]) -> Point | None:
    """The sum of at least one point; None where it is the identity."""
    total = ffi.new("secp256k1_pubkey *")
    summands = ffi.new("secp256k1_pubkey *[]", points)
    combined = lib.secp256k1_ec_pubkey_combine(_CONTEXT, total, summands, len(points))
    return Point(total) if combined else None


def point_negate(point: Point) -> Point:
    negated = ffi.new("secp256k1_pubkey *", point[0])  # type: ignore[index]  # cdata, opaque to the checker
    lib.secp256k1_ec_pubkey_negate(_CONTEXT, negated)
    return Point(negated)


def point_mul_public(point: Point, scalar: bytes) -> Point | None:
    """scalar * point, VARIABLE TIME in the scalar; None where the scalar is zero or not below the order."""
    product = ffi.new("secp256k1_pubkey *", point[0])  # type: ignore[index]  # cdata, opaque to the checker
    done = lib.secp256k1_ec_pubkey_tweak_mul(_CONTEXT, product, scalar)
    return Point(product) if done else None


def _copy_coordinates(output: int, x32: int, y32: int, _data: int) -> int:
    ctypes.memmove(output, x32, 32)
    ctypes.memmove(output + 32, y32, 32)
    return 1


# Made by ctypes and not by cffi, whose callbacks need a page that is writable and executable: libffi finds its way
# around kernels that refuse one (PR_SET_MDWE, PaX, SELinux). Named here, because C does not keep it alive.
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_void_p] * 4)(_copy_coordinates)
_RAW_COORDINATES = ffi.cast("secp256k1_ecdh_hash_function", ctypes.cast(_CALLBACK, ctypes.c_void_p).value)


def point_mul_secret(point: Point, secret: Buffer) -> Point | None:
    """secret * point in constant time; None where the scalar is zero or not below the order."""
    coordinates = bytearray(65)
    coordinates[0] = 4  # SEC 1: an uncompressed point follows
    output = ffi.from_buffer(coordinates) + 1
    if not lib.secp256k1_ecdh(_CONTEXT, output, point, ffi.from_buffer(secret), _RAW_COORDINATES, ffi.NULL):
        return None
    product = ffi.new("secp256k1_pubkey *")
    parsed = lib.secp256k1_ec_pubkey_parse(_CONTEXT, product, ffi.from_buffer(coordinates), 65)
    coordinates[:] = bytes(65)
    return Point(product) if parsed else None


# BIP-340


def schnorr_verify(signature: bytes, message: bytes, xonly: bytes) -> bool:
    """BIP-340 verification of a 64-byte signature under a 32-byte x-only public key."""
    public_key = ffi.new("secp256k1_xonly_pubkey *")
    if not lib.secp256k1_xonly_pubkey_parse(_CONTEXT, public_key, xonly):
        return False
    return bool(lib.secp256k1_schnorrsig_verify(_CONTEXT, signature, message, len(message), public_key))


def schnorr_sign(secret: Buffer, message: bytes, aux: bytes) -> bytes | None:
    """BIP-340 signature (64 bytes) with 32 bytes of auxiliary randomness; None where the key is not valid."""
    keypair = ffi.new("secp256k1_keypair *")
    signature = ffi.new("unsigned char[64]")
    randomness = ffi.new("unsigned char[32]", aux)
    parameters = ffi.new("secp256k1_schnorrsig_extraparams *")
    ffi.memmove(parameters.magic, _SCHNORR_EXTRAPARAMS_MAGIC, 4)
    parameters.noncefp = ffi.NULL  # the nonce function of BIP-340
    parameters.ndata = randomness
    try:
        if not lib.secp256k1_keypair_create(_CONTEXT, keypair, ffi.from_buffer(secret)):
            return None
        signed = lib.secp256k1_schnorrsig_sign_custom(
            _CONTEXT, signature, message, len(message), keypair, parameters
        )
    finally:
        ffi.memmove(keypair, bytes(ffi.sizeof("secp256k1_keypair")), ffi.sizeof("secp256k1_keypair"))
    return bytes(ffi.buffer(signature)) if signed else None


# Hashing to the curve, and ECDSA


def point_from_uniform(uniform: bytes) -> Point:
    """The point that 64 uniform bytes encode (ElligatorSwift, BIP-324): uniform, and of unknown discrete logarithm.

    The time depends on the bytes.
    """
    point = ffi.new("secp256k1_pubkey *")
    if len(uniform) != 64 or not lib.secp256k1_ellswift_decode(_CONTEXT, point, uniform):
        raise RuntimeError("every 64 bytes encode a point")
    return Point(point)


def ecdsa_verify(signature: bytes, digest: bytes, point: Point) -> bool:
    """Whether 64 bytes (r, s) sign 32 bytes under ``point``; False for s in the upper half and for other lengths."""
    if len(signature) != 64 or len(digest) != 32:  # the C library would read past the end of shorter ones
        return False
    parsed = ffi.new("secp256k1_ecdsa_signature *")
    if not lib.secp256k1_ecdsa_signature_parse_compact(_CONTEXT, parsed, signature):
        return False
    return bool(lib.secp256k1_ecdsa_verify(_CONTEXT, parsed, digest, point))


def ecdsa_recover(signature: bytes, recovery_id: int, digest: bytes) -> Point | None:
    """The key under which 64 bytes (r, s) sign 32 bytes, of up to four chosen by ``recovery_id``.

    None where there is none, for an identifier that is not 0 to 3, and for other lengths.
    """
    if len(signature) != 64 or len(digest) != 32 or not 0 <= recovery_id <= 3:  # C would abort the process
        return None
    parsed = ffi.new("secp256k1_ecdsa_recoverable_signature *")
    if not lib.secp256k1_ecdsa_recoverable_signature_parse_compact(_CONTEXT, parsed, signature, recovery_id):
        return None
    point = ffi.new("secp256k1_pubkey *")
    return Point(point) if lib.secp256k1_ecdsa_recover(_CONTEXT, point, parsed, digest) else None
