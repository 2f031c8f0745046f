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
WIDEST = 1 << 46
scalar = st.one_of(st.sampled_from(EDGES), st.integers(0, Q - 1))


def integers(columns) -> list[int]:
    """What is encoded: below the order."""
    encoded = bytes(limbs.to_bytes(columns))
    values = [int.from_bytes(encoded[k : k + 32], "big") for k in range(0, len(encoded), 32)]
    assert all(value < Q for value in values)
    return values


def worth(column) -> int:
    return sum(int(limb) << (16 * k) for k, limb in enumerate(column))


def raw(values: list[int]):
    return limbs.from_bytes(b"".join(value.to_bytes(32, "big") for value in values))


@given(st.lists(scalar, min_size=1, max_size=5))
def test_bytes_and_integers_are_the_same_columns(values):
    assert integers(limbs.from_public(values)) == values
    assert np.array_equal(raw(values), limbs.from_public(values))


@given(st.lists(st.tuples(scalar, scalar, scalar), min_size=1, max_size=5))
def test_interleaved_series_come_out_one_after_the_other(rows):
    encoded = b"".join(value.to_bytes(32, "big") for row in rows for value in row)
    series = [row[k] for k in range(3) for row in rows]
    assert np.array_equal(limbs.from_bytes(encoded, 3), limbs.from_public(series))


@pytest.mark.parametrize("value", [*EDGES, Q, Q + 1, (1 << 256) - 1])
def test_numbers_of_32_bytes_are_reduced(value):
    assert integers(raw([value, 5])) == [value % Q, 5]


@pytest.mark.parametrize("low", [-WIDEST, -1, 0, 1, WIDEST])
@pytest.mark.parametrize("high", [1 << 31, WIDEST])
def test_the_widest_numbers_are_reduced(low, high):
    wide = np.full((16, 3), low, dtype=np.int64)
    wide[15] = high
    assert integers(wide) == [worth(wide[:, 0]) % Q] * 3


@given(st.lists(st.integers(-WIDEST, WIDEST), min_size=15, max_size=15), st.integers(1 << 31, WIDEST))
def test_any_wide_numbers_are_reduced(low, high):
    wide = np.array([*low, high], dtype=np.int64)[:, None]
    assert integers(wide) == [worth(wide[:, 0]) % Q]


@given(scalar, scalar)
def test_a_difference_never_goes_below_zero(a, b):
    difference = limbs.from_public([a]) + limbs.ORDER - limbs.from_public([b])
    assert integers(difference) == [(a - b) % Q]


@given(st.lists(st.tuples(scalar, scalar), min_size=1, max_size=4), scalar, scalar)
def test_series_are_combined_with_public_factors(pairs, one, other):
    series = limbs.from_public([a for a, _ in pairs] + [b for _, b in pairs]).astype(np.float64)
    assert integers(limbs.combined(series, [one, other])) == [(one * a + other * b) % Q for a, b in pairs]


@pytest.mark.parametrize("factor", [*EDGES, int("5555" * 16, 16)])
def test_the_largest_combination_is_exact(factor):
    """Limbs of 2^17, times factors whose multiples by 2^16 have limbs of all kinds."""
    largest = np.full((16, 32), 1 << 17, dtype=np.float64)
    total = limbs.combined(largest, [factor] * 16)
    assert total.max() <= 1 << 42
    assert integers(total) == [16 * worth(largest[:, 0]) * factor % Q] * 2


@given(st.lists(st.tuples(scalar, scalar), min_size=1, max_size=6))
def test_inner_products(pairs):
    public = limbs.from_public([a for a, _ in pairs]).astype(np.float64)
    second = limbs.from_public([b for _, b in pairs]).astype(np.float64)
    result = limbs.inner_products(public, np.hstack([second, 2 * second]))
    expected = sum(a * b for a, b in pairs)
    assert integers(result) == [expected % Q, 2 * expected % Q]


def test_the_largest_inner_product_is_exact():
    largest = np.full((16, 1024), 0xFFFF, dtype=np.float64)
    vectors = np.full((16, 2048), 1 << 17, dtype=np.float64)
    product = limbs.inner_products(largest, vectors)
    assert product.max() <= 1 << 42
    assert integers(product) == [1024 * ((1 << 256) - 1) * worth(vectors[:, 0]) % Q] * 2


@given(st.lists(st.tuples(scalar, st.booleans()), min_size=1, max_size=6))
def test_subset_sums(pairs):
    public = limbs.from_public([a for a, _ in pairs]).astype(np.float64)
    bits = np.array([bit for _, bit in pairs], np.uint8)
    assert integers(limbs.subset_sum(public, bits)) == [sum(a for a, bit in pairs if bit) % Q]


def test_the_largest_subset_sum_is_exact():
    largest = np.full((16, 1 << 16), 0xFFFF, dtype=np.float64)
    assert integers(limbs.subset_sum(largest, np.ones(1 << 16, np.uint8))) == [((1 << 272) - (1 << 16)) % Q]


@pytest.mark.parametrize("off", [-2, -1, 0, 1])
def test_the_last_subtraction_is_right_on_both_sides_of_the_order(off):
    assert integers(raw([Q + off, 7])) == [(Q + off) % Q, 7]
    twice = raw([Q + off]) + limbs.ORDER
    assert integers(twice) == [(2 * Q + off) % Q]


@pytest.mark.parametrize(
    ("value", "below"),
    [(0, True), (Q - 1, True), (Q, False), (Q + 1, False), ((1 << 256) - 1, False), (Q - (1 << 130), True)],
)
@pytest.mark.parametrize("at", [0, 1, 2])
def test_what_is_below_the_order(value, below, at):
    values = [1, Q - 1]
    values.insert(at, value)
    assert limbs.below_order(b"".join(each.to_bytes(32, "big") for each in values)) is below


def test_a_column_becomes_a_secret_and_back():
    secret = SECP256K1.random_secret()
    assert limbs.to_secret(limbs.from_secret(secret)) == secret
    for zero in (0, Q):
        with pytest.raises(ZeroSecret):
            limbs.to_secret(raw([zero]))
