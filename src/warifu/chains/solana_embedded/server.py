"""The embedded chain over HTTP, on a loopback port that the system chooses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import msgspec

from warifu.chains.local_server import (
    LocalServer,
    Message,
    Receive,
    Send,
    is_json,
    read_body,
    respond,
    served,
)
from warifu.chains.solana_embedded.chain import EmbeddedChain
from warifu.chains.solana_embedded.control import PREFIX, Control
from warifu.chains.solana_embedded.json_rpc import JsonRpc
from warifu.depth import is_deep
from warifu.errors import InputRefused

MAX_BODY_BYTES = 1024 * 1024

Answer = tuple[int, bytes]


class Application:
    """ASGI: JSON-RPC at ``/``, and ``/control/``."""

    def __init__(self, chain: EmbeddedChain) -> None:
        self._rpc = JsonRpc(chain)
        self._control = Control(chain)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One HTTP request. Handlers are quick and take turns, so they run on the event loop itself."""
        assert scope["type"] == "http", "websockets and lifespan are switched off"
        status, body = self._answer(scope, await read_body(receive, MAX_BODY_BYTES))
        await respond(send, status, b"application/json", body)

    def _answer(self, scope: Message, body: bytes | None) -> Answer:
        if scope["method"] != "POST":
            return _words(405, "only POST")
        if body is None:
            return _words(413, "the body is too long")
        if is_deep(body):
            return _words(400, "the body is nested without end")
        if not is_json(scope):
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


class Server(LocalServer):
    """Serves one chain until it is told to stop; with ``slot_milliseconds``, slots pass by themselves meanwhile."""

    def __init__(self, chain: EmbeddedChain, port: int = 0, slot_milliseconds: int = 0) -> None:
        super().__init__(Application(chain), port)
        self._chain = chain
        self._pause = slot_milliseconds / 1000
        self._stopped = Event()

    def run(self) -> None:
        """Serve until ``stop``, or until a signal where this is the main thread."""
        if self._pause:
            Thread(target=self._tick, name="embedded-solana-slots", daemon=True).start()
        super().run()
        self._stopped.set()

    def stop(self) -> None:
        """Let ``run`` return soon."""
        self._stopped.set()
        super().stop()

    def _tick(self) -> None:
        while not self._stopped.wait(self._pause):
            self._chain.advance(1)


@contextmanager
def serving(chain: EmbeddedChain, slot_milliseconds: int = 0) -> Iterator[str]:
    """Serve ``chain`` from a thread of this process; gives its URL."""
    with served(Server(chain, slot_milliseconds=slot_milliseconds)) as url:
        yield url
