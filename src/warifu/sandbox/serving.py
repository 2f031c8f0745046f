"""HTTP/1.1 on a loopback port, with TLS or without: one thread for each connection, h11 for the grammar.

A server of its own, because it must be able to do what a good server never does: have done what was asked, and end
the connection without a word.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from threading import BoundedSemaphore, Lock, Thread

import h11

from warifu.sandbox.feeding import FeedConversation, Feeding, wants_feed
from warifu.sandbox.web import Answer, Request

LOOPBACK = "127.0.0.1"
MAX_BODY = 64 * 1024
MAX_HEAD = 32 * 1024
MAX_CONNECTIONS = 128
IDLE_SECONDS = 60


class Cut(Exception):
    """Instead of an answer: the connection ends, in the middle of TLS."""


Answering = Callable[[Request], Answer]


class Listener:
    """Serves from its construction until :meth:`close`."""

    def __init__(
        self,
        answering: Answering,
        context: ssl.SSLContext | None = None,
        port: int = 0,
        feeding: Feeding = lambda _request: None,
    ) -> None:
        self._answering, self._context, self._feeding = answering, context, feeding
        self._listening = socket.create_server((LOOPBACK, port))
        self.port: int = self._listening.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        self._free = BoundedSemaphore(MAX_CONNECTIONS)
        Thread(target=self._accept, name="sandbox", daemon=True).start()

    def close(self) -> None:
        """No connection any more."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        with self._lock:
            for connection in self._open:
                _hang_up(connection)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                if not self._free.acquire(blocking=False):
                    connection.close()
                    continue
                Thread(target=self._serve, args=(connection,), name="sandbox-visit", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.add(connection)
        try:
            connection.settimeout(IDLE_SECONDS)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with suppress(OSError, Cut, h11.ProtocolError):
                if self._context is None:
                    _Conversation(connection, self._answering, self._feeding).run()
                else:
                    self._serve_tls(connection, self._context)
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()
            self._free.release()

    def _serve_tls(self, connection: socket.socket, context: ssl.SSLContext) -> None:
        tls = context.wrap_socket(connection, server_side=True)
        try:
            _Conversation(tls, self._answering, self._feeding).run()
            tls.unwrap()
        finally:
            _hang_up(tls)
            tls.close()


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _Conversation:
    """One connection, request after request."""

    def __init__(self, connection: socket.socket, answering: Answering, feeding: Feeding) -> None:
        self._connection, self._answering, self._feeding = connection, answering, feeding
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)

    def run(self) -> None:
        """Until the client has enough. ``Cut``; h11.ProtocolError after what is not HTTP was answered."""
        try:
            while True:
                request = self._request()
                if request is None:
                    return
                feed = self._feeding(request) if wants_feed(request) else None
                if feed is not None:
                    rest, _ = self._http.trailing_data
                    FeedConversation(self._connection, request, rest, feed).run()
                    return
                self._say(self._answering(request) if _is_good(request) else Answer(413, b"", "text/plain"))
                if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
                    return
                self._http.start_next_cycle()
        except h11.RemoteProtocolError as error:
            if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                self._say(Answer(error.error_status_hint, b"", "text/plain"))
            raise

    def _request(self) -> Request | None:
        head: h11.Request | None = None
        body = bytearray()
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                if self._http.they_are_waiting_for_100_continue:
                    self._write(h11.InformationalResponse(status_code=100, headers=[]))
                self._http.receive_data(self._connection.recv(64 * 1024))
            elif isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data[: MAX_BODY + 1 - len(body)]
            elif isinstance(event, h11.EndOfMessage):
                assert head is not None, "a message begins with its head"
                return _formed(head, bytes(body))
            else:  # closed, or what h11 waits for after it was
                return None

    def _say(self, answer: Answer) -> None:
        headers = [
            ("Content-Type", answer.content_type),
            ("Content-Length", str(len(answer.body))),
            *answer.headers,
        ]
        self._write(h11.Response(status_code=answer.status, headers=headers))
        self._write(h11.Data(data=answer.body))
        self._write(h11.EndOfMessage())

    def _write(self, event: h11.Event) -> None:
        data = self._http.send(event)
        if data:
            self._connection.sendall(data)


def _is_good(request: Request) -> bool:
    return len(request.body) <= MAX_BODY


def _formed(head: h11.Request, body: bytes) -> Request:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers}
    target = head.target.decode("latin-1")
    path, _, query = target.partition("?")
    return Request(
        method=head.method.decode("latin-1"),
        host=headers.get("host", "").partition(":")[0].lower(),
        path=path,
        query=query,
        headers=headers,
        body=body,
    )
