"""The other end of a feed, in memory: real TLS by OpenSSL, and frames that a test writes byte by byte, or that another
implementation of RFC 6455 (``websockets``) makes."""

from __future__ import annotations

import base64
import hashlib
import ssl
import struct
from collections.abc import Callable
from contextlib import suppress

from websockets.frames import Frame
from websockets.http11 import Request
from websockets.server import ServerProtocol

from warifu.signer.egress.websocket import FeedClient

TEXT, BINARY, CLOSE, PING, PONG, MORE = 1, 2, 8, 9, 10, 0


def frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, reserved: int = 0, mask: bytes = b""
) -> bytes:
    """One frame as RFC 6455, 5.2 draws it, sound or not."""
    first = fin << 7 | reserved << 4 | opcode
    masked = 0x80 if mask else 0
    if len(payload) < 126:
        head = bytes([first, masked | len(payload)])
    elif len(payload) < 65536:
        head = bytes([first, masked | 126]) + struct.pack("!H", len(payload))
    else:
        head = bytes([first, masked | 127]) + struct.pack("!Q", len(payload))
    if mask:
        payload = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
    return head + mask + payload


def accept_of(head: bytes) -> bytes:
    """What a server answers to the key in this handshake, by the RFC's words."""
    [key] = [line[19:] for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key: ")]
    return base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())


def opening(head: bytes, *more: bytes, accept: bytes | None = None) -> bytes:
    """The answer that opens the feed."""
    lines = [b"HTTP/1.1 101 Switching Protocols", b"Upgrade: websocket", b"Connection: Upgrade"]
    lines += [b"Sec-WebSocket-Accept: " + (accept or accept_of(head)), *more]
    return b"\r\n".join(lines) + b"\r\n\r\n"


class _Tls:
    """The server's end of TLS."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_side=True)
        self._ready = False

    def read(self, ciphertext: bytes) -> bytes:
        self._in.write(ciphertext)
        data = b""
        try:
            if not self._ready:
                self._tls.do_handshake()
                self._ready = True
            while piece := self._tls.read(65536):
                data += piece
        except (ssl.SSLWantReadError, ssl.SSLZeroReturnError):
            pass
        return data

    def write(self, data: bytes) -> None:
        for start in range(0, len(data), 16384):
            self._tls.write(data[start : start + 16384])

    def end(self) -> None:
        """TLS's own end (close_notify), without a word of the feed's."""
        with suppress(ssl.SSLWantReadError):
            self._tls.unwrap()

    def out(self) -> bytes:
        return self._out.read()


class HostileFeed:
    """Says what a test wrote: ``answer`` to the handshake, then whatever :meth:`say` is given."""

    def __init__(self, context: ssl.SSLContext, answer: Callable[[bytes], bytes] = opening) -> None:
        self.tls = _Tls(context)
        self._answer = answer
        self.head = b""
        self.heard = b""
        """After the handshake, as it was on the wire."""

    def receive(self, ciphertext: bytes) -> bytes:
        data = self.tls.read(ciphertext)
        if self.head.endswith(b"\r\n\r\n"):
            self.heard += data
        elif data:
            head, end, rest = (self.head + data).partition(b"\r\n\r\n")
            self.head = head + end
            self.heard += rest
            if end:
                self.tls.write(self._answer(self.head))
        return self.tls.out()

    def say(self, data: bytes) -> bytes:
        self.tls.write(data)
        return self.tls.out()


class HonestFeed:
    """A server by ``websockets``: what it understands of us, and what it says."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.tls = _Tls(context)
        self.protocol = ServerProtocol(max_size=None)
        self.request: Request | None = None
        self.frames: list[Frame] = []

    def receive(self, ciphertext: bytes) -> bytes:
        data = self.tls.read(ciphertext)
        if data:
            self.protocol.receive_data(data)
        for event in self.protocol.events_received():
            if isinstance(event, Request):
                self.request = event
                self.protocol.send_response(self.protocol.accept(event))
            else:
                assert isinstance(event, Frame)
                self.frames.append(event)
        return self.flush()

    def flush(self) -> bytes:
        for data in self.protocol.data_to_send():
            if data:
                self.tls.write(data)
        return self.tls.out()


def carry(client: FeedClient, server: HostileFeed | HonestFeed) -> None:
    """What both have to say to each other, until neither has more."""
    for _ in range(20):
        out = client.outgoing()
        back = server.receive(out) if out else server.tls.out()
        if back:
            client.receive(back)
        elif not out:
            return
    raise AssertionError("they do not come to an end")
