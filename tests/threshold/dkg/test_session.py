"""The key generation as signers drive it: who ends with what when nobody cheats, and what a caller may not hand in."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.signing import VerifyKey
from tests.support.dkg import Ceremony, Hosts, assert_one_key, combined_key, generate

from warifu.threshold import bip340
from warifu.threshold.dkg import errors
from warifu.threshold.dkg.phases import COORDINATOR, Phase, body_length
from warifu.threshold.dkg.recovery import recover
from warifu.threshold.dkg.session import KeyGeneration
from warifu.threshold.dkg.suite import DkgSuite
from warifu.threshold.dkg.suite_bip340 import BIP340
from warifu.threshold.dkg.suite_ed25519 import ED25519_DKG
from warifu.threshold.errors import AlreadyUsed, InvalidInput
from warifu.threshold.frost.bip445 import BIP340 as BIP445
from warifu.threshold.frost.rfc9591 import FROST_ED25519
from warifu.threshold.frost.scheme import Scheme
from warifu.threshold.frost.session import SigningSession
from warifu.threshold.wiping import Secret

pytestmark = [pytest.mark.unit, pytest.mark.slow]


@st.composite
def thresholds(draw: st.DrawFn, largest: int) -> tuple[int, int]:
    n = draw(st.integers(1, largest))
    return draw(st.integers(1, n)), n


@settings(max_examples=40, deadline=None)
@given(size=thresholds(16), order=st.integers(0, 2**32))
def test_any_threshold_in_any_order_of_delivery_gives_one_key(size: tuple[int, int], order: int) -> None:
    t, n = size
    ceremony = Ceremony.start(Hosts.make(n), t).run(seed=order)
    assert ceremony.errors == {}
    assert len(ceremony.results) == n
    assert_one_key(ceremony.results)


@settings(max_examples=15, deadline=None)
@given(size=thresholds(5), order=st.integers(0, 2**32))
def test_the_same_protocol_makes_an_ed25519_key(size: tuple[int, int], order: int) -> None:
    t, n = size
    ceremony = Ceremony.start(Hosts.make(n, ED25519_DKG), t).run(seed=order)
    assert ceremony.errors == {}
    assert_one_key(ceremony.results)
    assert len(ceremony.results[0].threshold_pubkey) == 32


@pytest.mark.parametrize(("t", "n"), [(1, 1), (1, 2), (2, 2), (1, 16), (16, 16)])
def test_the_extremes(t: int, n: int) -> None:
    _, results = generate(t, n)
    assert_one_key(results)


@pytest.mark.parametrize("scheme", [BIP445, FROST_ED25519], ids=lambda scheme: scheme.group.name)
def test_what_was_generated_signs(scheme: Scheme) -> None:
    """Any t participants sign with FROST; the session itself verifies the signature under the threshold key."""
    suite = BIP340 if scheme is BIP445 else ED25519_DKG
    _, results = generate(2, 3, suite)
    message = bytes(range(32))
    for chosen in combinations(results, 2):
        ids = [result.index for result in chosen]
        pubnonces, sessions = {}, {}
        for result in chosen:
            sessions[result.index], pubnonces[result.index] = SigningSession.start(
                result.key, result.share, result.index, ids, message, (), b"session", scheme=scheme
            )
        partials = {index: session.sign(pubnonces) for index, session in sessions.items()}
        signature = sessions[ids[0]].aggregate(partials)
        if scheme is BIP445:
            assert bip340.verify(results[0].threshold_pubkey[1:], message, signature)
        else:
            assert VerifyKey(results[0].threshold_pubkey).verify(message, signature) == message


def test_fewer_than_t_shares_make_another_key() -> None:
    _, results = generate(3, 4)
    assert combined_key(results[:3]) == results[0].threshold_pubkey
    assert combined_key(results[:2]) != results[0].threshold_pubkey


def test_a_single_participant_is_finished_at_once_and_says_nothing() -> None:
    hosts = Hosts.make(1)
    session = hosts.start(1, 0)
    assert session.outgoing() == []
    assert session.result is not None
    assert BIP340.group.base_mul(session.result.share).encoded == session.result.threshold_pubkey
    message = b"it signs"
    xonly = session.result.threshold_pubkey[1:]
    assert bip340.verify(xonly, message, bip340.sign(session.result.share, message))


def test_every_session_makes_another_key_even_with_the_same_randomness_for_one() -> None:
    hosts = Hosts.make(2)
    keys = set()
    for _ in range(2):
        first = KeyGeneration.start(hosts.seckeys[0], hosts.pubkeys, 2, 0, randomness=b"\x07" * 32)
        results = Ceremony([first, hosts.start(2, 1)]).run().results
        keys.add(results[0].threshold_pubkey)
    assert len(keys) == 2


def test_only_messages_that_commit_ask_for_durability() -> None:
    phases: dict[bool, set[Phase]] = {True: set(), False: set()}
    hosts = Hosts.make(2)
    coordinator, other = hosts.start(2, 0), hosts.start(2, 1)
    waiting = [(1, message) for message in other.outgoing()]
    while waiting:
        sender, message = waiting.pop(0)
        phases[message.durable_first].add(message.phase)
        receiver = other if sender == 0 else coordinator
        waiting += [
            (receiver.index, answer) for answer in receiver.handle(sender, message.phase, message.body)
        ]
    assert coordinator.result is not None
    assert other.result is not None
    assert phases == {True: {Phase.PMSG2, Phase.CMSG2}, False: {Phase.PMSG1, Phase.CMSG1}}


def test_the_coordinator_has_its_result_before_the_certificate_leaves() -> None:
    """So that it can store the result together with the host key: what leaves then finishes the others."""
    hosts = Hosts.make(2)
    coordinator, other = hosts.start(1, 0), hosts.start(1, 1)
    (pmsg1,) = other.outgoing()
    (cmsg1,) = coordinator.handle(1, Phase.PMSG1, pmsg1.body)
    (pmsg2,) = other.handle(COORDINATOR, Phase.CMSG1, cmsg1.body)
    before = coordinator.result
    (cmsg2,) = coordinator.handle(1, Phase.PMSG2, pmsg2.body)
    assert before is None
    assert coordinator.result is not None
    assert cmsg2.phase is Phase.CMSG2
    assert cmsg2.to_index is None


def test_who_never_got_the_certificate_recovers_from_who_did() -> None:
    hosts = Hosts.make(3)
    ceremony = Ceremony.start(hosts, 2).run(
        lambda letter: None if (letter.phase, letter.receiver) == (Phase.CMSG2, 2) else letter
    )
    assert [result.index for result in ceremony.results] == [0, 1]
    late = recover(hosts.key(2), ceremony.results[0].recovery_data)
    assert_one_key([*ceremony.results, late])


def test_messages_have_the_lengths_of_the_specification() -> None:
    params = Hosts.make(5).params(3)
    t, n = 3, 5
    lengths = {phase: body_length(params, phase) for phase in Phase}
    assert lengths == {
        Phase.PMSG1: 33 * t + 32 * n + 97,
        Phase.CMSG1: 162 * n + 33 * (t - 1),
        Phase.PMSG2: 64,
        Phase.CMSG2: 64 * n,
        Phase.COMPLAINT: 0,
        Phase.INVESTIGATION: 65 * n,
    }


def test_opening_messages_are_handed_out_once() -> None:
    session = Hosts.make(2).start(1, 1)
    assert len(session.outgoing()) == 1
    assert session.outgoing() == []


# What a caller may not hand in


@pytest.mark.parametrize("t", [-1, 0, 3, 2**32])
def test_a_threshold_outside_one_to_n_is_refused(t: int) -> None:
    with pytest.raises(errors.ThresholdOrCountError):
        Hosts.make(2).start(t, 0)


def test_a_session_without_participants_is_refused() -> None:
    with pytest.raises(errors.ThresholdOrCountError):
        KeyGeneration.start(b"\x01" * 32, [], 1, 0)


def test_more_participants_than_can_sign_are_refused() -> None:
    hosts = Hosts.make(1)
    with pytest.raises(errors.ThresholdOrCountError):
        KeyGeneration.start(hosts.seckeys[0], hosts.pubkeys * 256, 2, 0)


def test_a_host_key_in_two_places_is_refused_with_both_places() -> None:
    hosts = Hosts.make(3)
    with pytest.raises(errors.DuplicateHostPubkey) as caught:
        KeyGeneration.start(hosts.seckeys[0], [*hosts.pubkeys, hosts.pubkeys[1]], 2, 0)
    assert (caught.value.first, caught.value.second) == (1, 3)


BAD_KEYS = {
    "empty": b"",
    "short": b"\x02" * 32,
    "long": b"\x02" * 34,
    "uncompressed": b"\x04" + b"\x01" * 64,
    "identity": bytes(33),
    "not on the curve": b"\x02" + (5).to_bytes(32, "big"),
    "x too large": b"\x02" + b"\xff" * 32,
}


@pytest.mark.parametrize("bad", BAD_KEYS.values(), ids=BAD_KEYS.keys())
def test_a_host_public_key_that_is_no_point_is_refused_with_its_place(bad: bytes) -> None:
    hosts = Hosts.make(2)
    with pytest.raises(errors.InvalidHostPubkey) as caught:
        KeyGeneration.start(hosts.seckeys[0], [*hosts.pubkeys, bad], 2, 0)
    assert caught.value.index == 2


@pytest.mark.parametrize("index", [1, 2, -1])
def test_a_host_secret_key_of_another_place_is_refused(index: int) -> None:
    hosts = Hosts.make(2)
    with pytest.raises(errors.HostSeckeyError):
        KeyGeneration.start(hosts.seckeys[0], hosts.pubkeys, 2, index)


@pytest.mark.parametrize("bad", [b"", b"\x01" * 31, b"\x01" * 33], ids=["empty", "short", "long"])
def test_a_host_secret_key_of_another_length_is_refused(bad: bytes) -> None:
    with pytest.raises(InvalidInput):
        KeyGeneration.start(bad, Hosts.make(1).pubkeys, 1, 0)


@pytest.mark.parametrize("suite", [BIP340, ED25519_DKG], ids=lambda suite: suite.group.name)
def test_a_host_secret_key_that_is_no_scalar_is_refused(suite: DkgSuite) -> None:
    for bad in (bytes(32), suite.group.scalar_to_bytes(suite.group.order - 1)[::-1], b"\xff" * 32):
        with pytest.raises(errors.HostSeckeyError):
            KeyGeneration.start(bad, Hosts.make(1, suite).pubkeys, 1, 0, suite=suite)


def test_broken_randomness_is_refused() -> None:
    hosts = Hosts.make(1)
    with pytest.raises(errors.RandomnessError):
        KeyGeneration.start(hosts.seckeys[0], hosts.pubkeys, 1, 0, randomness=bytes(32))
    with pytest.raises(InvalidInput):
        KeyGeneration.start(hosts.seckeys[0], hosts.pubkeys, 1, 0, randomness=b"\x01" * 31)


def test_the_callers_host_key_stays_the_callers() -> None:
    hosts = Hosts.make(1)
    key = hosts.key(0)
    with KeyGeneration.start(key, hosts.pubkeys, 1, 0) as session:
        assert session.result is not None
        share = session.result.share
    assert key == Secret(hosts.seckeys[0])
    assert not share.wiped, "a result survives its session"


def test_the_sessions_copy_of_the_host_key_is_gone_once_it_has_signed() -> None:
    hosts = Hosts.make(2)
    ceremony = Ceremony.start(hosts, 2)
    copies = [session._participant._hostseckey for session in ceremony.sessions]
    assert not any(copy.wiped for copy in copies)
    ceremony.run(lambda letter: None if letter.phase is Phase.PMSG2 else letter)
    assert copies[1].wiped
    assert copies[0].wiped


def test_a_closed_session_answers_nothing() -> None:
    hosts = Hosts.make(2)
    with hosts.start(1, 1) as session:
        session.outgoing()
    with pytest.raises(AlreadyUsed):
        session.handle(0, Phase.CMSG1, bytes(body_length(session.params, Phase.CMSG1)))
    assert isinstance(session.failure, AlreadyUsed)


@pytest.mark.parametrize("sender", [-1, 1, 2, 99])
def test_a_sender_who_is_no_other_participant_is_the_callers_mistake(sender: int) -> None:
    session = Hosts.make(2).start(1, 1)
    with pytest.raises(InvalidInput):
        session.handle(sender, Phase.CMSG1, b"")
    assert session.failure is None
