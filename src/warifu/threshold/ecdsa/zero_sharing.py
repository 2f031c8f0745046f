"""Random scalars, one for each signer, whose sum is zero.

DKLs23 (IACR eprint 2023/765), functionality 3.4, made of pairwise seeds as the paper suggests: with each peer a signer
tosses a coin by commitment and opening, and both hash the two seeds with the session; the signer of the lower number
adds the result, the other subtracts it. To whoever knows not all seeds of two honest signers, their scalars are random.
The seeds are drawn anew for each session, so that no state remains which could be wound back.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable, Mapping

from warifu.threshold.ecdsa.binding import Link
from warifu.threshold.ecdsa.scalars import total, wipe
from warifu.threshold.errors import AlreadyUsed, InvalidContribution
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret

SEED_BYTES = 32
COMMITMENT_BYTES = 32


class ZeroSharing:
    """One signer's part. Finishes once."""

    def __init__(self, context: bytes, my_id: int, peers: Iterable[int]) -> None:
        """``context``: 32 bytes that name the session. At least one peer."""
        self._context = context
        self._my_id = my_id
        self._seeds = {peer: Secret(os.urandom(SEED_BYTES)) for peer in peers}
        self._finished = False

    def commitment(self, peer: int) -> bytes:
        """32 bytes to send to ``peer``. A seed has 256 random bits: its hash hides it."""
        return _commitment(Link(self._context, self._my_id, peer), self._seeds[peer].buffer)

    def opening(self, peer: int) -> bytes:
        """The seed, to send to ``peer`` when its commitment is here."""
        return self._seeds[peer].expose()

    def finish(self, commitments: Mapping[int, bytes], openings: Mapping[int, bytes]) -> Secret:
        """This signer's scalar. InvalidContribution names a peer that opened another seed; AlreadyUsed next time."""
        if self._finished:
            raise AlreadyUsed("this zero sharing was finished or wiped")
        self._finished = True
        try:
            return self._sum(commitments, openings)
        finally:
            wipe(self._seeds.values())

    def wipe(self) -> None:
        """Destroy the seeds."""
        self._finished = True
        wipe(self._seeds.values())

    def _sum(self, commitments: Mapping[int, bytes], openings: Mapping[int, bytes]) -> Secret:
        terms = []
        for peer, seed in self._seeds.items():
            opened = openings[peer]
            expected = _commitment(Link(self._context, peer, self._my_id), opened)
            if len(opened) != SEED_BYTES or not hmac.compare_digest(expected, commitments[peer]):
                raise InvalidContribution(peer, "zero-sharing seed")
            terms.append(self._term(peer, seed, opened))
        result = total(terms)
        wipe(terms)
        return result

    def _term(self, peer: int, mine: Secret, theirs: bytes) -> Secret:
        lower_is_mine = self._my_id < peer
        link = Link(self._context, min(self._my_id, peer), max(self._my_id, peer))
        ordered = (mine.buffer, theirs) if lower_is_mine else (theirs, mine.buffer)
        term = SECP256K1.secret_reduce(link.hasher("zero sharing/term", *ordered).digest(48))
        if lower_is_mine:
            return term
        with term:
            return SECP256K1.secret_negate(term)


def _commitment(link: Link, seed: bytes | bytearray) -> bytes:
    return link.digest("zero sharing/commitment", seed)
