"""libsodium's edwards25519 arithmetic, through the one door: no other module touches PyNaCl's cffi layer.

PyNaCl's public bindings return immutable ``bytes``; here results go into the caller's own buffers, which can be wiped.
Thin: lengths are asserted by the caller in ``ed25519.py``. Everything here is constant time in the scalars.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from nacl._sodium import ffi, lib  # type: ignore[import-not-found]  # C extension without type stubs

from warifu.threshold.wiping import Buffer

CData: TypeAlias = Any  # cffi's objects have no type that a checker could see

if lib.sodium_init() < 0:
    raise RuntimeError("libsodium does not start")


# Scalars, 32 bytes, little-endian


def scalar_reduce(wide: Buffer) -> bytearray:
    """64 bytes modulo the group order."""
    return _into_buffer(lib.crypto_core_ed25519_scalar_reduce, wide)


def scalar_add(a: Buffer, b: Buffer | bytes) -> bytearray:
    return _into_buffer(lib.crypto_core_ed25519_scalar_add, a, b)


def scalar_mul(a: Buffer, b: Buffer | bytes) -> bytearray:
    return _into_buffer(lib.crypto_core_ed25519_scalar_mul, a, b)


def scalar_negate(a: Buffer) -> bytearray:
    return _into_buffer(lib.crypto_core_ed25519_scalar_negate, a)


def ed25519_seed_scalar(seed: Buffer) -> bytearray:
    """The clamped first half of SHA-512(seed), 32 bytes in and out: what an RFC 8032 key multiplies with.

    libsodium offers it as the X25519 secret of the same key. It takes a whole key (seed and public key) and reads the
    seed.
    """
    whole = bytearray(64)
    whole[:32] = seed
    scalar = _into_buffer(lib.crypto_sign_ed25519_sk_to_curve25519, whole)
    whole[:] = bytes(64)
    return scalar


def _into_buffer(operation: CData, *operands: Buffer | bytes) -> bytearray:
    result = bytearray(32)
    operation(ffi.from_buffer(result), *map(ffi.from_buffer, operands))
    return result


# Points, 32 bytes


def point_is_valid(encoded: bytes) -> bool:
    """Whether 32 bytes are the canonical encoding of a point of prime order."""
    return bool(lib.crypto_core_ed25519_is_valid_point(encoded) == 1)


def point_add(a: bytes, b: bytes) -> bytes | None:
    """a + b; None where one is no point."""
    output = bytearray(32)
    failed = lib.crypto_core_ed25519_add(ffi.from_buffer(output), a, b)
    return None if failed else bytes(output)


def point_sub(a: bytes, b: bytes) -> bytes | None:
    """a - b; None where one is no point."""
    output = bytearray(32)
    failed = lib.crypto_core_ed25519_sub(ffi.from_buffer(output), a, b)
    return None if failed else bytes(output)


def base_mul(scalar: Buffer | bytes) -> bytes | None:
    """scalar * B without clamping; None for zero."""
    output = bytearray(32)
    failed = lib.crypto_scalarmult_ed25519_base_noclamp(ffi.from_buffer(output), ffi.from_buffer(scalar))
    return None if failed else bytes(output)


def point_mul(scalar: Buffer | bytes, encoded: bytes) -> bytes | None:
    """scalar * point without clamping; None for zero and for a point that is not valid."""
    output = bytearray(32)
    failed = lib.crypto_scalarmult_ed25519_noclamp(ffi.from_buffer(output), ffi.from_buffer(scalar), encoded)
    return None if failed else bytes(output)


def require_subgroup_check() -> None:
    """RuntimeError for a libsodium that takes points of order 2 L for points of order L (CVE-2025-69277).

    Releases before 31 December 2025 do, in ``point_is_valid`` and ``point_mul``. PyNaCl can be built against the
    system's libsodium, so its own version says nothing. With such a point in a key, verifiers would differ.
    """
    one, order_2 = (1).to_bytes(32, "little"), (2**255 - 20).to_bytes(32, "little")
    base = base_mul(one)
    mixed = point_add(base, order_2) if base is not None else None
    if mixed is None or point_is_valid(mixed) or point_mul(one, mixed) is not None:
        raise RuntimeError("this libsodium accepts points outside the prime-order subgroup (CVE-2025-69277)")


require_subgroup_check()
