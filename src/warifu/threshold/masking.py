"""A mask over a secret, apart from ``wiping.py``: whoever only verifies has no need of numpy, which takes a tenth of a
second to import."""

from __future__ import annotations

import numpy as np

from warifu.threshold.errors import InvalidInput
from warifu.threshold.wiping import Secret


def xor(secret: Secret, mask: bytes) -> None:
    """XOR ``secret`` with ``mask``, which is as long, in place; InvalidInput where it is not, AlreadyUsed if wiped.

    By numpy, because Python's integers are no place for a secret: what they take shows how large it is.
    """
    if len(mask) != len(secret):
        raise InvalidInput("a mask is as long as what it masks")
    own = np.frombuffer(secret.buffer, np.uint8)
    np.bitwise_xor(own, np.frombuffer(mask, np.uint8), out=own)
