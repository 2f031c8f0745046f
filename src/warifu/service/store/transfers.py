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
from warifu.protocol.api import ErrorBody, TransferState
from warifu.service.store.approvals import put_word
from warifu.service.store.database import Database
from warifu.service.store.drafts import forget_draft
from warifu.service.store.events import add_event
from warifu.service.store.outcomes import (
    mark_depth,
    mark_failed,
    mark_replaced,
    note_result,
    settle_rejected,
    store_journal,
)
from warifu.service.store.rows import (
    FOLLOWED,
    StoredTransfer,
    change,
    list_transfers,
    one,
    read_transfer,
    show_transfer,
    unsent_transfers,
    unsettled_transfers,
)
from warifu.service.store.schema import transfers
from warifu.service.store.slots import open_drafts_below, require_slot, take_slot, waits_for_lower_slots

__all__ = [
    "AUTHORIZABLE",
    "FOLLOWED",
    "NewTransferRow",
    "StoredTransfer",
    "add_transfer",
    "authorize_again",
    "begin_signing",
    "list_transfers",
    "mark",
    "mark_depth",
    "mark_failed",
    "mark_replaced",
    "note_result",
    "note_transfer",
    "read_transfer",
    "settle_rejected",
    "show_transfer",
    "store_journal",
    "store_signed",
    "unsent_transfers",
    "unsettled_transfers",
]

AUTHORIZABLE: tuple[TransferState, ...] = ("proposed", "needs-authorization", "refused")
"""States in which the owner may authorize the same request: nothing was signed, and it names one transaction."""


@dataclass(frozen=True)
class NewTransferRow:
    """What the door (``api/transfers.py``) checked."""

    id: str
    wallet: str
    chain: str
    body: bytes
    """Digest of everything the client handed in: tells a repetition from another request."""
    request: bytes
    """The encoded ``TransferRequest``."""
    transaction: bytes
    """What the request names, 32 bytes."""
    txid: str
    """Empty where only the signatures make it."""
    unsigned: bytes
    sends: bool
    slot: int | None
    """None where the bytes do not tell: then it is the one of the draft that they came from."""
    expires: int
    authorization: bytes
    envelopes: tuple[bytes, ...]
    participants: tuple[bytes, ...]
    replaces: str | None
    proposal: tuple[bytes, bytes] | None = None
    """Of what waits for other owners: who proposes it (digest of the credential), and his approval."""


def add_transfer(database: Database, new: NewTransferRow) -> bool:
    """Whether it is new (True), or a repetition (False).

    Raises ``InputRefused`` (``slot``), ``ServiceRefused`` (``request-id-used``, ``slot-taken``).
    """
    require_slot(new.slot)
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
        drafted = forget_draft(connection, new.wallet, new.chain, new.transaction.hex())
        slot = new.slot if new.slot is not None else drafted
        take_slot(connection, new.wallet, new.chain, slot, new.id, new.replaces)
        connection.execute(
            transfers.insert().values(
                id=new.id,
                wallet=new.wallet,
                chain=new.chain,
                body=new.body,
                request=new.request,
                txid=new.txid,
                unsigned=new.unsigned,
                sends=new.sends,
                slot=slot,
                expires=new.expires,
                attempt=0 if new.proposal is not None else 1,
                authorization=new.authorization,
                envelopes=msgspec.msgpack.encode(new.envelopes),
                participants=msgspec.msgpack.encode(new.participants),
                state="proposed" if new.proposal is not None else "authorized",
                settled=False,
                confirmations=0,
                replaces=new.replaces,
                created=int(time.time()),
            )
        )
        what = (
            "the unsigned transaction is built" if new.sends else "what it says is to be signed is a message"
        )
        add_event(connection, new.id, 1, f"request accepted; {what}")
        if new.proposal is not None:
            put_word(connection, new.id, *new.proposal, refuses=False)
        _tell_what_it_waits_for(connection, new)
        return True


def _tell_what_it_waits_for(connection: sa.Connection, new: NewTransferRow) -> None:
    if new.slot is None or not waits_for_lower_slots(new.chain):
        return
    below = open_drafts_below(connection, new.wallet, new.chain, new.slot)
    if below:
        text = f"waits behind account nonce {', '.join(map(str, below))}, given to a draft that was not handed in"
        add_event(connection, new.id, 1, text)


def authorize_again(
    database: Database,
    identifier: str,
    request: bytes,
    authorization: bytes,
    envelopes: tuple[bytes, ...],
    participants: tuple[bytes, ...],
) -> int:
    """The number of the attempt that this authorization is for.

    Raises ``ServiceRefused``: ``unknown-transfer``, ``other-request``, ``not-waiting``, ``slot-taken``.
    """
    with database.writing() as connection:
        transfer = one(connection, identifier)
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
        take_slot(connection, transfer.wallet, transfer.chain, transfer.slot, identifier, transfer.replaces)
        change(
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
        again = "the same request is authorized again" if transfer.attempt else "the request is authorized"
        add_event(connection, identifier, 1, again)
        return transfer.attempt + 1


def begin_signing(database: Database, identifier: str, attempt: int) -> bool:
    """Move to ``signing``. True where this attempt was not begun before: its envelopes are unused."""
    with database.writing() as connection:
        transfer = one(connection, identifier)
        if transfer.attempt != attempt or transfer.state != "authorized":
            return False
        change(connection, identifier, state="signing")
        return True


def store_signed(database: Database, identifier: str, raw: bytes, finalized: bytes | None, txid: str) -> None:
    """Store the signed transaction. From here on the road leads only forward; the envelopes are thrown away."""
    with database.writing() as connection:
        transfer = one(connection, identifier)
        if transfer.raw is not None:
            return
        change(
            connection,
            identifier,
            raw=raw,
            finalized=finalized,
            txid=txid,
            state="signed",
            settled=not transfer.sends,
            envelopes=msgspec.msgpack.encode(()),
            refusal=None,
        )
        add_event(connection, identifier, 4, "the signature shares make valid signatures", once="signed")
        stored = "the signed transaction is stored" if transfer.sends else "the signature is stored"
        add_event(connection, identifier, 5, stored, once="stored")


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
        if one(connection, identifier).state not in expected:
            return False
        encoded = None if refusal is None else msgspec.json.encode(refusal)
        change(connection, identifier, state=state, refusal=encoded, settled=settled)
        add_event(
            connection,
            identifier,
            step,
            text,
            device=refusal.blame if refusal is not None else None,
            once=once,
        )
        return True


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
