"""Many scalars of secp256k1 at once, in constant time: sixteen limbs of sixteen bits in numpy, one scalar a column.

Multiplication by ``ufunc`` and matrix product costs the same for every value; carries and the last subtraction go by
masks. Products of limbs are summed in float64, which is exact below 2^53 (what stays below is said at each place).
Every product has a public factor, whose multiples by 2^16, 2^32, ... are reduced before they are multiplied with: so
sixteen limbs are enough for each product, and carries run once, where a number is encoded.

Shapes: ``(16, N)``, least significant limb first, int32. *Wide* columns are int64 and have limbs up to 2^46; a limb may
be below zero, down to -2^46, the number that the limbs make up may not. What :func:`to_bytes` gives is below the order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from warifu.threshold.ecdsa.bits import Bytes, wipe
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret

Limbs = NDArray[np.int32]
Wide = NDArray[np.int64]
Floats = NDArray[np.float64]
"""Limbs that wait for a multiplication."""

COUNT = 16
_BITS = 16
_MASK = np.int64(0xFFFF)
_SCALAR_BYTES = 32

_HALF_BITS = 32
_HALF_MASK = np.int64(0xFFFFFFFF)
_COMPLEMENT = np.frombuffer(
    ((1 << 256) - SECP256K1.order).to_bytes(_SCALAR_BYTES, "little"), dtype="<u4"
).astype(np.int64)[:, None]
"""2^256 is congruent to this number of 129 bits. In eight limbs of 32 bits, in which carries run."""


def from_public(scalars: list[int]) -> Limbs:
    """Columns from public integers below the order."""
    encoded = b"".join(scalar.to_bytes(_SCALAR_BYTES, "little") for scalar in scalars)
    return np.frombuffer(encoded, dtype="<u2").reshape(-1, COUNT).T.astype(np.int32, order="C")


ORDER = from_public([SECP256K1.order])
_SHIFTS = [1 << _BITS * k for k in range(COUNT)]
_PIECES = 3
"""Of sixteen bits each, in a sum of products below 2^48."""
_WORTH = from_public([pow(2, _BITS * k, SECP256K1.order) for k in range(2 * COUNT + _PIECES - 2)])[
    :, np.add.outer(np.add.outer(np.arange(_PIECES), np.arange(COUNT)), np.arange(COUNT)).reshape(-1)
].astype(np.float64)
"""What piece s of the product of limb i and limb k is worth modulo the order: column (16 s + i) 16 + k."""


def from_bytes(encoded: bytes | bytearray | memoryview | Bytes, interleaved: int = 1) -> Limbs:
    """Columns from big-endian numbers of 32 bytes in a row; not reduced.

    Where numbers of several series lie ``interleaved``, one of each in turn, the series come out one after the other.
    """
    words = np.frombuffer(encoded, dtype=">u2").astype(np.uint16).reshape(-1, interleaved, COUNT)
    return words.transpose(2, 1, 0)[::-1].astype(np.int32, order="C").reshape(COUNT, -1)


def to_bytes(wide: Wide | Limbs) -> bytearray:
    """Wide columns, reduced to below the order: big-endian numbers of 32 bytes in a row."""
    # In place where it can be: fresh memory costs more than arithmetic.
    halves: Wide = np.left_shift(wide[1::2], _BITS, dtype=np.int64)
    halves += wide[0::2]  # limbs up to 2^62 + 2^46
    above = _carry(halves)  # 31 bits at most, worth 2^160
    halves += above * _COMPLEMENT
    # Below 2^256 + 2^160, and that is below two orders.
    reduced = _subtracted_once(halves)
    encoded = bytearray(reduced[::-1].astype(">u4").T.tobytes())
    wipe(halves, reduced)
    return encoded


def from_secret(secret: Secret) -> Limbs:
    """One column from a secret scalar."""
    return from_bytes(secret.buffer)


def to_secret(wide: Wide | Limbs) -> Secret:
    """A secret from one wide column; ZeroSecret where it is zero modulo the order."""
    encoded = to_bytes(wide)
    try:
        return SECP256K1.secret_reduce(encoded)
    finally:
        encoded[:] = bytes(len(encoded))


def below_order(encoded: bytes) -> bool:
    """Whether all big-endian numbers of 32 bytes in a row are below the order. VARIABLE TIME, for public numbers."""
    numbers = np.frombuffer(encoded, dtype=">u8").reshape(-1, _SCALAR_BYTES // 8)
    high = numbers[numbers[:, 0] == (1 << 64) - 1]  # all others are well below
    return all(int.from_bytes(number.tobytes(), "big") < SECP256K1.order for number in high)


def combined(series: Floats, factors: list[int]) -> Wide:
    """The sum of some series of columns, each times a public factor; limbs up to 2^17.

    At most 16 series: then each sum of products is below 2^42.
    """
    count = len(factors)
    assert count <= 16 and series.shape[1] % count == 0
    shifted = from_public([factor * shift % SECP256K1.order for shift in _SHIFTS for factor in factors])
    total: Wide = (shifted.astype(np.float64) @ series.reshape(COUNT * count, -1)).astype(np.int64)
    return total


def inner_products(public: Floats, series: Floats) -> Wide:
    """One wide column for each series of columns: the sum over k of public[:, k] * series[:, k]; limbs up to 2^17.

    At most 1024 terms: then each sum of products is below 2^43.
    """
    terms = public.shape[1]
    assert terms <= 1024 and series.shape[1] % terms == 0
    products = (series.reshape(-1, terms) @ public.T).astype(np.int64).reshape(COUNT, -1, COUNT)
    pieces = np.stack([products & _MASK, products >> _BITS & _MASK, products >> 2 * _BITS])
    # 768 terms of two times sixteen bits: below 2^42.
    by_worth = pieces.transpose(0, 1, 3, 2).reshape(len(_WORTH.T), -1).astype(np.float64)
    wide: Wide = (_WORTH @ by_worth).astype(np.int64)
    return wide


def subset_sum(public: Floats, bits: Bytes) -> Wide:
    """One wide column: the sum of the public scalars whose bit is one. At most 2^16 terms."""
    return (public @ bits.astype(np.float64)).astype(np.int64)[:, None]


def _carry(halves: Wide) -> Wide:
    """Bring limbs between -2^62 and 2^62 + 2^61 below 2^32, in place. Returns what is above 2^256."""
    carry = np.zeros(halves.shape[1], dtype=np.int64)
    for limb in halves:
        carry += limb
        np.bitwise_and(carry, _HALF_MASK, out=limb)
        carry >>= _HALF_BITS
    return carry


def _subtracted_once(halves: Wide) -> Wide:
    """Below the order, from a number below two orders whose carries have not run yet."""
    count = halves.shape[1]
    both = np.hstack([halves, halves + _COMPLEMENT])
    above = _carry(both)
    as_is, less = both[:, :count], both[:, count:]
    less ^= as_is
    less &= -above[count:]  # all ones where the number was not below the order
    as_is ^= less
    wipe(less)
    return as_is
