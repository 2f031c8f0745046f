"""A trusted dealer, for tests only: one place knows the whole key, which Warifu never allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from warifu.threshold.frost.key import ThresholdKey
from warifu.threshold.group import Group
from warifu.threshold.polynomial import evaluate
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret


@dataclass(frozen=True)
class Dealt:
    """A shared key with everything that the dealer knows."""

    key: ThresholdKey
    shares: tuple[Secret, ...]
    secret: Secret


def deal(t: int, n: int, group: Group = SECP256K1, coefficients: Sequence[Secret] = ()) -> Dealt:
    """Share a random key t-of-n, or the polynomial that is given (constant term first)."""
    polynomial = list(coefficients) or [group.random_secret() for _ in range(t)]
    assert len(polynomial) == t
    shares = tuple(evaluate(group, polynomial, participant + 1) for participant in range(n))
    key = ThresholdKey(
        t=t,
        n=n,
        threshold_pubkey=group.base_mul(polynomial[0]).encoded,
        pubshares=tuple(group.base_mul(share).encoded for share in shares),
    )
    return Dealt(key, shares, polynomial[0])
