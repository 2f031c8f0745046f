"""The embedded chain over HTTP, on a loopback port that the system chooses."""

from __future__ import annotations

import socket
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from threading import Thread
from typing import Any
from urllib.parse import unquote

import uvicorn

from warifu.chains.bitcoin_embedded.chain import EmbeddedChain
from warifu.chains.bitcoin_embedded.control import PREFIX, Control
from warifu.chains.bitcoin_embedded.esplora import Answer, EsploraApi
from warifu.errors import ServiceRefused

LOOPBACK = "127.0.0.1"
MAX_BODY_BYTES = 1024 * 1024
START_SECONDS = 20

Message = MutableMapping[str, Any]


class Application:
    """ASGI: Esplora's paths, and ``/control/``."""

    def __init__(self, chain: EmbeddedChain) -> None:
        self._esplora = EsploraApi(chain)
        self._control = Control(chain)

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """One HTTP request. Handlers are quick and take turns, so they run on the event loop itself."""
        assert scope["type"] == "http", "websockets and lifespan are switched off"
        answer = self._answer(scope, await _body(receive))
        headers = [
            (b"content-type", answer.content_type.encode()),
            (b"content-length", b"%d" % len(answer.body)),
        ]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    def _answer(self, scope: Message, body: bytes | None) -> Answer:
        method, path = scope["method"], unquote(scope["path"])
        if body is None:
            return Answer(b"the body is too long", 413)
        if not path.startswith(PREFIX):
            return self._esplora.answer(method, path, body)
        if dict(scope["headers"]).get(b"content-type") != b"application/json":
            # A web page open on this machine can post plain text across origins, but not this without asking first.
            return Answer(b"control requests are application/json", 415)
        return self._control.answer(method, path, body)


async def _body(receive: Callable[[], Awaitable[Message]]) -> bytes | None:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            return None
        if not message.get("more_body", False):
            return bytes(body)


class Server:
    """Serves one chain until it is told to stop."""

    def __init__(self, chain: EmbeddedChain, port: int = 0) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((LOOPBACK, port))
        self._socket.listen(128)  # from here on a client waits instead of being turned away
        config = uvicorn.Config(
            Application(chain),
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            timeout_keep_alive=30,
        )
        self._server = uvicorn.Server(config)

    @property
    def url(self) -> str:
        """Where Esplora's paths begin."""
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
def serving(chain: EmbeddedChain) -> Iterator[str]:
    """Serve ``chain`` from a thread of this process; gives its URL."""
    server = Server(chain)
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
