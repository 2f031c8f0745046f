"""The ciphersuites' own verification: one valid signature and everything around it that is not."""

from __future__ import annotations

import pytest
from tests.support.dealer import deal
from tests.support.signing import Ceremony

from warifu.threshold.errors import InvalidInput
from warifu.threshold.frost.rfc9591 import FROST_ED25519, FROST_SECP256K1, Rfc9591, nonce_generate

pytestmark = pytest.mark.unit
each_scheme = pytest.mark.parametrize(
    "scheme", [FROST_ED25519, FROST_SECP256K1], ids=["ed25519", "secp256k1"]
)

MESSAGE = b"the message"


@each_scheme
def test_only_the_signature_itself_verifies(scheme: Rfc9591):
    group, suite = scheme.group, scheme.suite
    dealt, other = deal(2, 2, group), deal(1, 1, group)
    signature = Ceremony(dealt, [0, 1], MESSAGE, scheme=scheme).finish()
    key = group.element_from_bytes(dealt.key.threshold_pubkey)
    nonce, z = signature[: group.element_bytes], signature[group.element_bytes :]
    assert suite.verifies(key, MESSAGE, signature)
    assert not suite.verifies(key, MESSAGE + b"\0", signature)
    assert not suite.verifies(group.element_from_bytes(other.key.threshold_pubkey), MESSAGE, signature)
    negated = group.element_negate(group.element_from_bytes(nonce)).encoded
    for wrong in (
        b"",
        signature[:-1],
        signature + b"\0",
        bytes(len(signature)),
        b"\xff" * len(signature),
        group.identity.encoded + z,
        negated + z,
        nonce + bytes(32),
        nonce + b"\xff" * 32,
        nonce + z[::-1],
    ):
        assert not suite.verifies(key, MESSAGE, wrong)


def test_a_second_encoding_of_z_does_not_verify():
    """RFC 8032 refuses z + L; whoever accepts it lets a relay change transaction identifiers."""
    dealt = deal(1, 1, FROST_ED25519.group)
    signature = Ceremony(dealt, [0], MESSAGE, scheme=FROST_ED25519).finish()
    again = int.from_bytes(signature[32:], "little") + FROST_ED25519.group.order
    key = FROST_ED25519.group.element_from_bytes(dealt.key.threshold_pubkey)
    assert not FROST_ED25519.suite.verifies(key, MESSAGE, signature[:32] + again.to_bytes(32, "little"))


@each_scheme
def test_nonces_come_from_both_the_randomness_and_the_share(scheme: Rfc9591):
    group, suite = scheme.group, scheme.suite
    share = group.random_secret()
    nonce = nonce_generate(suite, share, bytes(32), b"\x01" * 32).public
    assert nonce == nonce_generate(suite, share, bytes(32), b"\x01" * 32).public
    assert nonce.hiding != nonce_generate(suite, share, b"\x02" * 32, b"\x01" * 32).public.hiding
    assert nonce.hiding != nonce_generate(suite, group.random_secret(), bytes(32), b"\x01" * 32).public.hiding
    for length in (0, 31, 33):
        with pytest.raises(InvalidInput):
            nonce_generate(suite, share, bytes(32), bytes(length))
