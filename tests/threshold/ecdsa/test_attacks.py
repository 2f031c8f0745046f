"""Every value that a signer sends, bent one at a time; and the cheats that have a name.

In each: nothing is signed, the victim's secrets are gone, and the culprit is named where the protocol can tell.
Signer 1 cheats, the others are honest.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import pytest
from tests.support.dealer import deal
from tests.support.ecdsa_signing import (
    DIGEST,
    STEPS,
    Correlations,
    EcdsaCeremony,
    bend_share,
    nothing_signed,
)
from tests.support.transfers import dealt_correlations

from warifu.threshold.ecdsa.correlation import Correlation
from warifu.threshold.ecdsa.messages import Commitment, Product
from warifu.threshold.ecdsa.pair import PairwiseProducts
from warifu.threshold.ecdsa.vole import XI
from warifu.threshold.errors import AlreadyUsed, InvalidContribution
from warifu.threshold.secp256k1 import SECP256K1

pytestmark = pytest.mark.unit

Q = SECP256K1.order
CHEAT = 1


def flipped(at: int, bit: int = 0) -> Callable[[bytes], bytes]:
    def change(value: bytes) -> bytes:
        return value[:at] + bytes([value[at] ^ 1 << bit]) + value[at + 1 :]

    return change


def plus_one(at: int = 0) -> Callable[[bytes], bytes]:
    def change(value: bytes) -> bytes:
        scalar = (int.from_bytes(value[at : at + 32], "big") + 1) % Q
        return value[:at] + scalar.to_bytes(32, "big") + value[at + 32 :]

    return change


def plus_generator(at: int = 0) -> Callable[[bytes], bytes]:
    def change(value: bytes) -> bytes:
        point = SECP256K1.element_from_bytes(value[at : at + 33])
        return value[:at] + SECP256K1.element_add(point, SECP256K1.generator).encoded + value[at + 33 :]

    return change


def replaced(value: bytes) -> Callable[[bytes], bytes]:
    return lambda _: value


def blames(ceremony: EcdsaCeremony, step: str, who: int | None, victim: int = 0) -> str:
    """The victim's step fails, naming ``who`` and leaving nothing. What was wrong, in a word."""
    session = ceremony.sessions[victim]
    with pytest.raises(InvalidContribution) as error:
        getattr(session, step)(ceremony.inbox(victim))
    assert error.value.index == who
    assert nothing_signed(session)
    assert session._presigning._share.wiped
    assert session._presigning._r.wiped
    with pytest.raises(AlreadyUsed):
        session.sign(DIGEST, ceremony.tweaks)
    return error.value.what


def refuses_to_combine(
    ceremony: EcdsaCeremony, shares: dict[int, bytes], who: int | None, victim: int = 0
) -> None:
    with pytest.raises(InvalidContribution) as error:
        ceremony.sessions[victim].combine(shares)
    assert error.value.index == who


# Values bent one at a time


@pytest.mark.parametrize(
    "change",
    [flipped(0), flipped(8703), flipped(8704), flipped(8720), flipped(10767)],
    ids=["first correction", "last correction", "check of choices", "check of rows", "last check"],
)
def test_a_bent_extension_is_blamed_on_its_sender(change):
    ceremony = EcdsaCeremony()
    ceremony.bend(CHEAT, 0, Commitment, transfers=change)
    assert blames(ceremony, "multiply", CHEAT) == "OT extension message"


@pytest.mark.parametrize(
    ("field", "change", "what"),
    [
        ("multiplication", plus_one(0), "multiplication message"),
        ("multiplication", plus_one(32 * XI), "multiplication message"),
        ("multiplication", plus_one(2 * 32 * XI), "multiplication message"),
        ("multiplication", plus_one(3 * 32 * XI), "multiplication message"),
        ("multiplication", flipped(3 * 32 * XI + 32), "multiplication message"),
        ("nonce", plus_generator(), "nonce"),
        ("nonce", replaced(bytes(33)), "nonce"),
        ("blinding", flipped(0), "nonce"),
        ("public_share", plus_generator(), "product"),
        ("public_share", replaced(bytes(33)), "point"),
        ("gamma_u", plus_generator(), "product"),
        ("gamma_u", replaced(bytes(33)), "point"),
        ("gamma_v", plus_generator(), "product"),
        ("gamma_v", replaced(b"\x02" + b"\xff" * 32), "point"),
        ("psi", replaced(bytes(32)), "psi"),
        ("psi", replaced(b"\xff" * 32), "psi"),
        ("commitments", flipped(31), "nonce commitment"),
    ],
)
def test_a_bent_product_is_blamed_on_its_sender(field, change, what):
    ceremony = EcdsaCeremony().before("finish")
    ceremony.bend(CHEAT, 0, Product, **{field: change})
    assert blames(ceremony, "finish", CHEAT) == what


@pytest.mark.parametrize("field", ["gamma_u", "gamma_v", "public_share"])
def test_among_three_the_right_one_is_blamed(field):
    ceremony = EcdsaCeremony(deal(3, 3), (0, 1, 2)).before("finish")
    ceremony.bend(CHEAT, 2, Product, **{field: plus_generator()})
    assert blames(ceremony, "finish", CHEAT, victim=2) == "product"


@pytest.mark.parametrize("negated", ["gamma_u", "gamma_v", "public_share", "nonce"])
def test_a_negated_point_is_caught(negated):
    ceremony = EcdsaCeremony().before("finish")
    ceremony.bend(CHEAT, 0, Product, **{negated: flipped(0)})  # 2 and 3 are the two signs of y
    blames(ceremony, "finish", CHEAT)


def test_exchanged_gammas_are_caught():
    ceremony = EcdsaCeremony().before("finish")
    product = Product.parse(CHEAT, ceremony.sent[CHEAT][0])
    ceremony.bend(CHEAT, 0, Product, gamma_u=replaced(product.gamma_v), gamma_v=replaced(product.gamma_u))
    assert blames(ceremony, "finish", CHEAT) == "product"


def test_a_bent_nonce_commitment_is_blamed_on_its_sender():
    """Everything that the pair hashes hangs on it, the extension of the same message first."""
    ceremony = EcdsaCeremony()
    ceremony.bend(CHEAT, 0, Commitment, nonce_commitment=flipped(0))
    assert blames(ceremony, "multiply", CHEAT) == "OT extension message"


def test_a_bent_psi_spoils_the_signature_and_nothing_else():
    """Nothing checks psi by itself: it moves u and v alike, and the sum no longer fits."""
    ceremony = EcdsaCeremony().before("finish")
    ceremony.bend(CHEAT, 0, Product, psi=plus_one())
    ceremony.step("finish")
    refuses_to_combine(ceremony, ceremony.shares(), CHEAT)


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("w", plus_one()),
        ("u", plus_one()),
        ("w", replaced(Q.to_bytes(32, "big"))),
        ("u", replaced(b"\xff" * 32)),
        ("w", replaced(bytes(32))),
        ("u", replaced(bytes(32))),
        ("transcript", flipped(0)),
        ("message", flipped(31)),
    ],
)
def test_a_bent_signature_share_is_blamed_on_the_only_peer(field, change):
    ceremony = EcdsaCeremony().presign()
    shares = ceremony.shares()
    bent = shares | {CHEAT: bend_share(shares[CHEAT], **{field: change})}
    refuses_to_combine(ceremony, bent, CHEAT)
    ceremony.sessions[0].combine(shares)  # the honest shares are still good


@pytest.mark.parametrize("bend", [lambda share: b"", lambda share: share[:-1], lambda share: share + b"\0"])
def test_a_signature_share_of_another_length_is_refused(bend):
    ceremony = EcdsaCeremony().presign()
    shares = ceremony.shares()
    refuses_to_combine(ceremony, shares | {CHEAT: bend(shares[CHEAT])}, CHEAT)


def test_among_three_a_wrong_share_names_nobody_and_a_malformed_one_its_sender():
    ceremony = EcdsaCeremony(deal(3, 3), (0, 1, 2)).presign()
    shares = ceremony.shares()
    refuses_to_combine(ceremony, shares | {CHEAT: bend_share(shares[CHEAT], w=plus_one())}, None)
    refuses_to_combine(ceremony, shares | {CHEAT: bend_share(shares[CHEAT], w=replaced(b"\xff" * 32))}, CHEAT)
    refuses_to_combine(ceremony, shares | {CHEAT: bend_share(shares[CHEAT], message=flipped(0))}, CHEAT)


def test_shares_that_sum_to_zero_are_refused():
    ceremony = EcdsaCeremony().presign()
    shares = ceremony.shares()
    own = shares[0]
    for field, at in (("w", 0), ("u", 32)):
        opposite = (Q - int.from_bytes(own[at : at + 32], "big")).to_bytes(32, "big")
        bent = shares | {CHEAT: bend_share(shares[CHEAT], **{field: replaced(opposite)})}
        refuses_to_combine(ceremony, bent, CHEAT)


@pytest.mark.parametrize(("step", "kind"), STEPS)
@pytest.mark.parametrize(
    "bend", [lambda m: b"", lambda m: m[:-1], lambda m: m + b"\0", lambda m: bytes(len(m))]
)
def test_messages_of_other_lengths_or_of_zeros_are_blamed_on_their_sender(step, kind, bend):
    ceremony = EcdsaCeremony().before(step)
    ceremony.sent[CHEAT][0] = bend(ceremony.sent[CHEAT][0])
    blames(ceremony, step, CHEAT)


@pytest.mark.parametrize("seed", range(16))
def test_a_flipped_bit_anywhere_ends_in_an_accusation_and_never_in_a_signature(seed):
    """No other error comes out, so that no bent message crashes a signer."""
    rng = random.Random(seed)
    ceremony = EcdsaCeremony()
    bent_at = rng.choice([step for step, _ in STEPS])
    ceremony.before(bent_at)
    message = ceremony.sent[CHEAT][0]
    ceremony.sent[CHEAT][0] = flipped(rng.randrange(len(message)), rng.randrange(8))(message)
    with pytest.raises(InvalidContribution):
        finish_from(ceremony, bent_at)


def finish_from(ceremony: EcdsaCeremony, step: str) -> None:
    names = [name for name, _ in STEPS]
    for name in names[names.index(step) :]:
        ceremony.step(name)
    ceremony.finish()


# Reflection, copies, replay


@pytest.mark.parametrize(("step", "kind"), STEPS)
def test_a_reflected_message_is_blamed_on_its_sender(step, kind):
    ceremony = EcdsaCeremony().before(step)
    ceremony.sent[CHEAT][0] = ceremony.sent[0][CHEAT]
    blames(ceremony, step, CHEAT)


def test_a_message_for_another_signer_is_blamed_on_its_sender():
    ceremony = EcdsaCeremony(deal(3, 3), (0, 1, 2))
    ceremony.sent[CHEAT][0] = ceremony.sent[CHEAT][2]
    blames(ceremony, "multiply", CHEAT)


def test_the_messages_of_another_signer_sent_as_ones_own_are_blamed():
    ceremony = EcdsaCeremony(deal(3, 3), (0, 1, 2))
    ceremony.sent[CHEAT][0] = ceremony.sent[2][0]
    blames(ceremony, "multiply", CHEAT)


@pytest.mark.parametrize("step", ["multiply", "finish"])
def test_a_message_of_another_session_is_blamed_on_its_sender(step):
    dealt = deal(2, 2)
    ceremony, other = EcdsaCeremony(dealt).before(step), EcdsaCeremony(dealt).before(step)
    ceremony.sent[CHEAT][0] = other.sent[CHEAT][0]
    blames(ceremony, step, CHEAT)


def test_a_signature_share_of_another_session_is_blamed_on_its_sender():
    dealt = deal(2, 2)
    ceremony, other = EcdsaCeremony(dealt).presign(), EcdsaCeremony(dealt).presign()
    refuses_to_combine(ceremony, ceremony.shares() | {CHEAT: other.shares()[CHEAT]}, CHEAT)


@pytest.mark.parametrize("what", ["session", "path", "signers", "key", "correlation"])
def test_signers_that_disagree_on_what_they_sign_for_come_to_nothing(what):
    """Session, path, signers, key and correlation are in every hash of a pair: its first check fails."""
    dealt = deal(2, 3)
    ceremony = EcdsaCeremony(dealt)
    if what == "session":
        ceremony = EcdsaCeremony(dealt, own_session_ids={CHEAT: b"\7" * 16})
    elif what == "path":
        ceremony = EcdsaCeremony(dealt, own_tweaks={CHEAT: (bytes(31) + b"\1",)})
    elif what == "signers":
        other = EcdsaCeremony(dealt, (0, 1, 2), session_id=ceremony.session_id)
        ceremony.sent[CHEAT] = other.sent[CHEAT]
    elif what == "key":
        ceremony.sent[CHEAT] = EcdsaCeremony(deal(2, 3), session_id=ceremony.session_id).sent[CHEAT]
    else:
        ceremony.sent[CHEAT] = EcdsaCeremony(dealt, session_id=ceremony.session_id).sent[CHEAT]
    blames(ceremony, "multiply", CHEAT)


def test_one_session_identifier_for_two_sessions_mixes_nothing():
    """Both sides were wound back: what is drawn anew keeps the messages of the two sessions apart."""
    dealt, session_id = deal(2, 2), b"\3" * 16
    first = EcdsaCeremony(dealt, session_id=session_id).before("finish")
    second = EcdsaCeremony(dealt, session_id=session_id).before("finish")
    second.sent[CHEAT][0] = first.sent[CHEAT][0]
    blames(second, "finish", CHEAT)


# Cheats with a name


def recommit(ceremony: EcdsaCeremony, victim: int, commitment: bytes, correlations: Correlations) -> None:
    """The cheat commits to something else, and makes the extension for it: all that an honest ``commit`` checks."""
    pair = PairwiseProducts(
        ceremony.sessions[CHEAT]._task.context, CHEAT, victim, correlations[CHEAT][victim], commitment
    )
    cheat = ceremony.sessions[CHEAT]._presigning
    cheat._pairs[victim] = pair
    cheat._nonce_commitments[CHEAT] = commitment
    ceremony.sent[CHEAT][victim] = Commitment(commitment, pair.message).encode()


def with_copies(n: int) -> tuple[EcdsaCeremony, Correlations]:
    """A ceremony, and what the cheat kept of its correlations."""
    dealt = deal(n, n)
    correlations = dealt_correlations(dealt.key, range(n))
    kept: Correlations = {CHEAT: {}}
    for peer, correlation in correlations[CHEAT].items():
        stored = correlation.store()
        for keeper in (correlations, kept):
            keeper[CHEAT][peer] = Correlation.restore(stored, dealt.key, CHEAT, peer, dealt.shares[CHEAT])
    return EcdsaCeremony(dealt, range(n), correlations=correlations), kept


def test_a_copied_nonce_commitment_cannot_be_opened():
    """To copy a commitment and its opening would let R_1 depend on R_0."""
    ceremony, kept = with_copies(2)
    victims = Commitment.parse(0, ceremony.sent[0][CHEAT]).nonce_commitment
    recommit(ceremony, 0, victims, kept)
    ceremony.step("multiply")
    product = Product.parse(0, ceremony.sent[0][CHEAT])
    ceremony.bend(CHEAT, 0, Product, nonce=replaced(product.nonce), blinding=replaced(product.blinding))
    assert blames(ceremony, "finish", CHEAT) == "nonce"


def another_nonce(ceremony: EcdsaCeremony) -> tuple[bytes, bytes, bytes]:
    """A nonce, its blinding, and the cheat's commitment to it."""
    nonce, blinding = SECP256K1.base_mul(SECP256K1.random_secret()).encoded, os.urandom(32)
    return nonce, blinding, ceremony.sessions[CHEAT]._presigning._commitment(CHEAT, nonce, blinding)


def test_a_committed_nonce_that_was_not_multiplied_is_blamed_on_its_sender():
    """Before the message is known, R could otherwise be moved where a forgery wants it."""
    ceremony, kept = with_copies(2)
    nonce, blinding, commitment = another_nonce(ceremony)
    recommit(ceremony, 0, commitment, kept)
    ceremony.step("multiply")
    ceremony.bend(CHEAT, 0, Product, nonce=replaced(nonce), blinding=replaced(blinding))
    assert blames(ceremony, "finish", CHEAT) == "product"


def test_two_nonces_for_two_peers_stop_both_honest_signers():
    """Signer 2 alone gets another commitment: the echoes differ, and nobody can tell yet who lied to whom."""
    ceremony, kept = with_copies(3)
    honest = ceremony.sessions[CHEAT]._presigning._nonce_commitments[CHEAT]
    _, _, commitment = another_nonce(ceremony)
    recommit(ceremony, 2, commitment, kept)
    # Towards signer 0 the cheat keeps up the appearance.
    ceremony.sessions[CHEAT]._presigning._nonce_commitments[CHEAT] = honest
    ceremony.step("multiply")
    for victim in (0, 2):
        assert blames(ceremony, "finish", None, victim) == "nonce commitment"


def test_another_nonce_in_the_multiplication_with_one_of_two_peers_is_blamed(monkeypatch):
    ceremony = EcdsaCeremony(deal(3, 3), (0, 1, 2))
    with_victim = ceremony.sessions[CHEAT]._presigning._pairs[2]
    honest = with_victim.multiply
    other = SECP256K1.random_secret()
    monkeypatch.setattr(
        with_victim,
        "multiply",
        lambda message, commitment, values: honest(message, commitment, (other, values[1])),
    )
    ceremony.step("multiply")
    assert blames(ceremony, "finish", CHEAT, victim=2) == "product"
    ceremony.sessions[0].finish(ceremony.inbox(0))  # was told the truth; its share alone makes no signature


def with_another_share(monkeypatch, ceremony: EcdsaCeremony) -> None:
    cheat = ceremony.sessions[CHEAT]._presigning
    honest = cheat._additive_share
    monkeypatch.setattr(cheat, "_additive_share", lambda zeta: SECP256K1.secret_add_public(honest(zeta), 5))


@pytest.mark.parametrize(("n", "who"), [(2, CHEAT), (3, None)])
def test_another_key_share_used_consistently_misses_the_public_key(monkeypatch, n, who):
    ceremony = EcdsaCeremony(deal(n, n), range(n))
    with_another_share(monkeypatch, ceremony)
    ceremony.step("multiply")
    assert blames(ceremony, "finish", who) == "public share"


def test_another_key_share_under_the_right_public_share_is_blamed(monkeypatch):
    ceremony = EcdsaCeremony(deal(3, 3), (0, 1, 2))
    with_another_share(monkeypatch, ceremony)
    ceremony.step("multiply")
    minus_five = SECP256K1.base_mul_public(Q - 5)

    def as_if_honest(public_share: bytes) -> bytes:
        return SECP256K1.element_add(SECP256K1.element_from_bytes(public_share), minus_five).encoded

    ceremony.bend(CHEAT, 0, Product, public_share=as_if_honest)
    assert blames(ceremony, "finish", CHEAT) == "product"


def test_public_shares_that_differ_between_peers_show_in_the_transcripts():
    """Two cheats can shift their public shares against each other for one victim: no signature comes of it."""
    ceremony = EcdsaCeremony(deal(3, 3), range(3)).presign()
    shares = ceremony.shares()
    bent = shares | {CHEAT: bend_share(shares[CHEAT], transcript=flipped(3))}
    refuses_to_combine(ceremony, bent, None)


def test_signers_that_sign_different_messages_are_told_apart():
    ceremony = EcdsaCeremony(deal(3, 3), (0, 1, 2)).presign()
    shares = {
        who: session.sign(bytes(32) if who == CHEAT else DIGEST, ())
        for who, session in ceremony.sessions.items()
    }
    refuses_to_combine(ceremony, shares, CHEAT)


def test_nonces_that_cancel_out_are_refused():
    """R = 0 needs a broken commitment; the check stands all the same."""
    ceremony = EcdsaCeremony().before("finish")
    presigning = ceremony.sessions[0]._presigning
    nonce = presigning._nonce
    keys = {0: presigning._task.public_key, CHEAT: SECP256K1.identity}
    with pytest.raises(InvalidContribution) as error:
        presigning._agreed({0: nonce, CHEAT: SECP256K1.element_negate(nonce)}, keys)
    assert (error.value.index, error.value.what) == (CHEAT, "nonce")


def test_many_sessions_side_by_side_sign_each_its_own():
    dealt = deal(2, 2)
    ceremonies = [EcdsaCeremony(dealt) for _ in range(3)]
    for step, _ in STEPS:
        for ceremony in ceremonies:
            ceremony.step(step)
    digests = [os.urandom(32) for _ in ceremonies]
    signatures = {ceremony.finish(digest) for ceremony, digest in zip(ceremonies, digests, strict=True)}
    assert len({signature[:32] for signature in signatures}) == 3
