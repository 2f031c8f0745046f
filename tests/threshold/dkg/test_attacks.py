"""Participants and coordinators that cheat on purpose: rogue keys, stolen proofs, bent shares, two faces."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from tests.support.dkg import Ceremony, Hosts, Letter

from warifu.threshold.dkg import certeq, chilldkg, encpedpop, errors, simplpedpop
from warifu.threshold.dkg.encpedpop import ParticipantMessage
from warifu.threshold.dkg.params import SessionParams
from warifu.threshold.dkg.phases import Phase
from warifu.threshold.dkg.suite import DkgSuite
from warifu.threshold.dkg.suite_bip340 import BIP340
from warifu.threshold.dkg.suite_ed25519 import ED25519_DKG
from warifu.threshold.dkg.vss import Commitment
from warifu.threshold.errors import AlreadyUsed
from warifu.threshold.group import Element
from warifu.threshold.polynomial import evaluate, interpolating_coefficient
from warifu.threshold.wiping import Secret

pytestmark = pytest.mark.unit

N, T = 3, 2
VILLAIN = 2


@pytest.fixture(params=[BIP340, ED25519_DKG], ids=lambda suite: suite.group.name)
def suite(request: pytest.FixtureRequest) -> DkgSuite:
    """Every attack is tried on both suites: one protocol, two groups."""
    chosen: DkgSuite = request.param
    return chosen


class Bench:
    """Three participants after step 1, with every message open to be forged before the coordinator combines them."""

    def __init__(self, suite: DkgSuite, t: int = T, n: int = N, hosts: Hosts | None = None) -> None:
        self.suite = suite
        self.group = suite.group
        self.hosts = hosts or Hosts.make(n, suite)
        self.params = self.hosts.params(t)
        self.states: list[chilldkg.ParticipantState1] = []
        self.messages: list[ParticipantMessage] = []
        for index in range(n):
            state, pmsg1 = chilldkg.participant_step1(self.hosts.key(index), self.params, os.urandom(32))
            self.states.append(state)
            self.messages.append(self.decode(pmsg1))

    def decode(self, pmsg1: bytes) -> ParticipantMessage:
        return ParticipantMessage.decode(self.suite, pmsg1, self.params.t, self.params.n)

    def keys(self, index: int) -> encpedpop.Keys:
        return encpedpop.Keys(self.suite, self.params.t, index, self.hosts.key(index), self.params.points)

    def prove(self, index: int, secret: Secret) -> bytes:
        """A proof of possession as participant ``index`` makes it in this session."""
        return self.suite.prove(secret, self.proof_message(index), bytes(32))

    def proof_message(self, index: int) -> bytes:
        return self.suite.proof_message(index, self.keys(index).context)

    def secret(self, number: int) -> Secret:
        return self.group.secret_from_bytes(self.group.scalar_to_bytes(number % self.group.order))

    def number(self, secret: Secret) -> int:
        return self.group.scalar_from_bytes(secret.expose())

    def commit(self, index: int, terms: Sequence[Element], proof: bytes | None = None) -> None:
        inner = replace(self.messages[index].inner, commitment=Commitment(self.group, tuple(terms)))
        if proof is not None:
            inner = replace(inner, proof=proof)
        self.messages[index] = replace(self.messages[index], inner=inner)

    def terms(self, index: int) -> tuple[Element, ...]:
        return self.messages[index].inner.commitment.terms

    def pmsgs1(self) -> list[bytes]:
        return [message.encode(self.suite) for message in self.messages]

    def combine(self) -> tuple[chilldkg.CoordinatorState, bytes]:
        return chilldkg.coordinator_step1(self.pmsgs1(), self.params)

    def step2(self, index: int, cmsg1: bytes) -> tuple[chilldkg.ParticipantState2, bytes]:
        return chilldkg.participant_step2(self.hosts.key(index), self.states[index], cmsg1, bytes(32))


def assert_blamed(bench: Bench, what: str, culprit: int = VILLAIN) -> None:
    """Every honest participant suspects the culprit of the same thing."""
    _, cmsg1 = bench.combine()
    for index in range(N):
        if index == culprit:
            continue
        with pytest.raises(errors.FaultyParticipantOrCoordinator) as caught:
            bench.step2(index, cmsg1)
        assert (caught.value.index, caught.value.what) == (culprit, what)


# Proofs of possession


def test_a_rogue_key_cannot_be_proven(suite: DkgSuite) -> None:
    """The villain wants the sum to be a key that it knows: it commits to that key minus what the others chose."""
    bench = Bench(suite)
    wanted = suite.group.base_mul_public(1234567)
    others = suite.group.element_add(bench.terms(0)[0], bench.terms(1)[0])
    bench.commit(VILLAIN, [suite.group.element_sub(wanted, others), bench.terms(VILLAIN)[1]])
    assert_blamed(bench, "proof of possession")


def test_another_participants_commitment_and_proof_cannot_be_replayed(suite: DkgSuite) -> None:
    """The proof holds for the commitment, but it is signed for another identifier."""
    bench = Bench(suite)
    stolen = bench.messages[1].inner
    assert suite.proves(stolen.commitment.terms[0], bench.proof_message(1), stolen.proof)
    bench.commit(VILLAIN, stolen.commitment.terms, stolen.proof)
    assert_blamed(bench, "proof of possession")


@pytest.mark.parametrize("proof", [bytes(64), b"\xff" * 64], ids=["zeroes", "out of range"])
def test_a_missing_proof_is_refused(suite: DkgSuite, proof: bytes) -> None:
    bench = Bench(suite)
    bench.commit(VILLAIN, bench.terms(VILLAIN), proof)
    assert_blamed(bench, "proof of possession")


def test_a_proof_recorded_in_another_session_holds_for_no_share(suite: DkgSuite) -> None:
    """The villain has the place that an honest participant had among the same others, and sends what that one sent.

    The Ed25519 profile's proof names its session. ChillDKG's does not: there the pads give it away, which do.
    """
    old = Bench(suite)
    own = Hosts.make(1, suite)
    hosts = Hosts(
        (*old.hosts.seckeys[:VILLAIN], *own.seckeys), (*old.hosts.pubkeys[:VILLAIN], *own.pubkeys), suite
    )
    bench = Bench(suite, hosts=hosts)
    bench.messages[VILLAIN] = old.messages[VILLAIN]
    if suite is ED25519_DKG:
        assert_blamed(bench, "proof of possession")
        return
    for index in (0, 1):
        error = investigate(bench, index)
        assert isinstance(error, errors.FaultyParticipantOrCoordinator)
        assert (error.index, error.what) == (VILLAIN, "secret share")


def test_an_ed25519_proof_names_threshold_and_host_keys() -> None:
    bench = Bench(ED25519_DKG)
    secret = ED25519_DKG.group.random_secret()
    point, message = ED25519_DKG.group.base_mul(secret), bench.proof_message(VILLAIN)
    assert ED25519_DKG.proves(point, message, bench.prove(VILLAIN, secret))
    for other in (Bench(ED25519_DKG, t=3, hosts=bench.hosts), Bench(ED25519_DKG)):
        assert not ED25519_DKG.proves(point, message, other.prove(VILLAIN, secret))


def test_a_participant_must_contribute_something(suite: DkgSuite) -> None:
    bench = Bench(suite)
    bench.commit(VILLAIN, [suite.group.identity, bench.terms(VILLAIN)[1]])
    assert_blamed(bench, "commitment")


def test_a_signature_of_the_secret_in_another_domain_is_no_proof(suite: DkgSuite) -> None:
    """A host signature of the same message with the same key: only the tag differs."""
    bench = Bench(suite)
    secret = suite.group.random_secret()
    signature = suite.sign(secret, bench.proof_message(VILLAIN), bytes(32))
    bench.commit(VILLAIN, [suite.group.base_mul(secret), bench.terms(VILLAIN)[1]], signature)
    assert_blamed(bench, "proof of possession")


# Keys and public shares that cancel


def test_who_cancels_the_key_without_a_proof_is_found_by_the_coordinator(suite: DkgSuite) -> None:
    bench = Bench(suite)
    others = suite.group.element_add(bench.terms(0)[0], bench.terms(1)[0])
    bench.commit(VILLAIN, [suite.group.element_negate(others), bench.terms(VILLAIN)[1]])
    with pytest.raises(errors.FaultyParticipant) as caught:
        bench.combine()
    assert caught.value.index == VILLAIN


def test_when_all_conspire_to_cancel_the_key_anyone_may_be_named(suite: DkgSuite) -> None:
    bench = Bench(suite, t=1, n=2)
    secret = suite.group.random_secret()
    for index, key in enumerate((secret, suite.group.secret_negate(secret))):
        proof = bench.prove(index, key)
        bench.commit(index, [suite.group.base_mul(key)], proof)
    with pytest.raises(errors.FaultyParticipant):
        bench.combine()


def open_pads(bench: Bench, receiver: int) -> list[Secret]:
    """The pads of what ``receiver`` gets, in the order of the senders."""
    return encpedpop.receiving_pads(bench.keys(receiver), [message.pubnonce for message in bench.messages])


def send_share(bench: Bench, sender: int, receiver: int, share: int) -> None:
    """Replace the share of ``sender`` for ``receiver`` by a number of the sender's choice."""
    pad = bench.number(open_pads(bench, receiver)[sender])
    shares = list(bench.messages[sender].encrypted_shares)
    shares[receiver] = (share + pad) % bench.group.order
    bench.messages[sender] = replace(bench.messages[sender], encrypted_shares=tuple(shares))


def received_share(bench: Bench, sender: int, receiver: int) -> int:
    pad = bench.number(open_pads(bench, receiver)[sender])
    return (bench.messages[sender].encrypted_shares[receiver] - pad) % bench.group.order


def bend_own_share_to_zero(bench: Bench) -> None:
    """The villain speaks last (the coordinator helps), knows its shares from the others, and cancels their sum.

    Every honest participant's share is right, so nothing but the villain's public share, the identity, shows it.
    """
    x = VILLAIN + 1
    constant = 99
    proof = bench.prove(VILLAIN, bench.secret(constant))
    summed = bench.group.element_add(
        bench.terms(0)[0], bench.terms(1)[0], bench.group.base_mul_public(constant)
    )
    tweak = bench.suite.key_tweak(summed)
    from_others = received_share(bench, 0, VILLAIN) + received_share(bench, 1, VILLAIN)
    slope = (-from_others - tweak - constant) * bench.group.scalar_invert(x) % bench.group.order
    bench.commit(VILLAIN, [bench.group.base_mul_public(constant), bench.group.base_mul_public(slope)], proof)
    for receiver in range(N):
        send_share(bench, VILLAIN, receiver, constant + slope * (receiver + 1))


def test_a_public_share_bent_to_the_identity_names_its_owner_to_the_coordinator(suite: DkgSuite) -> None:
    bench = Bench(suite)
    bend_own_share_to_zero(bench)
    with pytest.raises(errors.FaultyParticipant) as caught:
        bench.combine()
    assert caught.value.index == VILLAIN


def test_a_public_share_bent_to_the_identity_names_its_owner_to_participants(suite: DkgSuite) -> None:
    """The coordinator conspires and combines the messages without looking."""
    bench = Bench(suite)
    bend_own_share_to_zero(bench)
    cmsg1 = combine_blindly(bench)
    for index in (0, 1):
        with pytest.raises(errors.FaultyParticipantOrCoordinator) as caught:
            bench.step2(index, cmsg1)
        assert (caught.value.index, caught.value.what) == (VILLAIN, "commitment")


def combine_blindly(bench: Bench) -> bytes:
    messages = bench.messages
    inner = simplpedpop.CoordinatorMessage(
        tuple(message.inner.commitment.terms[0] for message in messages),
        (bench.group.element_add(*(message.inner.commitment.terms[1] for message in messages)),),
        tuple(message.inner.proof for message in messages),
    )
    sums = tuple(
        sum(message.encrypted_shares[i] for message in messages) % bench.group.order for i in range(N)
    )
    outer = encpedpop.CoordinatorMessage(inner, tuple(message.pubnonce for message in messages))
    return chilldkg.CoordinatorMessage1(outer, sums).encode(bench.suite)


# Wrong shares


def investigate(bench: Bench, index: int) -> Exception:
    _, cmsg1 = bench.combine()
    with pytest.raises(errors.UnknownFaultyParticipantOrCoordinator) as unknown:
        bench.step2(index, cmsg1)
    cinv = chilldkg.coordinator_investigate(bench.pmsgs1(), bench.params)[index]
    with pytest.raises((errors.FaultyCoordinator, errors.FaultyParticipantOrCoordinator)) as caught:
        chilldkg.participant_investigate(unknown.value, cinv)
    assert all(pad.wiped for pad in unknown.value.investigation.pads)
    with pytest.raises(AlreadyUsed):
        chilldkg.participant_investigate(unknown.value, cinv)
    return caught.value


@pytest.mark.parametrize("share", [0, 1, -1], ids=["zero", "one", "minus one"])
def test_who_sent_a_wrong_share_is_named(suite: DkgSuite, share: int) -> None:
    """Zero too, which no secret can be: the villain knows the pad and can send exactly that."""
    bench = Bench(suite)
    send_share(bench, VILLAIN, 0, share)
    error = investigate(bench, 0)
    assert isinstance(error, errors.FaultyParticipantOrCoordinator)
    assert error.index == VILLAIN


def test_two_wrong_shares_that_do_not_cancel_name_the_first_sender(suite: DkgSuite) -> None:
    bench = Bench(suite)
    send_share(bench, 1, 0, 5)
    send_share(bench, VILLAIN, 0, 6)
    error = investigate(bench, 0)
    assert isinstance(error, errors.FaultyParticipantOrCoordinator)
    assert error.index == 1


def test_an_honest_zero_share_is_no_fault(suite: DkgSuite) -> None:
    """A polynomial with a root at the receiver: unusual, consistent, and harmless in the sum."""
    bench = Bench(suite)
    constant = 4  # f(x) = 4 - 4 x, so that f(1) = 0
    proof = bench.prove(VILLAIN, bench.secret(constant))
    bench.commit(
        VILLAIN, [suite.group.base_mul_public(constant), suite.group.base_mul_public(-constant)], proof
    )
    for receiver in range(N):
        send_share(bench, VILLAIN, receiver, constant - constant * (receiver + 1))
    _, cmsg1 = bench.combine()
    signatures = [bench.step2(index, cmsg1)[1] for index in (0, 1)]
    assert all(len(signature) == 64 for signature in signatures)


@pytest.mark.parametrize("more", [-1, 1], ids=["a term less", "a term more"])
def test_a_commitment_to_another_threshold_does_not_fit_the_message(suite: DkgSuite, more: int) -> None:
    """With another degree too few or too many participants could sign: lengths leave no room for it."""
    bench = Bench(suite)
    bench.commit(VILLAIN, [*bench.terms(VILLAIN), suite.group.generator][: T + more])
    with pytest.raises(ValueError, match="bytes"):
        bench.combine()


def test_the_others_highest_coefficients_cannot_be_cancelled(suite: DkgSuite) -> None:
    """A sum of lower degree would let fewer than t sign. No share fits it: nobody knows what cancels the others."""
    bench = Bench(suite)
    cancelling = suite.group.element_negate(suite.group.element_add(bench.terms(0)[1], bench.terms(1)[1]))
    bench.commit(VILLAIN, [bench.terms(VILLAIN)[0], cancelling])
    for index in (0, 1):
        error = investigate(bench, index)
        assert isinstance(error, errors.FaultyParticipantOrCoordinator)
        assert (error.index, error.what) == (VILLAIN, "secret share")


def test_the_degree_of_the_sum_is_the_threshold(suite: DkgSuite) -> None:
    """A commitment of lower degree (identity terms) only removes the villain's own contribution."""
    bench = Bench(suite)
    secret = suite.group.random_secret()
    proof = bench.prove(VILLAIN, secret)
    bench.commit(VILLAIN, [suite.group.base_mul(secret), suite.group.identity], proof)
    for receiver in range(N):
        send_share(bench, VILLAIN, receiver, bench.number(secret))
    state0 = bench.states[VILLAIN].inner
    own = replace(state0.inner, secret_commitment=suite.group.base_mul(secret))
    bench.states[VILLAIN].inner = replace(state0, inner=own)
    state, cmsg1 = bench.combine()
    outcomes = [bench.step2(index, cmsg1) for index in range(N)]
    cmsg2, key = chilldkg.coordinator_finalize(state, [pmsg2 for _, pmsg2 in outcomes])
    shares = [chilldkg.participant_finalize(state2, cmsg2).share for state2, _ in outcomes]
    assert all(suite.group.base_mul(s).encoded == p for s, p in zip(shares, key.pubshares, strict=True))
    parts = [
        suite.group.base_mul_public(
            bench.number(shares[i]) * interpolating_coefficient(suite.group, [1, 2], i + 1)
        )
        for i in (0, 1)
    ]
    assert suite.group.element_add(*parts).encoded == key.threshold_pubkey


# A coordinator with two faces


def test_two_transcripts_never_get_a_certificate(suite: DkgSuite) -> None:
    """Participant 0 shares two polynomials, and the coordinator shows one each to 1 and 2: both look flawless."""
    bench = Bench(suite)
    other = Bench(suite, hosts=bench.hosts)
    state, pmsg1 = chilldkg.participant_step1(bench.hosts.key(0), bench.params, b"\x99" * 32)
    other.messages = [bench.decode(pmsg1), *bench.messages[1:]]
    other.states = [state, *bench.states[1:]]
    signed = [bench.step2(1, bench.combine()[1]), bench.step2(2, other.combine()[1])]
    lies = [bench.step2(0, bench.combine()[1])[1], other.step2(0, other.combine()[1])[1]]
    for (state2, _), lie in zip(signed, lies, strict=True):
        certificate = lie + signed[0][1] + signed[1][1]
        with pytest.raises(errors.FaultyCoordinator):
            chilldkg.participant_finalize(state2, certificate)


def test_a_participant_whose_message_was_replaced_knows_that_it_was_the_coordinator(suite: DkgSuite) -> None:
    """The coordinator lets a flawless message of its own stand in for participant 1's."""
    bench = Bench(suite)
    _, forged = chilldkg.participant_step1(bench.hosts.key(1), bench.params, b"\x77" * 32)
    own, foreign = bench.messages[1], bench.decode(forged)
    for message, what in [
        (replace(foreign, pubnonce=own.pubnonce), "commitment in this participant's own name"),
        (replace(own, pubnonce=foreign.pubnonce), "public nonce in this participant's own name"),
    ]:
        bench.messages[1] = message
        _, cmsg1 = bench.combine()
        bench.states[1]._used = False  # the second lie is told to the same participant anew
        with pytest.raises(errors.FaultyCoordinator) as caught:
            bench.step2(1, cmsg1)
        assert caught.value.what == what


def finish_honestly(bench: Bench) -> tuple[list[chilldkg.ParticipantState2], list[bytes]]:
    _, cmsg1 = bench.combine()
    outcomes = [bench.step2(index, cmsg1) for index in range(N)]
    return [state for state, _ in outcomes], [pmsg2 for _, pmsg2 in outcomes]


CERTIFICATES: dict[str, Callable[[list[bytes], list[bytes]], list[bytes]]] = {
    "of another session": lambda own, foreign: foreign,
    "with one signature of another session": lambda own, foreign: [own[0], foreign[1], own[2]],
    "with signatures in another order": lambda own, foreign: [own[1], own[0], own[2]],
    "with one signature three times": lambda own, foreign: [own[0]] * 3,
    "with a missing signature": lambda own, foreign: [own[0], own[1], bytes(64)],
}


@pytest.mark.parametrize("forge", CERTIFICATES.values(), ids=CERTIFICATES.keys())
def test_a_certificate_must_hold_every_signature_of_this_session(
    suite: DkgSuite,
    forge: Callable[[list[bytes], list[bytes]], list[bytes]],
) -> None:
    bench = Bench(suite)
    states, own = finish_honestly(bench)
    _, foreign = finish_honestly(Bench(suite, hosts=bench.hosts))
    with pytest.raises(errors.FaultyCoordinator):
        chilldkg.participant_finalize(states[0], b"".join(forge(own, foreign)))
    assert states[0].share.wiped


def test_a_signature_cannot_stand_for_a_participant_with_the_negated_key() -> None:
    """Keys P and -P are two host public keys with one x coordinate, under which BIP-340 verifies."""
    group = BIP340.group
    secret = group.random_secret()
    keys = [group.base_mul(secret), group.element_negate(group.base_mul(secret))]
    first = certeq.sign(BIP340, secret, 0, b"transcript", bytes(32))
    second = certeq.sign(BIP340, group.secret_negate(secret), 1, b"transcript", bytes(32))
    assert certeq.first_invalid(BIP340, keys, b"transcript", first + second) is None
    assert certeq.first_invalid(BIP340, keys, b"transcript", first + first) == 1


def test_participants_with_different_lists_of_host_keys_do_not_finish(suite: DkgSuite) -> None:
    """A coordinator between them that gave each its own keys for the others (man in the middle)."""
    hosts, impostor = Hosts.make(3, suite), Hosts.make(1, suite)
    fooled = Hosts(hosts.seckeys, (*hosts.pubkeys[:2], impostor.pubkeys[0]), suite)
    sessions = [hosts.start(2, 0), fooled.start(2, 1), hosts.start(2, 2)]
    ceremony = Ceremony(sessions).run()
    assert ceremony.results == []
    assert ceremony.errors or ceremony.sessions[0].failure


def test_participants_with_another_order_of_host_keys_do_not_finish(suite: DkgSuite) -> None:
    hosts = Hosts.make(3, suite)
    swapped = Hosts(hosts.seckeys, (hosts.pubkeys[2], hosts.pubkeys[1], hosts.pubkeys[0]), suite)
    ceremony = Ceremony([hosts.start(2, 0), swapped.start(2, 1), hosts.start(2, 2)]).run()
    assert ceremony.results == []


def test_participants_with_another_threshold_do_not_finish(suite: DkgSuite) -> None:
    hosts = Hosts.make(3, suite)
    ceremony = Ceremony([hosts.start(2, 0), hosts.start(3, 1), hosts.start(2, 2)]).run()
    assert ceremony.results == []
    assert isinstance(ceremony.errors[0], Exception)


def test_the_messages_of_an_old_session_do_not_make_a_new_one(suite: DkgSuite) -> None:
    """Every message of participant 1 comes from a session that the network recorded."""
    hosts = Hosts.make(3, suite)
    tape: dict[Phase, bytes] = {}

    def record(letter: Letter) -> Letter:
        if letter.sender == 1:
            tape[letter.phase] = letter.body
        return letter

    assert len(Ceremony.start(hosts, 2).run(record).results) == 3
    replayed = Ceremony.start(hosts, 2).run(
        lambda letter: replace(letter, body=tape[letter.phase]) if letter.sender == 1 else letter
    )
    assert replayed.results == []
    error = replayed.errors[1]
    assert isinstance(error, errors.FaultyCoordinator), "participant 1 sees an old nonce in its own name"


# States serve once


def test_a_state_serves_one_step_once(suite: DkgSuite) -> None:
    bench = Bench(suite)
    state, cmsg1 = bench.combine()
    outcomes = [bench.step2(index, cmsg1) for index in range(N)]
    with pytest.raises(AlreadyUsed):
        bench.step2(0, cmsg1)
    cmsg2, _ = chilldkg.coordinator_finalize(state, [pmsg2 for _, pmsg2 in outcomes])
    with pytest.raises(AlreadyUsed):
        chilldkg.coordinator_finalize(state, [pmsg2 for _, pmsg2 in outcomes])
    chilldkg.participant_finalize(outcomes[0][0], cmsg2)
    with pytest.raises(AlreadyUsed):
        chilldkg.participant_finalize(outcomes[0][0], cmsg2)


def test_a_state_that_saw_a_bad_message_is_used_up(suite: DkgSuite) -> None:
    """A coordinator cannot try messages on a participant until one pleases it."""
    bench = Bench(suite)
    _, cmsg1 = bench.combine()
    with pytest.raises(errors.FaultyCoordinator):
        bench.step2(0, b"\xff" * 33 + cmsg1[33:])
    with pytest.raises(AlreadyUsed):
        bench.step2(0, cmsg1)


def test_a_callers_mistake_leaves_the_state_usable(suite: DkgSuite) -> None:
    bench = Bench(suite)
    _, cmsg1 = bench.combine()
    with pytest.raises(ValueError, match="bytes"):
        bench.step2(0, cmsg1[:-1])
    with pytest.raises(errors.HostSeckeyError):
        chilldkg.participant_step2(bench.hosts.key(1), bench.states[0], cmsg1, bytes(32))
    state, _ = bench.step2(0, cmsg1)
    with pytest.raises(ValueError, match="bytes"):
        chilldkg.participant_finalize(state, b"")
    assert not state.share.wiped


def test_the_same_randomness_with_another_threshold_shares_nothing(suite: DkgSuite) -> None:
    """Equal randomness by accident: parameters are hashed into everything, so no share meets an old pad."""
    hosts = Hosts.make(2, suite)
    first, second = (
        chilldkg.participant_step1(hosts.key(0), SessionParams(hosts.pubkeys, t, suite), b"\x42" * 32)[1]
        for t in (1, 2)
    )
    one = ParticipantMessage.decode(suite, first, 1, 2)
    two = ParticipantMessage.decode(suite, second, 2, 2)
    assert one.pubnonce != two.pubnonce
    assert one.inner.commitment.terms[0] != two.inner.commitment.terms[0]


def test_shares_lie_on_the_committed_polynomial(suite: DkgSuite) -> None:
    coefficients = [suite.group.random_secret() for _ in range(4)]
    commitment = Commitment(suite.group, tuple(suite.group.base_mul(c) for c in coefficients))
    for index in range(6):
        assert suite.group.base_mul(evaluate(suite.group, coefficients, index + 1)) == commitment.pubshare(
            index
        )
