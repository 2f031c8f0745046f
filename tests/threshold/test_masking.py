"""A mask lies over a secret in the secret's own buffer, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.threshold.errors import AlreadyUsed, InvalidInput
from warifu.threshold.masking import xor
from warifu.threshold.wiping import Secret

pytestmark = pytest.mark.unit


@given(st.binary(min_size=1, max_size=64), st.randoms(use_true_random=False))
def test_it_is_xor_in_place_and_its_own_inverse(value, random):
    mask = random.randbytes(len(value))
    secret = Secret(value)
    buffer = secret.buffer
    xor(secret, mask)
    assert secret.buffer is buffer
    assert secret.expose() == bytes(a ^ b for a, b in zip(value, mask, strict=True))
    xor(secret, mask)
    assert secret.expose() == value


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_mask_of_another_length_changes_nothing(length):
    secret = Secret(bytes(range(32)))
    with pytest.raises(InvalidInput):
        xor(secret, bytes(length))
    assert secret.expose() == bytes(range(32))


def test_a_wiped_secret_is_not_masked():
    secret = Secret(bytes(32))
    secret.wipe()
    with pytest.raises(AlreadyUsed):
        xor(secret, bytes(32))
