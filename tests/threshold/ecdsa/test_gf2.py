"""Packed matrices of bits multiply as matrices of numbers do, modulo two."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.threshold.ecdsa import gf2
from warifu.threshold.ecdsa.bits import random_bits, unpacked

pytestmark = pytest.mark.unit

SIZES = [(1, 8, 64), (8, 16, 128), (128, 416, 128), (128, 2048, 128)]


def matrix(height: int, width: int):
    return random_bits(height * width).reshape(height, width)


def packed(bits):
    return np.packbits(bits, axis=1)


@pytest.mark.parametrize(("m", "n", "w"), SIZES)
def test_a_product_is_the_sum_of_the_chosen_rows(m, n, w):
    public, secret = matrix(m, n), matrix(n, w)
    expected = packed((public.astype(int) @ secret.astype(int) % 2).astype(np.uint8))
    assert np.array_equal(gf2.product(packed(public), packed(secret)), expected)


@given(st.integers(0, 15), st.integers(0, 63))
def test_each_bit_of_the_secret_stands_in_its_place(row, column):
    """One row chosen, one bit set: nothing else comes out."""
    public, secret = np.zeros((16, 16), np.uint8), np.zeros((16, 64), np.uint8)
    public[3, row] = 1
    secret[row, column] = 1
    result = np.unpackbits(gf2.product(packed(public), packed(secret)), axis=1)
    assert np.argwhere(result).tolist() == [[3, column]]


@pytest.mark.parametrize(("m", "n", "w"), SIZES)
def test_a_product_with_a_vector(m, n, w):
    public, vector = matrix(m, n), random_bits(n)
    expected = public.astype(int) @ vector.astype(int) % 2
    assert np.array_equal(gf2.product_with_vector(packed(public), np.packbits(vector)), expected)


@pytest.mark.parametrize(("m", "n"), [(8, 8), (128, 544), (128, 2176)])
def test_columns_become_rows(m, n):
    columns = matrix(m, n)
    assert np.array_equal(gf2.transposed(packed(columns)), packed(columns.T))


@given(st.binary(min_size=1, max_size=64))
def test_bits_are_unpacked_as_numpy_does_it(packed_bits):
    packed_bits = np.frombuffer(packed_bits, np.uint8)
    assert np.array_equal(unpacked(packed_bits), np.unpackbits(packed_bits))


@pytest.mark.parametrize(("height", "width"), [(8, 1), (16, 1), (8, 5), (128, 52)])
def test_what_is_transposed_stays_as_it_was(height, width):
    columns = matrix(height, 8 * width)
    given_columns = packed(columns)
    assert np.array_equal(gf2.transposed(given_columns), packed(columns.T))
    assert np.array_equal(given_columns, packed(columns)), "the working copies are wiped, not it"
