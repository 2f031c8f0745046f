"""An embedded chain over HTTP: one ASGI application on a loopback port, in a process or a thread of its own."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from threading import Thread
from typing import Any

import uvicorn

from warifu.errors import ServiceRefused

LOOPBACK = "127.0.0.1"
START_SECONDS = 20

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]


class LocalServer:
    """Serves until it is told to stop."""

    def __init__(self, application: Application, port: int = 0) -> None:
        """``port`` 0 lets the system choose. It is bound when this returns."""
        # Named, as asyncio switches Nagle's algorithm off for what says that it is TCP: 40 ms an answer.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((LOOPBACK, port))
        self._socket.listen(128)  # from here on a client waits instead of being turned away
        config = uvicorn.Config(
            application,
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            timeout_keep_alive=30,
        )
        self._server = uvicorn.Server(config)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{LOOPBACK}:{self._socket.getsockname()[1]}"

    @property
    def started(self) -> bool:
        """Whether it answers."""
        return bool(self._server.started)

    def run(self) -> None:
        """Serve until ``stop``, or until a signal where this is the main thread."""
        self._server.run(sockets=[self._socket])
        self._socket.close()

    def stop(self) -> None:
        """Let ``run`` return soon."""
        self._server.should_exit = True


@contextmanager
def served(server: LocalServer) -> Iterator[str]:
    """Run ``server`` in a thread of this process; gives its URL."""
    thread = Thread(target=server.run, name="embedded-chain", daemon=True)
    thread.start()
    ends = time.monotonic() + START_SECONDS
    try:
        while not server.started:
            if time.monotonic() > ends or not thread.is_alive():
                raise ServiceRefused("embedded-chain", "the embedded chain does not start")
            time.sleep(0.005)
        yield server.url
    finally:
        server.stop()
        thread.join(START_SECONDS)


def stop_at_end_of_input(server: LocalServer) -> None:
    """Stop ``server`` once standard input ends: whoever started this process is gone."""

    def wait() -> None:
        while sys.stdin.buffer.read(4096):
            pass
        server.stop()

    Thread(target=wait, daemon=True).start()


async def read_body(receive: Receive, limit: int) -> bytes | None:
    """The body of a request; None where it is over ``limit`` bytes."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > limit:
            return None
        if not message.get("more_body", False):
            return bytes(body)


async def respond(send: Send, status: int, content_type: bytes, body: bytes) -> None:
    """The whole answer to a request."""
    headers = [(b"content-type", content_type), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def is_json(scope: Message) -> bool:
    """Whether a request says that it is JSON: a web page open on this machine can post plain text across origins, but
    not this without asking first."""
    content_type: bytes = dict(scope["headers"]).get(b"content-type", b"")
    return content_type.partition(b";")[0].strip() == b"application/json"
