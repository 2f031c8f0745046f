"""HTTP with bounds: every answer has a longest wait and a largest size, and only harmless failures are tried again.

Stands on httpx's transport and not on its client, which would write every address (with its token) into the log, keep
cookies, and read proxies and passwords from the environment.
"""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from warifu.chains.rpc.retries import Retries
from warifu.chains.rpc.secret import Secret
from warifu.chains.rpc.transport import DeadlineTransport, exchange_within
from warifu.chains.rpc.unavailable import unavailable
from warifu.errors import ChainUnavailable, InputRefused

TIMEOUT = httpx.Timeout(20.0, connect=5.0)
MAX_ANSWER_BYTES = 16 * 1024 * 1024
MAX_DEADLINE = 60.0
"""Seconds for one whole answer, so that a server cannot hold a thread by sending a byte now and then."""
LONGEST_RETRY_AFTER = 3600
BUSY_SECONDS = 1
"""What a busy server is given that does not say how long it wants."""

_AGENT = f"python-httpx/{httpx.__version__}"
"""The library's own. Gateways turn away who has none, and one of Warifu's would tell whose wallet asks."""
_BUSY = (429, 502, 503, 504)


@dataclass(frozen=True)
class Answer:
    """What came back, whatever it means. ``retry_after`` is the server's own word, in seconds, at most an hour."""

    status: int
    body: bytes = field(repr=False)
    retry_after: int | None


class BoundedHttp:
    """Requests to one server. ``name`` stands in errors in place of the address, which may hold a token.

    Raises ``InputRefused`` (``backend-address``) for an address that is not of http(s).
    """

    def __init__(
        self,
        base_url: str | Secret,
        name: str,
        *,
        auth: tuple[str, str] | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        retries: Retries | None = None,
    ) -> None:
        self.name = name
        self._base = base_url if isinstance(base_url, Secret) else Secret(base_url)
        _check_address(self._base)
        self._login = _basic(*auth) if auth else None
        self._timeout = timeout
        self._retries = retries or Retries()
        self._transport = DeadlineTransport()

    def __repr__(self) -> str:
        return f"BoundedHttp({self.name!r})"

    def request(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        content_type: str = "text/plain",
        limit: int = MAX_ANSWER_BYTES,
        deadline: float = MAX_DEADLINE,
    ) -> tuple[int, bytes]:
        """Status and body. Faults of the network and answers of a busy server are tried up to three times.

        That is safe for broadcasts too: the same bytes sent twice are one transaction. Raises ``ChainUnavailable``:
        ``unreachable``, ``time-out``, ``answer-size``, ``busy``, ``credentials``.
        """
        headers = {"Content-Type": Secret(content_type)} if content is not None else {}

        def once(left: float) -> tuple[int, bytes]:
            answer = self.once(method, path, content=content, headers=headers, limit=limit, deadline=left)
            if answer.status in (401, 403):
                raise unavailable("credentials", "it does not accept our credentials", self.name)
            if answer.status in _BUSY:
                raise busy(f"it is busy (status {answer.status})", self.name, answer.retry_after)
            return answer.status, answer.body

        return self._retries.run(once, deadline)

    def once(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        headers: Mapping[str, Secret] | None = None,
        limit: int = MAX_ANSWER_BYTES,
        deadline: float = MAX_DEADLINE,
    ) -> Answer:
        """One attempt. Raises ``ChainUnavailable``: ``unreachable``, ``time-out``, ``answer-size``."""
        found = self._attempt(method, path, content, headers or {}, limit, deadline)
        if isinstance(found, ChainUnavailable):
            raise found  # from here, where no frame of the traceback has seen the address or a header
        return found

    def _attempt(
        self,
        method: str,
        path: str,
        content: bytes | None,
        headers: Mapping[str, Secret],
        limit: int,
        deadline: float,
    ) -> Answer | ChainUnavailable:
        shown = {name: value.reveal() for name, value in headers.items()}
        if self._login is not None:
            shown["Authorization"] = self._login.reveal()
        request = httpx.Request(
            method,
            self._base.reveal().rstrip("/") + path if path else self._base.reveal(),
            headers={"Accept": "*/*", "Accept-Encoding": "gzip", "User-Agent": _AGENT, **shown},
            content=content,
            extensions={"timeout": self._waits(deadline)},
        )
        try:
            with exchange_within(deadline):
                return self._exchange(request, limit)
        except httpx.TimeoutException:
            return unavailable("time-out", "no answer in time", self.name)
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as error:
            return unavailable("unreachable", type(error).__name__, self.name)

    def _waits(self, deadline: float) -> dict[str, float | None]:
        """Who allows more than the usual deadline asks for something that takes long before its first byte."""
        waits = self._timeout.as_dict()
        return {**waits, "read": deadline} if deadline > MAX_DEADLINE else waits

    def _exchange(self, request: httpx.Request, limit: int) -> Answer | ChainUnavailable:
        response = self._transport.handle_request(request)
        with contextlib.closing(response):
            body = bytearray()
            for part in response.iter_bytes():
                body += part
                if len(body) > limit:
                    return unavailable("answer-size", f"its answer is over {limit} bytes", self.name)
        return Answer(response.status_code, bytes(body), _seconds(response.headers.get("Retry-After", "")))

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()


def busy(message: str, server: str, retry_after: int | None) -> ChainUnavailable:
    """A server that wants to be asked later."""
    return unavailable(
        "busy", message, server, retry_after=BUSY_SECONDS if retry_after is None else retry_after
    )


def _check_address(url: Secret) -> None:
    try:
        parts = urlsplit(url.reveal())
        fine = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        fine = False
    if not fine:
        raise InputRefused("backend-address", "a backend's address begins with http:// or https://")


def _basic(user: str, password: str) -> Secret:
    return Secret("Basic " + base64.b64encode(f"{user}:{password}".encode()).decode())


def _seconds(text: str) -> int | None:
    """A Retry-After in seconds; one that is a date, or nonsense, counts as not said."""
    if not (text.isascii() and text.isdecimal() and len(text) < 7):
        return None
    return min(int(text), LONGEST_RETRY_AFTER)
