"""The service itself, and who may ask it what."""

from __future__ import annotations

from typing import Annotated

import msgspec

from warifu.protocol.api.shapes import SCOPES, Answer, Question, Scope
from warifu.protocol.chains import Chain
from warifu.protocol.encoding import Name, Seconds
from warifu.protocol.request import Network


class Health(Answer, frozen=True):
    """``GET /health`` (any scope)."""

    version: str
    network: Network
    height: int | None
    """Height of the best block that a backend showed; None before the first answer."""
    backend: str
    """Which backend gave it, or ``none``. A kind, never an address with a token in it."""
    chains: tuple[Chain, ...]
    """All that are configured."""
    devices: int
    connected: int
    simulated_exchanges: tuple[str, ...] = ()
    """Hosts in whose place this service dials a simulation."""


class NewApiKey(Question, frozen=True):
    """``POST /api-keys`` (admin)."""

    name: Name
    scopes: Annotated[tuple[Scope, ...], msgspec.Meta(min_length=1, max_length=len(SCOPES))]


class CreatedApiKey(Answer, frozen=True):
    """Shown once: the service keeps a hash."""

    name: str
    key: str
    scopes: tuple[Scope, ...]

    def __repr__(self) -> str:
        return f"CreatedApiKey(name={self.name!r})"


class ApiKey(Answer, frozen=True):
    """``GET /api-keys`` (admin); ``DELETE /api-keys/{name}`` ends one."""

    name: str
    scopes: tuple[Scope, ...]
    created: Seconds


class ApiKeys(Answer, frozen=True):
    """``GET /api-keys``."""

    keys: tuple[ApiKey, ...]
