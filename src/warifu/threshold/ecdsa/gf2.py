"""Matrices of bits: packed eight in a byte, a public matrix times secret ones.

The product goes by the method of the four Russians: of each four rows of the secret matrix all sixteen sums are made,
and four bits of the public matrix say which of them is added. What is looked up where hangs on public bits alone, and
the sums are made alike for all values.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from warifu.threshold.ecdsa.bits import Bytes, wipe

_TOGETHER = 4
_SUMS = 1 << _TOGETHER
_BLOCK = 32
"""Groups that are added at a time: large pieces of fresh memory cost more than the sums."""


def transposed(columns: Bytes) -> Bytes:
    """Packed columns as packed rows. Both counts are multiples of 8."""
    return np.packbits(np.ascontiguousarray(np.unpackbits(columns, axis=1).T), axis=1)


def product(public: Bytes, secret: Bytes) -> Bytes:
    """``public``, shaped (M, N / 8), times ``secret``, shaped (N, 8 W): shaped (M, 8 W), all rows packed."""
    words = secret.view(np.uint64)
    groups = words.reshape(-1, _TOGETHER, words.shape[1])
    sums = np.zeros((_SUMS, *groups.shape[::2]), dtype=np.uint64)
    for bit in range(_TOGETHER):
        half = 1 << bit
        np.bitwise_xor(sums[:half], groups[:, _TOGETHER - 1 - bit], out=sums[half : 2 * half])
    flat, places = sums.reshape(-1, words.shape[1]), _places(public)
    result = np.zeros((len(public), words.shape[1]), dtype=np.uint64)
    for at in range(0, len(places), _BLOCK):
        chosen = flat.take(places[at : at + _BLOCK], axis=0)
        result ^= np.bitwise_xor.reduce(chosen, axis=0)
        wipe(chosen)
    wipe(sums)
    return result.view(np.uint8)


def product_with_vector(public: Bytes, secret: Bytes) -> Bytes:
    """``public``, shaped (M, N / 8), times ``secret``, N bits packed: M bits, one a byte."""
    parities = np.bitwise_xor.reduce(public & secret, axis=1)
    bits: Bytes = np.unpackbits(parities[:, None], axis=1).sum(axis=1, dtype=np.uint8) & np.uint8(1)
    return bits


def _places(public: Bytes) -> NDArray[np.intp]:
    """Which sum of each group each row adds, as an index into all sums of all groups: shaped (groups, M)."""
    places = np.empty((2 * public.shape[1], len(public)), dtype=np.intp)
    np.right_shift(public.T, _TOGETHER, out=places[0::2])
    np.bitwise_and(public.T, _SUMS - 1, out=places[1::2])
    places *= len(places)
    places += np.arange(len(places))[:, None]
    return places
