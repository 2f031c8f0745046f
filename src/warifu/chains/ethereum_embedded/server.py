"""The embedded chain over HTTP, on a loopback port that the system chooses."""

from __future__ import annotations

import socket
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from threading import Thread
from typing import Any

import uvicorn

from warifu.chains.ethereum_embedded.chain import EmbeddedEthereum
from warifu.chains.ethereum_embedded.control import PREFIX, Control
from warifu.chains.ethereum_embedded.rpc import Rpc
from warifu.errors import ServiceRefused

LOOPBACK = "127.0.0.1"
MAX_BODY_BYTES = 512 * 1024
START_SECONDS = 20

Message = MutableMapping[str, Any]


class Application:
    """ASGI: JSON-RPC at ``/``, and ``/control/``."""

    def __init__(self, chain: EmbeddedEthereum) -> None:
        self._rpc = Rpc(chain)
        self._control = Control(chain)

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """One HTTP request. Handlers take turns on the event loop itself: the chain has one reader and writer."""
        assert scope["type"] == "http", "websockets and lifespan are switched off"
        status, body = self._answer(scope, await _body(receive))
        headers = [
            (b"content-type", b"application/json" if status == 200 else b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(body)),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _answer(self, scope: Message, body: bytes | None) -> tuple[int, bytes]:
        if body is None:
            return 413, b"the body is too long"
        if scope["method"] != "POST":
            return 405, b"POST only"
        content_type = dict(scope["headers"]).get(b"content-type", b"").partition(b";")[0].strip()
        if content_type != b"application/json":
            # A web page open on this machine can post plain text across origins, but not this without asking first.
            return 415, b"requests are application/json"
        if scope["path"] == "/":
            return 200, self._rpc.answer(body)
        if scope["path"].startswith(PREFIX):
            return self._control.answer(scope["path"], body)
        return 404, b"no such path"


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

    def __init__(self, chain: EmbeddedEthereum, port: int = 0) -> None:
        # Named, as asyncio switches Nagle's algorithm off for what says that it is TCP: 40 ms an answer.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
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
        """The JSON-RPC endpoint."""
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
def serving(chain: EmbeddedEthereum) -> Iterator[str]:
    """Serve ``chain`` from a thread of this process; gives its URL."""
    server = Server(chain)
    thread = Thread(target=server.run, name="embedded-ethereum", daemon=True)
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
