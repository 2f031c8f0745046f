"""Oblivious transfers as they come out of an honest run, without the cost of making them."""

from __future__ import annotations

import os

import numpy as np

from warifu.threshold.ecdsa.base_ot import COUNT, KEY_BYTES
from warifu.threshold.ecdsa.bits import Bytes, random_bits


def base_transfers() -> tuple[Bytes, Bytes, Bytes]:
    """Both keys of each index; the choices; the chosen keys."""
    keys = np.frombuffer(os.urandom(2 * COUNT * KEY_BYTES), np.uint8).reshape(2, COUNT, KEY_BYTES).copy()
    choices = random_bits(COUNT)
    return keys, choices, keys[choices, np.arange(COUNT)]
