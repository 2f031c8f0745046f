"""JSON-RPC as Bitcoin Core and Knots speak it, and providers that have one of them behind them."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from warifu.chains.rpc.endpoint import JsonRpcEndpoint, Question, maybe
from warifu.chains.rpc.faults import RpcRefused
from warifu.chains.rpc.http import MAX_ANSWER_BYTES, MAX_DEADLINE
from warifu.chains.rpc.reply import Dialect
from warifu.chains.rpc.secret import Secret
from warifu.chains.rpc.unavailable import unavailable
from warifu.errors import ChainUnavailable

WARMING_UP = -28
MAX_COOKIE_BYTES = 1024

T = TypeVar("T")


class JsonRpc:
    """One node. ``cookie`` is the file that it writes at every start; else ``login`` is a user and a password."""

    def __init__(
        self, url: str, name: str, *, cookie: Path | None = None, login: tuple[str, str] | None = None
    ) -> None:
        def authorization() -> Secret:
            user, password = _cookie(cookie, name) if cookie is not None else login or ("", "")
            return Secret("Basic " + base64.b64encode(f"{user}:{password}".encode()).decode())

        self._endpoint = JsonRpcEndpoint(
            url,
            name,
            authorization=authorization if cookie is not None or login is not None else None,
            dialect=Dialect.BITCOIN,
        )

    @classmethod
    def over(cls, endpoint: JsonRpcEndpoint) -> JsonRpc:
        """A node behind any endpoint, which must be of ``Dialect.BITCOIN``."""
        rpc = cls.__new__(cls)
        rpc._endpoint = endpoint
        return rpc

    @property
    def name(self) -> str:
        """For people and for ``blame``."""
        return self._endpoint.name

    def call(
        self,
        method: str,
        *params: object,
        kind: type[T],
        limit: int = MAX_ANSWER_BYTES,
        deadline: float = MAX_DEADLINE,
    ) -> T:
        """The result of one call, as ``kind``. Raises ``RpcRefused``, ``ChainUnavailable``."""
        failure: ChainUnavailable
        try:
            return self._endpoint.call(method, params, kind, limit=limit, deadline=deadline)
        except RpcRefused as error:
            if error.code != WARMING_UP:
                raise
            failure = unavailable("starting", "the node is starting", self.name, retry_after=10)
        raise failure

    def batch(
        self, method: str, params: Sequence[Sequence[object]], *, kind: type[T]
    ) -> list[T | RpcRefused]:
        """One call for each of ``params``, in one request; a refused one gives its error in its place."""
        return self._endpoint.batch([Question(method, values, kind) for values in params])

    def calls(self, method: str, params: Sequence[Sequence[object]], *, kind: type[T]) -> list[T | None]:
        """As ``batch``, with None for what is refused or null."""
        answers = self.batch(method, params, kind=maybe(kind))
        return [None if isinstance(answer, RpcRefused) else answer for answer in answers]

    def close(self) -> None:
        """Close the connections."""
        self._endpoint.close()


def _cookie(path: Path, name: str) -> tuple[str, str]:
    """Read for each request: a node that was started anew has another one."""
    try:
        with path.open("rb") as file:
            user, _, password = file.read(MAX_COOKIE_BYTES).decode().strip().partition(":")
    except FileNotFoundError:  # a node that ends takes it away
        raise unavailable("unreachable", "its cookie file is not there: is it running?", name) from None
    except (OSError, UnicodeDecodeError):
        raise unavailable("credentials", "its cookie file cannot be read", name) from None
    return user, password
