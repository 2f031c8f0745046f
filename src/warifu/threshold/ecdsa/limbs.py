"""Many scalars of secp256k1 at once, in constant time: sixteen limbs of sixteen bits in numpy, one scalar a column.

Multiplication by ``ufunc`` and matrix product costs the same for every value; carries and the last subtraction go by
masks. Products of limbs are summed in float64, which is exact below 2^53 (what stays below is said at each place).
Shapes: ``(16, N)`` int64, least significant limb first, each limb below 2^16, each scalar below the order
("canonical"); *wide* numbers have more and larger limbs, and the lower sixteen may be a little below zero.
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
_MAX_WIDE = 31
"""Limbs of a product of two scalars."""


def _public(value: int, count: int, bits: int = _BITS) -> Limbs:
    mask = (1 << bits) - 1
    return np.array([[value >> (bits * k) & mask] for k in range(count)], dtype=np.int64)


ORDER = _public(SECP256K1.order, COUNT)
_FOLDS = np.hstack(
    [_public(pow(2, 256 + _BITS * k, SECP256K1.order), COUNT) for k in range(_MAX_WIDE + 2 - COUNT)]
).astype(np.float64)
"""What limb 16 + k is worth modulo the order, a column each."""

_PADDING_SUM = sum(1 << (21 + _BITS * k) for k in range(COUNT))
_PADDING = (1 << 21) - _public(_PADDING_SUM % SECP256K1.order, COUNT)
"""A multiple of the order whose sixteen limbs are all above 2^20: added, it leaves no limb below zero."""

_HALF_COUNT, _HALF_BITS = 8, 32
_HALF_MASK = np.int64(0xFFFFFFFF)
_COMPLEMENT = _public((1 << 256) - SECP256K1.order, _HALF_COUNT, _HALF_BITS)
"""2^256 is congruent to this number of 129 bits. In eight limbs of 32 bits, in which carries run."""

_TOEPLITZ = np.clip(np.arange(_MAX_WIDE)[:, None] - np.arange(COUNT)[None, :], -1, COUNT)


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
    _, above = _carried(_halved(scalars) + _COMPLEMENT)
    return not above.any()


def reduced(wide: Limbs) -> Limbs:
    """Canonical columns from wide ones: 16 to 31 limbs up to 2^53, the lower sixteen not below -2^20."""
    padded = wide.copy()
    padded[:COUNT] += _PADDING
    small = _spread(_spread(padded))  # up to 33 limbs, each below 2^22
    small = _spread(_spread(_folded(small)))  # from 2^43 to 18 limbs, each below 2^17
    # What is above 2^256 has 28 bits and folds to 157; the limbs below may exceed sixteen bits by 2^11: their sum is
    # below 2^256 + 2^252.
    carried, above = _carried(_halved(_folded(small)))
    carried += above * _COMPLEMENT  # below 2^256
    return _whole(_subtracted_once(carried))


def multiplied(scalars: Limbs, factor: int) -> Limbs:
    """Columns with limbs up to 2^17 times a public factor: 31 wide limbs up to 2^37."""
    limbs = np.append(_public(factor, COUNT)[:, 0], 0).astype(np.float64)
    toeplitz = limbs[_TOEPLITZ]  # the zero stands at 16, and at -1
    product: Limbs = (toeplitz @ scalars.astype(np.float64)).astype(np.int64)
    return product


def inner_products(public: NDArray[np.float64], *vectors: Limbs) -> Limbs:
    """One canonical column for each vector: the sum over k of public[:, k] * vector[:, k]; limbs up to 2^17.

    At most 1024 terms: then each sum of products is below 2^43.
    """
    assert all(public.shape[1] == vector.shape[1] <= 1024 for vector in vectors)
    stacked = np.concatenate(vectors).astype(np.float64)
    products = (public @ stacked.T).astype(np.int64).reshape(COUNT, len(vectors), COUNT)
    wide = np.zeros((_MAX_WIDE, len(vectors)), dtype=np.int64)
    for k in range(COUNT):
        wide[k : k + COUNT] += products[k].T
    return reduced(wide)


def subset_sum(public: NDArray[np.float64], bits: NDArray[np.uint8]) -> Limbs:
    """One canonical column: the sum of the public scalars whose bit is one. At most 2^16 terms."""
    return reduced((public @ bits.astype(np.float64)).astype(np.int64)[:, None])


def _spread(wide: Limbs) -> Limbs:
    """The same number with one limb more, each of its limbs sixteen bits smaller, plus what fits in sixteen bits."""
    spread = np.zeros((len(wide) + 1, wide.shape[1]), dtype=np.int64)
    np.bitwise_and(wide, _MASK, out=spread[:-1])
    spread[1:] += wide >> _BITS
    return spread


def _folded(wide: Limbs) -> Limbs:
    """Sixteen limbs that are congruent. Limbs up to 2^22: then the sums of products stay below 2^43."""
    above = wide[COUNT:].astype(np.float64)
    folded: Limbs = wide[:COUNT] + (_FOLDS[:, : len(above)] @ above).astype(np.int64)
    return folded


def _halved(limbs: Limbs) -> Limbs:
    """Eight limbs of 32 bits from sixteen of sixteen; those up to 2^46 stay below 2^63."""
    halved: Limbs = limbs[0::2] + (limbs[1::2] << _BITS)
    return halved


def _whole(halves: Limbs) -> Limbs:
    whole = np.empty((COUNT, halves.shape[1]), dtype=np.int64)
    np.bitwise_and(halves, _MASK, out=whole[0::2])
    np.right_shift(halves, _BITS, out=whole[1::2])
    return whole


def _carried(halves: Limbs) -> tuple[Limbs, Limbs]:
    """The same number in limbs below 2^32, and what is above 2^256."""
    carry = np.zeros(halves.shape[1], dtype=np.int64)
    carried = np.empty_like(halves)
    for k in range(_HALF_COUNT):
        carry += halves[k]
        np.bitwise_and(carry, _HALF_MASK, out=carried[k])
        carry >>= _HALF_BITS
    return carried, carry


def _subtracted_once(halves: Limbs) -> Limbs:
    """Below the order, from a number below 2^256 whose carries have not run yet."""
    count = halves.shape[1]
    both, above = _carried(np.hstack([halves, halves + _COMPLEMENT]))
    mask = -above[count:]  # all ones where the number was not below the order
    chosen: Limbs = both[:, :count] ^ ((both[:, :count] ^ both[:, count:]) & mask)
    return chosen
