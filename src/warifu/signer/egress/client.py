"""A strict, bounded HTTP/1.1 client over TLS, for one host: one request, one whole answer, the next request.

h11 (sans-I/O, maintained, the parser under httpx) reads the grammar. On top of it, what it leaves open is refused:
answers whose end only the end of the stream shows, two framings at once, other versions, redirections (credentials
are for this host alone), more than a bounded number of bytes, compression (a small answer that becomes a large one).
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass

import h11

from warifu.exchanges.http import HttpAnswer, HttpRequest
from warifu.signer.egress.failures import EgressFailed
from warifu.signer.egress.tls import TlsClient

_AGENT = "warifu"
_BODILESS = (204,)


@dataclass(frozen=True)
class Limits:
    """Bytes of one answer."""

    head: int = 32 * 1024
    body: int = 4 * 1024 * 1024
    hints: int = 4
    """How many preliminary answers (1xx) may come before the answer."""
    parts: int = 65_536
    """Of its body, as it comes: a chunk of one byte costs its reader as much as one of a thousand."""

    @property
    def ciphertext(self) -> int:
        """Bytes of the stream for one answer, handshake and the overhead of honest record sizes included."""
        return 2 * (self.head + self.body) + 128 * 1024


class HttpsClient:
    """One connection. A request that changes something deserves one of its own: an answer that a server sends too late
    is the next question's answer in HTTP/1.1.

    The caller carries :meth:`outgoing` to the tunnel, and what it gives back to :meth:`receive`.

    A deadline is the caller's: when its clock says so it calls :meth:`give_up`. Every error is an
    :class:`EgressFailed` that says whether the request can have left; after one the connection is over.
    """

    def __init__(self, host: str, context: ssl.SSLContext, limits: Limits | None = None) -> None:
        self.host = host
        self._limits = limits or Limits()
        self._tls = TlsClient(context, host)
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=self._limits.head)
        self._waiting: bytes | None = None
        """The request in HTTP's form, until the server has proven its name."""
        self._said = self._sent = self._over = False
        self._head: h11.Response | None = None
        self._hints = self._carried = self._parts = 0
        self._body = bytearray()

    @property
    def idle(self) -> bool:
        """Whether another request may be made over this connection."""
        return not (self._over or self._waiting is not None or self._said or self._tls.closed)

    @property
    def established(self) -> bool:
        """Whether the server has proven to be the host."""
        return self._tls.established

    def ask(self, request: HttpRequest) -> None:
        """Begin a request. It leaves (by :meth:`outgoing`) as soon as the server has proven to be the host."""
        if not self.idle:
            raise EgressFailed("closed", "this connection takes no further request", sent=False)
        assert request.host == self.host, "a connection is for one host"
        self._sent, self._carried = False, 0
        self._waiting = self._formed(request)
        self._say()

    def outgoing(self) -> bytes:
        """Ciphertext for the tunnel, once. From the first byte of a request on, nobody knows what became of it."""
        self._sent = self._sent or self._said
        return self._tls.outgoing()

    def receive(self, ciphertext: bytes) -> HttpAnswer | None:
        """What the tunnel brought; ``b""``: it has ended. The answer once it is whole."""
        if self._over:
            raise self._failed("closed", "this connection is over")
        try:
            return self._received(ciphertext)
        except EgressFailed as failure:
            raise self._failed(failure.reason, str(failure)) from None
        except h11.RemoteProtocolError:
            raise self._failed("http-form", "the answer is not HTTP/1.1, or too long") from None

    def give_up(self) -> EgressFailed:
        """The caller's deadline has passed: the error to raise, which knows whether the request had left."""
        return self._failed("too-slow", "no answer came in time")

    def _received(self, ciphertext: bytes) -> HttpAnswer | None:
        self._carried += len(ciphertext)
        if self._carried > self._limits.ciphertext:
            raise self._failed("too-large", "more came than an answer may have")
        if not ciphertext:
            self._tls.end()
        asked = self._sent
        plaintext = self._tls.receive(ciphertext) if ciphertext else b""
        self._say()
        if plaintext and not asked:
            raise self._failed("http-form", "an answer came before the question")
        if plaintext:
            self._http.receive_data(plaintext)
        answer = self._next() if self._said else None
        if answer is None and self._tls.closed:
            raise self._failed("closed", "the exchange closed the connection without an answer")
        return answer

    def _say(self) -> None:
        if self._waiting is not None and self._tls.established:
            waiting, self._waiting, self._said = self._waiting, None, True
            self._tls.send(waiting)

    def _next(self) -> HttpAnswer | None:
        while True:
            match self._http.next_event():
                case h11.InformationalResponse():
                    self._hints += 1
                    if self._hints > self._limits.hints:
                        raise self._failed("http-form", "too many preliminary answers")
                case h11.Response() as head:
                    self._check(head)
                    self._head = head
                case h11.Data(data=data):
                    self._body += data
                    self._parts += 1
                    if len(self._body) > self._limits.body or self._parts > self._limits.parts:
                        raise self._failed("too-large", "the answer is longer than an answer may be")
                case h11.EndOfMessage():
                    return self._whole()
                case _:  # more data is needed, or there is no more to come
                    return None

    def _check(self, head: h11.Response) -> None:
        names = [name for name, _ in head.headers]
        framings = names.count(b"content-length") + names.count(b"transfer-encoding")
        if 300 <= head.status_code < 400:
            raise self._failed(
                "redirected", "the exchange sends us elsewhere; credentials are for this host alone"
            )
        if head.status_code >= 600:
            raise self._failed("http-form", "the answer's status is none that HTTP has")
        if head.http_version != b"1.1" or b"content-encoding" in names:
            raise self._failed("http-form", "the answer is of another version of HTTP, or compressed")
        if framings != (0 if head.status_code in _BODILESS else 1):
            raise self._failed("http-form", "the answer does not say where it ends, or says it twice")
        if sum(len(name) + len(value) for name, value in head.headers) > self._limits.head:
            raise self._failed("too-large", "the head of the answer is longer than one may be")

    def _whole(self) -> HttpAnswer:
        assert self._head is not None, "a message ends after its head"
        answer = HttpAnswer(
            self._head.status_code,
            tuple((name.decode("ascii"), value.decode("latin-1")) for name, value in self._head.headers),
            bytes(self._body),
        )
        self._said = self._sent = False  # what comes from now on answers nothing
        self._head, self._hints, self._parts = None, 0, 0
        self._body = bytearray()
        unasked, _ = self._http.trailing_data
        if unasked or self._http.their_state is not h11.DONE:
            self._over = True  # the exchange closes, or has said more than it was asked
        else:
            self._http.start_next_cycle()
        return answer

    def _formed(self, request: HttpRequest) -> bytes:
        headers = [("Host", request.host), ("User-Agent", _AGENT), ("Accept", "application/json")]
        headers += [("Accept-Encoding", "identity"), *request.headers]
        if request.method in ("POST", "PUT"):
            headers.append(("Content-Length", str(len(request.body))))
        head = h11.Request(method=request.method, target=request.target, headers=headers)
        parts = [self._http.send(head)]
        if request.body:
            parts.append(self._http.send(h11.Data(data=request.body)))
        parts.append(self._http.send(h11.EndOfMessage()))
        return b"".join(part or b"" for part in parts)

    def _failed(self, reason: str, message: str) -> EgressFailed:
        self._over = True
        self._waiting = None
        return EgressFailed(reason, message, sent=self._sent)
