"""What owners said about visits, kept until it expires for devices that were away. How visits stand, devices know."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from warifu.service.store.database import Database
from warifu.service.store.schema import visits

_columns = visits.c


@dataclass(frozen=True)
class StoredVisit:
    """One authorization: of a ``VisitRequest``, or of the ``EndVisitRequest`` of a visit."""

    request: bytes
    """Digest of what the owner authorized."""
    visit: bytes
    wallet: str
    authorization: bytes
    expires: int

    @property
    def ends(self) -> bool:
        """Whether it ends the visit."""
        return self.request != self.visit


def add_visit(database: Database, stored: StoredVisit, now: int) -> None:
    """Keep it; the same again changes nothing. What has expired nobody can be told any more, and goes."""
    with database.writing() as connection:
        connection.execute(visits.delete().where(_columns.expires < now))
        known = connection.execute(sa.select(_columns.request).where(_columns.request == stored.request))
        if known.first() is None:
            connection.execute(
                visits.insert().values(
                    request=stored.request,
                    visit=stored.visit,
                    wallet=stored.wallet,
                    authorization=stored.authorization,
                    expires=stored.expires,
                )
            )


def drop_visit(database: Database, stored: StoredVisit) -> None:
    """Nobody is told it any more."""
    with database.writing() as connection:
        connection.execute(visits.delete().where(_columns.request == stored.request))


def visits_of(database: Database, wallet: str, now: int) -> tuple[StoredVisit, ...]:
    """What its devices can still be told, openings first."""
    with database.reading() as connection:
        rows = connection.execute(
            sa.select(visits).where(_columns.wallet == wallet, _columns.expires >= now)
        ).all()
    found = (StoredVisit(row.request, row.visit, row.wallet, row.authorization, row.expires) for row in rows)
    return tuple(sorted(found, key=lambda each: (each.ends, each.request)))
