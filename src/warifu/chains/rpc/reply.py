"""From an HTTP answer to results: ``jsonrpc``, the matching id, exactly one of result and error, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import TypeVar

import msgspec

from warifu.chains.rpc.faults import RpcRefused, by_status, by_text, refusal
from warifu.chains.rpc.http import Answer
from warifu.chains.rpc.secret import Secret, hide
from warifu.chains.rpc.unavailable import said, unavailable
from warifu.depth import is_deep
from warifu.errors import ChainUnavailable

T = TypeVar("T")

UNSET = msgspec.UNSET

_GATEWAY_STATUSES = (401, 403, 413, 429, 502, 503, 504)
"""With these the answer is of whoever stands before the node, even where it looks like the node's own."""


class Dialect(Enum):
    """How close to the letter of JSON-RPC 2.0 a server's replies are."""

    STRICT = "strict"
    BITCOIN = "bitcoin"
    """Bitcoin Core before version 28, and proxies in front of it: without ``jsonrpc``, and with both members, one of
    them null."""


class _Quiet(msgspec.Struct):
    """What a server said, not yet without our secrets: a traceback that shows variables must not show it."""

    def __repr__(self) -> str:
        return type(self).__name__


class _Error(_Quiet):
    code: int
    message: str = ""
    data: msgspec.Raw | msgspec.UnsetType = UNSET


class _Envelope(_Quiet):
    jsonrpc: str = ""
    id: int | str | None = None
    result: msgspec.Raw | msgspec.UnsetType = UNSET
    error: _Error | str | msgspec.UnsetType | None = UNSET


class _Bare(_Quiet):
    """An error without envelope, as gateways and QuickNode's limiter send it; or only its words."""

    code: int | None = None
    message: str = ""
    error: str = ""


@dataclass(frozen=True)
class Reply:
    """An answer, the server's name, and what must not be repeated from it."""

    answer: Answer
    server: str
    secrets: tuple[Secret, ...]

    def words(self) -> str:
        """The beginning of the body as a person may read it; nothing for a web page."""
        text = self.answer.body[:2000].decode("utf-8", "replace")
        return "" if text.lstrip().startswith("<") else said(hide(text, self.secrets))

    def wrong(self, message: str) -> ChainUnavailable:
        """The reply breaks the protocol."""
        return unavailable("answer-form", message, self.server)

    def fault(self) -> RpcRefused | ChainUnavailable:
        """The meaning of a body that is no JSON-RPC reply."""
        answer = self.answer
        bare = _as(answer.body, _Bare)
        if bare is not None and (bare.code is not None or bare.message or bare.error):
            words = bare.message or bare.error
            if bare.code is not None and answer.status in (200, 429):
                return refusal(bare.code, words, None, self.server, self.secrets, answer.retry_after)
            shown = said(hide(words, self.secrets))
        else:
            shown = self.words()
        if answer.status == 200:
            return by_text(shown, self.server, answer.retry_after)
        return by_status(answer.status, shown, self.server, answer.retry_after)


def read_one(reply: Reply, number: int, dialect: Dialect) -> msgspec.Raw:
    """The result of the call ``number``. Raises ``RpcRefused`` or ``ChainUnavailable``."""
    envelope = _as(reply.answer.body, _Envelope)
    if envelope is None or not _is_envelope(envelope):
        raise reply.fault()
    outcome = _outcome(envelope, number, reply, dialect)
    if isinstance(outcome, msgspec.Raw):
        if reply.answer.status != 200:
            raise reply.wrong(f"a result with status {reply.answer.status}")
        return outcome
    raise outcome


def read_batch(reply: Reply, numbers: Sequence[int], dialect: Dialect) -> list[msgspec.Raw | RpcRefused]:
    """One result or refusal for each of ``numbers``. Raises ``ChainUnavailable``.

    All of them exactly once and nothing else: a missing, doubled or foreign id leaves none of the answers usable.
    """
    envelopes = _as(reply.answer.body, list[_Envelope])
    if envelopes is None:
        raise _whole(reply)
    if reply.answer.status != 200:
        raise by_status(reply.answer.status, "", reply.server, reply.answer.retry_after)
    _limited(envelopes, reply)
    by_id = {envelope.id: envelope for envelope in envelopes}
    if len(envelopes) != len(numbers) or set(by_id) != set(numbers):
        raise reply.wrong("the answers of a batch are not those that were asked for")
    outcomes = [_outcome(by_id[number], number, reply, dialect) for number in numbers]
    for outcome in outcomes:
        if isinstance(outcome, ChainUnavailable):
            raise outcome
    return [outcome for outcome in outcomes if not isinstance(outcome, ChainUnavailable)]


def _whole(reply: Reply) -> ChainUnavailable:
    """Why a batch was answered with something that is no list."""
    envelope = _as(reply.answer.body, _Envelope)
    if envelope is not None and isinstance(envelope.error, _Error):
        found = _error(envelope.error, reply)
    else:
        found = reply.fault()
    return (
        found if isinstance(found, ChainUnavailable) else reply.wrong(f"it refuses batches ({found.message})")
    )


def _limited(envelopes: Sequence[_Envelope], reply: Reply) -> None:
    """Raise if a part of a batch, which may have lost its id on the way, hit a limit."""
    for envelope in envelopes:
        found = _error(envelope.error, reply) if isinstance(envelope.error, _Error) else None
        if isinstance(found, ChainUnavailable):
            raise found


def _is_envelope(envelope: _Envelope) -> bool:
    return bool(envelope.jsonrpc) or envelope.result is not UNSET or isinstance(envelope.error, _Error)


def _outcome(
    envelope: _Envelope, number: int, reply: Reply, dialect: Dialect
) -> msgspec.Raw | RpcRefused | ChainUnavailable:
    result, error = envelope.result, envelope.error
    if dialect is Dialect.BITCOIN and envelope.jsonrpc in ("", "2.0"):
        error = UNSET if error is None else error
        result = UNSET if error is not UNSET and _is_null(result) else result
    elif envelope.jsonrpc != "2.0" and not isinstance(error, _Error):
        return reply.wrong("its answer is of another version than JSON-RPC 2.0")
    if (result is UNSET) == (error is UNSET) or error is None:
        return reply.wrong("its answer has not exactly one of result and error")
    if isinstance(error, _Error):
        found = _error(error, reply)
        # The id of a request that was not understood, or not even read, is null; a gateway's own error may have any.
        if isinstance(found, RpcRefused) and envelope.id is not None and envelope.id != number:
            return reply.wrong("its answer is to another question")
        return found
    if isinstance(error, str):
        return reply.fault()
    if envelope.id != number:
        return reply.wrong("its answer is to another question")
    assert isinstance(result, msgspec.Raw), "exactly one of the two is set"
    return result


def _error(error: _Error, reply: Reply) -> RpcRefused | ChainUnavailable:
    if reply.answer.status in _GATEWAY_STATUSES:
        words = said(hide(error.message, reply.secrets))
        return by_status(reply.answer.status, words, reply.server, reply.answer.retry_after)
    data = _as(error.data, object) if isinstance(error.data, msgspec.Raw) else None
    return refusal(error.code, error.message, data, reply.server, reply.secrets, reply.answer.retry_after)


def _is_null(raw: msgspec.Raw | msgspec.UnsetType) -> bool:
    return isinstance(raw, msgspec.Raw) and bytes(raw) == b"null"


def _as(body: bytes | msgspec.Raw, kind: type[T]) -> T | None:
    try:
        return read_json(body, kind)
    except (msgspec.MsgspecError, ValueError):
        return None


def read_json(text: bytes | msgspec.Raw, kind: type[T]) -> T:
    """``text`` as ``kind``; numbers with a point are ``Decimal``. ``MsgspecError`` or ``ValueError`` for anything else:
    a server must not choose which exception a caller meets (broken UTF-8, 1e(10^30), brackets without end)."""
    text = bytes(text)
    if is_deep(text):
        raise ValueError("JSON that is nested without end")
    try:
        return msgspec.json.Decoder(kind, float_hook=Decimal).decode(text)
    except ArithmeticError:
        raise ValueError("a number beyond any decimal") from None
