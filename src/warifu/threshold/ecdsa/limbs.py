"""Many scalars of secp256k1 at once, in constant time: sixteen limbs of sixteen bits in numpy, one scalar a column.

Multiplication by ``ufunc`` and matrix product costs the same for every value; carries and the last subtraction go by
masks. Products of limbs are summed in float64, which is exact below 2^53 (what stays below is said at each place).
Shapes: ``(16, N)`` int64, least significant limb first, each limb below 2^16, each scalar below the order
("canonical"); *wide* numbers have any number of limbs of any sign, as long as the whole is not negative.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret

Limbs = NDArray[np.int64]

COUNT = 16
_BITS = 16
_MASK = np.int64(0xFFFF)
_WIDE_CARRY = 3
"""Limbs that the carry of a wide limb below 2^53 may reach beyond the top."""


def _public(value: int, count: int) -> Limbs:
    return np.array([[value >> (_BITS * k) & 0xFFFF] for k in range(count)], dtype=np.int64)


ORDER = _public(SECP256K1.order, COUNT)
_COMPLEMENT_COUNT = 9
_COMPLEMENT = _public((1 << 256) - SECP256K1.order, _COMPLEMENT_COUNT)
"""2^256 is congruent to this number of 129 bits: what lies above 2^256 is folded down with it."""


def from_public(scalars: list[int]) -> Limbs:
    """Columns from public integers below the order."""
    return np.hstack([_public(scalar, COUNT) for scalar in scalars])


def from_bytes(encoded: bytes | bytearray | memoryview) -> Limbs:
    """Columns from big-endian numbers of 32 bytes in a row; not reduced."""
    words = np.frombuffer(encoded, dtype=">u2").reshape(-1, COUNT)
    return np.ascontiguousarray(words.T[::-1].astype(np.int64))


def to_bytes(scalars: Limbs) -> bytearray:
    """Big-endian numbers of 32 bytes in a row, from canonical columns."""
    return bytearray(np.ascontiguousarray(scalars[::-1].T.astype(">u2")).view(np.uint8).reshape(-1).data)


def from_secret(secret: Secret) -> Limbs:
    """One column from a secret scalar."""
    return from_bytes(secret.buffer)


def to_secret(scalar: Limbs) -> Secret:
    """A secret from one canonical column; ZeroSecret where it is zero."""
    encoded = to_bytes(scalar)
    try:
        return SECP256K1.secret_reduce(encoded)
    finally:
        encoded[:] = bytes(len(encoded))


def below_order(scalars: Limbs) -> bool:
    """Whether every column is below the order. For public columns, straight from a peer."""
    return not _carried(scalars + _complement_padded(), COUNT + 1)[COUNT].any()


def reduced(wide: Limbs) -> Limbs:
    """Canonical columns from wide ones: at most 31 limbs, each below 2^53 in size, the whole not negative."""
    limbs = _carried(wide, len(wide) + _WIDE_CARRY)
    while len(limbs) > COUNT + 1:
        # A fold of k limbs above 2^256 leaves at most 16 k + 130 bits, or 257: six limbs fewer always hold it.
        limbs = _carried(_folded(limbs), max(COUNT + 1, len(limbs) - 6))
    limbs = _carried(_folded(limbs), COUNT + 1)  # below 2^256 + 2^145
    limbs = _carried(_folded(limbs), COUNT)  # below 2^256
    return _subtracted_once(limbs)


def multiplied(scalars: Limbs, factor: int) -> Limbs:
    """Columns with limbs up to 2^17 times a public factor: 31 wide limbs up to 2^37."""
    return (_toeplitz(factor) @ scalars.astype(np.float64)).astype(np.int64)


def inner_product(public: NDArray[np.float64], scalars: Limbs) -> Limbs:
    """One canonical column: the sum over k of public[:, k] * scalars[:, k], for columns with limbs up to 2^17.

    At most 1024 columns: then each sum of products is below 2^43.
    """
    assert public.shape[1] == scalars.shape[1] <= 1024
    products = (public @ scalars.astype(np.float64).T).astype(np.int64)
    wide = np.zeros((2 * COUNT - 1, 1), dtype=np.int64)
    for k in range(COUNT):
        wide[k : k + COUNT, 0] += products[k]
    return reduced(wide)


def _toeplitz(factor: int) -> NDArray[np.float64]:
    limbs = _public(factor, COUNT)[:, 0]
    matrix = np.zeros((2 * COUNT - 1, COUNT))
    for k in range(COUNT):
        matrix[k : k + COUNT, k] = limbs
    return matrix


def _carried(wide: Limbs, count: int) -> Limbs:
    """The same number in ``count`` limbs of sixteen bits; the caller knows that it fits."""
    limbs = np.zeros((count, wide.shape[1]), dtype=np.int64)
    carry = np.zeros(wide.shape[1], dtype=np.int64)
    for k in range(count):
        if k < len(wide):
            carry += wide[k]
        np.bitwise_and(carry, _MASK, out=limbs[k])
        carry >>= _BITS
    return limbs


def _folded(limbs: Limbs) -> Limbs:
    above = limbs[COUNT:]
    wide = np.zeros((max(COUNT, len(above) + _COMPLEMENT_COUNT - 1), limbs.shape[1]), dtype=np.int64)
    wide[:COUNT] = limbs[:COUNT]
    for k in range(_COMPLEMENT_COUNT):
        wide[k : k + len(above)] += _COMPLEMENT[k] * above
    return wide


def _subtracted_once(limbs: Limbs) -> Limbs:
    less = _carried(limbs + _complement_padded(), COUNT + 1)
    mask = -less[COUNT]  # all ones where the number was not below the order
    chosen: Limbs = limbs ^ ((limbs ^ less[:COUNT]) & mask)
    return chosen


def _complement_padded() -> Limbs:
    return np.vstack([_COMPLEMENT, np.zeros((COUNT - _COMPLEMENT_COUNT, 1), dtype=np.int64)])
