"""The two parts that a device can play in a key generation: participant, and coordinator beside it.

Each takes a message whose length was checked, and returns its answers; ``session.py`` routes between them.
"""

from __future__ import annotations

import os

from warifu.threshold.dkg import chilldkg
from warifu.threshold.dkg.errors import UnknownFaultyParticipantOrCoordinator
from warifu.threshold.dkg.params import SessionParams
from warifu.threshold.dkg.phases import COORDINATOR, Outgoing, Phase
from warifu.threshold.dkg.result import DkgResult
from warifu.threshold.errors import InvalidContribution
from warifu.threshold.wiping import Secret


class Participant:
    """The participant's side: expects exactly one kind of message at any time, None at the end."""

    def __init__(
        self, params: SessionParams, index: int, hostseckey: Secret, state: chilldkg.ParticipantState1
    ) -> None:
        self.params = params
        self.index = index
        self.expects: Phase | None = Phase.CMSG1
        self.complaint: UnknownFaultyParticipantOrCoordinator | None = None
        self.result: DkgResult | None = None
        self._hostseckey = hostseckey
        self._state1 = state
        self._state2: chilldkg.ParticipantState2 | None = None

    @classmethod
    def begin(
        cls, params: SessionParams, hostseckey: Secret, randomness: bytes | None
    ) -> tuple[Participant, bytes]:
        random = os.urandom(chilldkg.RANDOM_BYTES) if randomness is None else randomness
        state, pmsg1 = chilldkg.participant_step1(hostseckey, params, random)
        return cls(params, state.index, hostseckey.clone(), state), pmsg1

    def receive(self, phase: Phase, body: bytes) -> list[Outgoing]:
        if phase is not self.expects:
            raise InvalidContribution(COORDINATOR, "order of messages")
        if phase is Phase.CMSG1:
            return [self._check_shares(body)]
        if phase is Phase.CMSG2:
            self._finish(body)
        else:
            self._investigate(body)
        return []

    def _check_shares(self, cmsg1: bytes) -> Outgoing:
        aux = os.urandom(chilldkg.RANDOM_BYTES)
        try:
            self._state2, pmsg2 = chilldkg.participant_step2(self._hostseckey, self._state1, cmsg1, aux)
        except UnknownFaultyParticipantOrCoordinator as error:
            self.complaint = error
            self.expects = Phase.INVESTIGATION
            return Outgoing(COORDINATOR, Phase.COMPLAINT, b"")
        finally:
            self._hostseckey.wipe()
        self.expects = Phase.CMSG2
        return Outgoing(COORDINATOR, Phase.PMSG2, pmsg2)

    def _finish(self, cmsg2: bytes) -> None:
        assert self._state2 is not None, "CMSG2 is expected after PMSG2 only"
        self.result = chilldkg.participant_finalize(self._state2, cmsg2)
        self.expects = None

    def _investigate(self, cinv: bytes) -> None:
        assert self.complaint is not None, "INVESTIGATION is expected after COMPLAINT only"
        chilldkg.participant_investigate(self.complaint, cinv)

    def wipe(self) -> None:
        self.expects = None
        self._hostseckey.wipe()
        if self._state2 is not None and self.result is None:
            self._state2.wipe()
        if self.complaint is not None:
            self.complaint.investigation.wipe()


class Coordinator:
    """The coordinator's side: collects one message of each kind from each participant."""

    def __init__(self, params: SessionParams) -> None:
        self._params = params
        self._state: chilldkg.CoordinatorState | None = None
        self._pmsgs1: dict[int, bytes] = {}
        self._pmsgs2: dict[int, bytes] = {}
        self._complainants: set[int] = set()

    def receive(self, sender: int, phase: Phase, body: bytes) -> list[Outgoing]:
        if phase is Phase.PMSG1:
            return self._collect_first(sender, body)
        answered = sender in self._pmsgs2 or sender in self._complainants
        if self._state is None or answered:
            raise InvalidContribution(sender, "order of messages")
        if phase is Phase.PMSG2:
            return self._collect_second(sender, body)
        return self._explain(sender)

    def _collect_first(self, sender: int, pmsg1: bytes) -> list[Outgoing]:
        if sender in self._pmsgs1:
            raise InvalidContribution(sender, "order of messages")
        self._pmsgs1[sender] = pmsg1
        if len(self._pmsgs1) < self._params.n:
            return []
        self._state, cmsg1 = chilldkg.coordinator_step1(self._ordered(self._pmsgs1), self._params)
        return [Outgoing(None, Phase.CMSG1, cmsg1)]

    def _collect_second(self, sender: int, pmsg2: bytes) -> list[Outgoing]:
        assert self._state is not None, "looked at in receive"
        self._pmsgs2[sender] = pmsg2
        if len(self._pmsgs2) < self._params.n:
            return []
        cmsg2, _ = chilldkg.coordinator_finalize(self._state, self._ordered(self._pmsgs2))
        return [Outgoing(None, Phase.CMSG2, cmsg2)]

    def _explain(self, sender: int) -> list[Outgoing]:
        """What each participant contributed to the complainant's share: nothing in it is secret."""
        self._complainants.add(sender)
        cinvs = chilldkg.coordinator_investigate(self._ordered(self._pmsgs1), self._params)
        return [Outgoing(sender, Phase.INVESTIGATION, cinvs[sender])]

    def _ordered(self, messages: dict[int, bytes]) -> list[bytes]:
        return [messages[index] for index in range(self._params.n)]
