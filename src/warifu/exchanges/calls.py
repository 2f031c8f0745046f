"""One endpoint of an exchange: how its typed request becomes an HTTP request, and its answer a typed value.

A request is a frozen msgspec structure. Fields that the path names fill the path; the rest are the query or the JSON
body, under their wire names, decimals as plain text, absent ones left out. What a caller built is read back strictly
before it is used, because constructors check nothing.

An answer is read leniently in what it may add (exchanges add fields without asking) and strictly in what it must have.
JSON numbers never pass through a float, and a field that is null or empty text counts as absent, as the exchanges use
them interchangeably.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any, Generic, TypeVar, cast
from urllib.parse import quote

import msgspec

from warifu.depth import is_deep
from warifu.errors import InputRefused
from warifu.exchanges.amounts import checked, plain
from warifu.exchanges.failures import ExchangeFailed, by_status, unanswered, unreadable
from warifu.exchanges.http import CREDENTIAL, MAX_TARGET, HttpAnswer, Method

MAX_DEPTH = 12
_PLACE = re.compile(r"\{([a-z_]+)\}")

A = TypeVar("A")
B = TypeVar("B")


class Ask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every request."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Base of every answer."""


class Nothing(Ask, frozen=True):
    """A request without parameters."""


class Ignored(Answer, frozen=True):
    """An answer of which only the status counts: exchanges put an object, a word or nothing into its body."""


Q = TypeVar("Q", bound=Ask)


class Effect(Enum):
    """What a request does if it works: what a policy allows, and what an answer that never came leaves open."""

    READS = "reads"
    TRADES = "trades"
    PAYS_IN = "pays in"
    """Brings funds to the exchange, or prepares it."""
    PAYS_OUT = "pays out"
    """Lets funds leave the exchange, or moves them between accounts there."""
    MANAGES = "manages"
    """Changes lists, profiles or settings at the exchange."""


@dataclass(frozen=True)
class Unsigned:
    """A request that lacks its credential: all that a signer judges, body included."""

    method: Method
    host: str
    path: str
    query: tuple[tuple[str, str], ...]
    body: bytes
    effect: Effect
    signed: bool
    """Whether the exchange wants a credential with it."""

    @property
    def query_text(self) -> str:
        """``a=1&b=2``, percent-encoded; empty where there is no query."""
        return "&".join(f"{encoded(name)}={encoded(value)}" for name, value in self.query)

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.path}?{self.query_text}" if self.query else self.path

    def same_bytes(self, other: Unsigned) -> bool:
        """Whether both ask for the same, byte for byte, whatever is said about them."""
        return (self.method, self.host, self.path, self.query, self.body) == (
            other.method,
            other.host,
            other.path,
            other.query,
            other.body,
        )


@dataclass(frozen=True)
class Call(Generic[A]):
    """One request, not yet signed, and the one right way to read its answer."""

    unsigned: Unsigned
    reader: Callable[[HttpAnswer], A] = field(repr=False)

    def read(self, answer: HttpAnswer) -> A:
        """The typed answer; :class:`ExchangeFailed` where the exchange says no, or what it says cannot be read."""
        try:
            return self.reader(answer)
        except (
            InputRefused,
            ValueError,
            ArithmeticError,
        ) as error:  # a number that is none, a state that is unknown
            raise unreadable(self.effect, str(error)) from None

    def map(self, change: Callable[[A], B]) -> Call[B]:
        """The same request with a further step of reading."""
        reader = self.reader
        return Call(self.unsigned, lambda answer: change(reader(answer)))

    def unanswered(self, *, sent: bool, words: str = "") -> ExchangeFailed:
        """What it means that no answer came."""
        return unanswered(self.effect, sent, words)

    @property
    def effect(self) -> bool:
        """Whether it was to change something."""
        return self.unsigned.effect is not Effect.READS


@dataclass(frozen=True)
class Listed(Generic[B]):
    """A part of a list, and the request for the rest; None where this was all."""

    items: tuple[B, ...]
    more: Call[Listed[B]] | None = None


Complaint = Callable[[HttpAnswer, bool], ExchangeFailed | None]
"""How an exchange says no: from an answer, and whether the request was to change something, to what it means."""


@dataclass(frozen=True)
class Endpoint(Generic[Q, A]):
    """A path of an API with the types on both sides of it."""

    method: Method
    path: str
    """With places such as ``{account_id}``, filled from the request's fields of that (wire) name."""
    asks: type[Q]
    answers: type[A]
    effect: Effect = Effect.READS
    signed: bool = True
    following: Callable[[Q, HttpAnswer, A], Q | None] | None = None
    """The request for the next page; None where this was the last. Only where an endpoint has pages."""


@dataclass(frozen=True)
class Api:
    """One HTTP API of an exchange at one host."""

    host: str
    complaint: Complaint
    everything_in_query: bool = False
    """Whether parameters that are not in the path go into the query, whatever the method."""

    def call(self, endpoint: Endpoint[Q, A], ask: Q) -> Call[A]:
        """``ask`` as a request; ``InputRefused`` (``exchange-request``) for one that is not what its type says."""
        fields = _wire(endpoint.asks, ask)
        path, used = _filled(endpoint.path, fields)
        rest = {name: value for name, value in fields.items() if name not in used}
        as_query = self.everything_in_query or endpoint.method in ("GET", "DELETE")
        unsigned = Unsigned(
            endpoint.method,
            self.host,
            path,
            tuple(_pairs(rest)) if as_query else (),
            b"" if as_query else msgspec.json.encode(rest),
            endpoint.effect,
            endpoint.signed,
        )
        if len(unsigned.target) > MAX_TARGET - CREDENTIAL:
            raise InputRefused("exchange-request", "this request is longer than one can be")
        return Call(unsigned, lambda answer: self._read(endpoint, answer))

    def following(self, endpoint: Endpoint[Q, A], ask: Q, answer: HttpAnswer) -> Q | None:
        """The request for the page after the one in ``answer``; None after the last.

        A page that leads to itself would be read for ever: :class:`ExchangeFailed` (``answer-form``).
        """
        if endpoint.following is None:
            return None
        after = endpoint.following(ask, answer, self._read(endpoint, answer))
        if after == ask:
            raise unreadable(False, "a page leads to itself")
        return after

    def listed(
        self, endpoint: Endpoint[Q, A], ask: Q, items: Callable[[A], tuple[B, ...]]
    ) -> Call[Listed[B]]:
        """The same page by page, with what ``items`` takes from each."""

        def read(answer: HttpAnswer) -> Listed[B]:
            page = self._read(endpoint, answer)
            after = self.following(endpoint, ask, answer)
            return Listed(items(page), None if after is None else self.listed(endpoint, after, items))

        return Call(self.call(endpoint, ask).unsigned, read)

    def _read(self, endpoint: Endpoint[Q, A], answer: HttpAnswer) -> A:
        effect = endpoint.effect is not Effect.READS
        failure = self.complaint(answer, effect)
        if failure is not None:
            raise failure
        if not 200 <= answer.status < 300:
            raise by_status(answer, effect, "")
        if endpoint.answers is Ignored:
            return cast("A", Ignored())
        try:
            return cast("A", read_json(endpoint.answers, answer.body))
        except InputRefused as error:
            raise unreadable(effect, error.message) from None


def read_json(kind: Any, body: bytes) -> Any:  # noqa: ANN401  # msgspec takes any type form
    """A value of ``kind`` from JSON; ``InputRefused`` (``exchange-answer``) for anything else."""
    if is_deep(body, MAX_DEPTH):
        raise InputRefused("exchange-answer", "an answer cannot be read: it is nested without end")
    try:
        tree = msgspec.json.Decoder(float_hook=Decimal).decode(body or b"null")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ArithmeticError) as error:
        raise InputRefused("exchange-answer", f"an answer cannot be read: {str(error)[:200]}") from None
    return read_tree(kind, tree)


def read_tree(kind: Any, tree: Any) -> Any:  # noqa: ANN401  # msgspec takes any type form
    """As :func:`read_json`, from JSON that is taken apart already."""
    try:
        value = msgspec.convert(_pruned(tree, MAX_DEPTH), kind)
    except (msgspec.MsgspecError, ArithmeticError) as error:
        raise InputRefused("exchange-answer", f"an answer cannot be read: {str(error)[:200]}") from None
    _check_amounts(value)
    return value


def encoded(text: str) -> str:
    """Percent-encoded as RFC 3986 says: all but letters, digits and ``-._~``."""
    return quote(text, safe="")


def _wire(kind: type[Q], ask: Q) -> dict[str, Any]:
    """The request's fields under their wire names, checked against its own types."""
    try:
        builtins = msgspec.to_builtins(ask, builtin_types=(Decimal,))
        msgspec.convert(builtins, kind)
    except (msgspec.MsgspecError, TypeError) as error:
        raise InputRefused("exchange-request", f"this is no such request: {str(error)[:200]}") from None
    return cast("dict[str, Any]", _texts(builtins))


def _texts(value: Any) -> Any:  # noqa: ANN401  # a tree of JSON's types
    """Decimals as text; absent fields left out."""
    match value:
        case Decimal():
            return plain(value)
        case float():
            raise InputRefused("exchange-request", "an amount is a decimal, never a float")
        case dict():
            return {name: _texts(item) for name, item in value.items() if item is not None}
        case list() | tuple():
            return [_texts(item) for item in value]
        case _:
            return value


def _filled(path: str, fields: dict[str, Any]) -> tuple[str, set[str]]:
    used = set(_PLACE.findall(path))
    for name in used:
        if not isinstance(fields.get(name), str) or not fields[name].strip("."):
            raise InputRefused("exchange-request", f"the path needs {name}")
    return _PLACE.sub(lambda place: encoded(fields[place[1]]), path), used


def _pairs(fields: dict[str, Any]) -> list[tuple[str, str]]:
    """For a query: lists repeat their name, booleans are words."""
    pairs: list[tuple[str, str]] = []
    for name, value in fields.items():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                raise InputRefused("exchange-request", f"{name} cannot be in a query")
            pairs.append((name, str(item).lower() if isinstance(item, bool) else str(item)))
    return pairs


def _pruned(value: Any, depth: int) -> Any:  # noqa: ANN401  # a tree of JSON's types
    """Without fields that are null or empty text."""
    if depth == 0:
        raise InputRefused("exchange-answer", "an answer is nested too deeply")
    match value:
        case dict():
            return {name: _pruned(item, depth - 1) for name, item in value.items() if item not in (None, "")}
        case list():
            return [_pruned(item, depth - 1) for item in value]
        case _:
            return value


def _check_amounts(value: object) -> None:
    """No NaN, no infinity, no number with a million digits, anywhere in an answer."""
    match value:
        case Decimal():
            checked(value)
        case msgspec.Struct():
            for name in value.__struct_fields__:
                _check_amounts(getattr(value, name))
        case dict():
            for item in value.values():
                _check_amounts(item)
        case list() | tuple():
            for item in value:
                _check_amounts(item)
        case _:
            pass
