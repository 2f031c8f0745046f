"""One server that speaks JSON-RPC 2.0 over HTTP: Ethereum nodes, Solana nodes, and providers in front of them."""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar, cast
from urllib.parse import urlsplit

import httpx
import msgspec

from warifu.chains.rpc.faults import RpcRefused
from warifu.chains.rpc.http import MAX_ANSWER_BYTES, MAX_DEADLINE, TIMEOUT, BoundedHttp
from warifu.chains.rpc.pace import Pace
from warifu.chains.rpc.reply import Dialect, Reply, read_batch, read_json, read_one
from warifu.chains.rpc.retries import Retries
from warifu.chains.rpc.secret import Secret
from warifu.chains.rpc.unavailable import unavailable
from warifu.errors import ChainUnavailable

TOKEN_CHARACTERS = 8

T = TypeVar("T")

Params = Sequence[object] | Mapping[str, object]
"""Positional or named, as the method wants them; anything that msgspec writes as JSON, but no floats."""


def maybe(kind: type[T]) -> type[T | None]:
    """``kind``, or null: for methods that answer null where there is nothing."""
    return cast("type[T | None]", kind | None)


class Question(msgspec.Struct, Generic[T], frozen=True):
    """One call of a batch; ``kind`` is what its result must be."""

    method: str
    params: Params
    kind: type[T]


class JsonRpcEndpoint:
    """One server. ``name`` stands in errors in place of ``url``, which may hold a token.

    ``headers`` go with every request (``x-token``). ``authorization`` gives the whole value of the Authorization
    header anew for each attempt (a short-lived JWT). ``pace`` keeps to the plan's limit. ``dialect`` is
    ``Dialect.BITCOIN`` for what has Bitcoin Core behind it. Safe to use from several threads. Raises ``InputRefused``
    (``backend-address``).
    """

    def __init__(
        self,
        url: str | Secret,
        name: str,
        *,
        headers: Mapping[str, Secret] | None = None,
        authorization: Callable[[], Secret] | None = None,
        secret_parts: Sequence[Secret] = (),
        dialect: Dialect = Dialect.STRICT,
        retries: Retries | None = None,
        pace: Pace | None = None,
        timeout: httpx.Timeout = TIMEOUT,
    ) -> None:
        address = url if isinstance(url, Secret) else Secret(url)
        self.name = name
        self._headers = dict(headers or {})
        self._authorization = authorization
        self._secrets = (address, *_parts(address), *secret_parts, *self._headers.values())
        self._dialect = dialect
        self._retries = retries or Retries()
        self._pace = pace
        self._http = BoundedHttp(address, name, timeout=timeout)
        # Not a fixed one, and not from zero: an answer to somebody else's question must not fit ours.
        self._ids = itertools.count(secrets.randbelow(2**40))

    def __repr__(self) -> str:
        return f"JsonRpcEndpoint({self.name!r})"

    def call(
        self,
        method: str,
        params: Params,
        kind: type[T],
        *,
        limit: int = MAX_ANSWER_BYTES,
        deadline: float = MAX_DEADLINE,
    ) -> T:
        """The result, as ``kind`` (a msgspec type; numbers with a point are ``Decimal``; ``maybe(kind)`` for nullable).

        ``limit`` is in bytes of the whole answer; ``deadline`` in seconds for all tries together. What is worth another
        try is tried again here: use it only for methods that do no harm when they arrive twice (sending the same
        signed transaction twice is one of them).

        Raises ``RpcRefused`` for the node's own refusal, and ``ChainUnavailable``: ``unreachable``, ``time-out``,
        ``answer-size``, ``answer-form``, ``busy``, ``credits``, ``credentials``, ``not-found``, ``too-large``,
        ``bad-request``, ``server-fault``.
        """

        def once(left: float) -> msgspec.Raw:
            number = next(self._ids)
            reply = self._reply(_request(number, method, params), 1, limit, left)
            return read_one(reply, number, self._dialect)

        return self._decoded(self._retries.run(once, deadline), kind)

    def batch(
        self,
        questions: Sequence[Question[T]],
        *,
        limit: int = MAX_ANSWER_BYTES,
        deadline: float = MAX_DEADLINE,
    ) -> list[T | RpcRefused]:
        """Several calls in one request, their results in the order of ``questions``; a refused one in its place.

        Providers count each call of a batch against their limits. If one of them was limited, the whole batch counts as
        not answered and is tried again. Raises as ``call``, but for ``RpcRefused``.
        """
        if not questions:
            return []

        def once(left: float) -> list[msgspec.Raw | RpcRefused]:
            numbers = [next(self._ids) for _ in questions]
            requests = [
                _request(number, question.method, question.params)
                for number, question in zip(numbers, questions, strict=True)
            ]
            return read_batch(self._reply(requests, len(requests), limit, left), numbers, self._dialect)

        answers = self._retries.run(once, deadline)
        return [
            answer if isinstance(answer, RpcRefused) else self._decoded(answer, question.kind)
            for answer, question in zip(answers, questions, strict=True)
        ]

    def _reply(self, request: object, calls: int, limit: int, left: float) -> Reply:
        if self._pace is not None:
            began = time.monotonic()
            self._pace.wait(calls, left, self.name)
            left -= time.monotonic() - began
        headers = {**self._headers, "Content-Type": Secret("application/json")}
        hidden = list(self._secrets)
        if self._authorization is not None:
            headers["Authorization"] = self._authorization()
            hidden += [Secret(part) for part in headers["Authorization"].reveal().split()[1:]]
        answer = self._http.once(
            "POST", "", content=msgspec.json.encode(request), headers=headers, limit=limit, deadline=left
        )
        return Reply(answer, self.name, tuple(hidden))

    def _decoded(self, raw: msgspec.Raw, kind: type[T]) -> T:
        failure: ChainUnavailable
        try:
            return read_json(raw, kind)
        except (msgspec.MsgspecError, ValueError):
            failure = unavailable(
                "answer-form", "the result has not the form that the method gives", self.name
            )
        raise failure

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


def _parts(address: Secret) -> list[Secret]:
    """What of an address may be a token by itself: long parts of its path, its query, its password."""
    try:
        parts = urlsplit(address.reveal())
        password = parts.password
    except ValueError:
        return []
    found = [part for part in parts.path.split("/") if len(part) >= TOKEN_CHARACTERS]
    return [Secret(part) for part in (*found, parts.query, password or "") if part]


def _request(number: int, method: str, params: Params) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
