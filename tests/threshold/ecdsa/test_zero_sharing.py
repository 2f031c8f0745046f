"""Zero sharing: the sum is zero, each part is random, and hangs on session and pair."""

from __future__ import annotations

import os
from itertools import combinations

import pytest

from warifu.threshold.ecdsa.zero_sharing import zero_share
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret

pytestmark = pytest.mark.unit

Q = SECP256K1.order
CONTEXT = bytes(range(32))


def seeds_of(ids) -> dict[int, dict[int, bytes]]:
    seeds: dict[int, dict[int, bytes]] = {who: {} for who in ids}
    for a, b in combinations(ids, 2):
        seeds[a][b] = seeds[b][a] = os.urandom(32)
    return seeds


def parts(seeds, context=CONTEXT) -> list[int]:
    return [
        int.from_bytes(
            zero_share(me, {peer: (context, Secret(seed)) for peer, seed in of.items()}).expose(), "big"
        )
        for me, of in seeds.items()
    ]


@pytest.mark.parametrize("ids", [(0, 1), (3, 1), (0, 2, 5), (0, 3, 7, 9, 15)])
def test_the_parts_sum_to_zero_and_no_two_are_equal(ids):
    first, second = parts(seeds_of(ids)), parts(seeds_of(ids))
    assert sum(first) % Q == sum(second) % Q == 0
    assert len({*first, *second}) == 2 * len(ids)


def test_the_same_seeds_in_another_session_give_other_parts():
    seeds = seeds_of((0, 1, 2))
    assert not set(parts(seeds)) & set(parts(seeds, bytes(32)))


def test_the_same_seed_between_other_signers_gives_another_part():
    seed = Secret(bytes(32))
    terms = {zero_share(0, {peer: (CONTEXT, seed)}).expose() for peer in (1, 2, 3)}
    assert len(terms) == 3


def test_a_part_is_hidden_from_whoever_lacks_one_seed():
    """Signers 0 and 1 are honest: their common seed alone makes both parts random."""
    seeds = seeds_of((0, 1, 2))
    before = parts(seeds)
    seeds[0][1] = seeds[1][0] = os.urandom(32)
    after = parts(seeds)
    assert before[0] != after[0]
    assert before[1] != after[1]
    assert before[2] == after[2]
    assert sum(after) % Q == 0


def test_the_seeds_stay_the_callers():
    seed = Secret(bytes(32))
    zero_share(0, {1: (CONTEXT, seed)})
    assert not seed.wiped
