"""HTTP with bounds: every answer has a longest wait and a largest size, and only harmless failures are tried again."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx

from warifu.chains.bitcoin_network.backends.rejection import unavailable
from warifu.errors import ChainUnavailable, InputRefused

TIMEOUT = httpx.Timeout(20.0, connect=5.0)
MAX_ANSWER_BYTES = 16 * 1024 * 1024
TRIES = 3
FIRST_PAUSE = 0.2
MAX_DEADLINE = 60.0
"""Seconds for one whole answer, so that a server cannot hold a thread by sending a byte now and then."""

_BUSY = (429, 502, 503, 504)


class BoundedHttp:
    """Requests to one server. ``name`` stands in errors in place of the address, which may hold a token."""

    def __init__(
        self,
        base_url: str,
        name: str,
        *,
        auth: tuple[str, str] | None = None,
        timeout: httpx.Timeout = TIMEOUT,
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InputRefused("backend-address", "a backend's address begins with http:// or https://")
        self.name = name
        self._base = base_url.rstrip("/")
        # No environment: a proxy or a .netrc that happens to be there must not see or change what the wallet asks.
        self._client = httpx.Client(
            timeout=timeout,
            auth=httpx.BasicAuth(*auth) if auth else None,
            trust_env=False,
            follow_redirects=False,
        )

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

        def once() -> tuple[int, bytes]:
            return self._once(method, path, content, content_type, limit, deadline)

        return _again(once)

    def _once(
        self, method: str, path: str, content: bytes | None, content_type: str, limit: int, deadline: float
    ) -> tuple[int, bytes]:
        ends = time.monotonic() + deadline
        headers = {"Content-Type": content_type} if content is not None else {}
        try:
            with self._client.stream(method, self._base + path, content=content, headers=headers) as response:
                body = bytearray()
                for part in response.iter_bytes():
                    body += part
                    if len(body) > limit:
                        raise unavailable("answer-size", f"its answer is over {limit} bytes", self.name)
                    if time.monotonic() > ends:
                        raise unavailable("time-out", "its answer did not end in time", self.name)
                status = response.status_code
                pause = response.headers.get("Retry-After", "")
        except httpx.TimeoutException:
            raise unavailable("time-out", "no answer in time", self.name) from None
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as error:
            raise unavailable("unreachable", type(error).__name__, self.name) from None
        if status in (401, 403):
            raise unavailable("credentials", "it does not accept our credentials", self.name)
        if status in _BUSY:
            seconds = min(int(pause), 3600) if pause.isdecimal() and len(pause) < 7 else 5
            raise unavailable("busy", f"it is busy (status {status})", self.name, retry_after=seconds)
        return status, bytes(body)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _again(once: Callable[[], tuple[int, bytes]]) -> tuple[int, bytes]:
    pause = FIRST_PAUSE
    for _ in range(TRIES - 1):
        try:
            return once()
        except ChainUnavailable as error:
            if error.reason not in ("unreachable", "busy"):
                raise
        time.sleep(pause)
        pause *= 2
    return once()
