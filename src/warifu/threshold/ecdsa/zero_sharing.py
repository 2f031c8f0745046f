"""Random scalars, one for each signer, whose sum is zero.

DKLs23 (IACR eprint 2023/765), functionality 3.4, made of pairwise seeds as the paper suggests: two signers tossed each
seed by commitment and opening (``correlating.py``); both hash it with the session; the signer of the lower number adds
the result, the other subtracts it. To whoever knows not all seeds of two honest signers, their scalars are random.
"""

from __future__ import annotations

from collections.abc import Mapping

from warifu.threshold.ecdsa.binding import Link
from warifu.threshold.ecdsa.scalars import total, wipe
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret


def zero_share(my_id: int, seeds: Mapping[int, tuple[bytes, Secret]]) -> Secret:
    """This signer's scalar.

    ``seeds``: of each peer (at least one) the seed, and 32 bytes that both hash with it: they name the session and what
    both drew for it. The seeds stay the caller's.
    """
    terms = [_term(my_id, peer, context, seed) for peer, (context, seed) in seeds.items()]
    try:
        return total(terms)
    finally:
        wipe(terms)


def _term(my_id: int, peer: int, context: bytes, seed: Secret) -> Secret:
    link = Link(context, min(my_id, peer), max(my_id, peer))
    term = SECP256K1.secret_reduce(link.hasher("zero sharing/term", seed.buffer).digest(48))
    if my_id < peer:
        return term
    with term:
        return SECP256K1.secret_negate(term)
