"""Who is to blame when a key generation fails (BIP text, "Blaming Faulty Parties").

A caller's own bad input is an :class:`~warifu.threshold.errors.InvalidInput`. What a peer did wrong is an
:class:`~warifu.threshold.errors.InvalidContribution`; its classes say how sure the blame is. Assuming authentic
channels and an honest party that raises:

- :class:`FaultyParticipant` (raised by the coordinator): that participant is faulty.
- :class:`FaultyCoordinator` (raised by a participant): the coordinator is faulty.
- :class:`FaultyParticipantOrCoordinator` (raised by a participant): that participant is faulty, or the coordinator
  made it look so. Nobody but the raising party is convinced.
- :class:`UnknownFaultyParticipantOrCoordinator`: somebody is faulty; an investigation message of the coordinator
  narrows it down to one of the two above.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from warifu.threshold.errors import InvalidContribution, InvalidInput

if TYPE_CHECKING:
    from warifu.threshold.dkg.encpedpop import Investigation


class HostSeckeyError(InvalidInput):
    """The host secret key is no valid scalar, or belongs to none of (or another of) the host public keys."""


class RandomnessError(InvalidInput):
    """The fresh randomness is all zero: a broken generator."""


class SessionParamsError(InvalidInput):
    """The threshold or the list of host public keys is not valid."""


class ThresholdOrCountError(SessionParamsError):
    """1 <= t <= n does not hold, or n is more than an identifier can count."""


class InvalidHostPubkey(SessionParamsError):
    """The host public key of participant ``index`` is no valid point."""

    def __init__(self, index: int) -> None:
        super().__init__(f"the host public key of participant {index} is no valid public key")
        self.index = index

    def __reduce__(self) -> tuple[type[InvalidHostPubkey], tuple[int]]:
        return (InvalidHostPubkey, (self.index,))


class DuplicateHostPubkey(SessionParamsError):
    """Participants ``first`` and ``second`` have the same host public key: at least one of them copied it."""

    def __init__(self, first: int, second: int) -> None:
        super().__init__(f"participants {first} and {second} have the same host public key")
        self.first = first
        self.second = second

    def __reduce__(self) -> tuple[type[DuplicateHostPubkey], tuple[int, int]]:
        return (DuplicateHostPubkey, (self.first, self.second))


class RecoveryDataError(InvalidInput):
    """The recovery data is truncated, altered, or of no successful session."""


class FaultyParticipant(InvalidContribution):
    """Participant ``index`` is faulty. Raised by the coordinator only."""

    index: int

    def __init__(self, index: int, what: str) -> None:
        super().__init__(index, what)

    def __reduce__(self) -> tuple[type[FaultyParticipant], tuple[int, str]]:
        return (FaultyParticipant, (self.index, self.what))


class FaultyParticipantOrCoordinator(InvalidContribution):
    """Participant ``index`` is faulty, or the coordinator framed it. Raised by participants only."""

    index: int

    def __init__(self, index: int, what: str) -> None:
        super().__init__(index, what)
        self.args = (f"participant {index}, or the coordinator in its name, sent an invalid {what}",)

    def __reduce__(self) -> tuple[type[FaultyParticipantOrCoordinator], tuple[int, str]]:
        return (FaultyParticipantOrCoordinator, (self.index, self.what))


class FaultyCoordinator(InvalidContribution):
    """The coordinator is faulty (``index`` is None). Raised by participants only."""

    index: None

    def __init__(self, what: str) -> None:
        super().__init__(None, what)

    def __reduce__(self) -> tuple[type[FaultyCoordinator], tuple[str]]:  # type: ignore[override]  # one argument less
        return (FaultyCoordinator, (self.what,))


class UnknownFaultyParticipantOrCoordinator(InvalidContribution):
    """The sum of the secret shares for this participant is wrong, and the sum alone does not tell whose share it is.

    ``investigation`` is what :func:`~warifu.threshold.dkg.chilldkg.participant_investigate` needs. It holds secrets:
    wipe it where no investigation follows.
    """

    index: None

    def __init__(self, investigation: Investigation) -> None:
        super().__init__(None, "secret share")
        self.args = (
            "a participant or the coordinator sent an invalid secret share; an investigation can tell who",
        )
        self.investigation = investigation

    def __reduce__(self) -> NoReturn:
        raise TypeError("this error holds secrets and cannot be pickled")
