"""Bits that are secret, as numpy arrays: drawn, selected with and wiped without a branch on any of them."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

_PLACES = np.arange(7, -1, -1, dtype=np.uint8)

_KEPT_BYTES = 2 << 20
# Allocated and freed at once: glibc takes the largest piece that was ever freed for the measure of what it keeps (twice
# as much). Without this, it hands back to the kernel what a multiplication works in, and asks for it again, zeroed,
# some hundred pages and almost a millisecond in each signature.
np.empty(_KEPT_BYTES, dtype=np.uint8)


def random_bits(count: int) -> Bytes:
    """``count`` (a multiple of 8) bits, one a byte, from the operating system."""
    assert count % 8 == 0
    return unpacked(np.frombuffer(os.urandom(count // 8), dtype=np.uint8))


def unpacked(packed: Bytes) -> Bytes:
    """One bit a byte, the highest of each byte first. ``np.unpackbits`` would look each byte up in a table."""
    bits: Bytes = (packed[:, None] >> _PLACES) & np.uint8(1)
    return bits.reshape(-1)


def rows(encoded: bytes | bytearray, width: int) -> Bytes:
    """Rows of ``width`` bytes, without a copy: to wipe the rows of a bytearray is to wipe it."""
    return np.frombuffer(encoded, dtype=np.uint8).reshape(-1, width)


def masks(bits: Bytes) -> Bytes:
    """A column with 0xFF for one and 0x00 for zero."""
    return (np.uint8(0) - bits)[:, None]


def swapped(bits: Bytes, first: Bytes, second: Bytes) -> tuple[Bytes, Bytes]:
    """Row by row (first, second), or (second, first) where the bit is one."""
    difference = (first ^ second) & masks(bits)
    return first ^ difference, second ^ difference


def wipe(*arrays: NDArray[np.integer[Any]] | NDArray[np.float64]) -> None:
    """Overwrite with zeros."""
    for array in arrays:
        array.fill(0)
