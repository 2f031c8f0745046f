"""Sharing and interpolation: any t points give the secret, fewer or bad ones give nothing."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warifu.threshold.ed25519 import ED25519
from warifu.threshold.errors import InvalidInput
from warifu.threshold.group import Group
from warifu.threshold.polynomial import evaluate, interpolating_coefficient
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret

pytestmark = pytest.mark.unit
each_group = pytest.mark.parametrize("group", [SECP256K1, ED25519], ids=["secp256k1", "ed25519"])


def interpolate(group: Group, shares: dict[int, Secret]) -> bytes:
    """In plain integers, as only a test may: a partial sum may well be zero, where the sum is not."""
    total = sum(
        interpolating_coefficient(group, list(shares), x) * group.scalar_from_bytes(share.expose())
        for x, share in shares.items()
    )
    return group.scalar_to_bytes(total % group.order)


@each_group
@settings(max_examples=40)
@given(st.integers(1, 8), st.integers(0, 6), st.randoms())
def test_any_t_points_give_the_secret(group, t, more, rng: random.Random):
    polynomial = [group.random_secret() for _ in range(t)]
    points = rng.sample(range(1, 40), t + more)
    shares = {x: evaluate(group, polynomial, x) for x in points}
    assert interpolate(group, shares) == polynomial[0].expose()


@each_group
def test_fewer_points_give_something_else(group):
    polynomial = [group.random_secret() for _ in range(3)]
    shares = {x: evaluate(group, polynomial, x) for x in (1, 2)}
    assert interpolate(group, shares) != polynomial[0].expose()


@each_group
@given(st.lists(st.integers(1, 2**250), min_size=1, max_size=5), st.integers(1, 1000))
def test_evaluation_is_that_of_integers(group, coefficients, x):
    secrets = [group.secret_from_bytes(group.scalar_to_bytes(value)) for value in coefficients]
    expected = sum(value * x**power for power, value in enumerate(coefficients)) % group.order
    assert group.scalar_from_bytes(evaluate(group, secrets, x).expose()) == expected
    assert [group.scalar_from_bytes(secret.expose()) for secret in secrets] == coefficients


@each_group
@pytest.mark.parametrize("x", [0, -1, 2**256])
def test_points_at_or_outside_the_edge_are_refused(group, x):
    with pytest.raises(InvalidInput):
        evaluate(group, [group.random_secret()], x)
    with pytest.raises(InvalidInput):
        interpolating_coefficient(group, [1, x], 1)


@each_group
def test_the_group_order_is_zero_in_disguise(group):
    with pytest.raises(InvalidInput):
        evaluate(group, [group.random_secret()], group.order)
    with pytest.raises(InvalidInput):
        interpolating_coefficient(group, [1, group.order], 1)


@each_group
@pytest.mark.parametrize(("points", "x"), [([1, 1], 1), ([1, 2, 2], 1), ([1, 2], 3), ([], 1)])
def test_repeated_and_missing_points_are_refused(group, points, x):
    with pytest.raises(InvalidInput):
        interpolating_coefficient(group, points, x)


@each_group
def test_a_polynomial_has_a_coefficient(group):
    with pytest.raises(InvalidInput):
        evaluate(group, [], 1)


@each_group
def test_a_constant_is_returned_as_a_secret_of_its_own(group):
    constant = group.random_secret()
    share = evaluate(group, [constant], 5)
    assert share == constant
    share.wipe()
    assert not constant.wiped
