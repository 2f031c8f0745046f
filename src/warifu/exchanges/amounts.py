"""Decimal amounts as exchanges write them: exact in, exact out, truncated down and never rounded up.

An amount that is rounded up by one digit is an order for more than the owner has, or a withdrawal that leaves less
than the policy allows. So what does not fit a step is cut towards zero, and what is then below a minimum is refused.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal, localcontext

from warifu.errors import InputRefused

MAX_DIGITS = 60
MAX_PLACES = 36


def checked(value: Decimal) -> Decimal:
    """``value`` if it is a number of a sane size; ``InputRefused`` for NaN, infinity, 1E+1000000."""
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise InputRefused("exchange-amount", "an amount is not a number")
    if len(digits) > MAX_DIGITS or not -MAX_PLACES <= exponent <= MAX_DIGITS - len(digits):
        raise InputRefused("exchange-amount", "an amount has more digits than an amount can have")
    return value


def plain(value: Decimal) -> str:
    """``0.00000001``, not ``1E-8``: what every exchange reads. No zeros at the end that nobody wrote."""
    return format(checked(value), "f")


def truncated(value: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of ``step`` that is not above ``value``; both not negative, ``step`` not zero."""
    if checked(value) < 0 or checked(step) <= 0:
        raise InputRefused("exchange-amount", "an amount is negative, or a step is not above zero")
    with localcontext() as context:
        context.prec = 2 * (MAX_DIGITS + MAX_PLACES)
        return ((value / step).to_integral_value(ROUND_DOWN) * step).quantize(step, ROUND_DOWN)


def positive(value: Decimal, what: str) -> Decimal:
    """``value`` if it is above zero; ``InputRefused`` otherwise."""
    if checked(value) <= 0:
        raise InputRefused("exchange-amount", f"{what} must be above zero")
    return value
