"""Malformed, misplaced and altered messages: each ends with the right name, and never with two keys."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.dkg import Ceremony, Hosts, Letter, Tamper, altering, assert_one_key, flip, flipping
from tests.threshold import hostile_points

from warifu.threshold.dkg import errors
from warifu.threshold.dkg.phases import COORDINATOR, Phase, body_length
from warifu.threshold.dkg.recovery import recover
from warifu.threshold.dkg.session import KeyGeneration, ShareComplaint, suspects
from warifu.threshold.dkg.suite import DkgSuite
from warifu.threshold.dkg.suite_bip340 import BIP340
from warifu.threshold.dkg.suite_ed25519 import ED25519_DKG
from warifu.threshold.errors import AlreadyUsed, InvalidContribution, ThresholdError

pytestmark = [pytest.mark.unit, pytest.mark.slow]

SUITES: list[DkgSuite] = [BIP340, ED25519_DKG]
HOSTS_OF = {suite.name: Hosts.make(3, suite) for suite in SUITES}


@pytest.fixture(params=SUITES, ids=lambda suite: suite.group.name)
def hosts(request: pytest.FixtureRequest) -> Hosts:
    """Three devices on each suite: one protocol, two groups."""
    return HOSTS_OF[request.param.name]


def run(tamper: Tamper, hosts: Hosts) -> Ceremony:
    return Ceremony.start(hosts, 2).run(tamper)


def positions(hosts: Hosts, phase: Phase) -> range:
    """Bytes of a message, several in every part of it: each third on secp256k1, each seventh on Ed25519.

    Every byte of what is stored (recovery data) is altered in ``test_recovery.py``.
    """
    return range(0, body_length(hosts.params(2), phase), 3 if hosts.suite is BIP340 else 7)


# Lengths

WRONG_LENGTH = {
    "empty": lambda body: b"",
    "truncated": lambda body: body[:-1],
    "one byte more": lambda body: body + b"\x00",
    "twice": lambda body: body + body,
}


@pytest.mark.parametrize("change", WRONG_LENGTH.values(), ids=WRONG_LENGTH.keys())
@pytest.mark.parametrize("phase", [Phase.PMSG1, Phase.PMSG2])
def test_a_participant_that_sends_another_length_is_named(hosts: Hosts, phase: Phase, change: object) -> None:
    assert callable(change)
    ceremony = run(altering(phase, change, sender=2), hosts)
    assert ceremony.results == []
    assert suspects(ceremony.errors[COORDINATOR]) == (2,)


@pytest.mark.parametrize("change", WRONG_LENGTH.values(), ids=WRONG_LENGTH.keys())
@pytest.mark.parametrize("phase", [Phase.CMSG1, Phase.CMSG2])
def test_a_coordinator_that_sends_another_length_is_named(hosts: Hosts, phase: Phase, change: object) -> None:
    assert callable(change)
    ceremony = run(altering(phase, change, receiver=1), hosts)
    assert suspects(ceremony.errors[1]) == (COORDINATOR,)
    assert ceremony.sessions[1].result is None


@pytest.mark.parametrize("phase", [-1, 0, 7, 255, 2**40])
def test_an_unknown_phase_names_its_sender(hosts: Hosts, phase: int) -> None:
    session = hosts.start(2, 0)
    with pytest.raises(InvalidContribution) as caught:
        session.handle(2, phase, b"")
    assert caught.value.index == 2


# Order


def blank(hosts: Hosts, phase: Phase) -> bytes:
    return bytes(body_length(hosts.params(2), phase))


@pytest.mark.parametrize("phase", [Phase.CMSG1, Phase.CMSG2, Phase.INVESTIGATION])
def test_only_participant_0_is_heard_as_coordinator(hosts: Hosts, phase: Phase) -> None:
    for receiver, impostor in [(1, 2), (2, 1), (0, 1)]:
        session = hosts.start(2, receiver)
        with pytest.raises(InvalidContribution) as caught:
            session.handle(impostor, phase, blank(hosts, phase))
        assert caught.value.index == impostor


@pytest.mark.parametrize("phase", [Phase.PMSG1, Phase.PMSG2, Phase.COMPLAINT])
def test_nobody_else_can_be_made_coordinator(hosts: Hosts, phase: Phase) -> None:
    session = hosts.start(2, 1)
    with pytest.raises(InvalidContribution) as caught:
        session.handle(2, phase, blank(hosts, phase))
    assert caught.value.index == 2


@pytest.mark.parametrize("phase", [Phase.PMSG2, Phase.COMPLAINT])
def test_a_second_message_before_the_first_names_its_sender(hosts: Hosts, phase: Phase) -> None:
    with pytest.raises(InvalidContribution) as caught:
        hosts.start(2, 0).handle(1, phase, blank(hosts, phase))
    assert caught.value.index == 1


@pytest.mark.parametrize("phase", [Phase.CMSG2, Phase.INVESTIGATION])
def test_the_coordinators_later_messages_before_its_first_name_it(hosts: Hosts, phase: Phase) -> None:
    with pytest.raises(InvalidContribution) as caught:
        hosts.start(2, 1).handle(COORDINATOR, phase, blank(hosts, phase))
    assert caught.value.index == COORDINATOR


@pytest.mark.parametrize("phase", [Phase.PMSG1, Phase.CMSG1, Phase.PMSG2])
def test_a_message_sent_twice_names_its_sender(hosts: Hosts, phase: Phase) -> None:
    """Even the same one: a coordinator that is answered twice could play two sessions at once."""
    sessions = [hosts.start(2, index) for index in range(3)]
    repeated: list[ThresholdError] = []
    waiting = [(s.index, m) for s in sessions for m in s.outgoing()]
    while waiting:
        sender, message = waiting.pop(0)
        for receiver in sessions:
            if receiver.index == sender or message.to_index not in (None, receiver.index):
                continue
            waiting += [(receiver.index, m) for m in receiver.handle(sender, message.phase, message.body)]
            if message.phase is phase and not repeated:
                with pytest.raises(InvalidContribution) as caught:
                    receiver.handle(sender, message.phase, message.body)
                assert caught.value.index == sender
                repeated.append(caught.value)
                waiting.clear()
                break
    assert repeated
    assert all(session.result is None for session in sessions)


def test_after_a_failure_nothing_is_answered_any_more(hosts: Hosts) -> None:
    session = hosts.start(2, 1)
    with pytest.raises(InvalidContribution):
        session.handle(COORDINATOR, Phase.CMSG1, b"")
    assert session.failure is not None
    with pytest.raises(AlreadyUsed):
        session.handle(COORDINATOR, Phase.CMSG1, blank(hosts, Phase.CMSG1))


@pytest.mark.parametrize("index", [0, 1])
@pytest.mark.parametrize("phase", list(Phase))
def test_a_result_survives_whatever_comes_after_it(hosts: Hosts, phase: Phase, index: int) -> None:
    ceremony = run(lambda letter: letter, hosts)
    session = ceremony.sessions[index]
    for body in (b"", blank(hosts, phase)):
        with pytest.raises(InvalidContribution):
            session.handle(2 if index == 0 else 0, phase, body)
    assert session.failure is None
    assert_one_key(ceremony.results)
    assert len(ceremony.results) == 3


# One altered bit at every byte of every message


def blamed_by(ceremony: Ceremony, index: int) -> tuple[int, ...]:
    return suspects(ceremony.errors[index])


def test_an_altered_first_message_of_a_participant(hosts: Hosts) -> None:
    """The others blame participant 1. Participant 1 itself, whose message was altered, blames the coordinator."""
    for position in positions(hosts, Phase.PMSG1):
        ceremony = run(flipping(Phase.PMSG1, position, sender=1), hosts)
        assert ceremony.results == []
        assert ceremony.errors or ceremony.sessions[0].failure
        for index in ceremony.errors:
            assert blamed_by(ceremony, index)[0] == (COORDINATOR if index == 1 else 1)
        if COORDINATOR not in ceremony.errors:
            assert isinstance(ceremony.sessions[0].failure, ShareComplaint)


def test_an_altered_first_message_of_the_coordinator(hosts: Hosts) -> None:
    """Altered for participant 2 only: it refuses, or signs another transcript and no certificate comes about.

    The one part that it does not look at is its own proof of possession, which it need not be convinced of.
    """
    point = hosts.suite.group.element_bytes
    own_proof = range(4 * point + 2 * 64, 4 * point + 3 * 64)
    for position in positions(hosts, Phase.CMSG1):
        ceremony = run(flipping(Phase.CMSG1, position, receiver=2), hosts)
        if position in own_proof:
            assert len(ceremony.results) == 3
            continue
        assert ceremony.results == []
        if 2 in ceremony.errors:
            assert COORDINATOR in blamed_by(ceremony, 2)
        else:
            error = ceremony.errors[COORDINATOR]
            assert isinstance(error, errors.FaultyParticipant)
            assert (error.index, error.what) == (2, "signature of the transcript")


def test_an_altered_signature_names_its_signer(hosts: Hosts) -> None:
    for position in positions(hosts, Phase.PMSG2):
        ceremony = run(flipping(Phase.PMSG2, position, sender=1), hosts)
        assert ceremony.results == []
        error = ceremony.errors[COORDINATOR]
        assert isinstance(error, errors.FaultyParticipant)
        assert error.index == 1


def test_an_altered_certificate_is_refused_and_recovery_heals_it(hosts: Hosts) -> None:
    for position in positions(hosts, Phase.CMSG2):
        ceremony = run(flipping(Phase.CMSG2, position, receiver=2), hosts)
        assert isinstance(ceremony.errors[2], errors.FaultyCoordinator)
        assert [result.index for result in ceremony.results] == [0, 1]
    assert_one_key([*ceremony.results, recover(hosts.key(2), ceremony.results[0].recovery_data, hosts.suite)])


# A wrong share, and the investigation


def share_position(hosts: Hosts, receiver: int) -> int:
    """The least significant byte of the share for ``receiver`` in a first message, for t = 2."""
    start = 3 * hosts.suite.group.element_bytes + 64 + 32 * receiver
    return start + (31 if hosts.suite is BIP340 else 0)


def wrong_share(hosts: Hosts, receiver: int = 2) -> Tamper:
    return altering(Phase.PMSG1, lambda body: flip(body, share_position(hosts, receiver)), sender=1)


def test_who_sent_a_wrong_share_is_found_by_investigation(hosts: Hosts) -> None:
    ceremony = run(wrong_share(hosts), hosts)
    error = ceremony.errors[2]
    assert isinstance(error, errors.FaultyParticipantOrCoordinator)
    assert (error.index, error.what) == (1, "secret share")
    assert suspects(error) == (1, COORDINATOR)
    assert ceremony.sessions[2].failure is error
    failure = ceremony.sessions[0].failure
    assert isinstance(failure, ShareComplaint)
    assert failure.complainant == 2
    assert ceremony.results == []


def test_the_coordinator_investigates_its_own_wrong_share_at_once_and_is_sure(hosts: Hosts) -> None:
    ceremony = run(wrong_share(hosts, receiver=COORDINATOR), hosts)
    error = ceremony.errors[COORDINATOR]
    assert isinstance(error, errors.FaultyParticipant)
    assert (error.index, error.what) == (1, "secret share")


def test_without_an_answer_the_investigation_stays_open(hosts: Hosts) -> None:
    bend = wrong_share(hosts)
    ceremony = run(lambda letter: None if letter.phase is Phase.INVESTIGATION else bend(letter), hosts)
    session = ceremony.sessions[2]
    assert session.investigating
    assert isinstance(session.failure, errors.UnknownFaultyParticipantOrCoordinator)
    assert suspects(session.failure) == ()
    session.close()
    assert all(pad.wiped for pad in session.failure.investigation.pads)


def test_an_altered_investigation_message_blames_a_suspect_all_the_same(hosts: Hosts) -> None:
    for position in positions(hosts, Phase.INVESTIGATION):

        def tamper(letter: Letter, at: int = position) -> Letter | None:
            bent = wrong_share(hosts)(letter)
            return bent and flipping(Phase.INVESTIGATION, at)(bent)

        error = run(tamper, hosts).errors[2]
        assert isinstance(error, errors.FaultyCoordinator)


def test_an_investigation_nobody_asked_for_names_the_coordinator(hosts: Hosts) -> None:
    ceremony = run(lambda letter: None if letter.phase is Phase.CMSG2 else letter, hosts)
    with pytest.raises(InvalidContribution) as caught:
        ceremony.sessions[1].handle(COORDINATOR, Phase.INVESTIGATION, blank(hosts, Phase.INVESTIGATION))
    assert caught.value.index == COORDINATOR


def coordinator_waiting_for_signatures(hosts: Hosts) -> KeyGeneration:
    sessions = [hosts.start(2, index) for index in range(3)]
    for session in sessions[1:]:
        (pmsg1,) = session.outgoing()
        sessions[0].handle(session.index, Phase.PMSG1, pmsg1.body)
    return sessions[0]


def test_who_complained_cannot_complain_again_nor_sign(hosts: Hosts) -> None:
    for phase in (Phase.COMPLAINT, Phase.PMSG2):
        coordinator = coordinator_waiting_for_signatures(hosts)
        (answer,) = coordinator.handle(2, Phase.COMPLAINT, b"")
        assert (answer.to_index, answer.phase) == (2, Phase.INVESTIGATION)
        with pytest.raises(InvalidContribution) as caught:
            coordinator.handle(2, phase, blank(hosts, phase))
        assert caught.value.index == 2


def test_who_signed_cannot_complain(hosts: Hosts) -> None:
    coordinator = coordinator_waiting_for_signatures(hosts)
    coordinator.handle(2, Phase.PMSG2, blank(hosts, Phase.PMSG2))
    with pytest.raises(InvalidContribution) as caught:
        coordinator.handle(2, Phase.COMPLAINT, b"")
    assert caught.value.index == 2


def test_every_complainant_is_answered(hosts: Hosts) -> None:
    coordinator = coordinator_waiting_for_signatures(hosts)
    for index in (1, 2):
        (answer,) = coordinator.handle(index, Phase.COMPLAINT, b"")
        assert answer.to_index == index


# Fuzzing, and points that are no elements of the group


@pytest.mark.parametrize(
    ("place", "what"), [("secret", "commitment"), ("slope", "commitment"), ("nonce", "public nonce")]
)
def test_a_point_outside_the_group_names_its_sender(hosts: Hosts, place: str, what: str) -> None:
    """Off the curve, not canonical, of small or mixed order. Small-order nonces would make pads that all know."""
    size = hosts.suite.group.element_bytes
    offset = {"secret": 0, "slope": size, "nonce": 2 * size + 64}[place]
    identity = hosts.suite.group.identity.encoded
    for name, point in hostile_points.OF_GROUP[hosts.suite.group.name].items():
        if point == identity and place == "slope":
            continue  # a polynomial of lower degree is nobody's harm; the share, which does not fit, is looked at

        def plant(body: bytes, point: bytes = point) -> bytes:
            return body[:offset] + point + body[offset + size :]

        ceremony = run(altering(Phase.PMSG1, plant, sender=1), hosts)
        error = ceremony.errors[COORDINATOR]
        assert isinstance(error, errors.FaultyParticipant), name
        assert (error.index, error.what) == (1, what), name
        assert ceremony.results == []


@pytest.mark.parametrize("receiver", [1, 2])
def test_a_point_outside_the_group_from_the_coordinator_names_the_coordinator(
    hosts: Hosts, receiver: int
) -> None:
    """In the sum of commitments, which only the coordinator makes."""
    size = hosts.suite.group.element_bytes
    for name, point in hostile_points.OF_GROUP[hosts.suite.group.name].items():

        def plant(body: bytes, point: bytes = point) -> bytes:
            return body[: 3 * size] + point + body[4 * size :]

        ceremony = run(altering(Phase.CMSG1, plant, receiver=receiver), hosts)
        error = ceremony.errors.get(receiver) or ceremony.sessions[receiver].failure
        assert COORDINATOR in suspects(error) if error else False, name
        assert ceremony.sessions[receiver].result is None


def test_a_host_key_outside_the_group_is_refused_with_its_place(hosts: Hosts) -> None:
    for name, point in hostile_points.OF_GROUP[hosts.suite.group.name].items():
        with pytest.raises(errors.InvalidHostPubkey) as caught:
            KeyGeneration.start(hosts.seckeys[0], (*hosts.pubkeys[:2], point), 2, 0, suite=hosts.suite)
        assert caught.value.index == 2, name


@pytest.mark.parametrize("excess", [0, 1], ids=["the order", "one more"])
def test_an_encrypted_share_that_is_not_below_the_order_names_its_sender(hosts: Hosts, excess: int) -> None:
    group = hosts.suite.group
    offset = 3 * group.element_bytes + 64 + 32 * 2
    encoded = (group.order + excess).to_bytes(32, "big" if hosts.suite is BIP340 else "little")
    bend = altering(Phase.PMSG1, lambda body: body[:offset] + encoded + body[offset + 32 :], sender=1)
    ceremony = run(bend, hosts)
    error = ceremony.errors[COORDINATOR]
    assert isinstance(error, errors.FaultyParticipant)
    assert (error.index, error.what) == (1, "encrypted share")
    assert ceremony.results == []


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(SUITES),
    st.sampled_from(list(Phase)),
    st.integers(1, 2),
    st.integers(0, 2**32),
    st.booleans(),
)
def test_noise_of_the_right_length_ends_in_blame(
    suite: DkgSuite, phase: Phase, party: int, seed: int, partly: bool
) -> None:
    """Whatever the bytes, nothing but blame comes out: no other exception, no result for the one who read them."""
    noise = Random(seed)
    hosts = HOSTS_OF[suite.name]

    def scramble(body: bytes) -> bytes:
        start = noise.randrange(len(body)) if partly and body else 0
        return body[:start] + noise.randbytes(len(body) - start)

    if phase in (Phase.PMSG1, Phase.PMSG2):
        ceremony = run(altering(phase, scramble, sender=party), hosts)
    else:
        ceremony = run(altering(phase, scramble, receiver=party), hosts)
    for error in ceremony.errors.values():
        assert isinstance(error, InvalidContribution)
    if phase in (Phase.PMSG1, Phase.PMSG2):
        assert ceremony.results == []
    assert len({result.threshold_pubkey for result in ceremony.results}) <= 1
