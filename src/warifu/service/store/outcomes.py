"""What the network made of a transfer: depth, failure, replacement, and the result that goes back to the owner.

Each function is one transaction and may be repeated, as in ``store/transfers.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from warifu.protocol.api import ErrorBody, JournalHead, TransferState
from warifu.service.store.database import Database
from warifu.service.store.events import add_event
from warifu.service.store.rows import FOLLOWED, change, one


@dataclass(frozen=True)
class _Outcome:
    """All that the network can make of a transfer. What is not named is as if it had never been said."""

    state: TransferState
    height: int | None = None
    confirmations: int = 0
    fee: int | None = None
    refusal: ErrorBody | None = None
    replaced_by: str | None = None


def mark_depth(
    database: Database,
    identifier: str,
    height: int | None,
    confirmations: int,
    *,
    settled: bool,
    text: str,
    fee: int | None = None,
) -> None:
    """Note how deep it is: ``confirmed`` with at least one confirmation, ``broadcast`` (again) with none."""
    with database.writing() as connection:
        now = _Outcome("confirmed" if confirmations else "broadcast", height, confirmations, fee)
        if _become(connection, identifier, now, settled=settled):
            add_event(connection, identifier, 7, text)
            if confirmations:  # in one step: who sees it confirmed sees the result, too
                _add_result(connection, identifier)


def mark_failed(
    database: Database,
    identifier: str,
    refusal: ErrorBody,
    *,
    height: int | None = None,
    confirmations: int = 0,
    settled: bool,
    fee: int | None = None,
) -> None:
    """The network will not do it, or did it in vain: ``rejected``."""
    with database.writing() as connection:
        now = _Outcome("rejected", height, confirmations, fee, refusal=refusal)
        if _become(connection, identifier, now, settled=settled):
            add_event(connection, identifier, 7, refusal.message, once=f"failed-{refusal.code}-{height}")
            _add_result(connection, identifier)


def settle_rejected(database: Database, identifier: str) -> None:
    """What was refused when it was sent can not happen any more, even if somebody kept it: its end stays what it is."""
    with database.writing() as connection:
        if one(connection, identifier).state == "rejected":
            change(connection, identifier, settled=True)


def mark_replaced(database: Database, identifier: str, winner: str | None, *, settled: bool) -> None:
    """Another transaction that excludes this one is confirmed; ``settled`` once it is deep enough."""
    with database.writing() as connection:
        if _become(connection, identifier, _Outcome("replaced", replaced_by=winner), settled=settled):
            text = f"replaced: {f'transaction {winner}' if winner else 'another transaction'} took its place"
            add_event(connection, identifier, 7, text, once=f"replaced-{winner}")
            _add_result(connection, identifier)


def store_journal(database: Database, identifier: str, heads: Sequence[JournalHead]) -> None:
    """Keep where each signer's journal stood when it had signed."""
    with database.writing() as connection:
        if one(connection, identifier).journal:
            return
        change(connection, identifier, journal=msgspec.json.encode(tuple(heads)))


def note_result(database: Database, identifier: str) -> None:
    """The eighth step, once: the result goes back to the owner, with each signer's journal entry."""
    with database.writing() as connection:
        _add_result(connection, identifier)


def _become(connection: sa.Connection, identifier: str, now: _Outcome, *, settled: bool) -> bool:
    """False, and nothing done, where the network has no say yet, or none any more."""
    if one(connection, identifier).state not in FOLLOWED:
        return False
    change(
        connection,
        identifier,
        state=now.state,
        refusal=None if now.refusal is None else msgspec.json.encode(now.refusal),
        replaced_by=now.replaced_by,
        height=now.height,
        confirmations=now.confirmations,
        settled=settled,
        fee=None if now.fee is None else str(now.fee),
    )
    return True


def _add_result(connection: sa.Connection, identifier: str) -> None:
    for head in one(connection, identifier).journal:
        text = f"journal has {head.length} entries, head {head.head.hex()[:16]}"
        add_event(connection, identifier, 8, text, device=head.device, once=f"journal-{head.device}")
    add_event(connection, identifier, 8, "the result is returned to the owner", once="result")
