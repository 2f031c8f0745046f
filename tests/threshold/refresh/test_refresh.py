"""New shares of the same key (Herzberg et al. 1995): any t of the new sign, old and new together are nothing."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.dealer import Dealt, deal
from tests.support.ecdsa_signing import EcdsaCeremony
from tests.support.signing import Ceremony
from tests.threshold import hostile_points

from warifu.threshold.ed25519 import ED25519
from warifu.threshold.errors import AlreadyUsed, InvalidContribution, InvalidInput, ThresholdError
from warifu.threshold.frost.bip445 import BIP340
from warifu.threshold.frost.rfc9591 import FROST_ED25519
from warifu.threshold.group import Group
from warifu.threshold.polynomial import evaluate, interpolating_coefficient
from warifu.threshold.refresh.refresh import Refresh, fits, keeps_key
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret

pytestmark = pytest.mark.unit
GROUPS: dict[str, Group] = {"secp256k1": SECP256K1, "ed25519": ED25519}
SCHEMES = {"secp256k1": BIP340, "ed25519": FROST_ED25519}
VILLAIN, VICTIM = 2, 0
MESSAGE = bytes(range(32))


@pytest.fixture(params=list(GROUPS))
def group(request: pytest.FixtureRequest) -> Group:
    return GROUPS[request.param]


def begin(group: Group, dealt: Dealt) -> list[Refresh]:
    return [Refresh(group, dealt.key, index, share) for index, share in enumerate(dealt.shares)]


def tell(sender: Refresh, number: int, receiver: Refresh, index: int) -> None:
    receiver.take(number, sender.commitment, sender.evaluation_for(index).expose())


def run(group: Group, dealt: Dealt) -> Dealt:
    """An honest refresh among all; everybody comes to the same public shares."""
    parts = begin(group, dealt)
    for receiver, part in enumerate(parts):
        for sender, other in enumerate(parts):
            if sender != receiver:
                tell(other, sender, part, receiver)
    assert len({part.transcript for part in parts}) == 1
    outcomes = [part.finish() for part in parts]
    (key,) = {outcome.key for outcome in outcomes}
    return Dealt(key, tuple(outcome.share for outcome in outcomes), dealt.secret)


def interpolated(group: Group, shares: dict[int, Secret]) -> bytes:
    """The public key of what these shares interpolate to at zero."""
    places = [index + 1 for index in shares]
    return group.element_add(
        *(
            group.element_mul_public(
                group.base_mul(share), interpolating_coefficient(group, places, index + 1)
            )
            for index, share in shares.items()
        )
    ).encoded


@given(
    name=st.sampled_from(sorted(GROUPS)),
    t=st.integers(2, 4),
    more=st.integers(0, 2),
    rounds=st.integers(1, 2),
)
@settings(max_examples=12, deadline=None)
def test_any_t_of_the_new_shares_sign_for_the_old_key(name: str, t: int, more: int, rounds: int) -> None:
    group, before = GROUPS[name], deal(t, t + more, GROUPS[name])
    after = before
    for _ in range(rounds):
        after = run(group, after)
    assert after.key.threshold_pubkey == before.key.threshold_pubkey
    assert all(old != new for old, new in zip(before.key.pubshares, after.key.pubshares, strict=True))
    for chosen in combinations(range(after.key.n), t):
        Ceremony(
            after, chosen, MESSAGE, scheme=SCHEMES[name]
        ).finish()  # verifies for the key before it returns


@given(name=st.sampled_from(sorted(GROUPS)), t=st.integers(2, 4), stolen=st.data())
@settings(max_examples=12, deadline=None)
def test_t_minus_1_old_shares_and_new_ones_do_not_interpolate_the_key(
    name: str, t: int, stolen: st.DataObject
) -> None:
    """A thief who had t-1 devices before the refresh and takes others afterwards."""
    group = GROUPS[name]
    before = deal(t, t + 1, group)
    after = run(group, before)
    order = stolen.draw(st.permutations(range(before.key.n)))
    old = stolen.draw(st.integers(1, t - 1))
    mixed = {index: (before if place < old else after).shares[index] for place, index in enumerate(order[:t])}
    assert interpolated(group, mixed) != before.key.threshold_pubkey
    assert (
        interpolated(group, {index: after.shares[index] for index in order[:t]})
        == before.key.threshold_pubkey
    )


@pytest.mark.parametrize("claimed", ["the new public share", "the old public share"])
def test_old_shares_do_not_sign_beside_new_ones(claimed: str) -> None:
    before = deal(2, 3)
    after = run(SECP256K1, before)
    Ceremony(after, (0, 1), MESSAGE).finish()
    key = after.key
    if claimed == "the old public share":
        key = replace(key, pubshares=(before.key.pubshares[0], *after.key.pubshares[1:]))
    mixed = Dealt(key, (before.shares[0], *after.shares[1:]), before.secret)
    with pytest.raises(ThresholdError):
        Ceremony(mixed, (0, 1), MESSAGE).finish()


def test_the_new_shares_serve_threshold_ecdsa() -> None:
    after = run(SECP256K1, deal(2, 3))
    assert EcdsaCeremony(after, (0, 2)).presign().finish()


@pytest.mark.slow
def test_sixteen_participants(group: Group) -> None:
    before = deal(9, 16, group)
    after = run(group, before)
    assert interpolated(group, dict(enumerate(after.shares[7:], start=7))) == before.key.threshold_pubkey


def test_with_a_threshold_of_one_there_is_nothing_to_refresh(group: Group) -> None:
    dealt = deal(1, 3, group)
    with pytest.raises(InvalidInput, match="threshold of one"):
        Refresh(group, dealt.key, 0, dealt.shares[0])


@pytest.mark.parametrize("change", ["another share", "another key", "no participant"])
def test_what_does_not_fit_is_not_begun_with(group: Group, change: str) -> None:
    dealt, other = deal(2, 3, group), deal(2, 3, group)
    key, index, share = dealt.key, 0, dealt.shares[0]
    if change == "another share":
        share = dealt.shares[1]
    elif change == "another key":
        key = replace(key, threshold_pubkey=other.key.threshold_pubkey)
    else:
        index = 3
    with pytest.raises(InvalidInput):
        Refresh(group, key, index, share)


def bent(group: Group, t: int, receiver: int, constant: bool) -> tuple[bytes, Secret]:
    """A dealing whose polynomial has a constant term (by which the key would change): the commitment to the other
    terms, or to all of them, and the evaluation."""
    coefficients = [group.random_secret() for _ in range(t)]
    points = [group.base_mul(each).encoded for each in coefficients]
    return b"".join(points if constant else points[1:]), evaluate(group, coefficients, receiver + 1)


@pytest.mark.parametrize("constant", [True, False], ids=["committed to", "kept silent about"])
def test_a_constant_term_is_found_and_its_dealer_named(group: Group, constant: bool) -> None:
    parts = begin(group, deal(3, 4, group))
    commitment, evaluation = bent(group, 3, VICTIM, constant)
    with pytest.raises(InvalidContribution) as found:
        parts[VICTIM].take(VILLAIN, commitment, evaluation.buffer)
    assert found.value.index == VILLAIN
    assert found.value.what == ("commitment" if constant else "secret share")


@pytest.mark.parametrize("degree", [1, 3], ids=["too low", "too high"])
def test_a_polynomial_of_another_degree_is_found(group: Group, degree: int) -> None:
    """Too high, more than t devices would be needed from now on; too low, it adds nothing to what t-1 know."""
    parts = begin(group, deal(3, 4, group))
    coefficients = [group.random_secret() for _ in range(degree)]
    commitment = b"".join(group.base_mul(each).encoded for each in coefficients)
    with evaluate(group, coefficients, VICTIM + 1) as quotient:
        evaluation = group.secret_mul_public(quotient, VICTIM + 1)
    with pytest.raises(InvalidContribution) as found:
        parts[VICTIM].take(VILLAIN, commitment, evaluation.buffer)
    assert (found.value.index, found.value.what) == (VILLAIN, "commitment")


@pytest.mark.parametrize("what", ["one bit", "another receiver's", "zero", "the group order", "too short"])
def test_a_wrong_evaluation_is_found_and_its_dealer_named(group: Group, what: str) -> None:
    dealt = deal(3, 4, group)
    parts = begin(group, dealt)
    villain = parts[VILLAIN]
    evaluation = bytearray(villain.evaluation_for(VICTIM).expose())
    order = group.order.to_bytes(32, "big" if group is SECP256K1 else "little")
    low = 0 if group is ED25519 else 31
    flipped = bytearray(evaluation)
    flipped[low] ^= 1
    wrong = {
        "one bit": flipped,
        "another receiver's": villain.evaluation_for(1).expose(),
        "zero": bytes(32),
        "the group order": order,
        "too short": evaluation[:31],
    }[what]
    assert fits(
        group, dealt.key, VILLAIN, VICTIM, villain.commitment, villain.evaluation_for(VICTIM).expose()
    )
    assert not fits(group, dealt.key, VILLAIN, VICTIM, villain.commitment, bytes(wrong))
    with pytest.raises(InvalidContribution) as found:
        parts[VICTIM].take(VILLAIN, villain.commitment, bytes(wrong))
    assert (found.value.index, found.value.what) == (VILLAIN, "secret share")


@pytest.mark.parametrize("name", sorted(hostile_points.ED25519))
def test_no_point_of_small_order_gets_in(name: str) -> None:
    parts = begin(ED25519, deal(2, 3, ED25519))
    with pytest.raises(InvalidContribution) as found:
        parts[VICTIM].take(
            VILLAIN, hostile_points.ED25519[name], parts[VILLAIN].evaluation_for(VICTIM).expose()
        )
    assert (found.value.index, found.value.what) == (VILLAIN, "commitment")


@pytest.mark.parametrize("name", sorted(hostile_points.SECP256K1))
def test_neither_infinity_nor_what_is_no_point_gets_in(name: str) -> None:
    parts = begin(SECP256K1, deal(2, 3))
    with pytest.raises(InvalidContribution) as found:
        parts[VICTIM].take(
            VILLAIN, hostile_points.SECP256K1[name], parts[VILLAIN].evaluation_for(VICTIM).expose()
        )
    assert (found.value.index, found.value.what) == (VILLAIN, "commitment")


def test_a_new_share_of_zero_is_refused_in_the_name_of_its_owner(group: Group) -> None:
    """The last to speak knows what it was dealt, and can deal itself what makes its own share zero: no verifier could
    check its part of a signature."""
    dealt = deal(2, 2, group)
    honest = Refresh(group, dealt.key, 0, dealt.shares[0])
    # f(2) = 2a = -(its share + what it was dealt)
    with (
        honest.evaluation_for(1) as dealt_to_it,
        group.secret_add(dealt.shares[1], dealt_to_it) as total,
        group.secret_negate(total) as wanted,
    ):
        coefficient = group.secret_mul_public(wanted, group.scalar_invert(2))
    honest.take(1, group.base_mul(coefficient).encoded, coefficient.buffer)
    with pytest.raises(InvalidContribution) as found:
        honest.finish()
    assert (found.value.index, found.value.what) == (1, "commitment")


def test_two_faces_of_a_dealer_come_to_two_transcripts(group: Group) -> None:
    """Each face fits by itself: it is the agreement on the transcript that finds them, before anything is used."""
    dealt = deal(2, 3, group)
    parts = begin(group, dealt)
    other_face = Refresh(group, dealt.key, VILLAIN, dealt.shares[VILLAIN])
    tell(parts[VILLAIN], VILLAIN, parts[0], 0)
    tell(other_face, VILLAIN, parts[1], 1)
    tell(parts[0], 0, parts[1], 1)
    tell(parts[1], 1, parts[0], 0)
    assert parts[0].transcript != parts[1].transcript


def test_a_dealing_of_an_earlier_refresh_is_another_transcript(group: Group) -> None:
    """Replayed, it still fits: but what it is dealt for is in the transcript, and the round's channel opens no record
    of another (``tests/signer/test_refresh.py``)."""
    before = deal(2, 3, group)
    after = run(group, before)
    transcripts = set()
    for dealt in (before, after):
        parts = begin(group, dealt)
        for sender in (1, 2):
            tell(parts[sender], sender, parts[0], 0)
        transcripts.add(parts[0].transcript)
    assert len(transcripts) == 2


def test_nothing_is_finished_while_somebody_is_missing_and_nobody_speaks_twice(group: Group) -> None:
    parts = begin(group, deal(2, 3, group))
    tell(parts[1], 1, parts[0], 0)
    assert not parts[0].complete
    with pytest.raises(InvalidInput, match="missing"):
        parts[0].finish()
    with pytest.raises(InvalidInput, match="missing"):
        _ = parts[0].transcript
    with pytest.raises(InvalidContribution) as found:
        tell(parts[1], 1, parts[0], 0)
    assert (found.value.index, found.value.what) == (1, "order of messages")
    for stranger in (0, 3, -1):
        with pytest.raises(InvalidInput):
            tell(parts[1], stranger, parts[0], 0)


def test_the_outcome_is_handed_out_once_and_nothing_secret_stays(group: Group) -> None:
    parts = begin(group, deal(2, 3, group))
    for sender in (1, 2):
        tell(parts[sender], sender, parts[0], 0)
    parts[0].finish()
    with pytest.raises(AlreadyUsed):
        parts[0].finish()
    with pytest.raises(AlreadyUsed):
        parts[0].evaluation_for(1)
    with pytest.raises(AlreadyUsed):
        tell(parts[1], 1, parts[0], 0)
    assert parts[0]._sum.wiped and all(each.wiped for each in parts[0]._sharing._coefficients)


def test_public_shares_of_another_polynomial_do_not_keep_the_key(group: Group) -> None:
    dealt, other = deal(2, 4, group), deal(2, 4, group)
    assert keeps_key(group, dealt.key, dealt.key.pubshares)
    for place in range(4):
        swapped = list(dealt.key.pubshares)
        swapped[place] = other.key.pubshares[place]
        assert not keeps_key(group, dealt.key, swapped)
    assert not keeps_key(group, dealt.key, dealt.key.pubshares[:3])
    assert not keeps_key(group, dealt.key, other.key.pubshares)
