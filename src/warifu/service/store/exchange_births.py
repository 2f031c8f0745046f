"""Keys for accounts at exchanges that devices generate: what was asked, and which device states what came of it.

Whether a key is there, the devices know. This is what the service goes on from when it was stopped in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from warifu.errors import AuthorizationRefused, ServiceRefused
from warifu.protocol.api import ErrorBody, ExchangeKeyShown, error_body
from warifu.service.store.database import Database
from warifu.service.store.events import add_event, events_after
from warifu.service.store.schema import events, exchange_births
from warifu.service.store.wallets import StoredWallet

KEPT_SECONDS = 90 * 24 * 3600
"""How long one that ended is remembered."""
_columns = exchange_births.c
_births = msgspec.msgpack.Decoder(dict[bytes, bytes])


@dataclass(frozen=True)
class StoredBirth:
    """One that was asked for."""

    id: str
    wallet: str
    account: str
    request: bytes
    """Digest of what the owner authorized."""
    authorization: bytes
    created: int
    births: Mapping[bytes, bytes]
    """What devices stated so far, by identity."""


def add_birth(database: Database, birth: StoredBirth) -> bool:
    """Whether this is new (True), or was asked before (False). A newer one takes the place of what is under way for the
    same account: its devices give up the older one as well.

    Raises ``ServiceRefused`` (``request-id-used``).
    """
    with database.writing() as connection:
        _tidy(connection, birth.created)
        row = connection.execute(sa.select(_columns.request).where(_columns.id == birth.id)).first()
        if row is not None:
            if row.request != birth.request:
                raise ServiceRefused(
                    "request-id-used",
                    "another key has this request's id",
                    remedy="Make the request again: each one gets a fresh id.",
                )
            return False
        older = connection.execute(
            sa.select(_columns.id).where(
                _columns.wallet == birth.wallet,
                _columns.account == birth.account,
                _columns.state == "running",
            )
        ).scalars()
        for identifier in older.all():
            _refuse(connection, identifier, error_body(_superseded()))
        connection.execute(
            exchange_births.insert().values(
                id=birth.id,
                wallet=birth.wallet,
                account=birth.account,
                request=birth.request,
                authorization=birth.authorization,
                state="running",
                births=msgspec.msgpack.encode(dict(birth.births)),
                created=birth.created,
            )
        )
        add_event(connection, birth.id, 0, "the key is asked for")
        return True


def known_birth(database: Database, identifier: str) -> bool:
    """Whether it was asked for before."""
    with database.reading() as connection:
        row = connection.execute(sa.select(_columns.id).where(_columns.id == identifier)).first()
    return row is not None


def running_births(database: Database) -> tuple[StoredBirth, ...]:
    """Those that had not ended."""
    with database.reading() as connection:
        rows = connection.execute(sa.select(exchange_births).where(_columns.state == "running")).all()
    return tuple(
        StoredBirth(
            row.id,
            row.wallet,
            row.account,
            row.request,
            row.authorization,
            row.created,
            _births.decode(row.births),
        )
        for row in rows
    )


def still_running(database: Database, identifier: str) -> bool:
    """Whether it has not ended."""
    with database.reading() as connection:
        state = connection.execute(sa.select(_columns.state).where(_columns.id == identifier)).scalar()
    return bool(state == "running")


def note_birth(database: Database, identifier: str, text: str, device: str | None = None) -> None:
    """Add an event; the same about the same device once."""
    with database.writing() as connection:
        add_event(connection, identifier, 0, text, device=device, once=f"{device or ''} {text}")


def keep_births(
    database: Database, identifier: str, births: Mapping[bytes, bytes], *, finished: bool
) -> None:
    """What devices state, by identity; ``finished`` where all do."""
    with database.writing() as connection:
        changed = connection.execute(
            exchange_births.update()
            .where(_columns.id == identifier, _columns.state == "running")
            .values(
                births=msgspec.msgpack.encode(dict(births)),
                state="finished" if finished else "running",
            )
        )
        if finished and changed.rowcount:
            add_event(connection, identifier, 0, "every device states the same key")


def refuse_birth(database: Database, identifier: str, refusal: ErrorBody) -> None:
    """It ended, and no key is to be registered."""
    with database.writing() as connection:
        _refuse(connection, identifier, refusal)


def read_birth(database: Database, wallet: StoredWallet, identifier: str, after: int) -> ExchangeKeyShown:
    """As the API shows it. Raises ``ServiceRefused`` (``unknown-exchange-key``)."""
    with database.reading() as connection:
        row = connection.execute(
            sa.select(exchange_births).where(_columns.id == identifier, _columns.wallet == wallet.name)
        ).first()
        if row is None:
            raise ServiceRefused("unknown-exchange-key", "no such key was asked for here")
        births = _births.decode(row.births)
        return ExchangeKeyShown(
            id=row.id,
            wallet=row.wallet,
            account=row.account,
            request=row.request,
            state=row.state,
            births=tuple(births[identity] for identity in sorted(births)),
            missing=tuple(device.name for device in wallet.request.devices if device.identity not in births),
            refusal=msgspec.json.decode(row.refusal, type=ErrorBody) if row.refusal else None,
            created=row.created,
            events=events_after(connection, identifier, after),
        )


def _refuse(connection: sa.Connection, identifier: str, refusal: ErrorBody) -> None:
    changed = connection.execute(
        exchange_births.update()
        .where(_columns.id == identifier, _columns.state == "running")
        .values(state="refused", refusal=msgspec.json.encode(refusal))
    )
    if changed.rowcount:
        add_event(connection, identifier, 0, f"ended without a key: {refusal.message}", device=refusal.blame)


def _tidy(connection: sa.Connection, now: int) -> None:
    old = sa.select(_columns.id).where(_columns.created < now - KEPT_SECONDS, _columns.state != "running")
    connection.execute(events.delete().where(events.c.subject.in_(old)))
    connection.execute(
        exchange_births.delete().where(_columns.created < now - KEPT_SECONDS, _columns.state != "running")
    )


def _superseded() -> AuthorizationRefused:
    return AuthorizationRefused(
        "superseded",
        "another key was asked for in its place",
        not_done="This key is not to be registered at the exchange.",
        remedy="Register the one that was asked for last.",
    )
