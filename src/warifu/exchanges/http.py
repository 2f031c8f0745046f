"""HTTP messages as values: what a signer says to an exchange and what it hears, checked when they are made.

Nothing here opens a connection. A request that exists can be sent as it is: no field of it can end its line, name
another host or add a header that frames the message, whoever chose its parts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from warifu.errors import InputRefused

Method = Literal["GET", "POST", "PUT", "DELETE", "FEED"]
"""``FEED`` is none of HTTP's: it watches (``warifu.exchanges.feeds``), and no HTTP request has it."""

MAX_REQUEST_BODY = 64 * 1024
MAX_TARGET = 8 * 1024
CREDENTIAL = 512
"""Of these, for a signature: nothing that is signed turns out to be too long for it."""
MAX_HEADER_VALUE = 8 * 1024

_METHODS = ("GET", "POST", "PUT", "DELETE")
_HOST = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}\Z")
_TARGET = re.compile(r"/[!$&'()*+,./0-9:;=?@A-Z_a-z~%-]*\Z")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}\Z")
_VALUE = re.compile(r"[!-~]([ -~]*[!-~])?\Z")
_FRAMING = {"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect"}


@dataclass(frozen=True)
class HttpRequest:
    """One request; ``InputRefused`` (``http-request``) for one that could mean something else on the wire."""

    method: Method
    host: str
    """A DNS name in lower case, without a port: it is what the certificate must be for."""
    target: str = field(repr=False)
    """Path and query, percent-encoded; it can carry a signature."""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Without those that frame the message: these are the client's. They can carry credentials."""
    body: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        _require(self.method in _METHODS, "this method is not used")
        _require(_HOST.match(self.host) is not None, "a host is a DNS name in lower case")
        _require(len(self.target) <= MAX_TARGET, "the path is too long")
        _require(_TARGET.match(self.target) is not None, "the path has a character that it cannot have")
        _require(len(self.body) <= MAX_REQUEST_BODY, "the body is too long")
        _require(not self.body or self.method in ("POST", "PUT"), "this method has no body")
        for name, value in self.headers:
            _require(_NAME.match(name) is not None, "a header's name has a character that it cannot have")
            _require(name.lower() not in _FRAMING, "a header would frame the message")
            _require(
                len(value) <= MAX_HEADER_VALUE and _VALUE.match(value) is not None,
                "a header's value has a character that it cannot have",
            )
        names = [name.lower() for name, _ in self.headers]
        _require(len(set(names)) == len(names), "a header is there twice")


@dataclass(frozen=True)
class HttpAnswer:
    """What came back, whole: status, headers (names in lower case) and body."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)

    def header(self, name: str) -> str | None:
        """The value of a header that is there exactly once; None otherwise."""
        values = [value for key, value in self.headers if key == name]
        return values[0] if len(values) == 1 else None


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise InputRefused("http-request", message)
