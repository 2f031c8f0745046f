"""One HTTPS exchange of a signer, over frames that the service carries to a host and back.

Sans-I/O, on ``egress.client``. The signer opens the tunnel, so nobody else chooses the host; the certificate is checked
here. It is for one request and one answer: what comes after that, or to another tunnel, is not looked at. Every way in
which it can fail says whether one byte of the request can have left (``EgressFailed.sent``).
"""

from __future__ import annotations

import ssl

from warifu.exchanges.http import HttpAnswer, HttpRequest
from warifu.exchanges.signing import Said
from warifu.protocol.frames import MAX_CARRIED, Carried, FromSigner, OpenTunnel, TunnelEnded
from warifu.signer.egress.client import HttpsClient, Limits


class Conversation:
    """Frames out, frames in. After an error, or the answer, it is over: :meth:`hang_up`."""

    def __init__(
        self,
        session: bytes,
        tunnel: int,
        host: str,
        context: ssl.SSLContext,
        deadline: int,
        limits: Limits | None = None,
    ) -> None:
        """``tunnel``: its number in the session. ``deadline``: a moment of the signer's clock (seconds)."""
        self.tunnel = tunnel
        self.deadline = deadline
        self._session = session
        self._client = HttpsClient(host, context, limits)

    def open(self) -> list[FromSigner]:
        """The tunnel, and what TLS begins with."""
        return [OpenTunnel(self._session, self.tunnel, self._client.host), *self._outgoing()]

    @property
    def ready(self) -> bool:
        """Whether the host has proven its name, so that a request can leave at once."""
        return self._client.established

    def ask(self, request: Said, deadline: int) -> list[FromSigner]:
        """Say the request as soon as the host has proven its name. ``EgressFailed`` where the connection is over.

        ``deadline``: for the answer, in place of the earlier one."""
        assert isinstance(request, HttpRequest), "a conversation is in HTTP"
        self.deadline = deadline
        self._client.ask(request)
        return self._outgoing()

    def take(self, frame: Carried | TunnelEnded) -> tuple[HttpAnswer | None, list[FromSigner]]:
        """What the service brought for this tunnel: the answer once it is whole, and what is to be carried now.

        ``EgressFailed`` where it makes an end of the conversation."""
        answer = self._client.receive(frame.data if isinstance(frame, Carried) else b"")
        return answer, self._outgoing()

    def late(self, now: int) -> None:
        """``EgressFailed`` (``too-slow``) after the deadline."""
        if now >= self.deadline:
            raise self._client.give_up()

    def hang_up(self) -> list[FromSigner]:
        """The signer wants no more of it."""
        return [TunnelEnded(self._session, self.tunnel)]

    def _outgoing(self) -> list[FromSigner]:
        data = self._client.outgoing()
        return [
            Carried(self._session, self.tunnel, data[start : start + MAX_CARRIED])
            for start in range(0, len(data), MAX_CARRIED)
        ]
