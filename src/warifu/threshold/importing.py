"""A key that somebody else made whole, split into shares: for services that hand out finished keys.

Such a key was whole once, where it was made and where it is split: this makes it a threshold key from here on, not one
that never existed. The dealer (who splits) is trusted with all of it, so it is the owner's own program, once.

An Ed25519 key (RFC 8032, section 5.1.5) is a 32-byte seed; what signs is the first half of its SHA-512, clamped. Shares
are of that number modulo the group order L, which has the same multiples of the base point. The other half, from which
RFC 8032 draws nonces, is not used: threshold signers draw theirs afresh (RFC 9591), and verifiers see no difference.
"""

from __future__ import annotations

from dataclasses import dataclass

from warifu.threshold import libsodium
from warifu.threshold.ed25519 import ED25519
from warifu.threshold.errors import InvalidInput
from warifu.threshold.frost.key import ThresholdKey
from warifu.threshold.group import Group
from warifu.threshold.polynomial import evaluate
from warifu.threshold.wiping import Secret


@dataclass(frozen=True)
class Split:
    """One share for each participant, and what everybody may know. Whoever hands out the shares wipes them then."""

    key: ThresholdKey
    shares: tuple[Secret, ...]


def ed25519_scalar(seed: Secret) -> Secret:
    """What an RFC 8032 seed signs with, modulo L, as a new secret. InvalidInput unless the seed has 32 bytes.

    Its public key is ``ED25519.base_mul`` of it: compare that with the one the key came with.
    """
    if len(seed) != 32:
        raise InvalidInput("an Ed25519 seed has 32 bytes")
    with Secret(bytes(64)) as wide:
        clamped = libsodium.ed25519_seed_scalar(seed.buffer)
        wide.buffer[:32] = clamped
        clamped[:] = bytes(32)
        return ED25519.secret_reduce(wide.buffer)


def split(group: Group, secret: Secret, t: int, n: int) -> Split:
    """Shamir's sharing of ``secret`` (which stays the caller's to wipe): any t of n sign, fewer know nothing.

    InvalidInput unless 1 <= t <= n, within the bounds of a threshold key. Each holder checks what it was given:
    :func:`fits`.
    """
    if not 1 <= t <= n:
        raise InvalidInput("the threshold must be 1 <= t <= n")
    coefficients = [secret.clone(), *(group.random_secret() for _ in range(t - 1))]
    try:
        shares = tuple(evaluate(group, coefficients, participant + 1) for participant in range(n))
    finally:
        for coefficient in coefficients:
            coefficient.wipe()
    key = ThresholdKey(
        t=t,
        n=n,
        threshold_pubkey=group.base_mul(secret).encoded,
        pubshares=tuple(group.base_mul(share).encoded for share in shares),
    )
    return Split(key, shares)


def fits(group: Group, key: ThresholdKey, participant: int, share: Secret) -> bool:
    """Whether a share is this participant's, of a key all of whose public shares belong together.

    InvalidInput where they do not: then the dealer gave different holders shares of different keys.
    """
    for first in range(key.n - key.t + 1):  # every window of t: all of them lie on one polynomial
        key.signers(group, range(first, first + key.t))
    return group.base_mul(share).encoded == key.pubshares[participant]
