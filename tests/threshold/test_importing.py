"""A finished key is split so that any t of n sign under the same public key, and a dealer that cheats is found out."""

from dataclasses import replace
from itertools import combinations

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.dealer import Dealt
from tests.support.signing import Ceremony

from warifu.threshold.ed25519 import ED25519
from warifu.threshold.errors import InvalidInput
from warifu.threshold.frost.rfc9591 import FROST_ED25519
from warifu.threshold.importing import ed25519_scalar, fits, split
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret

pytestmark = pytest.mark.unit


def public(seed: bytes) -> bytes:
    return ed25519.Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


@given(st.binary(min_size=32, max_size=32))
@settings(max_examples=50)
def test_the_scalar_of_a_seed_has_the_public_key_of_rfc_8032(seed):
    assert ED25519.base_mul(ed25519_scalar(Secret(seed))).encoded == public(seed)


@pytest.mark.parametrize(
    ("seed", "expected"),
    [  # RFC 8032, section 7.1, tests 1 and 2
        ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
         "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"),
        ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
         "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"),
    ],
)  # fmt: skip
def test_the_vectors_of_rfc_8032(seed, expected):
    assert ED25519.base_mul(ed25519_scalar(Secret(bytes.fromhex(seed)))).encoded.hex() == expected


@pytest.mark.parametrize("length", [31, 33, 64])
def test_a_seed_has_32_bytes(length):
    with pytest.raises(InvalidInput):
        ed25519_scalar(Secret(bytes(length)))


@pytest.mark.parametrize(("t", "n"), [(1, 1), (2, 2), (2, 3), (3, 5)])
def test_any_t_of_n_sign_under_the_public_key_that_the_key_came_with(t, n):
    seed = bytes(range(32))
    shared = split(ED25519, ed25519_scalar(Secret(seed)), t, n)
    assert shared.key.threshold_pubkey == public(seed)
    assert all(fits(ED25519, shared.key, who, share) for who, share in enumerate(shared.shares))
    verifier = ed25519.Ed25519PublicKey.from_public_bytes(public(seed))
    dealt = Dealt(shared.key, shared.shares, Secret(b"x"))
    for participants in combinations(range(n), t):
        verifier.verify(
            bytes(Ceremony(dealt, participants, b"message", scheme=FROST_ED25519).finish()), b"message"
        )


def test_fewer_than_t_make_another_key():
    scalar = ed25519_scalar(Secret(bytes(32)))
    shared = split(ED25519, scalar, 3, 3)
    with pytest.raises(InvalidInput):
        shared.key.signers(ED25519, (0, 1))
    assert not any(share == scalar for share in shared.shares)


def test_each_splitting_is_a_new_one():
    scalar = ed25519_scalar(Secret(bytes(32)))
    first, second = (split(ED25519, scalar, 2, 3) for _ in range(2))
    assert not {*first.key.pubshares} & {*second.key.pubshares}


def test_the_caller_keeps_its_secret():
    scalar = ed25519_scalar(Secret(bytes(32)))
    split(ED25519, scalar, 2, 3)
    assert not scalar.wiped


@pytest.mark.parametrize(("t", "n"), [(0, 1), (3, 2), (1, 256), (-1, 3)])
def test_a_threshold_that_is_none(t, n):
    with pytest.raises(InvalidInput):
        split(ED25519, ed25519_scalar(Secret(bytes(32))), t, n)


@pytest.mark.parametrize("group", [ED25519, SECP256K1])
def test_a_holder_notices_a_share_that_is_not_its_own(group):
    shared = split(group, group.random_secret(), 2, 3)
    assert not fits(group, shared.key, 0, shared.shares[1])
    assert not fits(group, shared.key, 0, group.random_secret())


@pytest.mark.parametrize("cheated", range(4))
def test_public_shares_of_different_polynomials_are_noticed_by_everybody(cheated):
    """A dealer that gives one holder another line would let some quorums sign and others never."""
    secret = ED25519.random_secret()
    honest, other = split(ED25519, secret, 2, 4), split(ED25519, secret, 2, 4)
    mixed = list(honest.key.pubshares)
    mixed[cheated] = other.key.pubshares[cheated]
    key = replace(honest.key, pubshares=tuple(mixed))
    for who in range(4):
        share = (other if who == cheated else honest).shares[who]
        with pytest.raises(InvalidInput):
            fits(ED25519, key, who, share)
