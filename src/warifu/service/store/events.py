"""Events of ceremonies and transfers: numbered from 1 without gaps, per subject."""

from __future__ import annotations

import time

import sqlalchemy as sa

from warifu.protocol.api import Event
from warifu.service.store.schema import events


def add_event(
    connection: sa.Connection,
    subject: str,
    step: int,
    text: str,
    *,
    device: str | None = None,
    once: str | None = None,
) -> None:
    """Note what happened. An event with the same ``once`` is noted once: a resumed workflow repeats its steps."""
    if (
        once is not None
        and connection.execute(
            sa.select(events.c.number).where(events.c.subject == subject, events.c.once == once)
        ).first()
    ):
        return
    last = connection.execute(
        sa.select(sa.func.max(events.c.number)).where(events.c.subject == subject)
    ).scalar()
    connection.execute(
        events.insert().values(
            subject=subject,
            number=(last or 0) + 1,
            once=once,
            at=int(time.time()),
            step=step,
            text=text,
            device=device,
        )
    )


def events_after(connection: sa.Connection, subject: str, after: int) -> tuple[Event, ...]:
    """The events with a number above ``after``."""
    rows = connection.execute(
        sa.select(events)
        .where(events.c.subject == subject, events.c.number > after)
        .order_by(events.c.number)
    )
    return tuple(
        Event(number=row.number, at=row.at, step=row.step, text=row.text, device=row.device) for row in rows
    )
