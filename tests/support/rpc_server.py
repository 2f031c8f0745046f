"""A server on the loopback interface that says, byte for byte, what a test tells it to."""

from __future__ import annotations

import http.server
import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any


@dataclass(frozen=True)
class Asked:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Say:
    """An answer. ``drip`` sends it byte by byte with that many seconds between, headers and all."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    drip: float = 0.0


Script = Callable[[Asked], Say]


@dataclass
class Server:
    """Where it listens and what it was asked. ``script`` can be replaced at any time."""

    url: str
    script: Script
    asked: list[Asked] = field(default_factory=list)


def result(value: object) -> Script:
    """Answers every call, and every call of a batch, with ``value``."""

    def say(asked: Asked) -> Say:
        calls = asked.json
        answers = [{"jsonrpc": "2.0", "id": call["id"], "result": value} for call in _list(calls)]
        return Say(json.dumps(answers if isinstance(calls, list) else answers[0]).encode())

    return say


def raw(body: bytes, status: int = 200, **headers: str) -> Script:
    """Answers with ``body``, in which ``@ID@`` is the id of the call."""

    def say(asked: Asked) -> Say:
        number = str(_list(asked.json)[0]["id"]).encode() if asked.body else b""
        shown = {name.replace("_", "-"): value for name, value in headers.items()}
        return Say(body.replace(b"@ID@", number), status, shown)

    return say


def one_after_the_other(*scripts: Script) -> Script:
    """The first for the first request, and so on; the last one for all that follow."""
    left = list(scripts)
    return lambda asked: (left.pop(0) if len(left) > 1 else left[0])(asked)


def _list(calls: Any) -> list[Any]:
    return calls if isinstance(calls, list) else [calls]


@contextmanager
def serving(script: Script, context: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server that answers by ``script`` until the end of the block, over TLS with ``context``."""
    over = Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16  # an answer in one piece: two would wait for each other on a quiet connection

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked = Asked(self.command, self.path, dict(self.headers), body)
            server.asked.append(asked)
            say = server.script(asked)
            if say.drip:
                self._drip(say)
                return
            self.send_response(say.status)
            for name, value in say.headers.items():
                self.send_header(name, value)
            if "Content-Length" not in say.headers:
                self.send_header("Content-Length", str(len(say.body)))
            self.end_headers()
            self.wfile.write(say.body)
            self.close_connection = "Content-Length" in say.headers

        def _drip(self, say: Say) -> None:
            self.close_connection = True
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(say.body)}\r\n\r\n".encode()
            for byte in head + say.body:
                if over.wait(say.drip):
                    return
                try:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                except OSError:
                    return

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - names of http.server

        def log_message(self, *_: object) -> None:
            """Quiet."""

    class Listening(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that leaves early is what many of the tests are about."""

    with Listening(("127.0.0.1", 0), Handler) as listening:
        if context is not None:
            listening.socket = context.wrap_socket(listening.socket, server_side=True)
        scheme = "http" if context is None else "https"
        server = Server(f"{scheme}://127.0.0.1:{listening.server_address[1]}", script)
        thread = Thread(target=listening.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            over.set()
            listening.shutdown()
            thread.join(5)
