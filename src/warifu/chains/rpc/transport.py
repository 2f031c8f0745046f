"""httpx's transport with one deadline for a whole exchange.

httpx bounds each wait for the next bytes. A server that sends a byte of a header now and then never exceeds that, and
would hold the thread that asks it for days. Here every wait on the socket is cut to what is left of the exchange.
"""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

import httpcore
import httpx

_ends: ContextVar[float] = ContextVar("_ends")


def _not_ours(_: logging.LogRecord) -> bool:
    return _ends.get(None) is None


# httpcore's debug log shows headers of answers: a server that repeats our token in one would have it written down.
for _name in ("httpcore.connection", "httpcore.http11", "httpcore.http2"):
    logging.getLogger(_name).addFilter(_not_ours)


@lru_cache(maxsize=1)
def trusted_authorities() -> ssl.SSLContext:
    """certifi's authorities, read once: one endpoint more takes no further 40 ms of a processor."""
    return httpx.create_ssl_context(trust_env=False)


class DeadlineTransport(httpx.HTTPTransport):
    """Reads nothing from the environment, knows no proxy. To be used inside ``exchange_within``."""

    def __init__(self) -> None:
        super().__init__(verify=trusted_authorities(), trust_env=False)
        self._pool.close()
        # The one place where httpx does not let its own network be replaced.
        self._pool = httpcore.ConnectionPool(
            ssl_context=trusted_authorities(),
            max_connections=20,
            max_keepalive_connections=4,
            keepalive_expiry=5.0,
            network_backend=_Network(),
        )


@contextmanager
def exchange_within(seconds: float) -> Iterator[None]:
    """Everything that this thread does inside ends after ``seconds``, with httpx's time-out errors."""
    before = _ends.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _ends.reset(before)


def _left(timeout: float | None, error: type[Exception]) -> float:
    left = _ends.get() - time.monotonic()
    if left <= 0:
        raise error("the deadline of the exchange is over")
    return left if timeout is None else min(left, timeout)


class _Network(httpcore.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        bounded = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(super().connect_tcp(host, port, bounded, local_address, socket_options))


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        bounded = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, bounded))

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's own signature
        return self._inner.get_extra_info(info)
