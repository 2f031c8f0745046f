"""HTTP messages of the simulation's server, and what all fronts do alike."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec

from warifu.depth import is_deep
from warifu.sandbox.amounts import amount_of
from warifu.sandbox.people import Account, Credential, Permission
from warifu.sandbox.refusal import Reason, Refusal
from warifu.sandbox.venue import Venue

MAX_DEPTH = 12


@dataclass(frozen=True)
class Request:
    """What came. ``host`` without its port; ``query`` as it stands in the target; header names in lower case."""

    method: str
    host: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def target(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass(frozen=True)
class Answer:
    """What is said."""

    status: int
    body: bytes
    content_type: str = "application/json; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


def said(value: object, status: int = 200, headers: Iterable[tuple[str, str]] = ()) -> Answer:
    """``value`` as JSON."""
    return Answer(status, msgspec.json.encode(value), headers=tuple(headers))


@dataclass(frozen=True)
class Visit:
    """A request on its way through a front. ``places``: what the path names."""

    request: Request
    places: Mapping[str, str]
    credential: Credential | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    """The parameters: of the query, or of the JSON body."""

    @property
    def account(self) -> str:
        assert self.credential is not None, "only where a credential was asked for"
        return self.credential.account

    def text(self, name: str, default: str | None = None) -> str:
        """A parameter. ``Refusal`` (``missing``) where there is none and no default."""
        value = self.fields.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and value:
            return value
        if value not in (None, "") or default is None:
            raise Refusal("missing", name)
        return default

    def whole(self, name: str, default: int | None, most: int) -> int:
        """A number from 0 to ``most``. ``Refusal``: ``missing``, ``form``."""
        text = self.text(name, None if default is None else str(default))
        if not (text.isascii() and text.isdigit() and len(text) < 16 and int(text) <= most):
            raise Refusal("form", name)
        return int(text)

    def amount(
        self, name: str, reason: Reason = "form", read: Callable[[str], Decimal | None] = amount_of
    ) -> Decimal | None:
        """A number that ``read`` takes; None where there is none. ``Refusal`` (``reason``)."""
        text = self.text(name, "")
        if not text:
            return None
        found = read(text)
        if found is None:
            raise Refusal(reason, name)
        return found


Handler = Callable[[Visit], Answer]


@dataclass(frozen=True)
class Route:
    """``permission``: what the credential must be allowed; None where none is asked for."""

    method: str
    path: str
    handler: Handler
    permission: Permission | None = "view"

    def places(self, request: Request) -> dict[str, str] | None:
        """What the path names, if this is its route."""
        pattern = re.escape(self.path).replace(r"\{", "(?P<").replace(r"\}", ">[^/:]+)")
        found = re.fullmatch(pattern, request.path)
        if found is None or request.method != self.method:
            return None
        return {name: unquote(value) for name, value in found.groupdict().items()}


class Part(ABC):
    """Some of a front's paths: those about one subject."""

    def __init__(self, venue: Venue) -> None:
        self.venue = venue

    @abstractmethod
    def paths(self) -> tuple[Route, ...]: ...

    def customer(self, visit: Visit) -> Account:
        """Who asks."""
        return self.venue.account(visit.account)


class Front(ABC):
    """One API of one exchange: its authentication, its paths, its forms. Made concrete in ``fronts``."""

    def __init__(self, venue: Venue) -> None:
        self.venue = venue
        self.routes = self.paths()

    name: str
    """What faults call it."""

    @abstractmethod
    def paths(self) -> tuple[Route, ...]: ...

    @abstractmethod
    def credential(self, request: Request) -> Credential:
        """Whoever this is. ``Refusal`` for everybody else."""

    @abstractmethod
    def fields(self, request: Request) -> Mapping[str, Any]:
        """The parameters of a request. ``Refusal`` (``form``)."""

    @abstractmethod
    def refused(self, refusal: Refusal) -> Answer:
        """No, in this API's own form."""

    def answer(self, request: Request) -> Answer:
        """The whole of it."""
        try:
            for route in self.routes:
                places = route.places(request)
                if places is not None:
                    return route.handler(self._admitted(route, request, places))
            raise Refusal("no-path", request.path)
        except Refusal as refusal:
            return self.refused(refusal)

    def _admitted(self, route: Route, request: Request, places: dict[str, str]) -> Visit:
        credential = None
        if route.permission is not None:
            credential = self.credential(request)
            self.venue.settle(credential.account)
            credential.require("view")
            credential.require(route.permission)
        return Visit(request, places, credential, self.fields(request))


def query_fields(text: str, repeated: tuple[str, ...] = ()) -> dict[str, str]:
    """The parameters of a query. ``Refusal`` (``form``) for what cannot be read, or is there twice and may not be."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=100)
    except ValueError:
        raise Refusal("form", "query") from None
    once = [name for name, _ in pairs if name not in repeated]
    if len(set(once)) != len(once):
        raise Refusal("form", "query")
    return dict(pairs)


def listed(query: str, name: str) -> list[str]:
    """All values of a parameter that may be there more than once."""
    return [value for found, value in parse_qsl(query, keep_blank_values=True) if found == name]


def body_fields(body: bytes) -> dict[str, Any]:
    """The fields of a JSON object; numbers as they are written. ``Refusal`` (``form``) for anything else."""
    if is_deep(body, MAX_DEPTH):
        raise Refusal("form", "body")
    try:
        found = msgspec.json.Decoder(dict[str, Any], float_hook=str).decode(body or b"{}")
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Refusal("form", "body") from None
    return found
