"""Honest signers make signatures that others verify; a session goes one way, once."""

from __future__ import annotations

import copy
import os
import pickle
from typing import Any

import pytest
from coincurve import PublicKey
from tests.support.dealer import deal
from tests.support.dkg import generate
from tests.support.ecdsa_signing import DIGEST, STEPS, EcdsaCeremony, nothing_signed, openssl_verify

from warifu.threshold.derivation import derive
from warifu.threshold.dkg.suite_bip340 import BIP340
from warifu.threshold.ecdsa.key_generation import ECDSA_DKG
from warifu.threshold.ecdsa.session import Phase, SeenSessions, SigningSession
from warifu.threshold.errors import AlreadyUsed, InvalidContribution, InvalidInput
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret

pytestmark = pytest.mark.unit

Q = SECP256K1.order


def accepted(signature, public_key: bytes, message: bytes = DIGEST) -> None:
    """OpenSSL verifies it, s is low, and the recovery identifier leads to the key."""
    openssl_verify(public_key, message, signature)
    assert len(signature) == 64
    assert 0 < int.from_bytes(signature[32:], "big") <= Q // 2
    recoverable = bytes(signature) + bytes([signature.recovery_id])
    recovered = PublicKey.from_signature_and_message(recoverable, message, hasher=None)
    assert recovered.format() == public_key


@pytest.mark.parametrize(
    ("t", "n", "participants"),
    [
        (2, 2, (0, 1)),
        (2, 3, (2, 0)),
        (2, 3, (0, 1, 2)),
        (3, 5, (0, 2, 4)),
        (1, 2, (0, 1)),
        (2, 16, (0, 15)),
        (4, 16, (3, 7, 8, 15)),
    ],
)
def test_any_threshold_signs(t, n, participants):
    ceremony = EcdsaCeremony(deal(t, n), participants).presign()
    accepted(ceremony.finish(), ceremony.dealt.key.threshold_pubkey)


@pytest.mark.parametrize(
    "message", [bytes(32), (Q - 1).to_bytes(32, "big"), Q.to_bytes(32, "big"), b"\xff" * 32]
)
def test_every_digest_is_signed(message):
    """0 and Q are 0 modulo the order, and still only a digest."""
    ceremony = EcdsaCeremony().presign()
    accepted(ceremony.finish(message), ceremony.public_key, message)


@pytest.mark.parametrize("path", [(0,), (44, 60, 0, 0, 7)])
def test_a_derived_key_signs(path):
    dealt = deal(2, 3)
    derived = derive(dealt.key.threshold_pubkey, bytes(32), path)
    ceremony = EcdsaCeremony(dealt, (0, 2), derived.tweaks).presign()
    accepted(ceremony.finish(), derived.public_key)


def test_generated_keys_sign():
    _, results = generate(2, 3, ECDSA_DKG)
    key = results[0].key
    session_id = os.urandom(16)
    ceremony = object.__new__(EcdsaCeremony)
    ceremony.participants, ceremony.tweaks, ceremony.sessions, ceremony.sent = (0, 2), (), {}, {}
    for who in ceremony.participants:
        ceremony.sessions[who], ceremony.sent[who] = SigningSession.start(
            key, results[who].share, who, (0, 2), (), session_id, SeenSessions()
        )
    accepted(ceremony.presign().finish(), key.threshold_pubkey)


def test_key_generation_is_in_a_domain_of_its_own():
    secret = SECP256K1.random_secret()
    point = SECP256K1.base_mul(secret)
    proof = ECDSA_DKG.prove(secret, b"\0\0\0\1", bytes(32))
    assert ECDSA_DKG.proves(point, b"\0\0\0\1", proof)
    assert not BIP340.proves(point, b"\0\0\0\1", proof)
    assert ECDSA_DKG.digest("x") != BIP340.digest("x")
    assert ECDSA_DKG.key_tweak(point) == 0


def test_three_messages_precede_what_is_signed_and_the_last_is_short():
    ceremony = EcdsaCeremony()
    lengths = []
    for step, _ in STEPS:
        lengths.append(len(ceremony.sent[0][1]))
        ceremony.step(step)
    lengths.append(len(ceremony.shares()[0]))
    assert lengths == [8513, 10832, 40228, 128]


def test_steps_are_taken_once_and_in_order():
    ceremony = EcdsaCeremony()
    session = ceremony.sessions[0]
    for wrong in ("multiply", "finish"):
        with pytest.raises(AlreadyUsed):
            getattr(session, wrong)(ceremony.inbox(0))
    with pytest.raises(AlreadyUsed):
        session.sign(DIGEST, ())
    with pytest.raises(AlreadyUsed):
        session.combine({})
    for step, _ in STEPS:
        before = ceremony.inbox(0)
        ceremony.step(step)
        with pytest.raises(AlreadyUsed):  # the same correlation a second time
            getattr(session, step)(before)
    ceremony.finish()
    assert session.phase is Phase.SIGNED


def test_a_presignature_signs_once():
    ceremony = EcdsaCeremony().presign()
    session = ceremony.sessions[0]
    presignature = session._presignature
    assert presignature is not None
    ceremony.finish()
    with pytest.raises(AlreadyUsed):
        session.sign(DIGEST, ())
    with pytest.raises(AlreadyUsed):
        presignature.sign(bytes(32), ())


def test_a_presignature_under_another_path_is_refused_and_gone():
    tweak = bytes(31) + b"\1"
    for asked, made in (((), (tweak,)), ((tweak,), ()), ((tweak, tweak), (tweak,))):
        session = EcdsaCeremony(tweaks=made).presign().sessions[0]
        with pytest.raises(InvalidInput):
            session.sign(DIGEST, asked)
        assert nothing_signed(session)
        with pytest.raises(AlreadyUsed):
            session.sign(DIGEST, made)


@pytest.mark.parametrize("message", [b"", bytes(31), bytes(33)])
def test_a_digest_of_another_length_is_refused_and_the_presignature_gone(message):
    session = EcdsaCeremony().presign().sessions[0]
    with pytest.raises(InvalidInput):
        session.sign(message, ())
    assert session._presignature is not None
    assert session._presignature.used
    with pytest.raises(AlreadyUsed):
        session.sign(DIGEST, ())


@pytest.mark.parametrize("spread", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_presignature_does_not_spread(spread):
    presignature = EcdsaCeremony().presign().sessions[0]._presignature
    with pytest.raises(TypeError):
        spread(presignature)
    assert "unused" in repr(presignature)


def secrets_of(session) -> list[Secret]:
    presigning = session._presigning
    pairs = presigning._pairs.values()
    return [
        presigning._share,
        presigning._r,
        presigning._phi,
        *presigning._zero._seeds.values(),
        *(pair._base_sender._secret for pair in pairs),
        *(secret for pair in pairs for secret in pair._base_receiver._secrets),
        *(pair._bob.factor for pair in pairs if pair._bob),
        *([presigning._sk] if presigning._sk else []),
        *(share for shares in presigning._products.values() for share in shares),
    ]


@pytest.mark.parametrize("step", ["extend", "multiply", "finish", "sign"])
def test_closing_wipes_whatever_there_is(step):
    session = EcdsaCeremony().before(step).sessions[0]
    with session:
        pass
    assert all(secret.wiped for secret in secrets_of(session))
    assert session.phase is Phase.CLOSED
    with pytest.raises(AlreadyUsed):
        session.sign(DIGEST, ())
    assert "closed" in repr(session)


def test_a_finished_session_has_wiped_its_transfers():
    session = EcdsaCeremony().presign().sessions[0]
    assert all(secret.wiped for secret in secrets_of(session))


def test_the_callers_share_stays_the_callers():
    ceremony = EcdsaCeremony().presign()
    ceremony.finish()
    assert not any(share.wiped for share in ceremony.dealt.shares)


def start(dealt, **changes) -> None:
    given: dict[str, Any] = {
        "key": dealt.key,
        "share": dealt.shares[0],
        "my_id": 0,
        "participants": (0, 1),
        "tweaks": (),
        "session_id": b"\1" * 16,
        "seen": SeenSessions(),
    }
    SigningSession.start(**(given | changes))


def test_what_does_not_fit_together_is_refused_at_the_start():
    dealt, other = deal(2, 3), deal(2, 3)
    cancelling = SECP256K1.secret_negate(dealt.secret).expose()
    for changes in (
        {"participants": (0,)},
        {"participants": (0, 0)},
        {"participants": (1, 2)},
        {"participants": (0, 3)},
        {"participants": (0, -1)},
        {"my_id": 2},
        {"share": other.shares[0]},
        {"share": dealt.shares[1]},
        {"tweaks": (Q.to_bytes(32, "big"),)},
        {"tweaks": (bytes(31),)},
        {"tweaks": (cancelling,)},
        {"session_id": bytes(16)},
        {"session_id": b"\1" * 15},
        {"session_id": b"\1" * 65},
    ):
        with pytest.raises(InvalidInput):
            start(dealt, **changes)


def test_one_signer_alone_and_too_many_participants_are_refused():
    with pytest.raises(InvalidInput):
        start(deal(1, 2), participants=(0,))
    with pytest.raises(InvalidInput):
        start(deal(2, 17))


def test_a_session_identifier_is_used_once():
    dealt, seen = deal(2, 2), SeenSessions()
    start(dealt, seen=seen)
    with pytest.raises(AlreadyUsed):
        start(dealt, seen=seen)
    start(dealt, seen=seen, session_id=b"\2" * 16)


@pytest.mark.parametrize(("step", "_"), STEPS)
@pytest.mark.parametrize("strange", [{}, {0: b""}, {5: b""}], ids=["missing", "own", "stranger"])
def test_missing_and_foreign_messages_close_the_session_and_blame_nobody(step, _, strange):
    ceremony = EcdsaCeremony().before(step)
    session = ceremony.sessions[0]
    messages = {**ceremony.inbox(0), **strange} if strange else {}
    with pytest.raises(InvalidInput):
        getattr(session, step)(messages)
    assert nothing_signed(session)
    assert all(secret.wiped for secret in secrets_of(session))


def test_shares_of_others_than_the_signers_are_refused():
    ceremony = EcdsaCeremony(deal(2, 3), (0, 1)).presign()
    shares = ceremony.shares()
    for wrong in ({0: shares[0]}, shares | {2: shares[1]}, {}):
        with pytest.raises(InvalidInput):
            ceremony.sessions[0].combine(wrong)
    with pytest.raises(InvalidContribution) as error:
        ceremony.sessions[0].combine(shares | {0: shares[1]})
    assert (error.value.index, error.value.what) == (None, "own signature share")
    ceremony.sessions[0].combine(shares)
