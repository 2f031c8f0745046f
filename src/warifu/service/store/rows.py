"""Transfers as they are stored, and the questions that are asked of them. ``store/transfers.py`` moves them on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from warifu.errors import ServiceRefused
from warifu.protocol.api import ErrorBody, Event, JournalHead, Transfer, TransferState
from warifu.protocol.request import TransferRequest, decode_request
from warifu.service.store.database import Database
from warifu.service.store.events import events_after
from warifu.service.store.schema import transfers

FOLLOWED: tuple[TransferState, ...] = ("broadcast", "confirmed", "replaced", "rejected")
"""States that the chain can still change, until the transfer is settled."""
_bytes_list = msgspec.msgpack.Decoder(tuple[bytes, ...])


@dataclass(frozen=True)
class StoredTransfer:
    """A row. ``txid`` and ``replaced_by`` are as people write them; ``participants`` are ascending identities."""

    id: str
    wallet: str
    chain: str
    body: bytes
    request: bytes
    txid: str
    unsigned: bytes
    sends: bool
    """Whether it is sent once it is signed; a message is not."""
    slot: int | None
    """The account nonce that it takes, where its chain counts."""
    expires: int
    """The request's."""
    attempt: int
    authorization: bytes
    envelopes: tuple[bytes, ...]
    participants: tuple[bytes, ...]
    state: TransferState
    settled: bool
    raw: bytes | None
    finalized: bytes | None
    """On Bitcoin the PSBT with its signatures, once they are there."""
    refusal: ErrorBody | None
    height: int | None
    confirmations: int
    fee: int | None
    """What it cost in the chain's smallest unit, where the chain told."""
    replaces: str | None
    replaced_by: str | None
    journal: tuple[JournalHead, ...]
    created: int

    @property
    def asked(self) -> TransferRequest:
        """What the owner asked for."""
        request = decode_request(self.request)
        assert isinstance(request, TransferRequest), "only transfers' requests are stored here"
        return request

    def shown(self, events: tuple[Event, ...]) -> Transfer:
        """As the API shows it."""
        return Transfer(
            id=self.id,
            wallet=self.wallet,
            chain=self.chain,
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


def read_transfer(database: Database, identifier: str) -> StoredTransfer:
    """Raises ``ServiceRefused`` (``unknown-transfer``)."""
    with database.reading() as connection:
        return one(connection, identifier)


def show_transfer(database: Database, identifier: str, after: int) -> Transfer:
    """As the API shows it, with the events above ``after``. Raises ``ServiceRefused`` (``unknown-transfer``)."""
    with database.reading() as connection:
        return one(connection, identifier).shown(events_after(connection, identifier, after))


def list_transfers(
    database: Database,
    *,
    wallet: str | None = None,
    chain: str | None = None,
    states: Sequence[TransferState] | None = None,
) -> tuple[StoredTransfer, ...]:
    """Newest first."""
    question = sa.select(transfers).order_by(transfers.c.created.desc(), transfers.c.id)
    if wallet is not None:
        question = question.where(transfers.c.wallet == wallet)
    if chain is not None:
        question = question.where(transfers.c.chain == chain)
    if states is not None:
        question = question.where(transfers.c.state.in_(states))
    with database.reading() as connection:
        return tuple(row_of(row) for row in connection.execute(question))


def unsent_transfers(database: Database, chain: str | None = None) -> tuple[StoredTransfer, ...]:
    """Those that are signed and still to be sent."""
    found = list_transfers(database, chain=chain, states=("signed",))
    return tuple(transfer for transfer in found if transfer.sends)


def unsettled_transfers(database: Database, chain: str | None = None) -> tuple[StoredTransfer, ...]:
    """Those that are on the network, or may be, and still to be followed."""
    found = list_transfers(database, chain=chain, states=FOLLOWED)
    return tuple(transfer for transfer in found if not transfer.settled)


def one(connection: sa.Connection, identifier: str) -> StoredTransfer:
    """Within a transaction. Raises ``ServiceRefused`` (``unknown-transfer``)."""
    row = connection.execute(sa.select(transfers).where(transfers.c.id == identifier)).first()
    if row is None:
        raise ServiceRefused("unknown-transfer", "there is no such transfer")
    return row_of(row)


def change(connection: sa.Connection, identifier: str, **values: object) -> None:
    """Within a transaction: set these columns."""
    connection.execute(transfers.update().where(transfers.c.id == identifier).values(**values))


def row_of(row: sa.Row[tuple[object, ...]]) -> StoredTransfer:
    """A row of the table, read."""
    return StoredTransfer(
        id=row.id,
        wallet=row.wallet,
        chain=row.chain,
        body=row.body,
        request=row.request,
        txid=row.txid,
        unsigned=row.unsigned,
        sends=row.sends,
        slot=row.slot,
        expires=row.expires,
        attempt=row.attempt,
        authorization=row.authorization,
        envelopes=_bytes_list.decode(row.envelopes),
        participants=_bytes_list.decode(row.participants),
        state=row.state,
        settled=row.settled,
        raw=row.raw,
        finalized=row.finalized,
        refusal=msgspec.json.decode(row.refusal, type=ErrorBody) if row.refusal else None,
        height=row.height,
        confirmations=row.confirmations,
        fee=int(row.fee) if row.fee is not None else None,
        replaces=row.replaces,
        replaced_by=row.replaced_by,
        journal=msgspec.json.decode(row.journal, type=tuple[JournalHead, ...]) if row.journal else (),
        created=row.created,
    )
