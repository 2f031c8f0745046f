"""A secret that others hold for its owner: Shamir's sharing over the scalars of Ed25519, with Feldman's commitments.

The owner of the secret deals it (nobody else could, so there is no distributed key generation here) and hands piece
f(i) to keeper i, counted from 1. ``Commitment`` (``dkg.vss``) lets every keeper check its own piece when it gets it,
and the owner every piece when it comes back, so that a wrong piece names its keeper; fewer than the threshold of pieces
say nothing about the secret. The secret is a non-zero scalar of 32 bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from warifu.threshold.dkg.vss import Commitment, Sharing
from warifu.threshold.ed25519 import ED25519
from warifu.threshold.errors import InvalidContribution, InvalidInput
from warifu.threshold.polynomial import interpolating_coefficient
from warifu.threshold.wiping import Secret

GROUP = ED25519
MAX_KEEPERS = 15


def new_secret() -> Secret:
    """32 fresh secret bytes that can be dealt."""
    return GROUP.random_secret()


def deal(secret: Secret, threshold: int, keepers: int) -> tuple[Commitment, list[Secret]]:
    """The commitment, and a piece for each keeper; all of them are the caller's to wipe, like ``secret``."""
    if not 1 <= threshold <= keepers <= MAX_KEEPERS:
        raise InvalidInput(f"a secret cannot be held by {threshold} of {keepers} keepers")
    further = [GROUP.random_secret() for _ in range(threshold - 1)]
    with Sharing(GROUP, [secret.clone(), *further]) as sharing:
        return sharing.commitment(), [sharing.share_for(index) for index in range(keepers)]


def read_commitment(terms: Sequence[bytes]) -> Commitment:
    """Decode a commitment, one term for each piece that is needed. ``InvalidInput`` where a term is no point."""
    if not 1 <= len(terms) <= MAX_KEEPERS:
        raise InvalidInput("a commitment has a term for each piece that is needed")
    return Commitment(GROUP, tuple(GROUP.element_from_bytes(term) for term in terms))


def read_piece(commitment: Commitment, keeper: int, piece: bytes | bytearray) -> Secret:
    """The piece of ``keeper`` (from 1), if it is what was dealt to it; ``InvalidContribution`` names it otherwise."""
    if not 1 <= keeper <= MAX_KEEPERS:
        raise InvalidInput("keepers are counted from 1")
    try:
        value = GROUP.secret_from_bytes(piece)
    except InvalidInput:
        raise InvalidContribution(keeper, "piece") from None
    if GROUP.base_mul(value) != commitment.pubshare(keeper - 1):
        value.wipe()
        raise InvalidContribution(keeper, "piece")
    return value


def recombine(commitment: Commitment, pieces: Mapping[int, Secret]) -> Secret:
    """The secret from as many checked pieces as are needed, by keeper. ``InvalidInput`` where there are too few."""
    used = sorted(pieces)[: len(commitment.terms)]
    if len(used) < len(commitment.terms):
        raise InvalidInput(f"{len(used)} pieces are fewer than the {len(commitment.terms)} that are needed")
    parts = [GROUP.secret_mul_public(pieces[x], interpolating_coefficient(GROUP, used, x)) for x in used]
    total = parts[0].clone()
    for part in parts[1:]:
        with total as before:
            total = GROUP.secret_add(before, part)
    for part in parts:
        part.wipe()
    assert GROUP.base_mul(total) == commitment.terms[0], "pieces that were checked recombine"
    return total
