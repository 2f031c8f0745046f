"""Feldman's sharing of zero: a secret polynomial f of degree t-1 with f(0) = 0, and the commitment to it.

The constant term is neither drawn nor committed to nor sent. There is no message by which it could be another.
"""

from __future__ import annotations

from dataclasses import dataclass

from warifu.threshold.dkg.vss import Commitment
from warifu.threshold.dkg.wire import encode_elements
from warifu.threshold.errors import InvalidInput
from warifu.threshold.group import Element, Group
from warifu.threshold.polynomial import evaluate
from warifu.threshold.wiping import Secret


@dataclass(frozen=True)
class ZeroCommitment:
    """The coefficients of x, x^2, ... x^(t-1), each times the generator."""

    group: Group
    terms: tuple[Element, ...]

    @classmethod
    def decode(cls, group: Group, data: bytes, t: int) -> ZeroCommitment:
        """InvalidInput for anything but t-1 points of prime order: no term more, no term less, none of them nothing."""
        size = group.element_bytes
        if len(data) != size * (t - 1):
            raise InvalidInput("a commitment to a sharing of zero has a term for each power but the zeroth")
        return cls(
            group, tuple(group.element_from_bytes(data[at : at + size]) for at in range(0, len(data), size))
        )

    def encode(self) -> bytes:
        return encode_elements(self.terms)

    def at(self, index: int) -> Element:
        """f(index + 1) times the generator."""
        return Commitment(self.group, (self.group.identity, *self.terms)).pubshare(index)

    @classmethod
    def total(cls, group: Group, commitments: tuple[ZeroCommitment, ...]) -> ZeroCommitment:
        """The commitment to the sum of the polynomials, all of one degree. A term of it can be the identity."""
        powers = zip(*(commitment.terms for commitment in commitments), strict=True)
        return cls(group, tuple(group.element_add(*terms) for terms in powers))


class ZeroSharing:
    """One participant's f, its coefficients from the operating system. Wipe it."""

    def __init__(self, group: Group, t: int) -> None:
        self._group = group
        self._coefficients = [group.random_secret() for _ in range(t - 1)]
        self.commitment = ZeroCommitment(group, tuple(group.base_mul(each) for each in self._coefficients))

    def share_for(self, index: int) -> Secret:
        """f(index + 1), in constant time in the coefficients: x g(x), where g has the coefficients of f."""
        with evaluate(self._group, self._coefficients, index + 1) as quotient:
            return self._group.secret_mul_public(quotient, index + 1)

    def wipe(self) -> None:
        for coefficient in self._coefficients:
            coefficient.wipe()
