"""SimplPedPop: every participant shares a secret, proves that it knows it, and the sums become the key.

BIP text, "DKG Protocol SimplPedPop". The secret shares travel by other means (``encpedpop.py`` encrypts them), and the
equality of the transcripts that come out is checked elsewhere (``certeq.py``): before that check nothing is final.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from warifu.threshold.dkg.errors import (
    FaultyCoordinator,
    FaultyParticipant,
    FaultyParticipantOrCoordinator,
)
from warifu.threshold.dkg.suite import DkgSuite
from warifu.threshold.dkg.vss import Commitment, Sharing
from warifu.threshold.dkg.wire import Reader, encode_elements, index_bytes
from warifu.threshold.errors import ThresholdError
from warifu.threshold.group import Element
from warifu.threshold.wiping import Secret

# Messages


@dataclass(frozen=True)
class ParticipantMessage:
    """From a participant to the coordinator: the commitment to its polynomial and the proof of possession."""

    commitment: Commitment
    proof: bytes

    @staticmethod
    def length(suite: DkgSuite, t: int) -> int:
        return suite.group.element_bytes * t + suite.signature_bytes

    @classmethod
    def read(cls, suite: DkgSuite, reader: Reader, t: int) -> ParticipantMessage:
        commitment = Commitment(suite.group, reader.elements(t, "commitment"))
        (proof,) = reader.chunks(1, suite.signature_bytes)
        return cls(commitment, proof)

    def encode(self) -> bytes:
        return self.commitment.encode() + self.proof


@dataclass(frozen=True)
class CoordinatorMessage:
    """From the coordinator to all: each commitment to a secret, the sums of the other terms, and all proofs."""

    secret_commitments: tuple[Element, ...]
    summed_terms: tuple[Element, ...]
    proofs: tuple[bytes, ...]

    @staticmethod
    def length(suite: DkgSuite, t: int, n: int) -> int:
        return suite.group.element_bytes * (n + t - 1) + suite.signature_bytes * n

    @classmethod
    def read(cls, suite: DkgSuite, reader: Reader, t: int, n: int) -> CoordinatorMessage:
        return cls(
            reader.elements(n, "commitment to a secret"),
            reader.elements(t - 1, "sum of commitments"),
            reader.chunks(n, suite.signature_bytes),
        )

    def encode(self) -> bytes:
        return encode_elements(self.secret_commitments + self.summed_terms) + b"".join(self.proofs)

    def summed(self, suite: DkgSuite) -> Commitment:
        """The commitment to the sum of all polynomials."""
        first = suite.group.element_add(*self.secret_commitments)
        return Commitment(suite.group, (first, *self.summed_terms))


# Outcome


@dataclass(frozen=True)
class PublicOutput:
    """The threshold public key and every participant's public share, encoded."""

    threshold_pubkey: bytes
    pubshares: tuple[bytes, ...]


class ZeroKeyError(ThresholdError):
    """The key (``index`` None) or a participant's public share is the identity: someone chose it to be so."""

    def __init__(self, index: int | None) -> None:
        super().__init__("the summed key or a public share is the identity")
        self.index = index


class WrongShareError(ThresholdError):
    """The secret share does not belong to the public share ``pubshare``."""

    def __init__(self, pubshare: Element) -> None:
        super().__init__("the secret share does not fit the commitments")
        self.pubshare = pubshare


def final_commitment(suite: DkgSuite, summed: Commitment) -> tuple[Commitment, int]:
    """The commitment to the final sharing, and the tweak that was added. ZeroKeyError where there is no key."""
    if suite.group.is_identity(summed.terms[0]):
        raise ZeroKeyError(None)
    tweak = suite.key_tweak(summed.terms[0])
    final = summed.shifted(tweak)
    if suite.group.is_identity(final.terms[0]):
        raise ZeroKeyError(None)
    return final, tweak


def public_output(final: Commitment, n: int) -> PublicOutput:
    """What all may know. ZeroKeyError naming the participant whose public share is the identity.

    A participant that waits for the others' shares can bend its own polynomial so that its final share is zero. No
    verifier could check its partial signatures then, so it is refused here.
    """
    pubshares = [final.pubshare(index) for index in range(n)]
    for index, pubshare in enumerate(pubshares):
        if final.group.is_identity(pubshare):
            raise ZeroKeyError(index)
    return PublicOutput(final.terms[0].encoded, tuple(pubshare.encoded for pubshare in pubshares))


def transcript(summed: Commitment) -> bytes:
    """What all participants must agree on at this layer: t and the summed commitment, before the tweak."""
    return index_bytes(len(summed.terms)) + summed.encode()


# Participant


@dataclass(frozen=True)
class ParticipantState:
    """What a participant keeps between its steps: nothing secret."""

    t: int
    n: int
    index: int
    context: bytes
    secret_commitment: Element


def participant_step1(
    suite: DkgSuite, seed: Secret, t: int, n: int, index: int, context: bytes, aux: bytes
) -> tuple[ParticipantState, ParticipantMessage, list[Secret]]:
    """Share a secret derived from ``seed`` (32 bytes, to be used once). ``aux``: 32 bytes for the proof.

    ``context`` is what :meth:`DkgSuite.proof_message` may bind the proof to.

    Returns the state, the message to the coordinator, and the share for each participant, own share included.
    """
    with Sharing.derive(suite, seed, t) as sharing:
        commitment = sharing.commitment()
        proof = suite.prove(sharing.secret, suite.proof_message(index, context), aux)
        shares = [sharing.share_for(receiver) for receiver in range(n)]
    state = ParticipantState(t, n, index, context, commitment.terms[0])
    return state, ParticipantMessage(commitment, proof), shares


def participant_step2(
    suite: DkgSuite, state: ParticipantState, message: CoordinatorMessage, summed_share: Secret
) -> tuple[Secret, PublicOutput, bytes]:
    """Check what the coordinator sent; return the final share, the public output, and the transcript.

    ``summed_share`` is the sum of the shares that all participants made for this one. Raises FaultyCoordinator,
    FaultyParticipantOrCoordinator, and WrongShareError where the share does not fit.
    """
    if message.secret_commitments[state.index] != state.secret_commitment:
        raise FaultyCoordinator("commitment in this participant's own name")
    _check_possession(suite, state, message)
    summed = message.summed(suite)
    try:
        final, tweak = final_commitment(suite, summed)
    except ZeroKeyError as error:  # the proofs held, so no honest coordinator got here
        raise FaultyCoordinator("sum of commitments") from error

    share = suite.group.secret_add_public(summed_share, tweak)
    pubshare = final.pubshare(state.index)
    if suite.group.base_mul(share) != pubshare:
        share.wipe()
        raise WrongShareError(summed.pubshare(state.index))
    try:
        return share, public_output(final, state.n), transcript(summed)
    except ZeroKeyError as error:
        share.wipe()
        assert error.index is not None, "public_output names the public share"
        raise FaultyParticipantOrCoordinator(error.index, "commitment") from error


def _check_possession(suite: DkgSuite, state: ParticipantState, message: CoordinatorMessage) -> None:
    """Every other participant knows the secret that it commits to.

    Without this a participant could commit to "what I like minus the others' commitments" (rogue key). The message
    that is signed names the participant, so a proof cannot be replayed under another identifier.
    """
    for index, (commitment, proof) in enumerate(zip(message.secret_commitments, message.proofs, strict=True)):
        if index == state.index:
            continue
        if suite.group.is_identity(commitment):
            raise FaultyParticipantOrCoordinator(index, "commitment")
        if not suite.proves(commitment, suite.proof_message(index, state.context), proof):
            raise FaultyParticipantOrCoordinator(index, "proof of possession")


def investigate(
    suite: DkgSuite,
    index: int,
    pubshare: Element,
    partial_pubshares: Sequence[Element],
    share_points: Sequence[Element],
) -> NoReturn:
    """Find whose share for participant ``index`` is wrong.

    ``pubshare`` is this participant's public share before the tweak; ``partial_pubshares[j]`` is what the
    coordinator says that participant ``j``'s commitment makes of it; ``share_points[j]`` is the share that ``j`` sent,
    times the generator. The sum of the shares is known to be the share that failed.
    """
    if suite.group.element_add(*partial_pubshares) != pubshare:
        raise FaultyCoordinator("list of partial public shares")
    for sender, (promised, sent) in enumerate(zip(partial_pubshares, share_points, strict=True)):
        if promised != sent:
            if sender == index:  # we made that share well, so the coordinator altered it
                raise FaultyCoordinator("share that this participant made for itself")
            raise FaultyParticipantOrCoordinator(sender, "secret share")
    raise AssertionError("the sums differ, so at least one summand differs")


# Coordinator


def coordinator_step(
    suite: DkgSuite, messages: Sequence[ParticipantMessage], t: int, context: bytes
) -> tuple[CoordinatorMessage, PublicOutput, bytes]:
    """Add the commitments up; return the message to all, the public output, and the transcript.

    Raises FaultyParticipant. Proofs of possession are the participants' to check, who do not trust this sum.
    """
    combined = CoordinatorMessage(
        tuple(message.commitment.terms[0] for message in messages),
        tuple(
            suite.group.element_add(*(message.commitment.terms[k] for message in messages))
            for k in range(1, t)
        ),
        tuple(message.proof for message in messages),
    )
    summed = combined.summed(suite)
    try:
        final, _ = final_commitment(suite, summed)
        return combined, public_output(final, len(messages)), transcript(summed)
    except ZeroKeyError as error:
        culprit = _rogue(suite, combined, context) if error.index is None else error.index
        raise FaultyParticipant(culprit, "commitment") from error


def _rogue(suite: DkgSuite, message: CoordinatorMessage, context: bytes) -> int:
    """Who cancelled the key: the first without a valid proof; where all have one, all conspire, the first too."""
    for index, (commitment, proof) in enumerate(zip(message.secret_commitments, message.proofs, strict=True)):
        if not suite.proves(commitment, suite.proof_message(index, context), proof):
            return index
    return 0


def coordinator_investigate(messages: Sequence[ParticipantMessage]) -> list[tuple[Element, ...]]:
    """For each participant, what every other one's commitment makes of its public share."""
    return [
        tuple(message.commitment.pubshare(receiver) for message in messages)
        for receiver in range(len(messages))
    ]
