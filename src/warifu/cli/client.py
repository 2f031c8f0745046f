"""The client's road to the custody service: HTTPS with the pinned certificate, bounded answers, typed errors.

The service is not trusted. What it answers is parsed strictly and never longer than a limit; what of it could cost
money is checked by the callers against what this client pinned or derived itself.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from warifu.agent.pinning import pinned_context
from warifu.errors import ServiceRefused
from warifu.protocol.api import API_PREFIX, MAX_API_ANSWER_BYTES, read_answer, write_json

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")
_CONNECTING, _ANSWERING = 10.0, 40.0
"""Seconds; the second is longer than the longest poll (25)."""


class Client:
    """Calls of the HTTP API. Use as a context manager, or ``close`` it."""

    def __init__(self, url: str, fingerprint: bytes, api_key: str) -> None:
        """``url``: https address. ``fingerprint``: SHA-256 of the service's certificate, 32 bytes."""
        import httpx  # part of the service's extra: a machine that only signs has the command line without it

        self._http = httpx.Client(
            base_url=url,
            verify=pinned_context(fingerprint),
            headers={
                "Authorization": f"Bearer {api_key}",
                "Accept": "application/json",
                "Accept-Encoding": "identity",
            },
            timeout=httpx.Timeout(_ANSWERING, connect=_CONNECTING),
            trust_env=False,  # no proxy from the environment: the pinned service and no one between
            follow_redirects=False,
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, kind: type[T], **query: str | int) -> T:
        """GET ``path`` (below ``/v1``); the answer as a ``kind``."""
        return self._call("GET", path, kind, query={name: str(value) for name, value in query.items()})

    def post(self, path: str, question: object, kind: type[T]) -> T:
        """POST ``question``; the answer as a ``kind``."""
        return self._call("POST", path, kind, question)

    def put(self, path: str, question: object, kind: type[T]) -> T:
        """PUT ``question``; the answer as a ``kind``."""
        return self._call("PUT", path, kind, question)

    def delete(self, path: str) -> None:
        """DELETE ``path``."""
        self._call("DELETE", path, Nothing)

    def _call(
        self,
        method: str,
        path: str,
        kind: type[T],
        question: object = None,
        query: dict[str, str] | None = None,
    ) -> T:
        content = None if question is None else write_json(question)
        headers = {} if content is None else {"Content-Type": "application/json"}
        with (
            _connection_errors(),
            self._http.stream(
                method, API_PREFIX + path, content=content, headers=headers, params=query
            ) as response,
        ):
            body = _bounded(response)
        if response.status_code < 400 and kind is Nothing:
            return kind()
        if 300 <= response.status_code < 400:
            raise _nonsense("it sends this client elsewhere")
        return read_answer(kind, response.status_code, body)


class Nothing:
    """The answer that has no body."""


def segment(name: str) -> str:
    """``name`` as one segment of a path, so that no name can lead to another resource."""
    return quote(name, safe="")


def _bounded(response: httpx.Response) -> bytes:
    """As it came: what unpacks to a thousand times its length is in the memory before it can be counted."""
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > MAX_API_ANSWER_BYTES:
            raise _nonsense(f"it is longer than {MAX_API_ANSWER_BYTES} bytes")
    return bytes(body)


def _nonsense(what: str) -> ServiceRefused:
    return ServiceRefused(
        "answer",
        f"the service's answer cannot be used: {what}",
        not_done="Nothing of that answer was believed.",
        remedy="Check that client and service have the same version.",
        blame="service",
    )


@contextlib.contextmanager
def _connection_errors() -> Iterator[None]:
    import httpx

    try:
        yield
    except httpx.HTTPError as error:
        if _is_certificate_error(error):
            raise ServiceRefused(
                "certificate",
                "the service's address answers with another certificate than the one that is pinned",
                not_done="Nothing was sent to it, neither a request nor the API key.",
                remedy="Somebody may sit between. If the service has a new certificate, get its fingerprint by "
                "another road.",
            ) from None
        raise ServiceRefused(
            "unreachable",
            f"the service cannot be reached ({type(error).__name__})",
            not_done="Whether it got the last request is not known; asking again does nothing twice.",
            remedy="Check that it runs ('warifu up') and that this machine reaches its address.",
        ) from None


def _is_certificate_error(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError) or "pinned" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False
