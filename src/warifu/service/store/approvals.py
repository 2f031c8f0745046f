"""Owners' words on requests that are not carried out yet: kept and passed on, believed by nobody."""

from __future__ import annotations

import time

import msgspec
import sqlalchemy as sa

from warifu.errors import AuthorizationRefused, ServiceRefused
from warifu.protocol.api import GivenApproval, Proposal, TransferState, error_body
from warifu.protocol.request import Request, decode_request
from warifu.service.store.database import Database
from warifu.service.store.events import add_event
from warifu.service.store.rows import StoredTransfer, change, one, row_of
from warifu.service.store.schema import approvals, asked, transfers

APPROVABLE: tuple[TransferState, ...] = ("proposed", "needs-authorization", "refused")
"""States of a transfer in which nothing was signed yet."""


def add_asked(
    database: Database, wallet: str, encoded: bytes, word: bytes, approval: bytes, expires: int
) -> str:
    """Lay a request that is no transfer before the owners, with the first one's word; its id.

    Raises ``ServiceRefused`` (``request-id-used``).
    """
    identifier = decode_request(encoded).request_id.hex()
    with database.writing() as connection:
        row = connection.execute(sa.select(asked.c.request).where(asked.c.id == identifier)).first()
        if row is not None and row.request != encoded:
            raise ServiceRefused(
                "request-id-used",
                "another request has this id",
                remedy="Make the request again: each one gets a fresh id.",
            )
        if row is None:
            now = int(time.time())
            _forget_expired(connection, now)
            connection.execute(
                asked.insert().values(
                    id=identifier, wallet=wallet, request=encoded, created=now, expires=expires
                )
            )
            put_word(connection, identifier, word, approval, refuses=False)
    return identifier


def request_of(database: Database, identifier: str) -> Request:
    """What the owners are asked for. Raises ``ServiceRefused`` (``unknown-proposal``)."""
    return decode_request(show_proposal(database, identifier).request)


def add_word(
    database: Database, identifier: str, credential: bytes, approval: bytes, *, refuses: bool
) -> StoredTransfer | None:
    """Keep an owner's approval, or his no, in place of what he said before.

    Returns the transfer that ended by it: one whose proposal nobody approves any more. Raises ``ServiceRefused``
    (``not-waiting``).
    """
    with database.writing() as connection:
        transfer = _transfer(connection, identifier)
        if transfer is not None and (transfer.state not in APPROVABLE or transfer.settled):
            raise ServiceRefused(
                "not-waiting", f"this transfer waits for no approval: it is '{transfer.state}'"
            )
        put_word(connection, identifier, credential, approval, refuses=refuses)
        if transfer is not None:
            said = "refused" if refuses else "approved"
            add_event(connection, identifier, 1, f"the owner {credential.hex()[:16]} {said} it")
        if _stands(connection, identifier):
            return None
        if transfer is None:
            connection.execute(asked.delete().where(asked.c.id == identifier))
        elif transfer.state == "proposed":
            _withdraw(connection, identifier)
            return transfer
        return None


def put_word(
    connection: sa.Connection, identifier: str, credential: bytes, approval: bytes, *, refuses: bool
) -> None:
    """Within a transaction."""
    place = (approvals.c.request_id == identifier) & (approvals.c.credential == credential)
    connection.execute(approvals.delete().where(place))
    connection.execute(
        approvals.insert().values(
            request_id=identifier,
            credential=credential,
            approval=approval,
            refuses=refuses,
            given=int(time.time()),
        )
    )


def show_proposal(database: Database, identifier: str) -> Proposal:
    """Raises ``ServiceRefused`` (``unknown-proposal``)."""
    with database.reading() as connection:
        transfer = _transfer(connection, identifier)
        if transfer is not None:
            return _of_transfer(connection, transfer)
        row = connection.execute(sa.select(asked).where(asked.c.id == identifier)).first()
        if row is None:
            raise ServiceRefused("unknown-proposal", "there is no such request")
        return _of_asked(connection, row)


def open_proposals(database: Database) -> tuple[Proposal, ...]:
    """Newest first; not those whose request expired."""
    now = int(time.time())
    with database.reading() as connection:
        proposed = connection.execute(
            sa.select(transfers).where(transfers.c.state == "proposed", transfers.c.expires > now)
        )
        others = connection.execute(sa.select(asked).where(asked.c.expires > now))
        found = [_of_transfer(connection, row_of(row)) for row in proposed]
        found += [_of_asked(connection, row) for row in others]
    return tuple(sorted(found, key=lambda proposal: (-proposal.created, proposal.id)))


def _forget_expired(connection: sa.Connection, now: int) -> None:
    expired = sa.select(asked.c.id).where(asked.c.expires < now)
    connection.execute(approvals.delete().where(approvals.c.request_id.in_(expired)))
    connection.execute(asked.delete().where(asked.c.expires < now))


def _transfer(connection: sa.Connection, identifier: str) -> StoredTransfer | None:
    known = connection.execute(sa.select(transfers.c.id).where(transfers.c.id == identifier)).first()
    return one(connection, identifier) if known is not None else None


def _stands(connection: sa.Connection, identifier: str) -> bool:
    """Whether anybody approves it."""
    stands = sa.and_(approvals.c.request_id == identifier, sa.not_(approvals.c.refuses))
    return connection.execute(sa.select(approvals.c.credential).where(stands)).first() is not None


def _withdraw(connection: sa.Connection, identifier: str) -> None:
    error = AuthorizationRefused("withdrawn", "nobody approves this transfer any more")
    refusal = msgspec.json.encode(error_body(error))
    change(connection, identifier, state="refused", settled=True, refusal=refusal)
    add_event(connection, identifier, 1, "withdrawn: nothing is held for it any more")


def _of_transfer(connection: sa.Connection, transfer: StoredTransfer) -> Proposal:
    return Proposal(
        id=transfer.id,
        wallet=transfer.wallet,
        chain=transfer.chain,
        state=transfer.state,
        request=transfer.request,
        unsigned=transfer.unsigned,
        words=_words(connection, transfer.id),
        created=transfer.created,
        expires=transfer.expires,
    )


def _of_asked(connection: sa.Connection, row: sa.Row[tuple[object, ...]]) -> Proposal:
    return Proposal(
        id=row.id,
        wallet=row.wallet,
        chain=None,
        state="proposed",
        request=row.request,
        unsigned=b"",
        words=_words(connection, row.id),
        created=row.created,
        expires=row.expires,
    )


def _words(connection: sa.Connection, identifier: str) -> tuple[GivenApproval, ...]:
    rows = connection.execute(
        sa.select(approvals)
        .where(approvals.c.request_id == identifier)
        .order_by(approvals.c.given, approvals.c.credential)
    )
    return tuple(GivenApproval(approval=row.approval, refuses=row.refuses, given=row.given) for row in rows)
