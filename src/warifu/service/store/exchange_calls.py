"""Calls at exchanges: that they were made, for which account, and in one word what came of them.

What was asked is not here: it is in parcels, which are kept only until the devices are told. What was answered is here
only as ciphertext for its owner, until he has it or a day has passed; long answers in ``exchange_pieces``.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from warifu.errors import ServiceRefused
from warifu.protocol.api import Compared, ErrorBody, ExchangeCallShown
from warifu.protocol.encoding import encode
from warifu.protocol.exchange_answers import CallResult, Outcome
from warifu.service.store.database import Database
from warifu.service.store.events import add_event, events_after
from warifu.service.store.schema import (
    devices,
    events,
    exchange_calls,
    exchange_comparisons,
    exchange_pieces,
)

MAX_SHOWN = 200
ANSWER_SECONDS = 24 * 3600
"""How long an answer waits for its owner."""
KEPT_SECONDS = 90 * 24 * 3600
"""How long a call is remembered. What happened is at the exchange, and in the devices' journals."""
UNENDED = ("waiting", "running", "unknown")
WAITING = ("waiting",)
_NOTHING = msgspec.msgpack.encode(())


class _Sealed(msgspec.Struct, frozen=True):
    """The parcels of a call that not all who have one make."""

    parcels: tuple[bytes, ...]
    makers: tuple[bytes, ...]


_parcels: msgspec.msgpack.Decoder[tuple[bytes, ...] | _Sealed] = msgspec.msgpack.Decoder(
    tuple[bytes, ...] | _Sealed
)
_columns = exchange_calls.c


@dataclass(frozen=True)
class StoredCall:
    """One that was handed in. ``authorization`` and ``parcels`` are empty once the devices were told."""

    id: str
    wallet: str
    account: str
    request: bytes
    """Digest of what the owner authorized."""
    carrier: bytes
    authorization: bytes
    parcels: tuple[bytes, ...]
    created: int
    makers: tuple[bytes, ...] | None = None
    """Who makes it, where the others that have a parcel only count it (strict wallets); None: all of them make it."""


def add_call(database: Database, call: StoredCall, body: bytes) -> bool:
    """Whether this is new (True), or was asked before in the same words (False).

    Raises ``ServiceRefused`` (``request-id-used``).
    """
    with database.writing() as connection:
        row = connection.execute(sa.select(_columns.body).where(_columns.id == call.id)).first()
        if row is not None:
            if row.body != body:
                raise ServiceRefused(
                    "request-id-used",
                    "another call has this request's id",
                    remedy="Make the request again: each one gets a fresh id.",
                )
            return False
        connection.execute(
            exchange_calls.insert().values(
                id=call.id,
                wallet=call.wallet,
                account=call.account,
                request=call.request,
                carrier=call.carrier,
                body=body,
                authorization=call.authorization,
                parcels=msgspec.msgpack.encode(
                    call.parcels if call.makers is None else _Sealed(call.parcels, call.makers)
                ),
                state="waiting",
                reason="",
                retry_after=0,
                created=call.created,
            )
        )
        add_event(connection, call.id, 0, "the call is accepted")
        return True


def begin_call(database: Database, identifier: str) -> bool:
    """Before the first device is told: from here on the call is never made a second time. The parcels are thrown away.

    False, and nothing done, for a call that does not wait.
    """
    with database.writing() as connection:
        changed = connection.execute(
            exchange_calls.update()
            .where(_columns.id == identifier, _columns.state == "waiting")
            .values(state="running", authorization=b"", parcels=_NOTHING)
        )
        return bool(changed.rowcount)


def finish_call(database: Database, identifier: str, result: CallResult) -> None:
    """The carrier said what came of it. What it said first stays."""
    with database.writing() as connection:
        changed = connection.execute(
            exchange_calls.update()
            .where(_columns.id == identifier, _columns.state.in_(("running", "unknown")))
            .values(
                state="done",
                outcome=result.outcome,
                reason=result.reason,
                retry_after=result.retry_after,
                answer=None if result.told is None else encode(result.told),
                refusal=None,
                ended=int(time.time()),
            )
        )
        if changed.rowcount:
            why = f" ({result.reason})" if result.reason else ""
            add_event(connection, identifier, 0, f"the carrier says: {result.outcome}{why}")


def refuse_call(
    database: Database, identifier: str, refusal: ErrorBody, states: Sequence[str] = UNENDED
) -> bool:
    """It ended, and nothing was sent: no device was told, or its carrier says so. False, and nothing done, for a call
    that is in none of ``states``: who means one that waits must not end one that has begun since."""
    with database.writing() as connection:
        told = (
            connection.execute(sa.select(_columns.state).where(_columns.id == identifier)).scalar()
            != "waiting"
        )
        changed = connection.execute(
            exchange_calls.update()
            .where(_columns.id == identifier, _columns.state.in_(states))
            .values(
                state="refused",
                authorization=b"",
                parcels=_NOTHING,
                refusal=msgspec.json.encode(refusal),
                ended=int(time.time()),
            )
        )
        if changed.rowcount:
            by_whom = ", by the carrier's word" if told else ""
            text = f"ended, and nothing was sent{by_whom}: {refusal.message}"
            add_event(connection, identifier, 0, text, device=refusal.blame)
        return bool(changed.rowcount)


def doubt_call(database: Database, identifier: str, refusal: ErrorBody) -> None:
    """The devices were told, and nobody says what came of it."""
    with database.writing() as connection:
        changed = connection.execute(
            exchange_calls.update()
            .where(_columns.id == identifier, _columns.state == "running")
            .values(state="unknown", refusal=msgspec.json.encode(refusal))
        )
        if changed.rowcount:
            text = f"what came of it is not known, the carrier will be asked: {refusal.message}"
            add_event(connection, identifier, 0, text, device=refusal.blame)


def note_call(
    database: Database, identifier: str, text: str, *, device: str | None = None, once: str | None = None
) -> None:
    """Add an event."""
    with database.writing() as connection:
        add_event(connection, identifier, 0, text, device=device, once=once)


def calls_in(database: Database, state: str) -> tuple[StoredCall, ...]:
    """All in this state, the oldest first."""
    with database.reading() as connection:
        return tuple(
            _stored(row)
            for row in connection.execute(
                sa.select(exchange_calls).where(_columns.state == state).order_by(_columns.created)
            )
        )


def _stored(row: sa.Row[tuple[object, ...]]) -> StoredCall:
    sealed = _parcels.decode(row.parcels)
    parcels, makers = (sealed.parcels, sealed.makers) if isinstance(sealed, _Sealed) else (sealed, None)
    return StoredCall(
        row.id,
        row.wallet,
        row.account,
        row.request,
        row.carrier,
        row.authorization,
        parcels,
        row.created,
        makers,
    )


def drop_answer(database: Database, wallet: str, identifier: str) -> None:
    """Its owner has read it, and all of its pieces. Raises ``ServiceRefused`` (``unknown-call``)."""
    with database.writing() as connection:
        mine = (_columns.id == identifier) & (_columns.wallet == wallet)
        if not connection.execute(exchange_calls.update().where(mine).values(answer=None)).rowcount:
            raise unknown_call()
        connection.execute(exchange_pieces.delete().where(exchange_pieces.c.call == identifier))


def tidy(database: Database, now: int) -> None:
    """Answers for which nobody came within a day go, and calls with all that is known of them after a while. A request
    lives for a day at most, so none of these can be handed in again."""
    unread = _columns.answer.is_not(None) & (_columns.ended < now - ANSWER_SECONDS)
    old = sa.select(_columns.id).where(_columns.created < now - KEPT_SECONDS)
    requests = sa.select(_columns.request).where(_columns.created < now - KEPT_SECONDS)
    with database.writing() as connection:
        connection.execute(exchange_calls.update().where(unread).values(answer=None))
        connection.execute(exchange_pieces.delete().where(exchange_pieces.c.at < now - ANSWER_SECONDS))
        connection.execute(events.delete().where(events.c.subject.in_(old)))
        connection.execute(exchange_comparisons.delete().where(exchange_comparisons.c.request.in_(requests)))
        connection.execute(exchange_calls.delete().where(_columns.created < now - KEPT_SECONDS))


def put_comparison(database: Database, request: bytes, identity: bytes, outcome: Outcome, said: str) -> None:
    """What a device found at the exchange; ``said``: the same for people, with the device's name. The newest stays."""
    place = (exchange_comparisons.c.request == request) & (exchange_comparisons.c.identity == identity)
    with database.writing() as connection:
        connection.execute(exchange_comparisons.delete().where(place))
        connection.execute(
            exchange_comparisons.insert().values(
                request=request, identity=identity, outcome=outcome, at=int(time.time())
            )
        )
        for identifier in connection.execute(
            sa.select(_columns.id).where(_columns.request == request)
        ).scalars():
            add_event(connection, identifier, 0, said, once=said)


def note_about(database: Database, request: bytes, text: str, once: str) -> None:
    """Add an event to the call with this request, if it was made here; of several with the same ``once`` the first."""
    with database.writing() as connection:
        for identifier in connection.execute(
            sa.select(_columns.id).where(_columns.request == request)
        ).scalars():
            add_event(connection, identifier, 0, text, once=once)


def read_call(database: Database, wallet: str, identifier: str, after: int) -> ExchangeCallShown:
    """As the API shows it. Raises ``ServiceRefused`` (``unknown-call``)."""
    with database.reading() as connection:
        row = connection.execute(
            sa.select(exchange_calls).where(_columns.id == identifier, _columns.wallet == wallet)
        ).first()
        if row is None:
            raise unknown_call()
        shown = _shown(connection, row)
        return msgspec.structs.replace(
            shown, answer=row.answer, events=events_after(connection, identifier, after)
        )


def list_calls(database: Database, wallet: str) -> tuple[ExchangeCallShown, ...]:
    """The newest, newest first, without events and answers."""
    with database.reading() as connection:
        rows = connection.execute(
            sa.select(exchange_calls)
            .where(_columns.wallet == wallet)
            .order_by(_columns.created.desc(), _columns.id)
            .limit(MAX_SHOWN)
        )
        return tuple(_shown(connection, row) for row in rows.all())


def _shown(connection: sa.Connection, row: sa.Row[tuple[object, ...]]) -> ExchangeCallShown:
    compared = connection.execute(
        sa.select(exchange_comparisons, devices.c.name)
        .join(devices, devices.c.identity == exchange_comparisons.c.identity, isouter=True)
        .where(exchange_comparisons.c.request == row.request)
        .order_by(exchange_comparisons.c.at, exchange_comparisons.c.identity)
    )
    return ExchangeCallShown(
        id=row.id,
        wallet=row.wallet,
        account=row.account,
        request=row.request,
        carrier=row.carrier,
        state=row.state,
        outcome=row.outcome,
        reason=row.reason,
        retry_after=row.retry_after,
        answer=None,
        refusal=msgspec.json.decode(row.refusal, type=ErrorBody) if row.refusal else None,
        compared=tuple(
            Compared(device=found.name or found.identity.hex()[:16], outcome=found.outcome, at=found.at)
            for found in compared
        ),
        created=row.created,
        events=(),
    )


def unknown_call() -> ServiceRefused:
    """Of another wallet, or forgotten."""
    return ServiceRefused("unknown-call", "there is no such call", not_done="Nothing was done.")
