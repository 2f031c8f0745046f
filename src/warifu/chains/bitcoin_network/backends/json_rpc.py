"""JSON-RPC as Bitcoin Core and Knots speak it, over bounded HTTP; money never passes through a float."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import msgspec

from warifu.chains.bitcoin_network.backends.http import MAX_ANSWER_BYTES, BoundedHttp
from warifu.chains.bitcoin_network.backends.rejection import unavailable
from warifu.errors import ChainUnavailable

WARMING_UP = -28
MAX_COOKIE_BYTES = 1024

T = TypeVar("T")


class RpcError(Exception):
    """The node's refusal: its code and words."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class _Error(msgspec.Struct):
    code: int
    message: str = ""


class _Reply(msgspec.Struct):
    id: int
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: _Error | None = None


class JsonRpc:
    """One node. ``cookie`` is the file that it writes at every start; else ``login`` is a user and a password."""

    def __init__(
        self, url: str, name: str, *, cookie: Path | None = None, login: tuple[str, str] | None = None
    ) -> None:
        self._url = url
        self.name = name
        self._cookie = cookie
        self._login = login
        self._http: BoundedHttp | None = None

    def call(
        self,
        method: str,
        *params: object,
        kind: type[T],
        limit: int = MAX_ANSWER_BYTES,
        deadline: float = 60.0,
    ) -> T:
        """The result of one call, as ``kind``. Raises ``RpcError``, ``ChainUnavailable``."""
        request = {"jsonrpc": "1.0", "id": 0, "method": method, "params": params}
        body = self._send(msgspec.json.encode(request), limit, deadline)
        return self._result(self._decoded(body, _Reply), kind)

    def batch(self, method: str, params: Sequence[Sequence[object]], *, kind: type[T]) -> list[T | RpcError]:
        """One call for each of ``params``, in one request; a refused one gives its error in its place."""
        requests = [
            {"jsonrpc": "1.0", "id": number, "method": method, "params": values}
            for number, values in enumerate(params)
        ]
        if not requests:
            return []
        body = self._send(msgspec.json.encode(requests), MAX_ANSWER_BYTES, 60.0)
        replies = {reply.id: reply for reply in self._decoded(body, list[_Reply])}
        return [self._one(replies.get(number), kind) for number in range(len(requests))]

    def calls(self, method: str, params: Sequence[Sequence[object]], *, kind: type[T]) -> list[T | None]:
        """As ``batch``, with None for what is refused or null."""
        raws = self.batch(method, params, kind=msgspec.Raw)
        return [
            None if isinstance(raw, RpcError) or bytes(raw) == b"null" else self._decoded(bytes(raw), kind)
            for raw in raws
        ]

    def _one(self, reply: _Reply | None, kind: type[T]) -> T | RpcError:
        if reply is None:
            raise unavailable("answer-form", "a part of its answer is missing", self.name)
        try:
            return self._result(reply, kind)
        except RpcError as error:
            return error

    def _result(self, reply: _Reply, kind: type[T]) -> T:
        if reply.error is not None:
            if reply.error.code == WARMING_UP:
                raise unavailable("starting", "the node is starting", self.name, retry_after=10)
            raise RpcError(reply.error.code, reply.error.message)
        return self._decoded(bytes(reply.result), kind)

    def _decoded(self, body: bytes, kind: type[T]) -> T:
        try:
            return msgspec.json.Decoder(kind, float_hook=Decimal).decode(body)
        except msgspec.MsgspecError:
            raise unavailable(
                "answer-form", "its answer is not what a Bitcoin node says", self.name
            ) from None

    def _send(self, content: bytes, limit: int, deadline: float) -> bytes:
        try:
            return self._post(content, limit, deadline)
        except ChainUnavailable as error:
            if error.reason != "credentials" or self._cookie is None:
                raise
        self.close()  # the node was started anew and has another cookie
        return self._post(content, limit, deadline)

    def _post(self, content: bytes, limit: int, deadline: float) -> bytes:
        if self._http is None:
            self._http = BoundedHttp(self._url, self.name, auth=self._credentials())
        status, body = self._http.request(
            "POST", "/", content=content, content_type="application/json", limit=limit, deadline=deadline
        )
        if status not in (200, 404, 500):  # Core gives the error of a call with status 404 or 500
            raise unavailable("answer-form", f"status {status}", self.name)
        return body

    def _credentials(self) -> tuple[str, str] | None:
        if self._cookie is None:
            return self._login
        try:
            with self._cookie.open("rb") as file:
                user, _, password = file.read(MAX_COOKIE_BYTES).decode().strip().partition(":")
        except (OSError, UnicodeDecodeError):
            raise unavailable(
                "credentials", "its cookie file cannot be read: is it running?", self.name
            ) from None
        return user, password

    def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            self._http.close()
            self._http = None
