"""Transfers: from the owner's authorization to the last confirmation that is waited for.

Each function is one transaction and moves a transfer by at most one state, so that a service killed between any two
finds itself in one of these states. Each is also idempotent: a resumed workflow may repeat its last step.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from warifu.errors import ServiceRefused
from warifu.protocol.api import ErrorBody, Event, JournalHead, Transfer, TransferState
from warifu.service.store.database import Database
from warifu.service.store.events import add_event, events_after
from warifu.service.store.schema import transfers

AUTHORIZABLE: tuple[TransferState, ...] = ("needs-authorization", "refused")
"""States in which the owner may authorize the same request again: nothing was signed, and it names one transaction."""
FOLLOWED: tuple[TransferState, ...] = ("broadcast", "confirmed", "replaced")
"""States that a reorganisation can change, until the transfer is settled."""
_bytes_list = msgspec.msgpack.Decoder(tuple[bytes, ...])


@dataclass(frozen=True)
class StoredTransfer:
    """A row. ``txid`` and ``replaced_by`` are in display order; ``participants`` are ascending identities."""

    id: str
    wallet: str
    body: bytes
    request: bytes
    txid: str
    psbt: bytes
    attempt: int
    authorization: bytes
    envelopes: tuple[bytes, ...]
    participants: tuple[bytes, ...]
    state: TransferState
    settled: bool
    raw: bytes | None
    signed_psbt: bytes | None
    refusal: ErrorBody | None
    height: int | None
    confirmations: int
    replaces: str | None
    replaced_by: str | None
    journal: tuple[JournalHead, ...]
    created: int

    def shown(self, events: tuple[Event, ...]) -> Transfer:
        """As the API shows it."""
        return Transfer(
            id=self.id,
            wallet=self.wallet,
            state=self.state,
            settled=self.settled,
            txid=self.txid,
            confirmations=self.confirmations,
            height=self.height,
            replaces=self.replaces,
            replaced_by=self.replaced_by,
            created=self.created,
            events=events,
            refusal=self.refusal,
            journal=self.journal,
        )


@dataclass(frozen=True)
class NewTransferRow:
    """What the door (``api/transfers.py``) checked."""

    id: str
    wallet: str
    body: bytes
    """Digest of everything the client handed in: tells a repetition from another request."""
    request: bytes
    """The encoded ``TransferRequest``."""
    txid: str
    psbt: bytes
    authorization: bytes
    envelopes: tuple[bytes, ...]
    participants: tuple[bytes, ...]
    replaces: str | None


def add_transfer(database: Database, new: NewTransferRow) -> bool:
    """Whether it is new (True), or a repetition (False). Raises ``ServiceRefused`` (``request-id-used``)."""
    with database.writing() as connection:
        row = connection.execute(sa.select(transfers.c.body).where(transfers.c.id == new.id)).first()
        if row is not None:
            if row.body != new.body:
                raise ServiceRefused(
                    "request-id-used",
                    "another transfer has this request's id",
                    remedy="Make the request again: each one gets a fresh id.",
                )
            return False
        connection.execute(
            transfers.insert().values(
                id=new.id,
                wallet=new.wallet,
                body=new.body,
                request=new.request,
                txid=new.txid,
                psbt=new.psbt,
                attempt=1,
                authorization=new.authorization,
                envelopes=msgspec.msgpack.encode(new.envelopes),
                participants=msgspec.msgpack.encode(new.participants),
                state="authorized",
                settled=False,
                confirmations=0,
                replaces=new.replaces,
                created=int(time.time()),
            )
        )
        add_event(connection, new.id, 1, "request accepted; the unsigned transaction is built")
        return True


def authorize_again(
    database: Database,
    identifier: str,
    request: bytes,
    authorization: bytes,
    envelopes: tuple[bytes, ...],
    participants: tuple[bytes, ...],
) -> int:
    """The number of the attempt that this authorization is for.

    Raises ``ServiceRefused``: ``unknown-transfer``, ``other-request``, ``not-waiting``.
    """
    with database.writing() as connection:
        transfer = _one(connection, identifier)
        if transfer.request != request:
            raise ServiceRefused(
                "other-request",
                "the authorization is for another request than this transfer's",
                remedy="Authorize the very same request again, or start a new transfer.",
            )
        if transfer.authorization == authorization:
            return transfer.attempt
        if transfer.state not in AUTHORIZABLE:
            raise ServiceRefused(
                "not-waiting",
                f"this transfer is not waiting for an authorization: it is '{transfer.state}'",
            )
        _change(
            connection,
            identifier,
            attempt=transfer.attempt + 1,
            authorization=authorization,
            envelopes=msgspec.msgpack.encode(envelopes),
            participants=msgspec.msgpack.encode(participants),
            state="authorized",
            settled=False,
            refusal=None,
        )
        add_event(connection, identifier, 1, "the same request is authorized again")
        return transfer.attempt + 1


def begin_signing(database: Database, identifier: str, attempt: int) -> bool:
    """Move to ``signing``. True where this attempt was not begun before: its envelopes are unused."""
    with database.writing() as connection:
        transfer = _one(connection, identifier)
        if transfer.attempt != attempt or transfer.state != "authorized":
            return False
        _change(connection, identifier, state="signing")
        return True


def store_signed(database: Database, identifier: str, raw: bytes, signed_psbt: bytes) -> None:
    """Store the signed transaction. From here on the road leads only forward; the envelopes are thrown away."""
    with database.writing() as connection:
        transfer = _one(connection, identifier)
        if transfer.raw is not None:
            return
        _change(
            connection,
            identifier,
            raw=raw,
            signed_psbt=signed_psbt,
            state="signed",
            envelopes=msgspec.msgpack.encode(()),
            refusal=None,
        )
        add_event(connection, identifier, 4, "the signature shares make valid signatures", once="signed")
        add_event(connection, identifier, 5, "the signed transaction is stored", once="stored")


def mark(
    database: Database,
    identifier: str,
    expected: Sequence[TransferState],
    state: TransferState,
    step: int,
    text: str,
    *,
    refusal: ErrorBody | None = None,
    settled: bool = False,
    once: str | None = None,
) -> bool:
    """Move from one of ``expected`` to ``state`` and say so; False, and nothing done, in any other state."""
    with database.writing() as connection:
        if _one(connection, identifier).state not in expected:
            return False
        encoded = None if refusal is None else msgspec.json.encode(refusal)
        _change(connection, identifier, state=state, refusal=encoded, settled=settled)
        add_event(
            connection,
            identifier,
            step,
            text,
            device=refusal.blame if refusal is not None else None,
            once=once,
        )
        return True


def mark_depth(
    database: Database, identifier: str, height: int | None, confirmations: int, *, settled: bool, text: str
) -> None:
    """Note how deep it is: ``confirmed`` with at least one confirmation, ``broadcast`` (again) with none."""
    with database.writing() as connection:
        if _one(connection, identifier).state not in FOLLOWED:
            return
        _change(
            connection,
            identifier,
            state="confirmed" if confirmations else "broadcast",
            replaced_by=None,
            height=height,
            confirmations=confirmations,
            settled=settled,
        )
        add_event(connection, identifier, 7, text)
        if confirmations:  # in one step: who sees it confirmed sees the result, too
            _add_result(connection, identifier)


def mark_replaced(database: Database, identifier: str, winner: str, *, settled: bool) -> None:
    """Another transaction that spends the same coins is confirmed; ``settled`` once it is deep enough."""
    with database.writing() as connection:
        if _one(connection, identifier).state not in FOLLOWED:
            return
        _change(
            connection,
            identifier,
            state="replaced",
            replaced_by=winner,
            height=None,
            confirmations=0,
            settled=settled,
        )
        text = f"replaced: transaction {winner} spent the same coins"
        add_event(connection, identifier, 7, text, once=f"replaced-{winner}")
        _add_result(connection, identifier)


def note_transfer(
    database: Database,
    identifier: str,
    step: int,
    text: str,
    *,
    device: str | None = None,
    once: str | None = None,
) -> None:
    """Add an event."""
    with database.writing() as connection:
        add_event(connection, identifier, step, text, device=device, once=once)


def store_journal(database: Database, identifier: str, heads: Sequence[JournalHead]) -> None:
    """Keep where each signer's journal stood when it had signed."""
    with database.writing() as connection:
        if _one(connection, identifier).journal:
            return
        _change(connection, identifier, journal=msgspec.json.encode(tuple(heads)))


def note_result(database: Database, identifier: str) -> None:
    """The eighth step, once: the result goes back to the owner, with each signer's journal entry."""
    with database.writing() as connection:
        _add_result(connection, identifier)


def _add_result(connection: sa.Connection, identifier: str) -> None:
    for head in _one(connection, identifier).journal:
        text = f"journal has {head.length} entries, head {head.head.hex()[:16]}"
        add_event(connection, identifier, 8, text, device=head.device, once=f"journal-{head.device}")
    add_event(connection, identifier, 8, "the result is returned to the owner", once="result")


def read_transfer(database: Database, identifier: str) -> StoredTransfer:
    """Raises ``ServiceRefused`` (``unknown-transfer``)."""
    with database.reading() as connection:
        return _one(connection, identifier)


def show_transfer(database: Database, identifier: str, after: int) -> Transfer:
    """As the API shows it, with the events above ``after``. Raises ``ServiceRefused`` (``unknown-transfer``)."""
    with database.reading() as connection:
        return _one(connection, identifier).shown(events_after(connection, identifier, after))


def list_transfers(
    database: Database, *, wallet: str | None = None, states: Sequence[TransferState] | None = None
) -> tuple[StoredTransfer, ...]:
    """Newest first."""
    question = sa.select(transfers).order_by(transfers.c.created.desc(), transfers.c.id)
    if wallet is not None:
        question = question.where(transfers.c.wallet == wallet)
    if states is not None:
        question = question.where(transfers.c.state.in_(states))
    with database.reading() as connection:
        return tuple(_read(row) for row in connection.execute(question))


def unsettled_transfers(database: Database) -> tuple[StoredTransfer, ...]:
    """Those that are on the network and still to be followed."""
    question = sa.select(transfers).where(transfers.c.state.in_(FOLLOWED), sa.not_(transfers.c.settled))
    with database.reading() as connection:
        return tuple(_read(row) for row in connection.execute(question))


def _one(connection: sa.Connection, identifier: str) -> StoredTransfer:
    row = connection.execute(sa.select(transfers).where(transfers.c.id == identifier)).first()
    if row is None:
        raise ServiceRefused("unknown-transfer", "there is no such transfer")
    return _read(row)


def _change(connection: sa.Connection, identifier: str, **values: object) -> None:
    connection.execute(transfers.update().where(transfers.c.id == identifier).values(**values))


def _read(row: sa.Row[tuple[object, ...]]) -> StoredTransfer:
    return StoredTransfer(
        id=row.id,
        wallet=row.wallet,
        body=row.body,
        request=row.request,
        txid=row.txid,
        psbt=row.psbt,
        attempt=row.attempt,
        authorization=row.authorization,
        envelopes=_bytes_list.decode(row.envelopes),
        participants=_bytes_list.decode(row.participants),
        state=row.state,
        settled=row.settled,
        raw=row.raw,
        signed_psbt=row.signed_psbt,
        refusal=msgspec.json.decode(row.refusal, type=ErrorBody) if row.refusal else None,
        height=row.height,
        confirmations=row.confirmations,
        replaces=row.replaces,
        replaced_by=row.replaced_by,
        journal=msgspec.json.decode(row.journal, type=tuple[JournalHead, ...]) if row.journal else (),
        created=row.created,
    )
