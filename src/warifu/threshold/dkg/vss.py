"""Feldman's verifiable secret sharing (BIP text, "DKG Protocol SimplPedPop", step 1).

Participant ``i`` (counted from 0) holds the share f(i + 1); f(0) is the secret.
"""

from __future__ import annotations

from dataclasses import dataclass

from warifu.threshold.dkg.suite import DkgSuite
from warifu.threshold.dkg.wire import encode_elements, index_bytes
from warifu.threshold.group import Element, Group
from warifu.threshold.polynomial import evaluate
from warifu.threshold.wiping import Secret


@dataclass(frozen=True)
class Commitment:
    """The coefficients of f, each times the generator: ``terms[0]`` commits to the secret."""

    group: Group
    terms: tuple[Element, ...]

    def pubshare(self, index: int) -> Element:
        """f(index + 1) * G, by Horner's rule in the exponent."""
        value = self.terms[-1]
        for term in reversed(self.terms[:-1]):
            value = self.group.element_add(self.group.element_mul_public(value, index + 1), term)
        return value

    def shifted(self, tweak: int) -> Commitment:
        """The commitment to f + tweak, for a public ``tweak``."""
        first = self.group.element_add(self.terms[0], self.group.base_mul_public(tweak))
        return Commitment(self.group, (first, *self.terms[1:]))

    def encode(self) -> bytes:
        return encode_elements(self.terms)


class Sharing:
    """A secret polynomial f of degree t - 1. Use it in a ``with`` block: its coefficients are wiped at the end."""

    def __init__(self, group: Group, coefficients: list[Secret]) -> None:
        self._group = group
        self._coefficients = coefficients

    @classmethod
    def derive(cls, suite: DkgSuite, seed: Secret, t: int) -> Sharing:
        """All coefficients from a 32-byte seed, which must serve once only."""
        coefficients = [suite.scalar("vss coeffs", seed.buffer, index_bytes(k)) for k in range(t)]
        return cls(suite.group, coefficients)

    @property
    def secret(self) -> Secret:
        """f(0), wiped together with this sharing."""
        return self._coefficients[0]

    def share_for(self, index: int) -> Secret:
        """f(index + 1)."""
        return evaluate(self._group, self._coefficients, index + 1)

    def commitment(self) -> Commitment:
        return Commitment(self._group, tuple(self._group.base_mul(c) for c in self._coefficients))

    def wipe(self) -> None:
        for coefficient in self._coefficients:
            coefficient.wipe()

    def __enter__(self) -> Sharing:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.wipe()
