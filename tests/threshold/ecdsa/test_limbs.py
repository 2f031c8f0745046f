"""Arithmetic on columns of limbs gives what integers give, at the edges first."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.threshold.ecdsa import limbs
from warifu.threshold.errors import ZeroSecret
from warifu.threshold.secp256k1 import SECP256K1

pytestmark = pytest.mark.unit

Q = SECP256K1.order
EDGES = [0, 1, 2, Q - 1, Q - 2, Q // 2, 1 << 128, (1 << 256) - 1 - Q, 0xFFFF, 1 << 16]
scalar = st.one_of(st.sampled_from(EDGES), st.integers(0, Q - 1))


def integers(columns) -> list[int]:
    encoded = bytes(limbs.to_bytes(columns))
    return [int.from_bytes(encoded[k : k + 32], "big") for k in range(0, len(encoded), 32)]


def raw(values: list[int]):
    return limbs.from_bytes(b"".join(value.to_bytes(32, "big") for value in values))


@given(st.lists(scalar, min_size=1, max_size=5))
def test_bytes_and_integers_are_the_same_columns(values):
    assert integers(limbs.from_public(values)) == values
    assert np.array_equal(raw(values), limbs.from_public(values))


@pytest.mark.parametrize("value", [*EDGES, Q, Q + 1, (1 << 256) - 1])
def test_numbers_of_32_bytes_are_reduced(value):
    assert integers(limbs.reduced(raw([value, 5]))) == [value % Q, 5]


@given(st.integers(0, (1 << 52) - 1), st.integers(0, (1 << 52) - 1))
def test_the_widest_numbers_are_reduced(low, high):
    wide = np.full((31, 2), high, dtype=np.int64)
    wide[:16] = low
    value = sum(int(limb) << (16 * k) for k, limb in enumerate(wide[:, 0])) % Q
    assert integers(limbs.reduced(wide)) == [value, value]


@given(scalar, scalar)
def test_a_difference_never_goes_below_zero(a, b):
    difference = limbs.from_public([a]) + limbs.ORDER - limbs.from_public([b])
    assert integers(limbs.reduced(difference)) == [(a - b) % Q]


@given(st.lists(scalar, min_size=1, max_size=4), scalar)
def test_products_with_a_public_factor(values, factor):
    assert integers(limbs.reduced(limbs.multiplied(limbs.from_public(values), factor))) == [
        value * factor % Q for value in values
    ]


@given(st.lists(st.tuples(scalar, scalar), min_size=1, max_size=6))
def test_inner_products(pairs):
    public = limbs.from_public([a for a, _ in pairs]).astype(np.float64)
    second = limbs.from_public([b for _, b in pairs])
    result = limbs.inner_products(public, second, 2 * second)
    expected = sum(a * b for a, b in pairs)
    assert integers(result) == [expected % Q, 2 * expected % Q]


@given(st.lists(st.tuples(scalar, st.booleans()), min_size=1, max_size=6))
def test_subset_sums(pairs):
    public = limbs.from_public([a for a, _ in pairs]).astype(np.float64)
    bits = np.array([bit for _, bit in pairs], np.uint8)
    assert integers(limbs.subset_sum(public, bits)) == [sum(a for a, bit in pairs if bit) % Q]


def test_the_lowest_limbs_are_reduced():
    """What a difference may leave in each limb, and more."""
    for low in (-(1 << 20), -1, 0):
        wide = np.full((16, 1), low, dtype=np.int64)
        assert integers(limbs.reduced(wide)) == [sum(low << (16 * k) for k in range(16)) % Q]


@given(st.lists(st.integers(-(1 << 20), 1 << 52), min_size=16, max_size=16), st.integers(0, 15), st.data())
def test_any_wide_numbers_are_reduced(low, more, data):
    high = data.draw(st.lists(st.integers(0, 1 << 52), min_size=more, max_size=more))
    value = sum(limb << (16 * k) for k, limb in enumerate(low + high))
    assert integers(limbs.reduced(np.array(low + high, dtype=np.int64)[:, None])) == [value % Q]


@pytest.mark.parametrize("multiple", [1, 2, 3])
@pytest.mark.parametrize("off", [-2, -1, 0, 1])
def test_the_last_subtraction_is_right_on_both_sides_of_the_order(multiple, off):
    value = multiple * Q + off
    wide = np.array([[value >> (16 * k) & 0xFFFF] for k in range(17)], dtype=np.int64)
    assert integers(limbs.reduced(wide)) == [value % Q]


def test_the_largest_inner_product_is_exact():
    public = limbs.from_public([Q - 1] * 1024).astype(np.float64)
    doubled = 2 * limbs.from_public([Q - 1] * 1024)
    assert integers(limbs.inner_products(public, doubled)) == [2048 % Q]


@pytest.mark.parametrize(("value", "below"), [(0, True), (Q - 1, True), (Q, False), ((1 << 256) - 1, False)])
def test_what_is_below_the_order(value, below):
    assert limbs.below_order(raw([1, value])) is below


def test_a_column_becomes_a_secret_and_back():
    secret = SECP256K1.random_secret()
    assert limbs.to_secret(limbs.from_secret(secret)) == secret
    with pytest.raises(ZeroSecret):
        limbs.to_secret(limbs.from_public([0]))
