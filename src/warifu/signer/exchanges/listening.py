"""One watch of a signer: a feed of an exchange, over frames that the service carries to its host and back.

Sans-I/O, on ``egress.websocket``, and used as a :class:`~warifu.signer.exchanges.conversation.Conversation` is. What is
said is one subscription; its answer is what the host says until the watch's time is over, as far as it can be handed
on. What came before the feed broke is handed on, too, and how it ended with it: every byte of it was the host's.
"""

from __future__ import annotations

import ssl

from warifu.exchanges.feeds import FULL, TIME, heard
from warifu.exchanges.http import HttpAnswer
from warifu.exchanges.signing import Said, Subscription
from warifu.protocol.frames import MAX_CARRIED, Carried, FromSigner, OpenTunnel, TunnelEnded
from warifu.signer.egress.failures import EgressFailed
from warifu.signer.egress.websocket import FeedClient, FeedLimits


class Listening:
    """Frames out, frames in. After an error, or the answer, it is over: :meth:`hang_up`."""

    def __init__(
        self, session: bytes, tunnel: int, host: str, context: ssl.SSLContext, deadline: int, room: int
    ) -> None:
        """``deadline``: a moment of the signer's clock. ``room``: bytes that can be handed on."""
        self.tunnel = tunnel
        self.deadline = deadline
        self._session = session
        self._room = room
        self._client = FeedClient(
            host, context, FeedLimits(message=room, total=2 * room, messages=room // 16)
        )
        self._texts: list[bytes] = []

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
        self._client.open()
        self._client.say(said.text)
        return self._outgoing()

    def take(self, frame: Carried | TunnelEnded) -> tuple[HttpAnswer | None, list[FromSigner]]:
        """What the service brought for this tunnel: the answer once it is over, and what is to be carried now.

        ``EgressFailed`` where the feed broke before anything came."""
        ended = None
        try:
            self._client.receive(frame.data if isinstance(frame, Carried) else b"")
        except EgressFailed as failure:
            self._keep()
            if not self._texts:
                raise
            ended = failure.reason
        if not self._keep():
            ended = FULL
        elif self._client.ended is not None:
            ended = f"closed {self._client.ended}"
        return (None if ended is None else heard(self._texts, ended)), self._outgoing()

    def late(self, now: int) -> HttpAnswer | None:
        """The answer once the watch's time is over; ``EgressFailed`` (``too-slow``) where the feed was not opened by
        then."""
        if now < self.deadline:
            return None
        if not self._client.opened:
            raise self._client.give_up()
        return heard(self._texts, TIME)

    def hang_up(self) -> list[FromSigner]:
        """The signer wants no more of it, and says so to the host, too."""
        self._client.close()
        return [*self._outgoing(), TunnelEnded(self._session, self.tunnel)]

    def _keep(self) -> bool:
        """Take what came; whether all of it can be handed on."""
        came, self._client.messages = self._client.messages, []
        for text in came:
            self._room -= len(text) + 1
            if self._room < 0:
                return False
            self._texts.append(text)
        return True

    def _outgoing(self) -> list[FromSigner]:
        data = self._client.outgoing()
        return [
            Carried(self._session, self.tunnel, data[start : start + MAX_CARRIED])
            for start in range(0, len(data), MAX_CARRIED)
        ]
