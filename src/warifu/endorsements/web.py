"""The network as a source: one GET at a time, bounded in time and size, over TLS. Nothing is sent but the address.

An address tells the vendor (or the mirror) which chip asks: AMD's holds the chip's identifier, Intel's the kind of
machine. So nothing here runs by itself: it is started by the owner, or by the owner's setting.
"""

from __future__ import annotations

import contextlib
from urllib.parse import urlsplit

import httpx

from warifu.chains.rpc.transport import DeadlineTransport, exchange_within
from warifu.endorsements.source import Answer, unavailable
from warifu.errors import InputRefused

DEADLINE = 30.0
_TIMEOUT = httpx.Timeout(20.0, connect=5.0)
_MAX_HEADER_BYTES = 32 * 1024
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class WebSource:
    """Asks over HTTPS; plain HTTP on the machine itself alone, for a cache that runs there."""

    def __init__(self) -> None:
        self._transport = DeadlineTransport()

    def get(self, url: str, limit: int) -> Answer:
        """See ``Source``. Redirects are not followed: vendors' services have none, and the owner names a mirror."""
        server = _server(url)
        request = httpx.Request(
            "GET", url, headers={"Accept": "*/*"}, extensions={"timeout": _TIMEOUT.as_dict()}
        )
        try:
            with exchange_within(DEADLINE):
                response = self._transport.handle_request(request)
                with contextlib.closing(response):
                    body = _bounded(response, limit, server)
        except httpx.TimeoutException:
            raise unavailable(server, "no answer in time") from None
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as error:
            raise unavailable(server, type(error).__name__) from None
        if response.status_code != 200:
            raise unavailable(server, f"status {response.status_code}")
        headers = {name.lower(): value for name, value in response.headers.items()}
        if sum(len(name) + len(value) for name, value in headers.items()) > _MAX_HEADER_BYTES:
            raise unavailable(server, "its headers are too long")
        return Answer(body, headers)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()


def _bounded(response: httpx.Response, limit: int, server: str) -> bytes:
    body = bytearray()
    for part in response.iter_bytes():
        body += part
        if len(body) > limit:
            raise unavailable(server, f"its answer is over {limit} bytes")
    return bytes(body)


def _server(url: str) -> str:
    """Its name; ``InputRefused`` (``source-address``) for an address over which anybody could listen or answer."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        fine = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    except ValueError:
        fine, host = False, ""
    if not fine or not host:
        raise InputRefused("source-address", "a source's address begins with https://")
    return host
