"""Polynomials over the scalar field: Lagrange coefficients at zero, and evaluation with secret coefficients.

RFC 9591 section 4.2 (``derive_interpolating_value``) and appendix C.1.1 (``polynomial_evaluate``). Points of
evaluation are public and never zero: at zero lies the secret itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from warifu.threshold.errors import InvalidInput
from warifu.threshold.group import Group
from warifu.threshold.wiping import Secret


def interpolating_coefficient(group: Group, points: Sequence[int], x: int) -> int:
    """The Lagrange coefficient of ``x`` at zero over distinct non-zero ``points`` that include it.

    InvalidInput for a zero, repeated or too large point, and where ``x`` is not among them.
    """
    _refuse_bad_points(group, points)
    if x not in points:
        raise InvalidInput("the point is not among those interpolated over")
    numerator, denominator = 1, 1
    for other in points:
        if other != x:
            numerator = numerator * other % group.order
            denominator = denominator * (other - x) % group.order
    return numerator * group.scalar_invert(denominator) % group.order


def evaluate(group: Group, coefficients: Sequence[Secret], x: int) -> Secret:
    """f(x) for f = coefficients[0] + coefficients[1] x + ..., by Horner's rule, in constant time in the coefficients.

    InvalidInput where there is no coefficient or ``x`` is not a non-zero scalar.
    """
    if not coefficients:
        raise InvalidInput("a polynomial has at least one coefficient")
    _refuse_bad_points(group, [x])
    value = coefficients[-1].clone()
    for coefficient in reversed(coefficients[:-1]):
        with value as previous, group.secret_mul_public(previous, x) as product:
            value = group.secret_add(product, coefficient)
    return value


def _refuse_bad_points(group: Group, points: Sequence[int]) -> None:
    if any(not 0 < point < group.order for point in points):
        raise InvalidInput("a point of evaluation is zero or not below the group order")
    if len(set(points)) != len(points):
        raise InvalidInput("a point of evaluation is repeated")
