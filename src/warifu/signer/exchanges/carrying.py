"""The side of a call's carrier (``exchanges.calling``): it asks the exchange and hands on what that answers.

A whole key needs nobody else: then the carrier is alone.

Who listens to a feed does so for longer than any other session lasts, and hands on what it hears meanwhile. It holds no
key then, and nothing that others wait for: the credential is wiped once the subscription was said.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from nacl.utils import random

from warifu.errors import PeerMisbehaved, SessionAborted, WarifuError
from warifu.exchanges.calls import Call
from warifu.exchanges.clock import Skew, skew
from warifu.exchanges.failures import ExchangeFailed, TryAgain
from warifu.exchanges.feeds import FEED, FORBIDDEN, seconds_of
from warifu.exchanges.http import HttpAnswer
from warifu.exchanges.signing import (
    Credential,
    Said,
    Stamp,
    ToSign,
    ToSubscribe,
    openly,
    prepared,
    unauthenticated,
)
from warifu.protocol.exchange_requests import ExchangeCall
from warifu.protocol.frames import Carried, FromSigner, Listens, PieceTaken, TunnelEnded
from warifu.signer.egress.client import Limits
from warifu.signer.egress.failures import EgressFailed
from warifu.signer.exchanges.calling import Calling, Signers, is_near
from warifu.signer.exchanges.conversation import Conversation
from warifu.signer.exchanges.handing import Handing
from warifu.signer.exchanges.listening import Listening
from warifu.signer.exchanges.opening import KeyShare, WholeKey
from warifu.signer.sessions.ceremony import Seat
from warifu.signer.sessions.messages import Nonces, Partials, SessionMessage, Stamped

TIME_SECONDS, CONNECT_SECONDS, ANSWER_SECONDS = 20, 20, 40
"""For the exchange's clock, for its proof of its name, and for its answer."""
HANDING_SECONDS = 60
"""For what waits to be handed on, once the answer is there."""
LOOK_SECONDS = 5
"""Between two looks whether what is listened to may still be."""
_TIME, _CALL = 0, 1
"""Numbers of the two tunnels."""

Heard = HttpAnswer | EgressFailed | ExchangeFailed
"""What came of an errand: the exchange's answer; or why there is none, or why the call was never made."""


@dataclass(frozen=True)
class Errand:
    """What the carrier brings to the exchange."""

    call: Call[Any]
    credential: Credential
    key: WholeKey | KeyShare
    time: Call[int]
    """Asks for the exchange's clock."""
    context: ssl.SSLContext
    limits: Limits
    """Of the answer."""
    seconds: Callable[[], int]
    """The device's clock."""
    milliseconds: Callable[[], int]
    """Passes evenly, from any beginning."""
    sending: Callable[[Stamp | None], None]
    """Makes durable that the call may be out, or raises. None: of what bears no signature."""
    ended: Callable[[Heard, Stamp | None], bytes]
    """Makes durable what came of it, and returns the session's result."""
    close: Callable[[], None]
    """The errand is over, whatever came of it: wipes the credential."""
    shown: ExchangeCall | None = None
    """What the others are told to sign for, where they do not have it from the owner."""
    handing: Handing | None = None
    """Where the owner gets the answer while it comes, or in more than one piece."""
    target: str = "/"
    """Where the exchange opens a feed."""
    subscribed: Callable[[], None] = lambda: None
    """A feed was subscribed to: its credential is needed no more."""
    still: Callable[[], None] = lambda: None
    """``WarifuError`` once what is listened to may not be any more."""


class _Stage(Enum):
    MEETING = "meeting"
    TIME = "time"
    CONNECTING = "connecting"
    SIGNING = "signing"
    SENT = "sent"
    HANDING = "handing"


class Carrying(Calling):
    """The carrier's side. Takes ownership of what the errand holds."""

    kind = "carrying"

    def __init__(self, seat: Seat, signers: Signers, errand: Errand) -> None:
        super().__init__(seat, signers)
        self._errand = errand
        self._stage = _Stage.MEETING
        self._talk: Conversation | Listening | None = None
        self._asked = 0
        self._skew: Skew | None = None
        self._stamp: Stamp | None = None
        self._to_sign: ToSign | ToSubscribe | None = None
        self._partials: dict[bytes, bytes] = {}
        self._result = b""
        self._until: int | None = None
        """When it ends, where that is not when its session does."""
        self._looked = 0
        """When it was last seen that this may be listened to."""

    @property
    def lasts(self) -> bool:  # type: ignore[override]  # of the others nothing lasts
        return self._errand.call.unsigned.method == FEED

    @property
    def expires(self) -> int:
        return self._until or self.seat.expires

    @property
    def not_done(self) -> str:
        if self._stage in (_Stage.SENT, _Stage.HANDING):
            if self.lasts:
                return "What was heard before stands; nobody listens any more."
            return "It may have been sent. Ask what came of it; do not send it again."
        return "Nothing was sent to the exchange."

    def _established(self) -> list[FromSigner]:
        return [] if self._channel.peers else self._begin()

    def _met(self) -> list[FromSigner]:
        return self._begin()

    def _begin(self) -> list[FromSigner]:
        """The exchange's clock first, where the call will bear a stamp."""
        errand = self._errand
        if not errand.call.unsigned.signed:
            return self._connect()
        self._stage = _Stage.TIME
        asking = unauthenticated(errand.time.unsigned)
        deadline = errand.seconds() + TIME_SECONDS
        talk = self._talk = Conversation(
            self.seat.session, _TIME, asking.host, errand.context, deadline, errand.limits
        )
        self._asked = errand.milliseconds()
        return talk.open() + talk.ask(asking, deadline)

    def receive(self, peer: bytes, body: bytes) -> list[FromSigner]:
        """Once the call is out, nothing that the others say can keep its answer from being heard."""
        out = self._stage in (_Stage.SENT, _Stage.HANDING)
        return [] if out else super().receive(peer, body)

    def carried(self, frame: Carried | TunnelEnded) -> list[FromSigner]:
        talk = self._talk
        if talk is None or frame.tunnel != talk.tunnel:
            return []
        try:
            answer, frames = talk.take(frame)
        except EgressFailed as failure:
            return self._over(failure)
        if answer is not None:
            return frames + (self._timed(answer) if self._stage is _Stage.TIME else self._over(answer))
        if self._stage is _Stage.CONNECTING and talk.ready:
            return frames + self._connected()
        return frames + self._hand_on()

    def tick(self) -> list[FromSigner]:
        talk = self._talk
        if talk is None or self._stage is _Stage.SIGNING:
            return []
        try:
            answer = talk.late(self._errand.seconds())
        except EgressFailed as failure:
            return self._over(failure)
        if answer is not None:
            return self._over(answer)
        if isinstance(talk, Listening) and self._stage is _Stage.SENT:
            return self._listen_on(talk)
        return []

    def _listen_on(self, talk: Listening) -> list[FromSigner]:
        """As long as it may be listened to: a freeze, other rules or the account's removal put an end to it."""
        errand = self._errand
        if errand.seconds() >= self._looked + LOOK_SECONDS:
            self._looked = errand.seconds()
            try:
                errand.still()
            except WarifuError:
                return self._over(talk.stop(FORBIDDEN))
        return talk.ask_again() + self._hand_on()

    def taken(self, frame: PieceTaken) -> list[FromSigner]:
        if self._errand.handing is not None:
            self._errand.handing.taken(frame.number)
        return self._hand_on()

    def stop(self) -> list[FromSigner]:
        if self._stage is _Stage.SENT and isinstance(self._talk, Listening):
            return self._over(self._talk.stop())
        if self._stage in (_Stage.SENT, _Stage.HANDING):
            return []  # it is out: its answer is to be heard
        raise SessionAborted("stopped", "the owner wants it no more", remedy="Ask again if that was not you.")

    def _timed(self, answer: HttpAnswer) -> list[FromSigner]:
        assert self._talk is not None, "it answered"
        errand = self._errand
        try:
            self._skew = skew(self._asked, errand.time.read(answer), errand.milliseconds())
        except ExchangeFailed as failure:
            return self._over(failure)
        if not is_near(self._there(), errand.seconds()):
            return self._over(TryAgain("clock", "the exchange's clock and this device's differ too much"))
        return [*self._talk.hang_up(), *self._connect()]

    def _there(self) -> int:
        """The moment on the exchange's clock, or one that is past by no more than its answer was under way: exchanges
        refuse what is ahead of them."""
        assert self._skew is not None, "its clock was asked"
        return max(0, self._skew.stamp(self._errand.milliseconds()) - self._skew.uncertainty)

    def _connect(self) -> list[FromSigner]:
        errand, self._stage = self._errand, _Stage.CONNECTING
        host, deadline = errand.call.unsigned.host, errand.seconds() + CONNECT_SECONDS
        talk: Conversation | Listening
        if errand.call.unsigned.method == FEED:
            assert errand.handing is not None, "what is heard is for somebody"
            hand_on, target = errand.handing.put, errand.target
            talk = Listening(self.seat.session, _CALL, host, errand.context, deadline, hand_on, target=target)
        else:
            talk = Conversation(self.seat.session, _CALL, host, errand.context, deadline, errand.limits)
        self._talk = talk
        return talk.open()

    def _connected(self) -> list[FromSigner]:
        """The exchange has proven its name: the call gets its stamp."""
        errand, unsigned = self._errand, self._errand.call.unsigned
        if not unsigned.signed:
            return self._send(lambda: openly(unsigned))
        stamp = self._stamp = Stamp(self._there(), random(32))
        to_sign = self._to_sign = prepared(errand.credential, unsigned, stamp)
        if isinstance(errand.key, WholeKey):
            signing = errand.key.signing
            return self._send(lambda: to_sign.signed(signing))
        self._stage = _Stage.SIGNING
        public = self._start(errand.key, to_sign.message)
        stamped = Stamped(stamp.milliseconds, stamp.nonce, public, errand.shown)
        return self._say_to_all(stamped) + self._sign_when_ready()

    def _take(self, peer: bytes, message: SessionMessage) -> list[FromSigner]:
        if isinstance(message, Nonces):
            if self._stage is not _Stage.SIGNING:
                name = self.seat.names[peer]
                raise PeerMisbehaved(
                    "out-of-turn", f"device {name} signs before there is something to sign", blame=name
                )
            self._nonces[peer] = self._one(peer, message.public)
            return self._sign_when_ready()
        assert isinstance(message, Partials), "the table lets nothing else through"
        self._partials[peer] = self._one(peer, message.partial)
        return self._send_when_ready()

    def _sign_when_ready(self) -> list[FromSigner]:
        if len(self._nonces) < len(self._signers.numbers):
            return []
        with self._naming_culprits():
            self._partials[self.seat.key.public] = self._partial()
        return self._send_when_ready()

    def _send_when_ready(self) -> list[FromSigner]:
        if len(self._partials) < len(self._signers.numbers):
            return []
        assert self._signing is not None and self._to_sign is not None, "there are partial signatures"
        with self._naming_culprits():
            signature = bytes(self._signing.aggregate(self._numbered(self._partials)))
        to_sign = self._to_sign
        return self._send(lambda: to_sign.finish(signature))

    def _send(self, make: Callable[[], Said]) -> list[FromSigner]:
        """Written down first; then out of our hands."""
        assert self._talk is not None, "it is connected"
        errand, unsigned = self._errand, self._errand.call.unsigned
        errand.sending(self._stamp)
        self._stage = _Stage.SENT
        seconds = seconds_of(unsigned) if self.lasts else ANSWER_SECONDS
        now = errand.seconds()
        try:
            frames = self._talk.ask(make(), now + seconds)
        except EgressFailed as failure:
            return self._over(failure)
        if self.lasts:
            errand.subscribed()
            self._until, self._looked = now + seconds + HANDING_SECONDS, now
            frames.append(Listens(self.seat.session, seconds))
        return frames

    def _over(self, heard: Heard) -> list[FromSigner]:
        if (
            isinstance(heard, EgressFailed) and self._stage is not _Stage.SENT
        ):  # asking for the time is no call
            heard = EgressFailed(heard.reason, str(heard), sent=False)
        talk, self._talk = self._talk, None
        self._result = self._errand.ended(heard, self._stamp)
        ending = talk.hang_up() if talk is not None else []
        self._stage = _Stage.HANDING
        self._until = max(self.expires, self._errand.seconds() + HANDING_SECONDS)
        return ending + self._hand_on()

    def _hand_on(self) -> list[FromSigner]:
        """What may leave of the answer; and the result after the last of it."""
        handing, frames = self._errand.handing, list[FromSigner]()
        if handing is not None and self._stage in (_Stage.SENT, _Stage.HANDING):
            frames += handing.due(self._errand.milliseconds())
        if self._stage is _Stage.HANDING and not self.finished and (handing is None or handing.done):
            frames.append(self._finish(self._result))
        return frames

    def _wipe(self) -> None:
        super()._wipe()
        self._errand.close()
