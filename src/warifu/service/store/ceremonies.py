"""Key generations: what was asked, what came of it. A wallet exists from the moment all its births agree."""

from __future__ import annotations

import time
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from warifu.errors import ServiceRefused
from warifu.protocol.api import Ceremony, ErrorBody
from warifu.service.store.database import Database
from warifu.service.store.events import add_event, events_after
from warifu.service.store.schema import birthdays, ceremonies, unfinished, wallets

_births = msgspec.msgpack.Decoder(tuple[bytes, ...])


def begin_ceremony(database: Database, identifier: str, wallet: str, body: bytes) -> bool:
    """Whether this is new (True), or was asked before in the same words (False).

    Raises ``ServiceRefused``: ``request-id-used``, ``name-taken``.
    """
    with database.writing() as connection:
        row = connection.execute(sa.select(ceremonies.c.body).where(ceremonies.c.id == identifier)).first()
        if row is not None:
            if row.body != body:
                raise ServiceRefused(
                    "request-id-used",
                    "another ceremony has this request's id",
                    remedy="Make the request again: each one gets a fresh id.",
                )
            return False
        if connection.execute(sa.select(wallets.c.name).where(wallets.c.name == wallet)).first():
            raise ServiceRefused(
                "name-taken",
                f"there is a wallet '{wallet}' already",
                not_done="No wallet was made.",
                remedy="Choose another name.",
            )
        connection.execute(
            ceremonies.insert().values(
                id=identifier, wallet=wallet, body=body, state="running", created=int(time.time())
            )
        )
        return True


def note_ceremony(
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


def finish_ceremony(
    database: Database,
    identifier: str,
    wallet_id: bytes,
    authorization: bytes,
    births: tuple[bytes, ...],
    birthday: int = 0,
) -> None:
    """Store the births and with them the wallet, in one transaction. ``birthday``: a height before its first block."""
    encoded = msgspec.msgpack.encode(births)
    with database.writing() as connection:
        connection.execute(unfinished.delete().where(unfinished.c.ceremony == identifier))
        name = connection.execute(
            sa.select(ceremonies.c.wallet).where(ceremonies.c.id == identifier)
        ).scalar_one()
        connection.execute(
            wallets.insert().values(
                name=name,
                id=wallet_id,
                authorization=authorization,
                births=encoded,
                created=int(time.time()),
            )
        )
        connection.execute(birthdays.insert().values(wallet=name, height=birthday))
        connection.execute(
            ceremonies.update().where(ceremonies.c.id == identifier).values(state="finished", births=encoded)
        )
        add_event(connection, identifier, 0, "every device states the same wallet; it is stored")


def refuse_ceremony(database: Database, identifier: str, refusal: ErrorBody) -> None:
    """The ceremony ended without a wallet."""
    with database.writing() as connection:
        connection.execute(
            ceremonies.update()
            .where(ceremonies.c.id == identifier, ceremonies.c.state == "running")
            .values(state="refused", refusal=msgspec.json.encode(refusal))
        )
        add_event(
            connection, identifier, 0, f"ended without a wallet: {refusal.message}", device=refusal.blame
        )


@dataclass(frozen=True)
class Unfinished:
    """A key generation that only some devices saw the end of. ``births``: theirs, encoded."""

    ceremony: str
    id: bytes
    authorization: bytes
    birthday: int
    births: tuple[bytes, ...]


def keep_unfinished(database: Database, found: Unfinished, refusal: ErrorBody | None) -> None:
    """Store what there is; with ``refusal``, say why the others are missing."""
    with database.writing() as connection:
        connection.execute(unfinished.delete().where(unfinished.c.ceremony == found.ceremony))
        connection.execute(
            unfinished.insert().values(
                ceremony=found.ceremony,
                id=found.id,
                authorization=found.authorization,
                birthday=found.birthday,
            )
        )
        changes: dict[str, object] = {"state": "partial", "births": msgspec.msgpack.encode(found.births)}
        if refusal is not None:
            changes["refusal"] = msgspec.json.encode(refusal)
            text = f"only {len(found.births)} devices finished, the others can recover: {refusal.message}"
            add_event(connection, found.ceremony, 0, text, device=refusal.blame)
        connection.execute(ceremonies.update().where(ceremonies.c.id == found.ceremony).values(changes))


def unfinished_wallet(database: Database, name: str, wallet_id: bytes) -> Unfinished:
    """The one of this name and id. Raises ``ServiceRefused`` (``unknown-wallet``)."""
    with database.reading() as connection:
        if connection.execute(sa.select(wallets.c.name).where(wallets.c.name == name)).first():
            raise ServiceRefused(
                "name-taken",
                f"there is a wallet '{name}', and every device of it finished",
                not_done="No device was asked.",
            )
        row = connection.execute(
            sa.select(unfinished, ceremonies.c.births)
            .join(ceremonies, ceremonies.c.id == unfinished.c.ceremony)
            .where(ceremonies.c.wallet == name, unfinished.c.id == wallet_id)
        ).first()
    if row is None:
        raise ServiceRefused(
            "unknown-wallet",
            f"no wallet '{name}' waits for a device, or it was made by another request",
            not_done="No device was asked.",
        )
    return Unfinished(row.ceremony, row.id, row.authorization, row.birthday, _births.decode(row.births))


def unfinished_ceremony(database: Database, name: str) -> str:
    """The id of the latest partial key generation of this name. Raises ``ServiceRefused`` (``unknown-wallet``)."""
    with database.reading() as connection:
        found: str | None = connection.execute(
            sa.select(ceremonies.c.id)
            .join(unfinished, unfinished.c.ceremony == ceremonies.c.id)
            .where(ceremonies.c.wallet == name)
            .order_by(ceremonies.c.created.desc())
            .limit(1)
        ).scalar()
    if found is None:
        raise ServiceRefused(
            "unknown-wallet", f"no wallet '{name}' waits for a device", not_done="No device was asked."
        )
    return found


def running_ceremonies(database: Database) -> tuple[str, ...]:
    """Those that had not ended."""
    with database.reading() as connection:
        return tuple(
            connection.execute(sa.select(ceremonies.c.id).where(ceremonies.c.state == "running")).scalars()
        )


def read_ceremony(database: Database, identifier: str, after: int) -> Ceremony:
    """As the API shows it. Raises ``ServiceRefused`` (``unknown-ceremony``)."""
    with database.reading() as connection:
        row = connection.execute(
            sa.select(ceremonies, unfinished.c.authorization)
            .join(unfinished, unfinished.c.ceremony == ceremonies.c.id, isouter=True)
            .where(ceremonies.c.id == identifier)
        ).first()
        if row is None:
            raise ServiceRefused("unknown-ceremony", "there is no such ceremony")
        return Ceremony(
            id=row.id,
            wallet=row.wallet,
            state=row.state,
            events=events_after(connection, identifier, after),
            refusal=msgspec.json.decode(row.refusal, type=ErrorBody) if row.refusal else None,
            births=_births.decode(row.births) if row.births else (),
            authorization=row.authorization or b"",
        )
