"""Sums and products of secrets that leave nothing behind but their result."""

from __future__ import annotations

from collections.abc import Iterable

from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret


def total(secrets: Iterable[Secret]) -> Secret:
    """The sum of at least one secret; none of them is wiped. ZeroSecret where a sum on the way is zero."""
    first, *others = secrets
    result = first.clone()
    for other in others:
        with result as previous:
            result = SECP256K1.secret_add(previous, other)
    return result


def wipe(secrets: Iterable[Secret]) -> None:
    """Wipe them all."""
    for secret in secrets:
        secret.wipe()
