"""One request that changes something, from being stored to its end: it happens once, or not at all.

The danger is the request whose answer never came. Sent again it may happen twice; forgotten it may happen without
anybody looking. So it is asked for under the identifier that was stored before, and *not there* is believed only when
it can be: a signed request is dead after its lifetime (a JWT's expiry, a window), however long somebody held it back,
and what the exchange took before that shows in its lists after a while. Asked after both and not there, it never
happened, and the same thing may be signed anew.

A value with transitions; whoever keeps it writes each new value down before acting on it. Moments are milliseconds on
the exchange's clock (:class:`~warifu.exchanges.clock.Skew`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from warifu.exchanges.failures import ExchangeFailed, OutcomeUnknown, TryAgain

SETTLE = 60_000
"""Milliseconds in which what an exchange took shows in its lists. Generous: nobody promises it."""
FIRST_PAUSE, LONGEST_PAUSE = 1_000, 60_000


class State(Enum):
    STORED = "stored"
    """Nothing is out. It may be sent."""
    SENDING = "sending"
    """It may be out: written down before the first byte leaves."""
    UNKNOWN = "unknown"
    """It was out, and nobody knows. It is asked for, and not sent."""
    DONE = "done"
    REFUSED = "refused"


class Step(Enum):
    """What is to be done next, not before :attr:`Attempt.not_before`."""

    SEND = "send"
    ASK = "ask"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Attempt:
    """Where one request stands."""

    state: State = State.STORED
    dead_after: int = 0
    """When the newest signed request cannot be taken any more."""
    not_before: int = 0
    tries: int = 0
    """Since it last got anywhere: pauses grow with them."""

    @property
    def next(self) -> Step:
        match self.state:
            case State.STORED:
                return Step.SEND
            case State.SENDING | State.UNKNOWN:  # a restart finds SENDING: whether it left is not known
                return Step.ASK
            case _:
                return Step.NOTHING

    def sending(self, stamp: int, lifetime: int) -> Attempt:
        """A request was signed with this stamp; to be written down before its first byte leaves."""
        self._require(State.STORED)
        return replace(self, state=State.SENDING, dead_after=stamp + lifetime)

    def done(self) -> Attempt:
        """It happened: the exchange answered so, or it was found there."""
        self._require(State.SENDING, State.UNKNOWN)
        return replace(self, state=State.DONE)

    def failed(self, failure: ExchangeFailed, now: int) -> Attempt:
        """The request that was just sent was answered, or not answered, by ``failure``."""
        self._require(State.SENDING)
        if isinstance(failure, TryAgain):
            wait = None if failure.retry_after is None else failure.retry_after * 1000
            return self._later(State.STORED, now, wait)
        if (
            isinstance(failure, OutcomeUnknown) or failure.reason == "duplicate"
        ):  # then an earlier one arrived
            return self._later(State.UNKNOWN, now)
        return replace(self, state=State.REFUSED)

    def not_there(self, asked: int) -> Attempt:
        """The exchange was asked at ``asked`` and does not know it.

        Believed only once it is too late for it to come: then it never happened, and may be signed anew.
        """
        self._require(State.SENDING, State.UNKNOWN)
        if asked > self.dead_after + SETTLE:
            return Attempt(State.STORED, self.dead_after, asked)
        return self._later(State.UNKNOWN, asked)

    def not_answered(self, now: int) -> Attempt:
        """Asking for it failed: nothing is known that was not known before."""
        self._require(State.SENDING, State.UNKNOWN)
        return self._later(State.UNKNOWN, now)

    def _later(self, state: State, now: int, wait: int | None = None) -> Attempt:
        pause = min(FIRST_PAUSE << min(self.tries, 16), LONGEST_PAUSE) if wait is None else wait
        return replace(self, state=state, not_before=now + pause, tries=self.tries + 1)

    def _require(self, *states: State) -> None:
        if self.state not in states:
            raise ValueError(f"an attempt that is {self.state.value} does not go that way")
