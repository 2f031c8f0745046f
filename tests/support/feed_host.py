"""A feed's host on the loopback interface, by ``websockets``: real TLS, and what a test has it say."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

Script = Callable[[dict[str, Any]], Sequence[str]]
"""From a subscription to what is said; then the host closes the feed."""


class FeedHost:
    """One thread for each connection, until :meth:`close`."""

    def __init__(
        self, context: ssl.SSLContext, script: Script, stays: Callable[[], bool] = lambda: False
    ) -> None:
        """``stays``: whether the host waits for the other end to close the feed."""
        self._script, self._stays = script, stays
        self.paths: list[str] = []
        """Of the handshakes."""
        self._server = serve(self._serve, "127.0.0.1", 0, ssl=context)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self) -> tuple[str, int]:
        host, port = self._server.socket.getsockname()
        return host, port

    def close(self) -> None:
        self._server.shutdown()

    def _serve(self, connection: ServerConnection) -> None:
        with suppress(ConnectionClosed, TimeoutError):
            assert connection.request is not None
            self.paths.append(connection.request.path)
            said = json.loads(connection.recv(timeout=5))
            for text in self._script(said):
                connection.send(text)
            if self._stays():
                connection.recv(timeout=60)
