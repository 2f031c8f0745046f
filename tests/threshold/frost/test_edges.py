"""What the layers below the session refuse on their own, for those who use them without it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.dealer import deal

from warifu.threshold.errors import InvalidContribution, InvalidInput
from warifu.threshold.frost import bip445
from warifu.threshold.frost.bip445 import BIP340
from warifu.threshold.frost.nonces import SecretNonce
from warifu.threshold.frost.rfc9591 import FROST_ED25519, FROST_SECP256K1
from warifu.threshold.frost.tweaks import TweakContext
from warifu.threshold.secp256k1 import SECP256K1

pytestmark = pytest.mark.unit

DEALT = deal(2, 3)
SIGNERS = DEALT.key.signers(SECP256K1, [0, 1])
TWEAKED = TweakContext.start(SIGNERS.threshold_key)
MESSAGE = bytes(32)


@pytest.mark.parametrize(
    "scheme", [BIP340, FROST_ED25519, FROST_SECP256K1], ids=["bip340", "ed25519", "secp256k1"]
)
def test_an_equation_needs_the_nonce_of_each_signer_and_of_nobody_else(scheme):
    group = scheme.group
    task = scheme.task(deal(2, 3, group).key.signers(group, [0, 1]), MESSAGE, ())
    public = SecretNonce(group, group.random_secret(), group.random_secret()).public
    task.equation({0: public, 1: public})
    for participants in ((), (0,), (0, 2), (0, 1, 2)):
        with pytest.raises(InvalidInput, match="exactly one public nonce"):
            task.equation(dict.fromkeys(participants, public))


@pytest.mark.parametrize("scheme", [FROST_ED25519, FROST_SECP256K1], ids=["ed25519", "secp256k1"])
def test_a_group_commitment_that_is_the_identity_is_refused(scheme, monkeypatch):
    """Nobody can bring it about against the binding factors; here they are taken away."""
    group = scheme.group
    monkeypatch.setattr(type(scheme.suite), "binding_factor", lambda *_: 1)
    task = scheme.task(deal(2, 2, group).key.signers(group, [0, 1]), MESSAGE, ())
    secret = group.random_secret()
    nonce = SecretNonce(group, secret.clone(), secret.clone()).public
    negated = SecretNonce(group, group.secret_negate(secret), group.secret_negate(secret)).public
    with pytest.raises(InvalidContribution) as caught:
        task.equation({0: nonce, 1: negated})
    assert (caught.value.index, caught.value.what) == (None, "pubnonce")


@pytest.mark.parametrize("length", [0, 33, 65, 67, 132])
def test_an_aggregate_nonce_of_another_length_is_the_coordinators_fault(length):
    with pytest.raises(InvalidContribution, match="coordinator sent an invalid aggnonce"):
        bip445.session_values(SIGNERS, TWEAKED, MESSAGE, (SECP256K1.generator.encoded * 4)[:length])


def test_an_aggregate_nonce_of_which_both_halves_are_the_identity_still_gives_an_equation():
    equation = bip445.session_values(SIGNERS, TWEAKED, MESSAGE, bytes(66))
    assert equation.nonce == SECP256K1.generator


def test_a_strangers_share_is_no_share():
    equation = bip445.session_values(SIGNERS, TWEAKED, MESSAGE, bytes(66))
    public = SecretNonce(SECP256K1, SECP256K1.random_secret(), SECP256K1.random_secret()).public
    with pytest.raises(InvalidInput, match="not among the signers"):
        equation.verify_share(2, bytes(32), public)


def test_the_identity_cannot_be_tweaked():
    with pytest.raises(InvalidInput, match="no threshold public key"):
        TweakContext.start(SECP256K1.identity)


class TestDeterministicSigning:
    def sign(self, **changes: Any) -> tuple[bytes, bytes]:
        arguments: dict[str, Any] = {
            "share": DEALT.shares[0],
            "my_id": 0,
            "aggothernonce": SECP256K1.generator.encoded * 2,
            "signers": SIGNERS,
            "tweaked": TWEAKED,
            "message": MESSAGE,
            "rand": None,
        }
        return bip445.deterministic_sign(**{**arguments, **changes})

    def test_it_repeats_itself(self):
        assert self.sign() == self.sign()
        assert self.sign(rand=bytes(32)) == self.sign(rand=bytes(32))

    def test_anything_else_makes_another_nonce(self):
        """The same nonce for another message, other co-signers or another key would reveal the share."""
        everybody = DEALT.key.signers(SECP256K1, [0, 1, 2])
        other = SECP256K1.base_mul_public(2).encoded
        variants: list[dict[str, Any]] = [
            {},
            {"message": b"\x01" * 32},
            {"message": bytes(33)},
            {"aggothernonce": other * 2},
            {"signers": everybody},
            {"tweaked": TWEAKED.apply(b"\x01" * 32, is_xonly=True)},
            {"rand": bytes(32)},
            {"rand": b"\x01" * 32},
        ]
        assert len({self.sign(**variant)[0] for variant in variants}) == len(variants)

    @pytest.mark.parametrize("my_id", [-1, 2, 3, 2**40])
    def test_strangers_do_not_sign(self, my_id):
        with pytest.raises(InvalidInput, match="not among the signers"):
            self.sign(my_id=my_id)

    @pytest.mark.parametrize("length", [0, 31, 33])
    def test_randomness_of_another_length_is_refused(self, length):
        with pytest.raises(InvalidInput):
            self.sign(rand=bytes(length))

    def test_the_callers_share_stays_the_callers(self):
        self.sign()
        assert not DEALT.shares[0].wiped
