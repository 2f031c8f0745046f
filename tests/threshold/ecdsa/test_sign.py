"""The last round by itself, with shares that a dealer made: parities, halves, recovery, and what does not verify."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from coincurve import PublicKey
from tests.support.dealer import deal
from tests.support.ecdsa_signing import DIGEST, openssl_verify

from warifu.threshold.ecdsa.messages import SignatureShare
from warifu.threshold.ecdsa.sign import Combination, Nonce, Presignature, VerifiedSignature
from warifu.threshold.ecdsa.task import Task
from warifu.threshold.errors import AlreadyUsed, InvalidContribution
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret

pytestmark = pytest.mark.unit

Q = SECP256K1.order


def secret(value: int) -> Secret:
    return SECP256K1.secret_from_bytes((value % Q).to_bytes(32, "big"))


def number(value: Secret) -> int:
    return int.from_bytes(value.expose(), "big")


def split(value: int) -> tuple[Secret, Secret]:
    first = number(SECP256K1.random_secret())
    return secret(first), secret(value - first)


class Dealt:
    """Two presignatures for one nonce, from whoever knows the key and the nonce."""

    def __init__(self, r: int) -> None:
        dealt = deal(2, 2)
        self.task = Task.create(dealt.key, (0, 1), (), os.urandom(16))
        self.nonce = Nonce(SECP256K1.base_mul_public(r), os.urandom(32))
        phi = number(SECP256K1.random_secret())
        shares = split(phi), split(r * phi), split(number(dealt.secret) * phi)
        self.presignatures = [
            Presignature(self.task, who, self.nonce, *(each[who] for each in shares)) for who in (0, 1)
        ]

    def sign(self, message: bytes = DIGEST) -> tuple[dict[int, bytes], Combination]:
        signed = [presignature.sign(message, ()) for presignature in self.presignatures]
        return {who: share for who, (share, _) in enumerate(signed)}, signed[0][1]


def test_both_parities_of_the_nonce_and_both_halves_of_s_give_a_low_s_and_the_right_key():
    seen = set()
    for _ in range(64):
        r = number(SECP256K1.random_secret())
        for nonce in (r, Q - r):
            dealt = Dealt(nonce)
            message = os.urandom(32)
            shares, combination = dealt.sign(message)
            signature = combination.combine(shares)
            key = dealt.task.public_key.encoded
            openssl_verify(key, message, signature)
            assert 0 < int.from_bytes(signature[32:], "big") <= Q // 2
            recoverable = bytes(signature) + bytes([signature.recovery_id])
            assert PublicKey.from_signature_and_message(recoverable, message, hasher=None).format() == key
            seen.add((dealt.nonce.recovery_id, signature.recovery_id))
        if len(seen) == 4:
            break
    assert seen == {(0, 0), (0, 1), (1, 0), (1, 1)}  # one of the four is missing with a probability of 2^-62


def test_the_recovery_identifier_says_whether_x_is_above_the_order():
    """There are points with such an x; nobody knows the discrete logarithm of one."""
    x = next(x for x in range(Q, Q + 100) if _on_curve(x))
    nonce = Nonce(SECP256K1.lift_x(x.to_bytes(32, "big")), bytes(32))
    assert (nonce.x, nonce.recovery_id) == (x - Q, 2)
    odd = replace(nonce, point=SECP256K1.element_negate(nonce.point))
    assert odd.recovery_id == 3


def _on_curve(x: int) -> bool:
    p = 2**256 - 2**32 - 977
    return pow(x**3 + 7, (p - 1) // 2, p) == 1


def test_a_signature_that_does_not_verify_is_never_released():
    """Whatever the shares are: another nonce, another key, another message."""
    good, other = Dealt(7), Dealt(8)
    shares, combination = good.sign()
    for nonce in (other.nonce, Nonce(SECP256K1.element_negate(good.nonce.point), b"")):
        bent = Nonce(nonce.point, good.nonce.transcript)
        with pytest.raises(InvalidContribution):
            Combination(good.task, bent, DIGEST).combine(shares)
    assert isinstance(combination.combine(shares), VerifiedSignature)


def test_a_coordinator_without_a_share_combines_too_and_suspects_nobody():
    dealt = Dealt(number(SECP256K1.random_secret()))
    shares, combination = dealt.sign()
    coordinator = Combination(dealt.task, dealt.nonce, DIGEST)
    assert coordinator.combine(shares) == combination.combine(shares)
    bent = replace(SignatureShare.parse(1, shares[1]), w=bytes(32)).encode()
    with pytest.raises(InvalidContribution) as error:
        coordinator.combine(shares | {1: bent})
    assert error.value.index is None


def test_a_presignature_is_emptied_by_use_and_by_collection():
    presignature, other = Dealt(5).presignatures
    kept = presignature._shares[0]
    presignature.sign(DIGEST, ())
    assert all(share.wiped for share in kept)
    assert presignature.used
    assert "used" in repr(presignature)
    buffers = [share.buffer for share in other._shares[0]]
    del other
    assert all(bytes(buffer) == bytes(32) for buffer in buffers)
    with pytest.raises(AlreadyUsed):
        presignature.sign(DIGEST, ())
