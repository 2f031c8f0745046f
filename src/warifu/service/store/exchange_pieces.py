"""Pieces of exchanges' answers, as their carriers sealed them: until their owner has read them, or a day."""

from __future__ import annotations

import time

import sqlalchemy as sa

from warifu.protocol.api import ExchangePiece, ExchangePieces
from warifu.service.store.database import Database
from warifu.service.store.exchange_calls import unknown_call
from warifu.service.store.schema import exchange_calls, exchange_pieces

SHOWN_BYTES = 2 * 1024 * 1024
"""Of pieces that are shown at once: a client asks again for what comes after."""
_columns = exchange_pieces.c


def add_piece(database: Database, call: str, number: int, piece: bytes) -> None:
    """Keep it for the owner of the call with this id."""
    with database.writing() as connection:
        connection.execute(
            exchange_pieces.insert().values(call=call, number=number, piece=piece, at=int(time.time()))
        )


def read_pieces(database: Database, wallet: str, call: str, after: int) -> ExchangePieces:
    """Those with a number above ``after``, in order, as many as are shown at once.

    Raises ``ServiceRefused`` (``unknown-call``)."""
    with database.reading() as connection:
        state = connection.execute(
            sa.select(exchange_calls.c.state).where(
                exchange_calls.c.id == call, exchange_calls.c.wallet == wallet
            )
        ).scalar()
        if state is None:
            raise unknown_call()
        rows = connection.execute(
            sa.select(_columns.number, _columns.piece)
            .where(_columns.call == call, _columns.number > after)
            .order_by(_columns.number)
        )
        shown: list[ExchangePiece] = []
        room = SHOWN_BYTES
        for row in rows:
            room -= len(row.piece)
            if room < 0 and shown:
                break
            shown.append(ExchangePiece(number=row.number, piece=row.piece))
        rows.close()
    return ExchangePieces(state=state, pieces=tuple(shown))


def unread_bytes(database: Database, call: str) -> int:
    """How much of the call with this id waits for its owner."""
    with database.reading() as connection:
        size = sa.func.coalesce(sa.func.sum(sa.func.length(_columns.piece)), 0)
        found: int = connection.execute(sa.select(size).where(_columns.call == call)).scalar_one()
    return found


def drop_pieces(database: Database, wallet: str, call: str, through: int) -> None:
    """Its owner has read all up to this one. Raises ``ServiceRefused`` (``unknown-call``)."""
    with database.writing() as connection:
        mine = (exchange_calls.c.id == call) & (exchange_calls.c.wallet == wallet)
        if connection.execute(sa.select(exchange_calls.c.id).where(mine)).first() is None:
            raise unknown_call()
        connection.execute(exchange_pieces.delete().where(_columns.call == call, _columns.number <= through))
