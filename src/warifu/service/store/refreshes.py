"""Refreshes of wallets' shares: what was asked, what came of it, and the certificate of each wallet's epoch."""

from __future__ import annotations

import time
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from warifu.errors import ServiceRefused
from warifu.protocol.api import ErrorBody, Refresh
from warifu.protocol.epochs import position, read_statement, statement_in
from warifu.service.store.database import Database
from warifu.service.store.events import add_event, events_after
from warifu.service.store.schema import epochs, refreshes

_envelopes = msgspec.msgpack.Decoder(tuple[bytes, ...])


@dataclass(frozen=True)
class StoredRefresh:
    """One that was asked for, with everything that a session among the devices needs."""

    id: str
    wallet: str
    epoch: int
    request: bytes
    """Digest of what the owner authorized."""
    authorization: bytes
    envelopes: tuple[bytes, ...]


def begin_refresh(database: Database, asked: StoredRefresh, body: bytes) -> bool:
    """Whether this is new (True), or was asked before in the same words (False).

    Raises ``ServiceRefused``: ``request-id-used``, ``refresh-running``.
    """
    with database.writing() as connection:
        row = connection.execute(sa.select(refreshes.c.body).where(refreshes.c.id == asked.id)).first()
        if row is not None:
            if row.body != body:
                raise ServiceRefused(
                    "request-id-used",
                    "another refresh has this request's id",
                    remedy="Make the request again: each one gets a fresh id.",
                )
            return False
        running = (refreshes.c.wallet == asked.wallet) & (refreshes.c.state == "running")
        if connection.execute(sa.select(refreshes.c.id).where(running)).first():
            raise ServiceRefused(
                "refresh-running",
                f"the shares of the wallet '{asked.wallet}' are being refreshed already",
                not_done="Nothing was begun.",
                remedy="Wait until that has ended.",
                retry_after=30,
            )
        connection.execute(
            refreshes.insert().values(
                id=asked.id,
                wallet=asked.wallet,
                epoch=asked.epoch,
                request=asked.request,
                body=body,
                authorization=asked.authorization,
                envelopes=msgspec.msgpack.encode(asked.envelopes),
                state="running",
                created=int(time.time()),
            )
        )
        return True


def note_refresh(
    database: Database, identifier: str, text: str, *, device: str | None = None, once: str | None = None
) -> None:
    """Add an event."""
    with database.writing() as connection:
        add_event(connection, identifier, 0, text, device=device, once=once)


def learn_epoch(database: Database, wallet: str, certificate: bytes) -> None:
    """Every device of the wallet keeps the shares of this (checked) certificate: whatever was asked for it came to its
    end, even where it was taken for refused. Of two certificates the one in force is kept."""
    request = read_statement(statement_in(certificate)).request
    with database.writing() as connection:
        before = connection.execute(sa.select(epochs.c.certificate).where(epochs.c.wallet == wallet)).scalar()
        if before is None:
            connection.execute(epochs.insert().values(wallet=wallet, certificate=certificate))
        elif position(statement_in(before)) < position(statement_in(certificate)):
            connection.execute(
                epochs.update().where(epochs.c.wallet == wallet).values(certificate=certificate)
            )
        asked = (refreshes.c.wallet == wallet) & (refreshes.c.request == request)
        for identifier in connection.execute(sa.select(refreshes.c.id).where(asked)).scalars().all():
            text = "every device keeps its new share, and deletes the old one"
            add_event(connection, identifier, 0, text, once="finished")
        connection.execute(
            refreshes.update()
            .where(asked)
            .values(
                state="finished",
                refusal=None,
                certificate=certificate,
                envelopes=msgspec.msgpack.encode(()),
            )
        )


def refuse_refresh(database: Database, identifier: str, refusal: ErrorBody) -> None:
    """The refresh ended, and the shares are what they were."""
    with database.writing() as connection:
        changed = connection.execute(
            refreshes.update()
            .where(refreshes.c.id == identifier, refreshes.c.state == "running")
            .values(
                state="refused",
                refusal=msgspec.json.encode(refusal),
                envelopes=msgspec.msgpack.encode(()),
            )
        )
        if changed.rowcount:
            text = f"ended, and the shares are what they were: {refusal.message}"
            add_event(connection, identifier, 0, text, device=refusal.blame)


def running_refreshes(database: Database) -> tuple[StoredRefresh, ...]:
    """Those that had not ended."""
    with database.reading() as connection:
        return tuple(
            StoredRefresh(
                row.id,
                row.wallet,
                row.epoch,
                row.request,
                row.authorization,
                _envelopes.decode(row.envelopes),
            )
            for row in connection.execute(sa.select(refreshes).where(refreshes.c.state == "running"))
        )


def read_refresh(database: Database, identifier: str, after: int) -> Refresh:
    """As the API shows it, without who is behind. Raises ``ServiceRefused`` (``unknown-refresh``)."""
    with database.reading() as connection:
        row = connection.execute(sa.select(refreshes).where(refreshes.c.id == identifier)).first()
        if row is None:
            raise ServiceRefused("unknown-refresh", "there is no such refresh")
        return Refresh(
            id=row.id,
            wallet=row.wallet,
            epoch=row.epoch,
            state=row.state,
            events=events_after(connection, identifier, after),
            refusal=msgspec.json.decode(row.refusal, type=ErrorBody) if row.refusal else None,
            certificate=row.certificate or b"",
            behind=(),
        )
