"""One watch of a signer: a feed of an exchange, over frames that the service carries to its host and back.

Sans-I/O, on ``egress.websocket``, and used as a :class:`~warifu.signer.exchanges.conversation.Conversation` is. What is
said is one subscription. What the host says goes to ``hand_on`` as it comes, a long message in parts; so nothing of it
stays here but its beginning, by which the exchange's answer is judged. What came before the feed broke was handed on,
too: every byte of it was the host's.

A host that says nothing is asked to show that it is there; one that does not is gone, whatever holds its words back.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable

from warifu.exchanges.feeds import FULL, MAX_MESSAGE, SILENT, SLOW, STOPPED, TIME, over
from warifu.exchanges.http import HttpAnswer
from warifu.exchanges.signing import Said, Subscription
from warifu.protocol.frames import MAX_CARRIED, Carried, FromSigner, OpenTunnel, TunnelEnded
from warifu.signer.egress.failures import EgressFailed
from warifu.signer.egress.websocket import FeedClient, FeedLimits

ROOM = 64 * 1024 * 1024
"""Bytes that one watch hands on."""
MAX_MESSAGES = 500_000
MAX_CONTROLS = 2048
"""Pings and pongs: an exchange sends one in several seconds at most."""
PING_SECONDS, SILENT_SECONDS = 20, 60
"""Of silence, after which the host is asked whether it is there, and taken to be gone."""
_JUDGED = 64 * 1024
"""Bytes of the beginning, by whose whole lines an exchange is heard to refuse."""

HandOn = Callable[[bytes], bool]
"""Takes what is to be handed on; False, and it is not, where its owner is too slow."""


class Listening:
    """Frames out, frames in. After an error, or the answer, it is over: :meth:`hang_up`."""

    def __init__(
        self,
        session: bytes,
        tunnel: int,
        host: str,
        context: ssl.SSLContext,
        deadline: int,
        hand_on: HandOn,
        room: int = ROOM,
        target: str = "/",
    ) -> None:
        """``deadline``: a moment of the signer's clock. ``room``: bytes that may be handed on. ``target``: where the
        host opens the feed."""
        self.tunnel = tunnel
        self.deadline = deadline
        self._session = session
        self._hand_on = hand_on
        self._room = room
        self._target = target
        limits = FeedLimits(
            message=min(room, MAX_MESSAGE), total=2 * room, messages=MAX_MESSAGES, controls=MAX_CONTROLS
        )
        self._client = FeedClient(host, context, limits)
        self._beginning = bytearray()
        self._any = False
        """Whether anything was handed on."""
        self._heard_at: int | None = None
        self._pinged = False

    def open(self) -> list[FromSigner]:
        """The tunnel, and what TLS begins with."""
        return [OpenTunnel(self._session, self.tunnel, self._client.host), *self._outgoing()]

    @property
    def ready(self) -> bool:
        """Whether the host has proven its name."""
        return self._client.established

    def ask(self, said: Said, deadline: int) -> list[FromSigner]:
        """Open the feed and subscribe. ``deadline``: when the watch ends."""
        assert isinstance(said, Subscription), "a feed hears subscriptions"
        self.deadline = deadline
        self._client.open(self._target)
        self._client.say(said.text)
        return self._outgoing()

    def take(self, frame: Carried | TunnelEnded) -> tuple[HttpAnswer | None, list[FromSigner]]:
        """What the service brought for this tunnel: the answer once it is over, and what is to be carried now.

        ``EgressFailed`` where the feed broke before anything came."""
        ended = None
        self._heard_at, self._pinged = None, False
        try:
            self._client.receive(frame.data if isinstance(frame, Carried) else b"")
        except EgressFailed as failure:
            broke = self._keep()
            if not self._any:
                raise
            return self._over(broke or failure.reason), self._outgoing()
        ended = self._keep()
        if ended is None and self._client.ended is not None:
            ended = f"closed {self._client.ended}"
        return (None if ended is None else self._over(ended)), self._outgoing()

    def late(self, now: int) -> HttpAnswer | None:
        """The answer once the watch's time is over, or once its host is gone; ``EgressFailed`` (``too-slow``) where the
        feed was not opened by then. What :meth:`ask_again` has is to be carried."""
        if now >= self.deadline:
            if not self._client.opened:
                raise self._client.give_up()
            return self._over(TIME)
        if not self._client.opened:
            return None
        if self._heard_at is None:
            self._heard_at = now
        silent = now - self._heard_at
        if silent >= SILENT_SECONDS:
            return self._over(SILENT)
        if silent >= PING_SECONDS and not self._pinged:
            self._client.ping()
            self._pinged = True
        return None

    def ask_again(self) -> list[FromSigner]:
        """The question to a silent host whether it is there, if it is time for it."""
        return self._outgoing()

    def stop(self, why: str = STOPPED) -> HttpAnswer:
        """The answer of a watch that somebody at this end has put an end to."""
        return self._over(why)

    def hang_up(self) -> list[FromSigner]:
        """The signer wants no more of it, and says so to the host, too."""
        self._client.close()
        return [*self._outgoing(), TunnelEnded(self._session, self.tunnel)]

    def _keep(self) -> str | None:
        """Hand on what came; why the watch ends, where not all of it can be."""
        came = bytes(self._client.heard)
        self._client.heard.clear()
        if not came:
            return None
        fits, self._room = came[: max(0, self._room)], self._room - len(came)
        self._beginning += fits[: _JUDGED - len(self._beginning)]
        self._any = True
        if not self._hand_on(fits):
            return SLOW
        return FULL if self._room < 0 else None

    def _over(self, ended: str) -> HttpAnswer:
        """What the exchange's answer is judged by."""
        whole, line_feed, _ = bytes(self._beginning).rpartition(b"\n")
        return over(whole + line_feed, ended)

    def _outgoing(self) -> list[FromSigner]:
        data = self._client.outgoing()
        return [
            Carried(self._session, self.tunnel, data[start : start + MAX_CARRIED])
            for start in range(0, len(data), MAX_CARRIED)
        ]
