"""A feed's connection: WebSocket by ``websockets``, on a connection that began as HTTP.

What is said is a :class:`Feed`'s: it is asked ten times a second whether anything is new.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Protocol

import msgspec
from websockets.frames import Frame, Opcode
from websockets.http11 import Request as Handshake
from websockets.protocol import CLOSED
from websockets.server import ServerProtocol

from warifu.sandbox.web import Request

MAX_HEARD = 16 * 1024
SILENT_SECONDS = 5
"""Who has not subscribed by then is disconnected."""
_TURN = 0.1
_WRITE_SECONDS = 10


class Feed(Protocol):
    """One connection's: what it says is values of JSON."""

    subscribed: bool

    def hear(self, text: bytes) -> list[object]:
        """What is said to that at once."""

    def turn(self) -> list[object]:
        """What is new."""


Feeding = Callable[[Request], Feed | None]
"""The feed that a handshake asks for; None where there is none."""


def wants_feed(request: Request) -> bool:
    """Whether this is a handshake."""
    return request.headers.get("upgrade", "").lower() == "websocket"


class FeedConversation:
    """From the handshake to the end. ``rest``: what came after the handshake already."""

    def __init__(self, connection: socket.socket, request: Request, rest: bytes, feed: Feed) -> None:
        self._connection, self._feed = connection, feed
        self._protocol = ServerProtocol(max_size=MAX_HEARD)
        lines = [
            f"GET {request.target} HTTP/1.1",
            *(f"{name}: {said}" for name, said in request.headers.items()),
        ]
        self._protocol.receive_data("\r\n".join([*lines, "", ""]).encode("latin-1") + rest)

    def run(self) -> None:
        """Until either end has enough."""
        begun = time.monotonic()
        while self._protocol.state is not CLOSED:
            for event in self._protocol.events_received():
                self._take(event)
            if self._feed.subscribed:
                self._say(self._feed.turn())
            elif time.monotonic() > begun + SILENT_SECONDS:
                self._protocol.send_close(1008, "no subscription")
            self._flush()
            if self._protocol.close_expected():
                return
            data = self._read()
            if data == b"":
                return
            if data:
                self._protocol.receive_data(data)

    def _take(self, event: object) -> None:
        if isinstance(event, Handshake):
            self._protocol.send_response(self._protocol.accept(event))
        elif isinstance(event, Frame) and event.opcode is Opcode.TEXT and event.fin:
            self._say(self._feed.hear(bytes(event.data)))

    def _say(self, messages: list[object]) -> None:
        for message in messages:
            self._protocol.send_text(msgspec.json.encode(message))

    def _flush(self) -> None:
        self._connection.settimeout(_WRITE_SECONDS)
        for data in self._protocol.data_to_send():
            if data:
                self._connection.sendall(data)

    def _read(self) -> bytes | None:
        """None: nothing in this turn."""
        self._connection.settimeout(_TURN)
        try:
            return self._connection.recv(64 * 1024)
        except TimeoutError:
            return None
