"""Honest signers make signatures that others verify; a session goes one way, once."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest
from coincurve import PublicKey
from tests.support.dealer import Dealt, deal
from tests.support.dkg import generate
from tests.support.ecdsa_signing import (
    DIGEST,
    STEPS,
    EcdsaCeremony,
    correlate,
    nothing_signed,
    openssl_verify,
)
from tests.support.transfers import dealt_correlations

from warifu.threshold.derivation import derive
from warifu.threshold.dkg.suite_bip340 import BIP340
from warifu.threshold.ecdsa.correlation import Correlation
from warifu.threshold.ecdsa.key_generation import ECDSA_DKG
from warifu.threshold.ecdsa.seen import Seen
from warifu.threshold.ecdsa.session import Phase, SigningSession
from warifu.threshold.errors import AlreadyUsed, InvalidContribution, InvalidInput, ThresholdError
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
        (2, 3, (2, 0)),
        (3, 5, (4, 0, 2, 1)),
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


@pytest.mark.parametrize(("t", "n"), [(2, 2), (2, 3), (3, 5)])
def test_every_quorum_signs(t, n):
    """Each set of t signers, and all of them."""
    dealt = deal(t, n)
    for participants in {*combinations(range(n), t), tuple(range(n))}:
        ceremony = EcdsaCeremony(dealt, participants).presign()
        accepted(ceremony.finish(), dealt.key.threshold_pubkey)


def test_generated_keys_sign_on_correlations_that_two_signers_made():
    """Nothing here comes from a dealer."""
    _, results = generate(2, 3, ECDSA_DKG)
    key = results[0].key
    dealt = Dealt(key, tuple(result.share for result in results), results[0].share)
    for one, other in zip(*correlate(key, 0, 2, 2), strict=True):
        ceremony = EcdsaCeremony(dealt, (0, 2), correlations={0: {2: one}, 2: {0: other}}).presign()
        accepted(ceremony.finish(), key.threshold_pubkey)


def test_key_generation_is_in_a_domain_of_its_own():
    secret = SECP256K1.random_secret()
    point = SECP256K1.base_mul(secret)
    proof = ECDSA_DKG.prove(secret, b"\0\0\0\1", bytes(32))
    assert ECDSA_DKG.proves(point, b"\0\0\0\1", proof)
    assert not BIP340.proves(point, b"\0\0\0\1", proof)
    assert ECDSA_DKG.digest("x") != BIP340.digest("x")
    assert ECDSA_DKG.key_tweak(point) == 0


def test_two_messages_precede_what_is_signed_and_the_third_is_short():
    ceremony = EcdsaCeremony()
    lengths = []
    for step, _ in STEPS:
        lengths.append(len(ceremony.sent[0][1]))
        ceremony.step(step)
    lengths.append(len(ceremony.shares()[0]))
    assert lengths == [10800, 40228, 128]


def test_steps_are_taken_once_and_in_order():
    ceremony = EcdsaCeremony()
    session = ceremony.sessions[0]
    with pytest.raises(AlreadyUsed):
        session.finish(ceremony.inbox(0))
    with pytest.raises(AlreadyUsed):
        session.commit()
    with pytest.raises(AlreadyUsed):
        session.sign(DIGEST, ())
    with pytest.raises(AlreadyUsed):
        session.combine({})
    for step, _ in STEPS:
        before = ceremony.inbox(0)
        ceremony.step(step)
        with pytest.raises(AlreadyUsed):
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
        *(pair.seed for pair in pairs),
        *(pair.factor for pair in pairs),
        *([presigning._additive[0]] if presigning._additive else []),
        *(share for shares in presigning._products.values() for share in shares),
    ]


def nothing_left(session) -> bool:
    pairs = session._presigning._pairs.values()
    return (
        all(secret.wiped for secret in secrets_of(session))
        and all(correlation.used for correlation in session._presigning._correlations.values())
        and not any(pair._alice._extension._state or pair._bob._beta for pair in pairs)
        and not any(pair._bob._extension._rows for pair in pairs)
    )


@pytest.mark.parametrize("step", ["multiply", "finish", "sign"])
def test_closing_wipes_whatever_there_is(step):
    session = EcdsaCeremony().before(step).sessions[0]
    with session:
        pass
    assert nothing_left(session)
    assert session.phase is Phase.CLOSED
    with pytest.raises(AlreadyUsed):
        session.sign(DIGEST, ())
    assert "closed" in repr(session)


def test_closing_before_anything_was_sent_wipes_the_correlations():
    dealt = deal(2, 2)
    correlations = dealt_correlations(dealt.key, (0, 1))[0]
    (material,) = correlations[1]._material
    with prepare(dealt, correlations=correlations) as session:
        assert session.phase is Phase.PREPARED
    assert nothing_left(session)
    assert material.seed.wiped
    assert not (material.delta.any() or material.chosen.any() or material.keys.any())
    with pytest.raises(AlreadyUsed):
        session.commit()


def test_a_finished_session_has_wiped_its_transfers():
    assert nothing_left(EcdsaCeremony().presign().sessions[0])


def test_the_callers_share_stays_the_callers():
    ceremony = EcdsaCeremony().presign()
    ceremony.finish()
    assert not any(share.wiped for share in ceremony.dealt.shares)


def prepare(dealt, **changes) -> SigningSession:
    participants = changes.get("participants", (0, 1))
    my_id = changes.get("my_id", 0)
    known = {who for who in (*participants, my_id) if 0 <= who < dealt.key.n}
    given: dict[str, Any] = {
        "key": dealt.key,
        "share": dealt.shares[0],
        "my_id": my_id,
        "participants": participants,
        "tweaks": (),
        "session_id": b"\1" * 16,
        "seen": Seen(),
    }
    if "correlations" not in changes:  # those that fit, so that nothing else is refused
        given["correlations"] = dealt_correlations(given["key"], sorted(known)).get(my_id, {})
    return SigningSession.prepare(**(given | changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"participants": (0,)},
        {"participants": (0, 0)},
        {"participants": (1, 2)},
        {"participants": (0, 3)},
        {"participants": (0, -1)},
        {"participants": (0, Q)},
        {"participants": (0, Q + 1)},
        {"participants": ()},
        {"participants": (0, 1, 2, 3)},
        {"my_id": 2},
        {"my_id": 3},
        {"my_id": -1},
        {"tweaks": (Q.to_bytes(32, "big"),)},
        {"tweaks": (b"\xff" * 32,)},
        {"tweaks": (bytes(31),)},
        {"session_id": bytes(16)},
        {"session_id": b"\1" * 15},
        {"session_id": b"\1" * 65},
    ],
    ids=str,
)
def test_what_is_out_of_range_is_refused_before_anything_is_computed(changes):
    with pytest.raises(InvalidInput):
        prepare(deal(2, 3), **changes)


def test_what_does_not_fit_together_is_refused_before_anything_is_computed():
    dealt, other = deal(2, 3), deal(2, 3)
    cancelling = SECP256K1.secret_negate(dealt.secret).expose()
    mixed = replace(dealt.key, pubshares=(dealt.key.pubshares[0], *other.key.pubshares[1:]))
    for changes in (
        {"share": other.shares[0]},
        {"share": dealt.shares[1]},
        {"tweaks": (cancelling,)},
        {"key": other.key},
        {"key": mixed},
    ):
        with pytest.raises(InvalidInput):
            prepare(dealt, **changes)


@pytest.mark.parametrize(
    "point",
    [bytes(33), b"\x02" + bytes(32), b"\x02" + b"\xff" * 32, b"\x05" + b"\1" * 32, b"\x04" + b"\1" * 32],
    ids=["identity", "off the curve", "not below the field", "no prefix", "uncompressed prefix"],
)
def test_a_public_share_that_is_no_point_is_refused(point):
    dealt = deal(2, 3)
    with pytest.raises(InvalidInput):
        prepare(dealt, key=replace(dealt.key, pubshares=(dealt.key.pubshares[0], point, point)))


@pytest.mark.parametrize("share", [bytes(32), Q.to_bytes(32, "big"), b"\xff" * 32], ids=["0", "q", "above q"])
def test_a_share_that_is_no_scalar_is_refused(share):
    with pytest.raises(ThresholdError):
        prepare(deal(2, 3), share=Secret(share))


@pytest.mark.parametrize(("t", "n"), [(4, 3), (0, 3), (-1, 3)])
def test_no_key_has_a_threshold_above_its_participants_or_below_one(t, n):
    with pytest.raises(InvalidInput):
        replace(deal(2, n).key, t=t)


@pytest.mark.parametrize("participants", [(0,), (0, 1)])
def test_a_threshold_of_one_has_no_threshold_ecdsa(participants):
    """Whoever holds such a share holds the key."""
    with pytest.raises(InvalidInput, match="at least two"):
        prepare(deal(1, 2), participants=participants, correlations={})


def test_more_participants_than_sixteen_are_refused():
    with pytest.raises(InvalidInput, match="at most 16"):
        prepare(deal(2, 17), correlations={})


def test_a_session_identifier_is_used_once():
    dealt, seen = deal(2, 2), Seen()
    prepare(dealt, seen=seen)
    with pytest.raises(AlreadyUsed):
        prepare(dealt, seen=seen)
    prepare(dealt, seen=seen, session_id=b"\2" * 16)


def test_a_correlation_is_used_once_whatever_copies_there_are():
    dealt, seen = deal(2, 2), Seen()
    stored = dealt_correlations(dealt.key, (0, 1))[0][1].store()
    first, second = (Correlation.restore(stored, dealt.key, 0, 1, dealt.shares[0]) for _ in range(2))
    prepare(dealt, seen=seen, correlations={1: first})
    with pytest.raises(AlreadyUsed):
        prepare(dealt, seen=seen, correlations={1: second}, session_id=b"\2" * 16)
    with pytest.raises(AlreadyUsed):
        prepare(dealt, correlations={1: first_used(dealt)}, session_id=b"\2" * 16)


def first_used(dealt) -> Correlation:
    correlations = dealt_correlations(dealt.key, (0, 1))[0]
    prepare(dealt, correlations=correlations).commit()
    return correlations[1]


def test_one_correlation_for_two_peers_is_refused():
    dealt = deal(2, 3)
    correlations = dealt_correlations(dealt.key, (0, 1, 2))[0]
    with pytest.raises(InvalidInput):
        prepare(dealt, participants=(0, 1, 2), correlations={1: correlations[1], 2: correlations[1]})


def test_correlations_of_another_key_signer_or_peer_are_refused():
    dealt, other = deal(2, 3), deal(2, 3)
    mine, theirs = dealt_correlations(dealt.key, (0, 1, 2)), dealt_correlations(other.key, (0, 1))
    for wrong in ({1: theirs[0][1]}, {1: mine[0][2]}, {1: mine[1][0]}, {}, {2: mine[0][2]}, mine[0]):
        with pytest.raises(InvalidInput):
            prepare(dealt, correlations=wrong)
    prepare(dealt, correlations={1: mine[0][1]})


@pytest.mark.parametrize(("step", "_"), STEPS)
@pytest.mark.parametrize("strange", [{}, {0: b""}, {5: b""}], ids=["missing", "own", "stranger"])
def test_missing_and_foreign_messages_close_the_session_and_blame_nobody(step, _, strange):
    ceremony = EcdsaCeremony().before(step)
    session = ceremony.sessions[0]
    messages = {**ceremony.inbox(0), **strange} if strange else {}
    with pytest.raises(InvalidInput):
        getattr(session, step)(messages)
    assert nothing_signed(session)
    assert nothing_left(session)


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
