"""A secret nonce signs once and spreads nowhere; a public nonce is two points and nothing else."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.threshold.ed25519 import ED25519
from warifu.threshold.errors import AlreadyUsed, InvalidInput
from warifu.threshold.frost import bip445
from warifu.threshold.frost.nonces import PublicNonce, SecretNonce
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret

pytestmark = pytest.mark.unit
each_group = pytest.mark.parametrize("group", [SECP256K1, ED25519], ids=["secp256k1", "ed25519"])


def fresh(group) -> SecretNonce:
    return SecretNonce(group, group.random_secret(), group.random_secret())


@each_group
def test_it_is_consumed_once(group):
    assert not fresh(group).used
    nonce = fresh(group)
    hiding, binding = nonce.consume()
    assert PublicNonce(group.base_mul(hiding), group.base_mul(binding)) == nonce.public
    assert nonce.used
    for _ in range(2):
        with pytest.raises(AlreadyUsed):
            nonce.consume()


@each_group
def test_wiping_destroys_it(group):
    nonce = fresh(group)
    buffers = [half.buffer for half in nonce._halves[0]]
    nonce.wipe()
    assert all(bytes(buffer) == bytes(32) for buffer in buffers)
    with pytest.raises(AlreadyUsed):
        nonce.consume()
    nonce.wipe()


@each_group
def test_collection_destroys_it(group):
    nonce = fresh(group)
    buffers = [half.buffer for half in nonce._halves[0]]
    del nonce
    assert all(bytes(buffer) == bytes(32) for buffer in buffers)


@each_group
@pytest.mark.parametrize("spread", [pickle.dumps, copy.copy, copy.deepcopy])
def test_it_does_not_spread(group, spread):
    with pytest.raises(TypeError):
        spread(fresh(group))


@each_group
def test_it_does_not_show(group):
    nonce = fresh(group)
    assert repr(nonce) == "SecretNonce(<unused>)"
    nonce.wipe()
    assert repr(nonce) == "SecretNonce(<used>)"


@each_group
def test_a_used_nonce_that_was_stored_is_not_loaded(group):
    """BIP 445 overwrites used nonces with zeros; a zero half would give the share away."""
    good = group.random_secret().expose()
    for encoded in (bytes(64), good + bytes(32), bytes(32) + good, good, good * 3, b"", b"\xff" * 64):
        with pytest.raises(InvalidInput):
            SecretNonce.from_bytes(group, encoded)


@each_group
@given(st.binary(max_size=140))
def test_public_nonces_decode_strictly(group, encoded):
    try:
        nonce = PublicNonce.parse(group, encoded)
    except InvalidInput:
        return
    assert nonce.encode() == encoded


class TestGeneration:
    RAND = bytes(32)

    def public(self, **context: Any) -> bytes:
        return bip445.nonce_gen(**{"rand": self.RAND, **context}).public.encode()

    def test_each_part_of_the_context_changes_the_nonce_where_randomness_fails(self):
        contexts: list[dict[str, Any]] = [
            {},
            {"share": SECP256K1.random_secret()},
            {"share": SECP256K1.random_secret()},
            {"pubshare": SECP256K1.generator.encoded},
            {"threshold_xonly": b"\x01" * 32},
            {"message": b""},
            {"message": b"\x00" * 4},
            {"message": bytes(32)},
            {"extra": b"\x00"},
            {"extra": b"\x00" * 5},
        ]
        assert len({self.public(**context) for context in contexts}) == len(contexts)

    def test_the_same_everything_is_the_same_nonce(self):
        assert self.public(message=b"m") == self.public(message=b"m")

    def test_its_halves_differ(self):
        public = self.public()
        assert public[:33] != public[33:]

    @pytest.mark.parametrize(
        "context",
        [
            {"rand": b""},
            {"rand": bytes(31)},
            {"rand": bytes(33)},
            {"pubshare": b""},
            {"pubshare": bytes(32)},
            {"threshold_xonly": bytes(33)},
            {"extra": bytes(65537)},
            {"share": Secret(b"\x01" * 31)},
            {"share": Secret(b"\x01" * 33)},
        ],
    )
    def test_other_lengths_are_refused(self, context):
        with pytest.raises(InvalidInput):
            self.public(**context)
