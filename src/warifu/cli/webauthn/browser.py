"""A browser as the road to a passkey: one question, on one page, served by this client on loopback for as long.

Only who knows the page's address gets it, and the address has 128 random bits. The browser is sent there by a private
file, so that it does not stand in a process list: another user of the machine who read it could answer in the owner's
place when a passkey is made. Both loopback addresses are taken, so that no other program answers on one of them.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import socket
import sys
import time
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import Any, TypeVar

from fido2.webauthn import (
    AuthenticationResponse,
    PublicKeyCredentialCreationOptions,
    PublicKeyCredentialRequestOptions,
    RegistrationResponse,
)

from warifu.cli.files import write_private
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.cli.webauthn.ceremony import ORIGIN, PORT, TIMEOUT_SECONDS, Facts
from warifu.cli.webauthn.page import Kind, page, policy
from warifu.depth import is_deep
from warifu.errors import AuthorizationRefused, HostUnsuitable, InputRefused

_MAX_ANSWER = 32 * 1024
_HOST = ORIGIN.removeprefix("http://")

R = TypeVar("R", RegistrationResponse, AuthenticationResponse)
Show = Callable[[str], None]
"""Brings the owner to an address."""


class Browser:
    """The ``Road`` to whatever authenticator the owner's browser offers."""

    def __init__(self, show: Show, timeout: float = TIMEOUT_SECONDS) -> None:
        self._show = show
        self._timeout = timeout

    def make(self, options: PublicKeyCredentialCreationOptions, facts: Facts) -> RegistrationResponse:
        """Raises ``AuthorizationRefused`` (``declined``, ``no-answer``), ``HostUnsuitable``, ``InputRefused``."""
        return _read(RegistrationResponse, self._ask("create", dict(options), facts))

    def ask(self, options: PublicKeyCredentialRequestOptions, facts: Facts) -> AuthenticationResponse:
        """As :meth:`make`."""
        return _read(AuthenticationResponse, self._ask("get", dict(options), facts))

    def _ask(self, kind: Kind, options: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
        nonce, path = secrets.token_urlsafe(16), f"/{secrets.token_hex(16)}"
        question = _Question(path, page(kind, options, facts, nonce), policy(nonce))
        with _listening(question) as servers, DefaultSelector() as selector:
            for server in servers:
                selector.register(server, EVENT_READ)
            self._show(ORIGIN + path)
            end = time.monotonic() + self._timeout
            while question.answer is None:
                left = end - time.monotonic()
                if left <= 0:
                    raise AuthorizationRefused(
                        "no-answer", "nobody answered on the page", remedy="Repeat the command."
                    )
                for key, _ in selector.select(left):
                    assert isinstance(key.fileobj, HTTPServer), "only servers are waited for"
                    key.fileobj.handle_request()
        if question.answer.get("refused") is True:
            raise AuthorizationRefused("declined", "you said no on the page")
        return question.answer


def opened_by(home: Path, screen: Screen) -> Show:
    """Tell the address, and have the system's browser open it."""

    def show(address: str) -> None:
        screen.line(tr("Go on in the browser. If it does not open, go to this address on this machine:"))
        screen.exact(address)
        if not _has_screen():
            return
        guide = home / "open.html"
        content = (
            f'<!DOCTYPE html><meta http-equiv="refresh" content="0; url={address}"><title>Warifu</title>\n'
        )
        write_private(guide, content.encode())
        with contextlib.suppress(webbrowser.Error):
            webbrowser.open(guide.as_uri())

    return show


def _has_screen() -> bool:
    """Without one, Python would start a browser for text in this terminal, and those know no passkeys."""
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


class _Question:
    """The page, and the answer once it is there."""

    def __init__(self, path: str, content: bytes, policy: str) -> None:
        self.path = path
        self.content = content
        self.policy = policy
        self.answer: dict[str, Any] | None = None


class _Server(HTTPServer):
    """One socket. A connection that says nothing does not hold it up for long."""

    timeout = 1
    address_family: Any

    def __init__(self, family: socket.AddressFamily, address: str, question: _Question) -> None:
        self.address_family = family
        self.question = question
        super().__init__((address, PORT), _Handler)

    def server_bind(self) -> None:
        """Without the look-up of its own name that ``HTTPServer`` does."""
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = "localhost", PORT

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that breaks off is no news."""


class _Handler(BaseHTTPRequestHandler):
    """Shows the page to who knows its address, and takes its answer."""

    server: _Server
    timeout = 5
    server_version, sys_version = "warifu", ""

    def do_GET(self) -> None:
        if not self._ours():
            return
        question = self.server.question
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(question.content)))
        self.send_header("Content-Security-Policy", question.policy)
        for name, value in (
            ("Cache-Control", "no-store"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Referrer-Policy", "no-referrer"),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "DENY"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(question.content)

    def do_POST(self) -> None:
        if not self._ours():
            return
        length = self.headers.get("Content-Length", "")
        right = (
            self.headers.get("Origin") == ORIGIN
            and self.headers.get("Content-Type") == "application/json"
            and length.isascii()
            and length.isdigit()
            and int(length) <= _MAX_ANSWER
        )
        try:
            body = self.rfile.read(int(length)) if right else b""
            answer = None if is_deep(body) else json.loads(body.decode())
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            self._end(400)
            return
        self._end(204)
        self.server.question.answer = answer

    def _ours(self) -> bool:
        """A page elsewhere that has this address under a name of its own (DNS rebinding) is sent away, too."""
        if self.headers.get("Host") == _HOST and secrets.compare_digest(
            self.path.encode(), self.server.question.path.encode()
        ):
            return True
        self._end(404)
        return False

    def _end(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Nothing: its path is a secret for as long as it is served."""


@contextlib.contextmanager
def _listening(question: _Question) -> Iterator[list[_Server]]:
    servers: list[_Server] = []
    try:
        for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            try:
                servers.append(_Server(family, address, question))
            except OSError as error:
                if family == socket.AF_INET6 and error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                    continue  # a machine without IPv6: nobody else can listen there either
                raise HostUnsuitable(
                    "port-taken",
                    f"port {PORT} of this machine cannot be used: {error.strerror}",
                    remedy="End the program that listens there. Passkeys are enrolled with this port and no other.",
                ) from None
        yield servers
    finally:
        for server in servers:
            server.server_close()


def _read(kind: type[R], answer: dict[str, Any]) -> R:
    try:
        return kind.from_dict(answer)
    except Exception:  # noqa: BLE001 - the reader's errors on hostile bytes are of many kinds
        raise InputRefused("passkey", "the browser's answer cannot be read") from None
