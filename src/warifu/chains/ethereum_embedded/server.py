"""The embedded chain over HTTP, on a loopback port that the system chooses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from warifu.chains.ethereum_embedded.chain import EmbeddedEthereum
from warifu.chains.ethereum_embedded.control import PREFIX, Control
from warifu.chains.ethereum_embedded.rpc import Rpc
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
from warifu.depth import is_deep

MAX_BODY_BYTES = 512 * 1024


class Application:
    """ASGI: JSON-RPC at ``/``, and ``/control/``."""

    def __init__(self, chain: EmbeddedEthereum) -> None:
        self._rpc = Rpc(chain)
        self._control = Control(chain)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One HTTP request. Handlers take turns on the event loop itself: the chain has one reader and writer."""
        assert scope["type"] == "http", "websockets and lifespan are switched off"
        status, body = self._answer(scope, await read_body(receive, MAX_BODY_BYTES))
        kind = b"application/json" if status == 200 else b"text/plain; charset=utf-8"
        await respond(send, status, kind, body)

    def _answer(self, scope: Message, body: bytes | None) -> tuple[int, bytes]:
        if body is None:
            return 413, b"the body is too long"
        if is_deep(body):
            return 400, b"the body is nested without end"
        if scope["method"] != "POST":
            return 405, b"POST only"
        if not is_json(scope):
            return 415, b"requests are application/json"
        if scope["path"] == "/":
            return 200, self._rpc.answer(body)
        if scope["path"].startswith(PREFIX):
            return self._control.answer(scope["path"], body)
        return 404, b"no such path"


class Server(LocalServer):
    """Serves one chain until it is told to stop."""

    def __init__(self, chain: EmbeddedEthereum, port: int = 0) -> None:
        super().__init__(Application(chain), port)


@contextmanager
def serving(chain: EmbeddedEthereum) -> Iterator[str]:
    """Serve ``chain`` from a thread of this process; gives its URL."""
    with served(Server(chain)) as url:
        yield url
