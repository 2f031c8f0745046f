"""Chain backends that were added over the API: their addresses and tokens lie in the encrypted database alone."""

from __future__ import annotations

import secrets

import msgspec
import sqlalchemy as sa

from warifu.errors import ServiceRefused
from warifu.service.config import BackendConfig
from warifu.service.store.database import Database
from warifu.service.store.schema import backends

MAX_STORED = 64


def add_backend(database: Database, backend: BackendConfig) -> str:
    """Keep it behind those that are there; the id under which it is found (32 hexadecimal digits).

    Raises ``ServiceRefused`` (``too-many``).
    """
    identifier = secrets.token_hex(16)
    with database.writing() as connection:
        last, count = connection.execute(
            sa.select(sa.func.max(backends.c.position), sa.func.count()).select_from(backends)
        ).one()
        if count >= MAX_STORED:
            raise ServiceRefused("too-many", f"there are {MAX_STORED} backends already")
        connection.execute(
            backends.insert().values(
                id=identifier, position=(last or 0) + 1, body=msgspec.json.encode(backend)
            )
        )
    return identifier


def stored_backends(database: Database) -> tuple[tuple[str, BackendConfig], ...]:
    """(id, backend) in the order in which they were added."""
    with database.reading() as connection:
        rows = connection.execute(sa.select(backends).order_by(backends.c.position)).all()
    return tuple((row.id, msgspec.json.decode(row.body, type=BackendConfig)) for row in rows)


def remove_backend(database: Database, identifier: str) -> None:
    """Forget it. Raises ``ServiceRefused`` (``unknown``)."""
    with database.writing() as connection:
        gone = connection.execute(backends.delete().where(backends.c.id == identifier)).rowcount
    if not gone:
        raise ServiceRefused("unknown", "there is no such backend", not_done="Nothing was removed.")
