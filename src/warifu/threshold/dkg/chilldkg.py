"""ChillDKG: EncPedPop between host keys, ended by CertEq (BIP text, "DKG Protocol ChillDKG" and "API Documentation").

The steps, as functions from messages to messages::

    participant_step1  -> pmsg1 -> coordinator_step1     -> cmsg1 -> participant_step2
                       -> pmsg2 -> coordinator_finalize  -> cmsg2 -> participant_finalize

The coordinator is not trusted: it can make a session fail, and frame a participant for it, but learns no secret and
cannot make two honest participants finish with different keys. A state serves one step, once: giving two answers in
one session is how secrets leak.

After ``pmsg2`` has left, a session that seems to have failed may have succeeded for others. From then on **the host
secret key must be kept durably**: with the recovery data of any participant that finished, it gives the share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from warifu.threshold.dkg import certeq, encpedpop
from warifu.threshold.dkg.errors import (
    FaultyCoordinator,
    FaultyParticipant,
    HostSeckeyError,
    RandomnessError,
    UnknownFaultyParticipantOrCoordinator,
)
from warifu.threshold.dkg.params import SessionParams, hostpubkey_gen
from warifu.threshold.dkg.result import DkgResult, GeneratedKey
from warifu.threshold.dkg.simplpedpop import PublicOutput
from warifu.threshold.dkg.suite import DkgSuite
from warifu.threshold.dkg.wire import Malformed, Reader, encode_scalars, require_length
from warifu.threshold.errors import AlreadyUsed, InvalidInput
from warifu.threshold.wiping import Secret

RANDOM_BYTES = 32

# Messages


def pmsg1_length(params: SessionParams) -> int:
    """Participant to coordinator: commitment, proof of possession, public nonce, encrypted shares."""
    return encpedpop.ParticipantMessage.length(params.suite, params.t, params.n)


def cmsg1_length(params: SessionParams) -> int:
    """Coordinator to all: :class:`CoordinatorMessage1`."""
    return CoordinatorMessage1.length(params.suite, params.t, params.n)


def pmsg2_length(params: SessionParams) -> int:
    """Participant to coordinator: a signature of the transcript."""
    return params.suite.signature_bytes


def cmsg2_length(params: SessionParams) -> int:
    """Coordinator to all: the signatures of all participants."""
    return certeq.certificate_length(params.suite, params.n)


def cinv_length(params: SessionParams) -> int:
    """Coordinator to one participant that investigates."""
    return encpedpop.InvestigationMessage.length(params.suite, params.n)


@dataclass(frozen=True)
class CoordinatorMessage1:
    """EncPedPop's message, and the encrypted share sums of *all* participants, so that all agree on them."""

    inner: encpedpop.CoordinatorMessage
    encrypted_sums: tuple[int, ...]

    @staticmethod
    def length(suite: DkgSuite, t: int, n: int) -> int:
        return encpedpop.CoordinatorMessage.length(suite, t, n) + suite.group.scalar_bytes * n

    @classmethod
    def decode(cls, params: SessionParams, data: bytes) -> CoordinatorMessage1:
        """InvalidInput for a wrong length, FaultyCoordinator for bytes that are no points or scalars."""
        suite, t, n = params.suite, params.t, params.n
        reader = Reader(suite.group, data, length=cls.length(suite, t, n), what="coordinator's first message")
        try:
            inner = encpedpop.CoordinatorMessage.read(suite, reader, t, n)
            return cls(inner, reader.scalars(n, "encrypted share sum"))
        except Malformed as error:
            raise FaultyCoordinator(error.what) from error

    def encode(self, suite: DkgSuite) -> bytes:
        return self.inner.encode() + encode_scalars(suite.group, self.encrypted_sums)


def _decode_pmsgs1(params: SessionParams, pmsgs1: Sequence[bytes]) -> list[encpedpop.ParticipantMessage]:
    """InvalidInput for a wrong count or length, FaultyParticipant for bytes that are no points or scalars."""
    if len(pmsgs1) != params.n:
        raise InvalidInput("there must be one message from each participant")
    messages = []
    for index, pmsg1 in enumerate(pmsgs1):
        try:
            messages.append(encpedpop.ParticipantMessage.decode(params.suite, pmsg1, params.t, params.n))
        except Malformed as error:
            raise FaultyParticipant(index, error.what) from error
    return messages


# States


class _SingleUse:
    """A state that one step takes, once."""

    _used = False

    def _take(self) -> None:
        if self._used:
            raise AlreadyUsed("this state of a key generation was used before")
        self._used = True


class ParticipantState1(_SingleUse):
    """A participant between step 1 and step 2. Holds no secret."""

    def __init__(self, params: SessionParams, index: int, inner: encpedpop.ParticipantState) -> None:
        self.params = params
        self.index = index
        self.inner = inner


class ParticipantState2(_SingleUse):
    """A participant between step 2 and the end. Holds the secret share: wipe it where no end follows."""

    def __init__(
        self, params: SessionParams, index: int, transcript: bytes, share: Secret, output: PublicOutput
    ) -> None:
        self.params = params
        self.index = index
        self.transcript = transcript
        self.share = share
        self.output = output

    def wipe(self) -> None:
        self._used = True
        self.share.wipe()


class CoordinatorState(_SingleUse):
    """The coordinator between its two steps. Holds no secret."""

    def __init__(self, params: SessionParams, transcript: bytes, output: PublicOutput) -> None:
        self.params = params
        self.transcript = transcript
        self.output = output


# Participant


def participant_step1(
    hostseckey: Secret, params: SessionParams, random: bytes
) -> tuple[ParticipantState1, bytes]:
    """Begin; return the state and ``pmsg1`` for the coordinator. ``random``: 32 FRESH bytes.

    InvalidInput for wrong lengths; HostSeckeyError for a key that is not valid or not among the host keys;
    RandomnessError for all zeroes.
    """
    index = params.index_of(hostseckey)
    require_length(random, RANDOM_BYTES, "randomness")
    if not any(random):
        raise RandomnessError("the randomness is all zeroes")
    # The host secret key doubles as the seed: EncPedPop only ever hashes its seed.
    inner, message = encpedpop.participant_step1(_keys(hostseckey, params, index), hostseckey, random)
    return ParticipantState1(params, index, inner), message.encode(params.suite)


def participant_step2(
    hostseckey: Secret, state: ParticipantState1, cmsg1: bytes, aux: bytes
) -> tuple[ParticipantState2, bytes]:
    """Check the coordinator's first message; return the state and ``pmsg2``. ``aux``: 32 bytes, fresh at best.

    **Before ``pmsg2`` is sent the host secret key must be stored durably** (see the module's first lines).

    InvalidInput (of which HostSeckeyError) leaves the state usable. Everything else ends the session:
    FaultyCoordinator, FaultyParticipantOrCoordinator, UnknownFaultyParticipantOrCoordinator; AlreadyUsed for a state
    that was used.
    """
    params = state.params
    if hostpubkey_gen(hostseckey, params.suite) != params.hostpubkeys[state.index]:
        raise HostSeckeyError("the host secret key is not the one of this session")
    require_length(aux, RANDOM_BYTES, "auxiliary randomness")
    require_length(cmsg1, cmsg1_length(params), "coordinator's first message")
    state._take()
    message = CoordinatorMessage1.decode(params, cmsg1)
    share, output, inner_transcript = encpedpop.participant_step2(
        _keys(hostseckey, params, state.index),
        state.inner,
        message.inner,
        message.encrypted_sums[state.index],
    )
    transcript = inner_transcript + encode_scalars(params.suite.group, message.encrypted_sums)
    signature = certeq.sign(params.suite, hostseckey, state.index, transcript, aux)
    return ParticipantState2(params, state.index, transcript, share, output), signature


def participant_finalize(state: ParticipantState2, cmsg2: bytes) -> DkgResult:
    """Verify that all participants agree, and end successfully.

    InvalidInput for a wrong length leaves the state usable. FaultyCoordinator for a certificate that is not valid: this
    participant's share is wiped, but the session may still have succeeded for others, so keep the host secret key.
    AlreadyUsed for a state that was used.
    """
    params = state.params
    require_length(cmsg2, cmsg2_length(params), "coordinator's second message")
    state._take()
    if certeq.first_invalid(params.suite, params.points, state.transcript, cmsg2) is not None:
        state.wipe()
        raise FaultyCoordinator("certificate")
    return DkgResult(
        params=params,
        threshold_pubkey=state.output.threshold_pubkey,
        pubshares=state.output.pubshares,
        recovery_data=state.transcript + cmsg2,
        index=state.index,
        share=state.share,
    )


def participant_investigate(error: UnknownFaultyParticipantOrCoordinator, cinv: bytes) -> NoReturn:
    """Find out whose share was wrong, with the coordinator's investigation message for this participant.

    Always raises: FaultyParticipantOrCoordinator or FaultyCoordinator; InvalidInput for a wrong length (try again);
    AlreadyUsed after an investigation that ended.
    """
    investigation = error.investigation
    try:
        message = encpedpop.InvestigationMessage.decode(investigation.suite, cinv, investigation.n)
    except Malformed as malformed:
        investigation.wipe()
        raise FaultyCoordinator(malformed.what) from malformed
    encpedpop.participant_investigate(investigation, message)


# Coordinator


def coordinator_step1(pmsgs1: Sequence[bytes], params: SessionParams) -> tuple[CoordinatorState, bytes]:
    """Combine all first messages, in the order of the participants; return the state and ``cmsg1`` for all.

    InvalidInput for a wrong count or length; FaultyParticipant.
    """
    messages = _decode_pmsgs1(params, pmsgs1)
    inner, sums, output, inner_transcript = encpedpop.coordinator_step(
        params.suite, messages, params.t, params.points
    )
    transcript = inner_transcript + encode_scalars(params.suite.group, sums)
    return CoordinatorState(params, transcript, output), CoordinatorMessage1(inner, sums).encode(params.suite)


def coordinator_finalize(state: CoordinatorState, pmsgs2: Sequence[bytes]) -> tuple[bytes, GeneratedKey]:
    """Put the certificate together; return ``cmsg2`` for all, and the public outcome.

    InvalidInput for a wrong count or length leaves the state usable. FaultyParticipant for a signature that is not
    valid; AlreadyUsed for a state that was used.
    """
    params = state.params
    if len(pmsgs2) != params.n:
        raise InvalidInput("there must be one signature from each participant")
    for pmsg2 in pmsgs2:
        require_length(pmsg2, pmsg2_length(params), "participant's second message")
    state._take()
    certificate = b"".join(pmsgs2)
    culprit = certeq.first_invalid(params.suite, params.points, state.transcript, certificate)
    if culprit is not None:
        raise FaultyParticipant(culprit, "signature of the transcript")
    return certificate, GeneratedKey(
        params=params,
        threshold_pubkey=state.output.threshold_pubkey,
        pubshares=state.output.pubshares,
        recovery_data=state.transcript + certificate,
    )


def coordinator_investigate(pmsgs1: Sequence[bytes], params: SessionParams) -> list[bytes]:
    """One investigation message for each participant. They hold nothing secret.

    InvalidInput for a wrong count or length; FaultyParticipant.
    """
    messages = encpedpop.coordinator_investigate(_decode_pmsgs1(params, pmsgs1))
    return [message.encode(params.suite) for message in messages]


def _keys(hostseckey: Secret, params: SessionParams, index: int) -> encpedpop.Keys:
    """Host keys double as encryption keys (joint security of Schnorr and hashed Diffie-Hellman: BIP text, note 9)."""
    return encpedpop.Keys(params.suite, params.t, index, hostseckey, params.points)
