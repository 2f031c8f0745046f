"""Oblivious transfers as they come out of an honest run, without the cost of making them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from warifu.threshold.ecdsa.base_ot import COUNT, KEY_BYTES
from warifu.threshold.ecdsa.bits import Bytes, random_bits
from warifu.threshold.ecdsa.correlation import ID_BYTES, SEED_BYTES, Correlation, Material, Owner
from warifu.threshold.frost.key import ThresholdKey
from warifu.threshold.wiping import Secret


def base_transfers() -> tuple[Bytes, Bytes, Bytes]:
    """Both keys of each index; the choices; the chosen keys."""
    keys = np.frombuffer(os.urandom(2 * COUNT * KEY_BYTES), np.uint8).reshape(2, COUNT, KEY_BYTES).copy()
    choices = random_bits(COUNT)
    return keys, choices, keys[choices, np.arange(COUNT)]


def dealt_correlations(key: ThresholdKey, participants: Sequence[int]) -> dict[int, dict[int, Correlation]]:
    """One correlation for each pair; ``[a][b]`` is what a holds of that with b."""
    dealt: dict[int, dict[int, Correlation]] = {who: {} for who in participants}
    for a, b in combinations(dict.fromkeys(participants), 2):
        name, seed = os.urandom(ID_BYTES), os.urandom(SEED_BYTES)
        (keys_of_a, delta_of_b, chosen_by_b), (keys_of_b, delta_of_a, chosen_by_a) = (
            base_transfers(),
            base_transfers(),
        )
        dealt[a][b] = Correlation(
            Owner.of(key, a, b), name, Material(delta_of_a, chosen_by_a, keys_of_a, Secret(seed))
        )
        dealt[b][a] = Correlation(
            Owner.of(key, b, a), name, Material(delta_of_b, chosen_by_b, keys_of_b, Secret(seed))
        )
    return dealt
