"""Requests to QuickNode's admin API: its envelope, its errors, its pages."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

import msgspec

from warifu.chains.quicknode.access import check_address
from warifu.chains.quicknode.admin_types import Pagination
from warifu.chains.rpc.faults import by_status, by_text
from warifu.chains.rpc.http import MAX_DEADLINE, Answer, BoundedHttp
from warifu.chains.rpc.retries import Retries
from warifu.chains.rpc.secret import Secret, hide
from warifu.chains.rpc.unavailable import said, unavailable
from warifu.depth import is_deep
from warifu.errors import ChainUnavailable, InputRefused

BASE_URL = "https://api.quicknode.com/v0"
MAX_ANSWER_BYTES = 4 * 1024 * 1024
PAGE = 100
MAX_ITEMS = 10_000
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_REFUSED = (400, 409, 422)

Query = Mapping[str, str | int | Sequence[str] | None]

T = TypeVar("T")


class _Envelope(msgspec.Struct, Generic[T]):
    data: T | None = None
    error: str | None = None
    pagination: Pagination | None = None

    def __repr__(self) -> str:
        return "_Envelope"  # its error may repeat our key, and a traceback may show variables


class _Complaint(msgspec.Struct):
    """What an error may look like; each field may be missing or of another kind."""

    error: Any = None
    message: Any = None


class AdminHttp:
    """Sends and reads. ``key`` is the account's API key, which can do everything that the dashboard can."""

    def __init__(self, key: Secret, base_url: str, name: str, retries: Retries | None) -> None:
        address = Secret(base_url)
        check_address(address)
        if not re.fullmatch(r"[!-~]{1,512}", key.reveal()):
            raise InputRefused("backend-token", "the account's API key is not one")
        self.name = name
        self._key = key
        self._http = BoundedHttp(address, name)
        self._retries = retries or Retries()

    def get(self, path: str, kind: type[T], query: Query | None = None) -> T:
        """The data of one answer."""
        return self._data(self._send("GET", path, query=query), kind)

    def pages(self, path: str, kind: type[T], query: Query) -> list[T]:
        """All items of a list, page after page."""
        found: list[T] = []
        while True:
            asked = {**query, "limit": PAGE, "offset": len(found)}
            envelope = self._envelope(self._send("GET", path, query=asked), list[kind])  # type: ignore[valid-type]
            items = envelope.data or []
            found += items
            total = envelope.pagination.total if envelope.pagination else len(found)
            if len(found) > MAX_ITEMS or total > MAX_ITEMS:
                raise unavailable("answer-size", f"a list of over {MAX_ITEMS} items", self.name)
            if not items or len(found) >= total:
                return found

    def change(self, method: str, path: str, kind: type[T], body: object = None) -> T:
        """Change something and read what it is now."""
        return self._data(self._send(method, path, body=body), kind)

    def do(self, method: str, path: str, body: object = None) -> None:
        """Change something of which nothing needs to be read. Answers are empty, or say what was done."""
        answer = self._send(method, path, body=body)
        if answer.body.strip():
            done: object = self._envelope(answer, Any).data
            if done is False:
                raise InputRefused(
                    "quicknode-refused", f"{self.name} did not do it", remedy="Look at its dashboard."
                )

    def _send(self, method: str, path: str, *, query: Query | None = None, body: object = None) -> Answer:
        target = path + _query(query or {})
        content = None if body is None else msgspec.json.encode(body)
        headers = {"x-api-key": self._key, "Accept": Secret("application/json")}
        if content is not None:
            headers["Content-Type"] = Secret("application/json")

        def once(left: float) -> Answer:
            answer = self._http.once(
                method, target, content=content, headers=headers, limit=MAX_ANSWER_BYTES, deadline=left
            )
            if not 200 <= answer.status < 300:
                raise self._fault(answer)
            return answer

        # Sent twice, a POST makes two of what it makes.
        return once(MAX_DEADLINE) if method == "POST" else self._retries.run(once, MAX_DEADLINE)

    def _fault(self, answer: Answer) -> ChainUnavailable | InputRefused:
        words = self._complaint(answer)
        if answer.status in _REFUSED:
            return InputRefused(
                "quicknode-refused",
                f"{self.name} refuses: {words or f'status {answer.status}'}",
                not_done="Nothing was changed.",
                remedy="Read its reason.",
            )
        return by_status(answer.status, words, self.name, answer.retry_after)

    def _complaint(self, answer: Answer) -> str:
        try:
            found = _read(answer, _Complaint)
            inner = found.error or found.message or ""
            text = inner if isinstance(inner, str) else str(inner)
        except (msgspec.MsgspecError, ValueError):
            text = answer.body[:2000].decode("utf-8", "replace")
        return "" if text.lstrip().startswith("<") else said(hide(text, [self._key]))

    def _data(self, answer: Answer, kind: type[T]) -> T:
        data = self._envelope(answer, kind).data
        if data is None:
            raise unavailable("answer-form", "an answer without data", self.name)
        return data

    def _envelope(self, answer: Answer, kind: type[T]) -> _Envelope[T]:
        failure: ChainUnavailable | InputRefused
        try:
            envelope = _read(answer, _Envelope[kind])  # type: ignore[valid-type]
        except (msgspec.MsgspecError, ValueError):
            failure = by_text(self._complaint(answer), self.name, answer.retry_after)
        else:
            if not envelope.error:
                return envelope
            words = said(hide(envelope.error, [self._key]))
            failure = InputRefused(
                "quicknode-refused", f"{self.name} refuses: {words}", remedy="Read its reason."
            )
        raise failure

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


def part(value: str) -> str:
    """An id as a part of a path. Raises ``InputRefused`` (``quicknode-id``): an id must not lead elsewhere."""
    if not _ID.fullmatch(value):
        raise InputRefused("quicknode-id", "an id at QuickNode is of letters, digits, - and _")
    return value


def _query(query: Query) -> str:
    pairs: list[tuple[str, str]] = []
    for name, value in query.items():
        if isinstance(value, str | int):
            pairs.append((name, str(value)))
        elif value is not None:
            pairs += [(f"{name}[]", item) for item in value]
    return "?" + urlencode(pairs) if pairs else ""


def _read(answer: Answer, kind: type[T]) -> T:
    """Its body as ``kind``. ``MsgspecError`` or ``ValueError`` for anything else."""
    if is_deep(answer.body):
        raise ValueError("JSON that is nested without end")
    return msgspec.json.decode(answer.body, type=kind, dec_hook=_secret)


def _secret(kind: type, value: object) -> object:
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    raise TypeError("an address or a token is a text")  # which msgspec takes for an answer of a wrong form
