"""The genesis hash that a local cluster of Solana had when it was met first: a local one has no other name.

Without it, one that took the place of another would be believed after a restart of the service: durable nonces that
are gone, transfers that nobody knows.
"""

from __future__ import annotations

import sqlalchemy as sa

from warifu.service.store.database import Database
from warifu.service.store.schema import meta

_NAME = "solana-local-genesis"


def met_genesis(database: Database) -> str | None:
    """None before one was met."""
    with database.reading() as connection:
        found = connection.execute(sa.select(meta.c.value).where(meta.c.name == _NAME)).scalar()
    return None if found is None else bytes(found).decode()


def remember_genesis(database: Database, genesis: str) -> None:
    """Keep the first one; a later one changes nothing."""
    with database.writing() as connection:
        known = connection.execute(sa.select(meta.c.name).where(meta.c.name == _NAME)).first()
        if known is None:
            connection.execute(meta.insert().values(name=_NAME, value=genesis.encode()))
