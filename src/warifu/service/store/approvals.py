"""Owners' words on transfers that are not signed yet: kept and passed on, believed by nobody."""

from __future__ import annotations

import time

import msgspec
import sqlalchemy as sa

from warifu.errors import AuthorizationRefused, ServiceRefused
from warifu.protocol.api import GivenApproval, Proposal, TransferState, error_body
from warifu.service.store.database import Database
from warifu.service.store.events import add_event
from warifu.service.store.rows import StoredTransfer, change, list_transfers, one
from warifu.service.store.schema import approvals

APPROVABLE: tuple[TransferState, ...] = ("proposed", "needs-authorization", "refused")
"""States in which nothing was signed yet."""


def add_word(
    database: Database, identifier: str, credential: bytes, approval: bytes, *, refuses: bool
) -> bool:
    """Keep an owner's approval, or his no, in place of what he said before. Whether that ended a proposal: nobody
    approves it any more.

    Raises ``ServiceRefused`` (``unknown-transfer``, ``not-waiting``).
    """
    with database.writing() as connection:
        transfer = one(connection, identifier)
        if transfer.state not in APPROVABLE or transfer.settled:
            raise ServiceRefused(
                "not-waiting", f"this transfer waits for no approval: it is '{transfer.state}'"
            )
        put_word(connection, identifier, credential, approval, refuses=refuses)
        return transfer.state == "proposed" and _ended(connection, identifier)


def _ended(connection: sa.Connection, identifier: str) -> bool:
    """Within a transaction: end what nobody approves any more."""
    stands = sa.and_(approvals.c.transfer == identifier, sa.not_(approvals.c.refuses))
    if connection.execute(sa.select(approvals.c.credential).where(stands)).first() is not None:
        return False
    error = AuthorizationRefused("withdrawn", "nobody approves this transfer any more")
    refusal = msgspec.json.encode(error_body(error))
    change(connection, identifier, state="refused", settled=True, refusal=refusal)
    add_event(connection, identifier, 1, "withdrawn: nothing is held for it any more")
    return True


def put_word(
    connection: sa.Connection, identifier: str, credential: bytes, approval: bytes, *, refuses: bool
) -> None:
    """Within a transaction."""
    place = (approvals.c.transfer == identifier) & (approvals.c.credential == credential)
    before = connection.execute(sa.select(approvals.c.approval).where(place)).scalar()
    if before == approval:
        return
    connection.execute(approvals.delete().where(place))
    connection.execute(
        approvals.insert().values(
            transfer=identifier,
            credential=credential,
            approval=approval,
            refuses=refuses,
            given=int(time.time()),
        )
    )
    said = "refused" if refuses else "approved"
    add_event(connection, identifier, 1, f"the owner {credential.hex()[:16]} {said} it")


def show_proposal(database: Database, identifier: str) -> Proposal:
    """Raises ``ServiceRefused`` (``unknown-transfer``)."""
    with database.reading() as connection:
        return _shown(connection, one(connection, identifier))


def open_proposals(database: Database) -> tuple[Proposal, ...]:
    """Newest first; not those whose request expired."""
    found = list_transfers(database, states=("proposed",))
    with database.reading() as connection:
        return tuple(_shown(connection, item) for item in found if item.expires > time.time())


def _shown(connection: sa.Connection, transfer: StoredTransfer) -> Proposal:
    rows = connection.execute(
        sa.select(approvals)
        .where(approvals.c.transfer == transfer.id)
        .order_by(approvals.c.given, approvals.c.credential)
    )
    return Proposal(
        id=transfer.id,
        wallet=transfer.wallet,
        chain=transfer.chain,
        state=transfer.state,
        request=transfer.request,
        unsigned=transfer.unsigned,
        words=tuple(
            GivenApproval(approval=row.approval, refuses=row.refuses, given=row.given) for row in rows
        ),
        created=transfer.created,
        expires=transfer.expires,
    )
