"""The published Python references of BIP 445 and ChillDKG as the other participants, and ours in the same dress.

Their code lives outside this repository and is imported from two checkouts; ``docs/interop.md`` says which commits, and
how to get them. Everything that passes between the parties is bytes, as on a wire. A party is of our make
or of theirs, with the same methods, so that a test can deal them out in any way.
"""

from __future__ import annotations

import importlib
import os
import secrets
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from warifu.threshold.dkg import chilldkg
from warifu.threshold.dkg.errors import (
    FaultyParticipantOrCoordinator,
    UnknownFaultyParticipantOrCoordinator,
)
from warifu.threshold.dkg.params import SessionParams, hostpubkey_gen
from warifu.threshold.dkg.phases import COORDINATOR, Phase
from warifu.threshold.dkg.recovery import recover
from warifu.threshold.dkg.result import DkgResult
from warifu.threshold.dkg.session import KeyGeneration
from warifu.threshold.wiping import Secret


@dataclass(frozen=True)
class References:
    """Their two modules."""

    chilldkg: Any
    frost: Any
    schnorr_verify: Any

    @classmethod
    def load(cls, bip445: Path, chilldkg: Path) -> References:
        """From two checkouts. ImportError, with what is missing, where they are not what they should be."""
        for checkout in (bip445, chilldkg):
            sys.path.insert(0, str(checkout.resolve() / "python"))
        try:
            return cls(
                importlib.import_module("chilldkg_ref.chilldkg"),
                importlib.import_module("frost_ref.signing"),
                importlib.import_module("secp256k1lab.bip340").schnorr_verify,
            )
        finally:
            del sys.path[:2]

    @classmethod
    def from_environment(cls) -> References | None:
        """As ``WARIFU_BIP445`` and ``WARIFU_CHILLDKG`` say; None where they say nothing."""
        bip445, dkg = (os.environ.get(name, "") for name in ("WARIFU_BIP445", "WARIFU_CHILLDKG"))
        return cls.load(Path(bip445), Path(dkg)) if bip445 and dkg else None


@dataclass(frozen=True)
class Outcome:
    """What a participant has in the end, whichever make it is."""

    share: bytes
    threshold_pubkey: bytes
    pubshares: tuple[bytes, ...]
    recovery_data: bytes


class Participant(ABC):
    """One participant of a key generation. ``messages``: bytes in, bytes out."""

    def __init__(self, hostseckey: bytes) -> None:
        self.hostseckey = hostseckey

    @abstractmethod
    def hostpubkey(self) -> bytes: ...

    @abstractmethod
    def step1(self, hostpubkeys: Sequence[bytes], t: int) -> bytes: ...

    @abstractmethod
    def step2(self, cmsg1: bytes) -> bytes: ...

    @abstractmethod
    def finalize(self, cmsg2: bytes) -> Outcome: ...

    @abstractmethod
    def suspect(self, cmsg1: bytes, cinv: bytes) -> int:
        """Who is to blame for a share that does not fit ``cmsg1``, by the coordinator's investigation message."""

    @abstractmethod
    def recover(self, recovery_data: bytes) -> Outcome: ...


class Ours(Participant):
    """By the steps of our ``chilldkg``, which our state machine takes too."""

    def hostpubkey(self) -> bytes:
        return hostpubkey_gen(Secret(self.hostseckey))

    def step1(self, hostpubkeys: Sequence[bytes], t: int) -> bytes:
        params = SessionParams(tuple(hostpubkeys), t)
        self._state1, pmsg1 = chilldkg.participant_step1(Secret(self.hostseckey), params, os.urandom(32))
        return pmsg1

    def step2(self, cmsg1: bytes) -> bytes:
        self._state2, pmsg2 = chilldkg.participant_step2(
            Secret(self.hostseckey), self._state1, cmsg1, os.urandom(32)
        )
        return pmsg2

    def finalize(self, cmsg2: bytes) -> Outcome:
        return _outcome(chilldkg.participant_finalize(self._state2, cmsg2))

    def suspect(self, cmsg1: bytes, cinv: bytes) -> int:
        with pytest.raises(UnknownFaultyParticipantOrCoordinator) as unknown:
            self.step2(cmsg1)
        with pytest.raises(FaultyParticipantOrCoordinator) as blame:
            chilldkg.participant_investigate(unknown.value, cinv)
        return blame.value.index

    def recover(self, recovery_data: bytes) -> Outcome:
        return _outcome(recover(Secret(self.hostseckey), recovery_data))


class OurMachine(Participant):
    """The state machine that signers run, at a place other than the coordinator's."""

    def hostpubkey(self) -> bytes:
        return hostpubkey_gen(Secret(self.hostseckey))

    def step1(self, hostpubkeys: Sequence[bytes], t: int) -> bytes:
        index = list(hostpubkeys).index(self.hostpubkey())
        self._session = KeyGeneration.start(self.hostseckey, hostpubkeys, t, index)
        (pmsg1,) = self._session.outgoing()
        return pmsg1.body

    def step2(self, cmsg1: bytes) -> bytes:
        (pmsg2,) = self._session.handle(COORDINATOR, Phase.CMSG1, cmsg1)
        assert pmsg2.phase is Phase.PMSG2
        return pmsg2.body

    def finalize(self, cmsg2: bytes) -> Outcome:
        assert self._session.handle(COORDINATOR, Phase.CMSG2, cmsg2) == []
        assert self._session.result is not None
        return _outcome(self._session.result)

    def suspect(self, cmsg1: bytes, cinv: bytes) -> int:
        (complaint,) = self._session.handle(COORDINATOR, Phase.CMSG1, cmsg1)
        assert complaint.phase is Phase.COMPLAINT
        with pytest.raises(FaultyParticipantOrCoordinator) as blame:
            self._session.handle(COORDINATOR, Phase.INVESTIGATION, cinv)
        return blame.value.index

    def recover(self, recovery_data: bytes) -> Outcome:
        return _outcome(recover(Secret(self.hostseckey), recovery_data))


def _outcome(result: DkgResult) -> Outcome:
    return Outcome(result.share.expose(), result.threshold_pubkey, result.pubshares, result.recovery_data)


class Theirs(Participant):
    """By the functions of ``chilldkg_ref``."""

    def __init__(self, references: References, hostseckey: bytes) -> None:
        super().__init__(hostseckey)
        self._ref = references.chilldkg

    def hostpubkey(self) -> bytes:
        return bytes(self._ref.hostpubkey_gen(self.hostseckey))

    def step1(self, hostpubkeys: Sequence[bytes], t: int) -> bytes:
        params = self._ref.SessionParams(list(hostpubkeys), t)
        self._state1, pmsg1 = self._ref.participant_step1(self.hostseckey, params, os.urandom(32))
        return bytes(pmsg1)

    def step2(self, cmsg1: bytes) -> bytes:
        self._state2, pmsg2 = self._ref.participant_step2(
            self.hostseckey, self._state1, cmsg1, os.urandom(32)
        )
        return bytes(pmsg2)

    def finalize(self, cmsg2: bytes) -> Outcome:
        return self._outcome(*self._ref.participant_finalize(self._state2, cmsg2))

    def suspect(self, cmsg1: bytes, cinv: bytes) -> int:
        with pytest.raises(self._ref.UnknownFaultyParticipantOrCoordinatorError) as unknown:
            self.step2(cmsg1)
        with pytest.raises(self._ref.FaultyParticipantOrCoordinatorError) as blame:
            self._ref.participant_investigate(unknown.value, cinv)
        return int(blame.value.participant_id)

    def recover(self, recovery_data: bytes) -> Outcome:
        output, _ = self._ref.participant_recover(self.hostseckey, recovery_data)
        return self._outcome(output, recovery_data)

    def _outcome(self, output: Any, recovery_data: bytes) -> Outcome:
        return Outcome(output.secshare, output.thresh_pk, tuple(output.pubshares), bytes(recovery_data))


def participants(makes: str, references: References) -> list[Participant]:
    """``makes``: a letter for each, ``o`` for ours, ``m`` for our state machine, ``t`` for theirs."""

    def party(make: str) -> Participant:
        key = secrets.token_bytes(32)
        if make == "t":
            return Theirs(references, key)
        return Ours(key) if make == "o" else OurMachine(key)

    return [party(make) for make in makes]


@dataclass
class Generation:
    """One key generation, combined by a coordinator of ``coordinator``'s make (``o`` or ``t``)."""

    parties: list[Participant]
    t: int
    coordinator: str
    references: References

    def begin(self) -> bytes:
        """All first messages are made and combined: the coordinator's first message."""
        hostpubkeys = [party.hostpubkey() for party in self.parties]
        self.pmsgs1 = [party.step1(hostpubkeys, self.t) for party in self.parties]
        self._params = SessionParams(tuple(hostpubkeys), self.t)
        self._their_params = self.references.chilldkg.SessionParams(hostpubkeys, self.t)
        return self.combine()

    def combine(self) -> bytes:
        """The first messages as they are now."""
        if self.coordinator == "o":
            self._state, cmsg1 = chilldkg.coordinator_step1(self.pmsgs1, self._params)
        else:
            self._state, cmsg1 = self.references.chilldkg.coordinator_step1(self.pmsgs1, self._their_params)
        return bytes(cmsg1)

    def investigation(self) -> list[bytes]:
        if self.coordinator == "o":
            return chilldkg.coordinator_investigate(self.pmsgs1, self._params)
        return list(self.references.chilldkg.coordinator_investigate(self.pmsgs1, self._their_params))

    def end(self, cmsg1: bytes) -> list[Outcome]:
        pmsgs2 = [party.step2(cmsg1) for party in self.parties]
        if self.coordinator == "o":
            cmsg2, _ = chilldkg.coordinator_finalize(self._state, pmsgs2)
        else:
            cmsg2, _, _ = self.references.chilldkg.coordinator_finalize(self._state, pmsgs2)
        return [party.finalize(cmsg2) for party in self.parties]
