"""Matrices of bits: packed eight in a byte, a public matrix times secret ones.

The product goes by the method of the four Russians: of each four rows of the secret matrix all sixteen sums are made,
and four bits of the public matrix say which of them is added. What is looked up where hangs on public bits alone, and
the sums are made alike for all values. Nothing here asks ``np.unpackbits``: it looks each byte up in a table, whose
lines show in the time (the leakage bench found them, at two nanoseconds).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from warifu.threshold.ecdsa.bits import Bytes, wipe

_TOGETHER = 4
_SUMS = 1 << _TOGETHER
_EXCHANGES = tuple(
    (np.uint64(distance), np.uint64(mask))
    for distance, mask in ((7, 0x00AA00AA00AA00AA), (14, 0x0000CCCC0000CCCC), (28, 0x00000000F0F0F0F0))
)


def transposed(columns: Bytes) -> Bytes:
    """Packed columns as packed rows. Both counts are multiples of 8.

    Squares of eight by eight bits are words, in which three exchanges transpose (Warren, "Hacker's Delight", 7-3).
    """
    count, width = columns.shape
    squares = columns.reshape(-1, 8, width).transpose(2, 0, 1).copy()
    words = squares.view(">u8").astype(np.uint64)
    for distance, mask in _EXCHANGES:
        moved = (words ^ (words >> distance)) & mask
        words ^= moved ^ (moved << distance)
    turned = words.astype(">u8").view(np.uint8).reshape(width, count // 8, 8)
    result: Bytes = turned.transpose(0, 2, 1).copy().reshape(8 * width, count // 8)
    wipe(squares, words, moved, turned)
    return result


def product(public: Bytes, secret: Bytes) -> Bytes:
    """``public``, shaped (M, N / 8), times ``secret``, shaped (N, 8 W): shaped (M, 8 W), all rows packed."""
    words = secret.view(np.uint64)
    groups = words.reshape(-1, _TOGETHER, words.shape[1])
    sums = np.zeros((_SUMS, *groups.shape[::2]), dtype=np.uint64)
    for bit in range(_TOGETHER):
        half = 1 << bit
        np.bitwise_xor(sums[:half], groups[:, _TOGETHER - 1 - bit], out=sums[half : 2 * half])
    chosen = sums.reshape(-1, words.shape[1]).take(_places(public), axis=0)
    result: Bytes = np.bitwise_xor.reduce(chosen, axis=0).view(np.uint8)
    wipe(sums, chosen)
    return result


def product_with_vector(public: Bytes, secret: Bytes) -> Bytes:
    """``public``, shaped (M, N / 8), times ``secret``, N bits packed: M bits, one a byte."""
    parities: Bytes = np.bitwise_xor.reduce(public & secret, axis=1)
    for half in (4, 2, 1):
        parities ^= parities >> np.uint8(half)
    parities &= np.uint8(1)
    return parities


def _places(public: Bytes) -> NDArray[np.intp]:
    """Which sum of each group each row adds, as an index into all sums of all groups: shaped (groups, M)."""
    places = np.empty((2 * public.shape[1], len(public)), dtype=np.intp)
    np.right_shift(public.T, _TOGETHER, out=places[0::2])
    np.bitwise_and(public.T, _SUMS - 1, out=places[1::2])
    places *= len(places)
    places += np.arange(len(places))[:, None]
    return places
