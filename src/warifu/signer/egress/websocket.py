"""A strict, bounded WebSocket client (RFC 6455) over TLS, for one feed at one host: text out, lines of text in.

h11 reads the opening handshake, wsproto (sans-I/O, on h11) the frames: masks, reserved bits, lengths, fragments, UTF-8
and close codes are its grammar. On top of it, what it leaves open is refused: another answer than exactly the upgrade
that was asked for, extensions (compression: a small frame that becomes a large message), redirections, binary messages,
and more bytes, messages, fragments, pings or pongs than a bounded number.

wsproto's own handshake is not used: it looks names up in a codec (IDNA) that is a module, and behind a signer's walls
no module can be loaded any more.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass

import h11
from wsproto.connection import CLIENT, Connection, ConnectionState
from wsproto.events import BytesMessage, CloseConnection, Message, Ping, Pong, TextMessage
from wsproto.utilities import generate_accept_token, generate_nonce

from warifu.exchanges.feeds import as_line
from warifu.signer.egress.failures import EgressFailed
from warifu.signer.egress.tls import TlsClient

MAX_SAID = 16 * 1024
"""Bytes of one message of ours."""
_AGENT = b"warifu"
_NORMAL = 1000
_UNWANTED = (
    b"content-length",
    b"transfer-encoding",
    b"sec-websocket-extensions",
    b"sec-websocket-protocol",
)
"""What the answer to our handshake may not have: another framing, or what was not offered."""


@dataclass(frozen=True)
class FeedLimits:
    """Of one feed, from its opening to its end."""

    head: int = 16 * 1024
    """Bytes of the answer to the opening handshake."""
    message: int = 1024 * 1024
    """Bytes of one message, all of its fragments together."""
    fragments: int = 1024
    """Of one message."""
    total: int = 4 * 1024 * 1024
    """Bytes of all messages."""
    messages: int = 20_000
    controls: int = 512
    """Pings and pongs that may come."""

    @property
    def ciphertext(self) -> int:
        """Bytes of the stream, handshake and the overhead of frames and honest record sizes included."""
        return 2 * (self.head + self.total) + 64 * (self.messages + self.controls) + 128 * 1024


class FeedClient:
    """One feed.

    The caller carries :meth:`outgoing` to the tunnel, and what it gives back to :meth:`receive`; what came lies in
    :attr:`heard`, from which it takes, also of a message that is not whole yet: so a long one fills no memory. What
    came before an error stays there: every byte of it was the host's.

    A deadline is the caller's: when its clock says so it calls :meth:`close` or :meth:`give_up`. Every error is an
    :class:`EgressFailed` whose ``sent`` says whether a message of ours can have left; after one the feed is over.
    """

    def __init__(self, host: str, context: ssl.SSLContext, limits: FeedLimits | None = None) -> None:
        self.host = host
        self.heard = bytearray()
        """What was said, UTF-8: one line for each message, with a line feed once it is whole."""
        self.ended: int | None = None
        """The code with which the host closed the feed (1005: without one); None as long as it has not."""
        self._limits = limits or FeedLimits()
        self._tls = TlsClient(context, host)
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=self._limits.head)
        self._frames: Connection | None = None
        """Once the host has opened the feed."""
        self._key = generate_nonce()
        self._opening: bytes | None = None
        self._waiting: list[bytes] = []
        """Messages of ours, until the feed is open."""
        self._said = self._sent = self._over = self._asked = False
        self._length = self._fragments = self._carried = self._total = self._count = self._controls = 0

    @property
    def established(self) -> bool:
        """Whether the server has proven to be the host."""
        return self._tls.established

    @property
    def opened(self) -> bool:
        """Whether the host has opened the feed."""
        return self._frames is not None

    def open(self, target: str = "/") -> None:
        """Ask for the feed, once. The handshake leaves as soon as the server has proven to be the host."""
        assert not self._asked, "a feed is opened once"
        headers = [
            (b"Host", self.host.encode("ascii")),
            (b"User-Agent", _AGENT),
            (b"Upgrade", b"websocket"),
            (b"Connection", b"Upgrade"),
            (b"Sec-WebSocket-Key", self._key),
            (b"Sec-WebSocket-Version", b"13"),
        ]
        head = h11.Request(method=b"GET", target=target.encode("ascii"), headers=headers)
        self._asked = True
        self._opening = (self._http.send(head) or b"") + (self._http.send(h11.EndOfMessage()) or b"")
        self._say()

    def say(self, text: bytes) -> None:
        """A message of at most 16 KiB, UTF-8. It leaves as soon as the feed is open."""
        assert 0 < len(text) <= MAX_SAID, "what we say is short"
        if self._over or self.ended is not None:
            raise self._failed("closed", "this feed is over")
        self._waiting.append(text)
        self._say()

    def ping(self) -> None:
        """Have the host show that it is there: it must answer (RFC 6455, 5.5.3)."""
        if self._frames is not None and self._frames.state is ConnectionState.OPEN and not self._over:
            self._tls.send(self._frames.send(Ping()))

    def close(self) -> None:
        """We have enough. What comes until the host agrees still counts."""
        if self._frames is not None and self._frames.state is ConnectionState.OPEN and not self._over:
            self._tls.send(self._frames.send(CloseConnection(_NORMAL)))

    def outgoing(self) -> bytes:
        """Ciphertext for the tunnel, once."""
        self._sent = self._sent or self._said
        return self._tls.outgoing()

    def receive(self, ciphertext: bytes) -> None:
        """What the tunnel brought; ``b""``: it has ended."""
        if self._over:
            raise self._failed("closed", "this feed is over")
        try:
            self._receive(ciphertext)
        except EgressFailed as failure:
            raise self._failed(failure.reason, str(failure)) from None
        except h11.RemoteProtocolError:
            raise self._failed("http-form", "the answer is not HTTP/1.1, or too long") from None

    def give_up(self) -> EgressFailed:
        """The caller's deadline has passed: the error to raise."""
        return self._failed("too-slow", "the exchange did not open its feed in time")

    def _receive(self, ciphertext: bytes) -> None:
        if self.ended is not None:
            return  # it has said that this was all: how the stream ends does not matter
        self._carried += len(ciphertext)
        if self._carried > self._limits.ciphertext:
            raise self._failed("too-large", "more came than a feed may have")
        if not ciphertext:
            self._tls.end()
        asked = self._asked and self._opening is None
        plaintext = self._tls.receive(ciphertext) if ciphertext else b""
        self._say()
        if plaintext and not asked:
            raise self._failed("http-form", "an answer came before the question")
        if plaintext and self._frames is None:
            plaintext = self._answered(plaintext)
        if plaintext and self._frames is not None:
            self._read(self._frames, plaintext)
        if self._tls.closed and self.ended is None:
            raise self._failed("closed", "the exchange ended the stream without closing the feed")

    def _say(self) -> None:
        if self._opening is not None and self._tls.established:
            opening, self._opening = self._opening, None
            self._tls.send(opening)
        if self._frames is None or self._frames.state is not ConnectionState.OPEN:
            return
        for text in self._waiting:
            self._said = True
            self._tls.send(self._frames.send(Message(text.decode("utf-8"))))
        self._waiting.clear()

    def _answered(self, plaintext: bytes) -> bytes:
        """The handshake's answer. Gives back what came after it; the feed is open then."""
        self._http.receive_data(plaintext)
        match self._http.next_event():
            case h11.NEED_DATA:
                return b""
            case h11.InformationalResponse(status_code=101) as head:
                self._check(head)
            case h11.Response(status_code=status):
                if 300 <= status < 400:
                    raise self._failed(
                        "redirected", "the exchange sends us elsewhere; we are for this host alone"
                    )
                raise self._failed("no-feed", f"the exchange opens no feed here (status {status})")
            case _:
                raise self._failed("http-form", "the exchange ends or speaks before it answers")
        rest, _ = self._http.trailing_data
        self._frames = Connection(CLIENT)
        self._say()
        return rest

    def _check(self, head: h11.InformationalResponse) -> None:
        """Exactly what we asked for, each once: another server, or a cache, could have answered another handshake."""
        accept = generate_accept_token(self._key)
        said = {name: [value for found, value in head.headers if found == name] for name, _ in head.headers}
        exact = (
            head.http_version == b"1.1"
            and [value.lower() for value in said.get(b"upgrade", [])] == [b"websocket"]
            and [value.lower() for value in said.get(b"connection", [])] == [b"upgrade"]
            and said.get(b"sec-websocket-accept") == [accept]
        )
        if not exact or any(name in said for name in _UNWANTED):
            raise self._failed("http-form", "the exchange answers another handshake than ours")

    def _read(self, frames: Connection, plaintext: bytes) -> None:
        frames.receive_data(plaintext)
        for event in frames.events():
            match event:
                case TextMessage():
                    self._piece(event)
                case BytesMessage():
                    raise self._failed("feed-form", "the exchange sends what is no text")
                case Ping():
                    self._control()
                    if frames.state is ConnectionState.OPEN:
                        self._tls.send(frames.send(event.response()))
                case Pong():
                    self._control()
                case CloseConnection():
                    self._closed(frames, event)
                    return

    def _piece(self, event: TextMessage) -> None:
        data = event.data.encode("utf-8")
        self._length += len(data)
        self._total += len(data)
        self._fragments += event.frame_finished
        if self._length > self._limits.message or self._total > self._limits.total:
            raise self._failed("too-large", "the exchange says more than a feed may say")
        if self._fragments > self._limits.fragments:
            raise self._failed("too-large", "a message comes in too many fragments")
        self.heard += as_line(data)
        if event.message_finished:
            self._count += 1
            if self._count > self._limits.messages:
                raise self._failed("too-large", "more messages came than a feed may have")
            self.heard += b"\n" if self._length else b" \n"
            self._length = self._fragments = 0

    def _control(self) -> None:
        self._controls += 1
        if self._controls > self._limits.controls:
            raise self._failed("too-large", "more pings and pongs came than a feed may have")

    def _closed(self, frames: Connection, event: CloseConnection) -> None:
        """The host's close; or wsproto's word for what is none of the frames that a server may send."""
        if frames.state not in (ConnectionState.REMOTE_CLOSING, ConnectionState.CLOSED):
            raise self._failed("feed-form", "the exchange breaks the rules of a feed")
        if frames.state is ConnectionState.REMOTE_CLOSING:
            self._tls.send(frames.send(event.response()))
        self.ended = int(event.code)

    def _failed(self, reason: str, message: str) -> EgressFailed:
        self._over = True
        self._waiting.clear()
        return EgressFailed(reason, message, sent=self._sent)
