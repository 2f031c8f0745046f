"""Who may do what: API keys as bearer tokens, and the scopes that a route asks for."""

from __future__ import annotations

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.types import Guard

from warifu.errors import ServiceRefused
from warifu.protocol.api import Scope
from warifu.service.store.api_keys import find_api_key
from warifu.service.store.database import Database

_BEARER = "Bearer "


def needs(database: Database, *scopes: Scope) -> Guard:
    """Let pass whose key has at least one of ``scopes``; any key where none is named.

    Raises ``ServiceRefused``: ``api-key`` (none, or not one of ours), ``scope``.
    """

    async def guard(connection: ASGIConnection, _: BaseRouteHandler) -> None:  # type: ignore[type-arg]
        text = connection.headers.get("authorization", "")
        key = find_api_key(database, text.removeprefix(_BEARER)) if text.startswith(_BEARER) else None
        if key is None:
            raise ServiceRefused(
                "api-key",
                "the request carries no API key that this service knows",
                not_done="Nothing was done.",
                remedy="Use the key that 'warifu init' or an administrator of the service gave out.",
            )
        if scopes and not set(scopes) & set(key.scopes):
            raise ServiceRefused(
                "scope",
                f"the API key '{key.name}' may not do this: it needs the scope {' or '.join(scopes)}",
                not_done="Nothing was done.",
                remedy="Use another key, or have one made with that scope.",
            )

    return guard
