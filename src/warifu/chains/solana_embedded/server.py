"""The embedded chain over HTTP, on a loopback port that the system chooses."""

from __future__ import annotations

import socket
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import msgspec
import uvicorn

from warifu.chains.solana_embedded.chain import EmbeddedChain
from warifu.chains.solana_embedded.control import PREFIX, Control
from warifu.chains.solana_embedded.json_rpc import JsonRpc
from warifu.errors import InputRefused, ServiceRefused

LOOPBACK = "127.0.0.1"
MAX_BODY_BYTES = 1024 * 1024
START_SECONDS = 20

Scope = MutableMapping[str, Any]
Answer = tuple[int, bytes]


class Application:
    """ASGI: JSON-RPC at ``/``, and ``/control/``."""

    def __init__(self, chain: EmbeddedChain) -> None:
        self._rpc = JsonRpc(chain)
        self._control = Control(chain)

    async def __call__(
        self, scope: Scope, receive: Callable[[], Awaitable[Scope]], send: Callable[[Scope], Awaitable[None]]
    ) -> None:
        """One HTTP request. Handlers are quick and take turns, so they run on the event loop itself."""
        assert scope["type"] == "http", "websockets and lifespan are switched off"
        status, body = self._answer(scope, await _body(receive))
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _answer(self, scope: Scope, body: bytes | None) -> Answer:
        if scope["method"] != "POST":
            return _words(405, "only POST")
        if body is None:
            return _words(413, "the body is too long")
        content_type = dict(scope["headers"]).get(b"content-type", b"").partition(b";")[0]
        if content_type.strip() != b"application/json":
            # A web page open on this machine can post plain text across origins, but not this without asking first.
            return _words(415, "requests are application/json")
        if scope["path"] == "/":
            return 200, self._rpc.answer(body)
        if not scope["path"].startswith(PREFIX):
            return _words(404, "no such path")
        try:
            found = self._control.answer(scope["path"], body)
        except (msgspec.MsgspecError, InputRefused) as error:
            return _words(400, str(error))
        return _words(404, "no such path") if found is None else (200, msgspec.json.encode(found))


def _words(status: int, text: str) -> Answer:
    return status, msgspec.json.encode({"error": text})


async def _body(receive: Callable[[], Awaitable[Scope]]) -> bytes | None:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            return None
        if not message.get("more_body", False):
            return bytes(body)


class Server:
    """Serves one chain until it is told to stop; with ``slot_milliseconds``, slots pass by themselves meanwhile."""

    def __init__(self, chain: EmbeddedChain, port: int = 0, slot_milliseconds: int = 0) -> None:
        self._chain = chain
        self._pause = slot_milliseconds / 1000
        self._stopped = Event()
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
        """Where JSON-RPC is."""
        return f"http://{LOOPBACK}:{self._socket.getsockname()[1]}"

    @property
    def started(self) -> bool:
        """Whether it answers."""
        return bool(self._server.started)

    def run(self) -> None:
        """Serve until ``stop``, or until a signal where this is the main thread."""
        if self._pause:
            Thread(target=self._tick, name="embedded-solana-slots", daemon=True).start()
        self._server.run(sockets=[self._socket])
        self._stopped.set()
        self._socket.close()

    def stop(self) -> None:
        """Let ``run`` return soon."""
        self._stopped.set()
        self._server.should_exit = True

    def _tick(self) -> None:
        while not self._stopped.wait(self._pause):
            self._chain.advance(1)


@contextmanager
def serving(chain: EmbeddedChain, slot_milliseconds: int = 0) -> Iterator[str]:
    """Serve ``chain`` from a thread of this process; gives its URL."""
    server = Server(chain, slot_milliseconds=slot_milliseconds)
    thread = Thread(target=server.run, name="embedded-solana", daemon=True)
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
