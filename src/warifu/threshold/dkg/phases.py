"""The messages of a key generation as ``session.py`` sends them: which kinds there are, from whom, how long.

====================  ====================  ==========================  =======================================
phase                 from -> to            legal when the receiver     and then the receiver
====================  ====================  ==========================  =======================================
1 ``PMSG1``           each -> coordinator   collects first messages     has all: sends CMSG1 to all
2 ``CMSG1``           coordinator -> all    began                       sends PMSG2; or, if its share is wrong,
                                                                        COMPLAINT
3 ``PMSG2``           each -> coordinator   sent CMSG1                  has all: sends CMSG2 to all
4 ``CMSG2``           coordinator -> all    sent PMSG2                  is finished: ``result``
5 ``COMPLAINT``       one -> coordinator    sent CMSG1                  has failed; sends INVESTIGATION to that one
6 ``INVESTIGATION``   coordinator -> one    sent COMPLAINT              has failed, and knows whom to suspect
====================  ====================  ==========================  =======================================

Anything else is a fault of its sender and ends the session.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from warifu.threshold.dkg import chilldkg
from warifu.threshold.dkg.params import SessionParams

COORDINATOR = 0
"""The participant that also plays the coordinator. A ``FaultyCoordinator`` (``index`` None) speaks of this one."""


class Phase(IntEnum):
    """What a message is. See the table above."""

    PMSG1 = 1
    CMSG1 = 2
    PMSG2 = 3
    CMSG2 = 4
    COMPLAINT = 5
    INVESTIGATION = 6


TO_COORDINATOR = frozenset({Phase.PMSG1, Phase.PMSG2, Phase.COMPLAINT})


@dataclass(frozen=True)
class Outgoing:
    """A message to one participant, or to all others (``to_index`` None)."""

    to_index: int | None
    phase: Phase
    body: bytes

    @property
    def durable_first(self) -> bool:
        """Whether the host secret key must be stored durably before this leaves."""
        return self.phase in (Phase.PMSG2, Phase.CMSG2)


def body_length(params: SessionParams, phase: Phase) -> int:
    """The one length, in bytes, of a message of this phase."""
    return {
        Phase.PMSG1: chilldkg.pmsg1_length,
        Phase.CMSG1: chilldkg.cmsg1_length,
        Phase.PMSG2: chilldkg.pmsg2_length,
        Phase.CMSG2: chilldkg.cmsg2_length,
        Phase.COMPLAINT: lambda _params: 0,
        Phase.INVESTIGATION: chilldkg.cinv_length,
    }[phase](params)
