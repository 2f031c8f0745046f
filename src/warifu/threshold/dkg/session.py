"""One key generation as a state machine: messages in, messages out, no I/O and no clock.

The participants talk over channels that authenticate the sender; participant 0 also plays the coordinator (which nobody
trusts), so that no further party is needed. ``phases.py`` has the table of messages.

Invariants, in the order in which they come to hold:

1. A participant answers one CMSG1 only.
2. PMSG2 is signed only over shares and proofs that this participant has checked.
3. A result exists only with the signatures of *all* participants on one transcript.

**Store before you send.** A message with ``durable_first`` commits this participant: others may finish because of it.
The caller stores the host secret key durably (and, where it is there, the result) before such a message leaves. If the
end then never comes, ``recovery.recover`` gives the result from the host secret key and any other participant's
recovery data.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from warifu.threshold.dkg.errors import (
    FaultyParticipant,
    FaultyParticipantOrCoordinator,
    HostSeckeyError,
    ThresholdOrCountError,
    UnknownFaultyParticipantOrCoordinator,
)
from warifu.threshold.dkg.params import SessionParams
from warifu.threshold.dkg.phases import COORDINATOR, TO_COORDINATOR, Outgoing, Phase, body_length
from warifu.threshold.dkg.result import DkgResult
from warifu.threshold.dkg.roles import Coordinator, Participant
from warifu.threshold.dkg.suite import DkgSuite
from warifu.threshold.dkg.suite_bip340 import BIP340
from warifu.threshold.errors import AlreadyUsed, InvalidContribution, InvalidInput, ThresholdError
from warifu.threshold.frost.signers import MAX_PARTICIPANTS
from warifu.threshold.wiping import Secret


class ShareComplaint(ThresholdError):
    """Participant ``complainant`` says that its share is wrong.

    It investigates; the coordinator cannot know who lies.
    """

    def __init__(self, complainant: int) -> None:
        super().__init__(f"participant {complainant} complains of a wrong secret share")
        self.complainant = complainant

    def __reduce__(self) -> tuple[type[ShareComplaint], tuple[int]]:
        return (ShareComplaint, (self.complainant,))


def suspects(error: ThresholdError) -> tuple[int, ...]:
    """The participants that an error of :meth:`KeyGeneration.handle` points at, the likeliest first.

    One: it is at fault. Two: the first is, or the second (as the coordinator) framed it. None: nobody can be named yet.
    """
    if isinstance(error, FaultyParticipantOrCoordinator):
        return tuple(dict.fromkeys((error.index, COORDINATOR)))
    if isinstance(error, UnknownFaultyParticipantOrCoordinator) or not isinstance(error, InvalidContribution):
        return ()
    return (COORDINATOR if error.index is None else error.index,)


class KeyGeneration:
    """One participant's part in one key generation (and the coordinator's, for participant 0).

    ``result`` is there once the session has succeeded; ``failure`` once it cannot succeed any more. Between the failure
    and the blame there may be an investigation: then ``failure`` is set, nothing was raised yet, and the next message
    names the suspect. Use it in a ``with`` block, or :meth:`close` it: what is secret in it is wiped.
    """

    def __init__(self, participant: Participant, coordinator: Coordinator | None) -> None:
        """Use :meth:`start`."""
        self.params = participant.params
        self.index = participant.index
        self.failure: ThresholdError | None = None
        self._participant = participant
        self._coordinator = coordinator
        self._opening: list[Outgoing] = []

    @classmethod
    def start(
        cls,
        hostseckey: bytes | Secret,
        hostpubkeys: Sequence[bytes],
        t: int,
        my_index: int,
        randomness: bytes | None = None,
        suite: DkgSuite = BIP340,
    ) -> KeyGeneration:
        """Begin. :meth:`outgoing` then has the first message.

        ``hostseckey``: 32 bytes, cloned; ``hostpubkeys``: those of all participants, in the common order, obtained
        authentically; ``randomness``: 32 FRESH bytes, from the operating system unless given.

        InvalidInput: SessionParamsError for a bad list or threshold, HostSeckeyError for a key that is not the one at
        ``my_index``, RandomnessError. Alone (n = 1) one is finished at once: then store the host key before.
        """
        if len(hostpubkeys) > MAX_PARTICIPANTS:
            raise ThresholdOrCountError(f"no more than {MAX_PARTICIPANTS} participants can sign together")
        params = SessionParams(tuple(hostpubkeys), t, suite)
        with hostseckey.clone() if isinstance(hostseckey, Secret) else Secret(hostseckey) as key:
            if params.index_of(key) != my_index:
                raise HostSeckeyError("the host secret key belongs to another participant")
            participant, pmsg1 = Participant.begin(params, key, randomness)
        coordinator = Coordinator(params) if my_index == COORDINATOR else None
        session = cls(participant, coordinator)
        session._opening = session._route([Outgoing(COORDINATOR, Phase.PMSG1, pmsg1)])
        return session

    @property
    def result(self) -> DkgResult | None:
        """The outcome. Its share is the caller's to wipe; closing the session leaves it alone."""
        return self._participant.result

    @property
    def investigating(self) -> bool:
        """Whether the session has failed here and waits for INVESTIGATION to learn who is to blame."""
        return self._participant.expects is Phase.INVESTIGATION

    def outgoing(self) -> list[Outgoing]:
        """The messages with which this participant opens, once."""
        opening, self._opening = self._opening, []
        return opening

    def handle(self, sender_index: int, phase: int, body: bytes) -> list[Outgoing]:
        """Take one message from the participant that the channel says; return the answers.

        InvalidContribution: ``sender_index`` sent what is malformed, out of order or a duplicate, or one of its
        subclasses (``dkg.errors``) says who is at fault and how sure that is. It ends the session, except where a
        result is there already. AlreadyUsed after a failure. InvalidInput for a sender who is no other participant.
        """
        if not 0 <= sender_index < self.params.n or sender_index == self.index:
            raise InvalidInput("the sender is none of the other participants")
        if self._closed:
            raise AlreadyUsed("this key generation has ended")
        try:
            return self._route(self._answers(sender_index, phase, body))
        except ThresholdError as error:
            if self.result is None:
                self._end(error)
            raise

    def close(self) -> None:
        """Wipe what is secret. A session that was not finished can then only be recovered."""
        if self.result is None and self.failure is None:
            self.failure = AlreadyUsed("this key generation was given up")
        self._participant.wipe()

    def __enter__(self) -> KeyGeneration:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    @property
    def _closed(self) -> bool:
        return self._participant.expects is None and self.result is None

    def _end(self, error: ThresholdError) -> None:
        self.failure = error
        self._participant.wipe()

    def _route(self, messages: list[Outgoing]) -> list[Outgoing]:
        """Deliver at once what is for this participant itself; return what is for others."""
        outgoing: list[Outgoing] = []
        pending = deque(messages)
        while pending:
            message = pending.popleft()
            if message.to_index in (None, self.index):
                pending.extend(self._answers(self.index, message.phase, message.body))
            if message.to_index != self.index and self.params.n > 1:
                outgoing.append(message)
        return outgoing

    def _answers(self, sender: int, phase: int, body: bytes) -> list[Outgoing]:
        try:
            known = Phase(phase)
        except ValueError as error:
            raise InvalidContribution(sender, "phase") from error
        if len(body) != body_length(self.params, known):
            raise InvalidContribution(sender, "length of a message")
        if known not in TO_COORDINATOR:
            return self._as_participant(sender, known, body)
        if self._coordinator is None:
            raise InvalidContribution(sender, "choice of coordinator")
        answers = self._coordinator.receive(sender, known, body)
        if known is Phase.COMPLAINT and self.failure is None:
            self.failure = ShareComplaint(sender)
        return answers

    def _as_participant(self, sender: int, phase: Phase, body: bytes) -> list[Outgoing]:
        if sender != COORDINATOR:
            raise InvalidContribution(sender, "claim to be the coordinator")
        try:
            answers = self._participant.receive(phase, body)
        except FaultyParticipantOrCoordinator as error:
            if self._coordinator is None:
                raise
            # We are the coordinator, and know of ourselves that we framed nobody.
            raise FaultyParticipant(error.index, error.what) from error
        if self.failure is None:
            self.failure = self._participant.complaint
        return answers
