"""API keys: 32 random bytes each, kept as a hash, with the scopes they open.

SHA-256 without stretching is right here: the key is random, so there is nothing to guess from its hash.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Sequence

import sqlalchemy as sa

from warifu.errors import ServiceRefused
from warifu.protocol.api import SCOPES, ApiKey, CreatedApiKey, Scope
from warifu.service.store.database import Database
from warifu.service.store.schema import api_keys

PREFIX = "warifu_"
MAX_KEYS = 1000
_KEY_CHARACTERS = len(PREFIX) + 43


def create_api_key(database: Database, name: str, scopes: Sequence[Scope]) -> CreatedApiKey:
    """A new key; its text is in the answer and nowhere else. Raises ``ServiceRefused`` (``name-taken``)."""
    key = PREFIX + base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
    ordered: tuple[Scope, ...] = tuple(scope for scope in SCOPES if scope in scopes)
    try:
        with database.writing() as connection:
            if (
                connection.execute(sa.select(sa.func.count()).select_from(api_keys)).scalar() or 0
            ) >= MAX_KEYS:
                raise ServiceRefused("too-many", f"there are {MAX_KEYS} API keys already")
            connection.execute(
                api_keys.insert().values(
                    name=name, hash=_hash(key), scopes=" ".join(ordered), created=int(time.time())
                )
            )
    except sa.exc.IntegrityError:
        raise ServiceRefused(
            "name-taken", f"there is an API key '{name}' already", not_done="No key was made."
        ) from None
    return CreatedApiKey(name=name, key=key, scopes=ordered)


def find_api_key(database: Database, key: str) -> ApiKey | None:
    """Whose key this is; None for no key of ours.

    The lookup is by hash, so its timing tells nothing about a key that somebody does not have.
    """
    if len(key) != _KEY_CHARACTERS or not key.startswith(PREFIX):
        return None
    with database.reading() as connection:
        row = connection.execute(sa.select(api_keys).where(api_keys.c.hash == _hash(key))).first()
    return None if row is None else _read(row)


def list_api_keys(database: Database) -> tuple[ApiKey, ...]:
    """All keys by name, without the keys."""
    with database.reading() as connection:
        return tuple(_read(row) for row in connection.execute(sa.select(api_keys).order_by(api_keys.c.name)))


def delete_api_key(database: Database, name: str) -> None:
    """End a key. Raises ``ServiceRefused``: ``unknown``, or ``last-key`` for the last one that can make others."""
    with database.writing() as connection:
        rows = {row.name: row for row in connection.execute(sa.select(api_keys))}
        if name not in rows:
            raise ServiceRefused("unknown", f"there is no API key '{name}'", not_done="Nothing was deleted.")
        admins = [other for other, row in rows.items() if "admin" in row.scopes.split()]
        if admins == [name]:
            raise ServiceRefused(
                "last-key",
                "this is the last API key that can administer the service",
                not_done="Nothing was deleted.",
                remedy="Make another one with the scope 'admin' first.",
            )
        connection.execute(api_keys.delete().where(api_keys.c.name == name))


def _hash(key: str) -> bytes:
    return hashlib.sha256(b"warifu/v1/api-key" + key.encode()).digest()


def _read(row: sa.Row[tuple[object, ...]]) -> ApiKey:
    return ApiKey(
        name=row.name,
        scopes=tuple(scope for scope in SCOPES if scope in row.scopes.split()),
        created=row.created,
    )
