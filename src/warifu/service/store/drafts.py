"""Unsigned transactions that the service built or took in, kept for a while."""

from __future__ import annotations

import time
from dataclasses import dataclass

import sqlalchemy as sa

from warifu.errors import ServiceRefused
from warifu.service.store.database import Database
from warifu.service.store.schema import drafts

DRAFT_LIFETIME = 3600
"""Seconds. The coins of a Bitcoin draft are not held: two drafts may spend the same coin, only one transfer."""


@dataclass(frozen=True)
class StoredDraft:
    """``name``: in hex what names it (``TransferRequest.transaction``). ``slot``: the account nonce that it holds."""

    wallet: str
    chain: str
    name: str
    unsigned: bytes
    slot: int | None
    expires: int


def store_draft(
    database: Database,
    wallet: str,
    chain: str,
    name: str,
    unsigned: bytes,
    *,
    slot: int | None = None,
    seconds: int = DRAFT_LIFETIME,
) -> StoredDraft:
    """Keep a draft for ``seconds``; drafts that expired go."""
    now = int(time.time())
    draft = StoredDraft(wallet, chain, name, unsigned, slot, now + seconds)
    with database.writing() as connection:
        connection.execute(drafts.delete().where(drafts.c.expires <= now))
        forget_draft(connection, wallet, chain, name)
        connection.execute(
            drafts.insert().values(
                wallet=wallet, chain=chain, name=name, unsigned=unsigned, slot=slot, expires=draft.expires
            )
        )
    return draft


def forget_draft(connection: sa.Connection, wallet: str, chain: str, name: str) -> int | None:
    """Within a transaction: it became a transfer, or another takes its place. The slot that it held."""
    where = (drafts.c.wallet == wallet, drafts.c.chain == chain, drafts.c.name == name)
    slot: int | None = connection.execute(sa.select(drafts.c.slot).where(*where)).scalar()
    connection.execute(drafts.delete().where(*where))
    return slot


def drop_draft(database: Database, wallet: str, name: str) -> None:
    """The owner said no: free what it held. Raises ``ServiceRefused`` (``unknown``)."""
    with database.writing() as connection:
        found = connection.execute(
            drafts.delete().where(drafts.c.wallet == wallet, drafts.c.name == name)
        ).rowcount
    if not found:
        raise ServiceRefused("unknown", "there is no such draft", not_done="Nothing was dropped.")
