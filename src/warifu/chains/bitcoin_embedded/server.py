"""The embedded chain over HTTP, on a loopback port that the system chooses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote

from warifu.chains.bitcoin_embedded.chain import EmbeddedChain
from warifu.chains.bitcoin_embedded.control import PREFIX, Control
from warifu.chains.bitcoin_embedded.esplora import Answer, EsploraApi
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

MAX_BODY_BYTES = 1024 * 1024


class Application:
    """ASGI: Esplora's paths, and ``/control/``."""

    def __init__(self, chain: EmbeddedChain) -> None:
        self._esplora = EsploraApi(chain)
        self._control = Control(chain)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One HTTP request. Handlers are quick and take turns, so they run on the event loop itself."""
        assert scope["type"] == "http", "websockets and lifespan are switched off"
        answer = self._answer(scope, await read_body(receive, MAX_BODY_BYTES))
        await respond(send, answer.status, answer.content_type.encode(), answer.body)

    def _answer(self, scope: Message, body: bytes | None) -> Answer:
        method, path = scope["method"], unquote(scope["path"])
        if body is None:
            return Answer(b"the body is too long", 413)
        if is_deep(body):
            return Answer(b"the body is nested without end", 400)
        if not path.startswith(PREFIX):
            return self._esplora.answer(method, path, body)
        if not is_json(scope):
            return Answer(b"control requests are application/json", 415)
        return self._control.answer(method, path, body)


class Server(LocalServer):
    """Serves one chain until it is told to stop."""

    def __init__(self, chain: EmbeddedChain, port: int = 0) -> None:
        super().__init__(Application(chain), port)


@contextmanager
def serving(chain: EmbeddedChain) -> Iterator[str]:
    """Serve ``chain`` from a thread of this process; gives its URL."""
    with served(Server(chain)) as url:
        yield url
