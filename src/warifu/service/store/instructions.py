"""What owners said about a wallet, and what each device made of it: kept, carried, believed by nobody."""

from __future__ import annotations

import time
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from warifu.errors import WarifuError
from warifu.protocol.api import ErrorBody, Instruction, Told, error_body, write_json
from warifu.protocol.authorization import MAX_AUTHORIZATION_BYTES, Authorization
from warifu.protocol.credential import Credential
from warifu.protocol.encoding import decode
from warifu.protocol.frames import Instructed
from warifu.protocol.request import Request, RulesRequest, VetoRequest, decode_request
from warifu.protocol.rules import Rules
from warifu.service.doors import Authorized
from warifu.service.store.database import Database
from warifu.service.store.schema import instructions, instructions_told
from warifu.service.store.wallets import StoredWallet

MAX_SHOWN = 200
_MAX_CHANGES = 1000
_CHANGES = ("rules", "veto")


@dataclass(frozen=True)
class StoredInstruction:
    """One, as it was handed in."""

    id: str
    kind: str
    authorization: bytes
    sealed: bool
    """Whether envelopes came with it: then a device that had none is not told later."""
    created: int
    expires: int

    @property
    def read(self) -> Authorization:
        return decode(Authorization, self.authorization, MAX_AUTHORIZATION_BYTES)


class Answered(msgspec.Struct, frozen=True):
    """What a device made of it, as it is kept."""

    state: str
    effect: int
    words: tuple[str, ...]
    refusal: ErrorBody | None


def add_instruction(database: Database, wallet: StoredWallet, authorized: Authorized) -> StoredInstruction:
    """Keep it; the same one again changes nothing."""
    request = authorized.request
    stored = StoredInstruction(
        authorized.digest.hex(),
        str(request.__struct_config__.tag),
        authorized.encoded,
        bool(authorized.envelopes),
        int(time.time()),
        request.expires,
    )
    with database.writing() as connection:
        known = connection.execute(sa.select(instructions.c.id).where(instructions.c.id == stored.id)).first()
        values = {
            "authorization": stored.authorization,
            "sealed": stored.sealed,
            "expires": stored.expires,
        }
        if known is None:
            connection.execute(
                instructions.insert().values(
                    id=stored.id, wallet=wallet.name, kind=stored.kind, created=stored.created, **values
                )
            )
        else:  # the same request, sealed anew or approved by more owners
            connection.execute(instructions.update().where(instructions.c.id == stored.id).values(**values))
    return stored


def put_answer(
    database: Database, instruction: str, identity: bytes, answer: Instructed | WarifuError
) -> None:
    """Keep what the device with this identity made of it."""
    kept = (
        Answered(answer.state, answer.effect, answer.words, None)
        if isinstance(answer, Instructed)
        else Answered("refused", 0, (), error_body(answer))
    )
    place = (instructions_told.c.instruction == instruction) & (instructions_told.c.identity == identity)
    with database.writing() as connection:
        connection.execute(instructions_told.delete().where(place))
        connection.execute(
            instructions_told.insert().values(
                instruction=instruction, identity=identity, answer=write_json(kept)
            )
        )


def untold(database: Database, wallet: StoredWallet, identity: bytes, now: int) -> list[StoredInstruction]:
    """What the device has not heard and still can hear, the oldest first."""
    told = sa.select(instructions_told.c.instruction).where(instructions_told.c.identity == identity)
    with database.reading() as connection:
        rows = connection.execute(
            sa.select(instructions)
            .where(
                instructions.c.wallet == wallet.name,
                instructions.c.expires >= now,
                sa.not_(instructions.c.sealed),
                instructions.c.id.not_in(told),
            )
            .order_by(instructions.c.created, instructions.c.id)
        )
        return [_stored(row) for row in rows]


def list_instructions(database: Database, wallet: StoredWallet) -> tuple[Instruction, ...]:
    """As they are shown, newest first: so many changes of rules, and so many others, which must not crowd them out."""
    changes = instructions.c.kind.in_(_CHANGES)
    with database.reading() as connection:
        found = [
            *_rows(connection, wallet, changes, MAX_SHOWN),
            *_rows(connection, wallet, sa.not_(changes), MAX_SHOWN),
        ]
        found.sort(key=lambda stored: (-stored.created, stored.id))
        return tuple(_shown(connection, wallet, stored) for stored in found)


def _rows(
    connection: sa.Connection, wallet: StoredWallet, condition: sa.ColumnElement[bool], most: int
) -> list[StoredInstruction]:
    rows = connection.execute(
        sa.select(instructions)
        .where(instructions.c.wallet == wallet.name, condition)
        .order_by(instructions.c.created.desc(), instructions.c.id)
        .limit(most)
    )
    return [_stored(row) for row in rows]


def show_instruction(database: Database, wallet: StoredWallet, stored: StoredInstruction) -> Instruction:
    """One of them."""
    with database.reading() as connection:
        return _shown(connection, wallet, stored)


def rules_of(database: Database, wallet: StoredWallet) -> Rules:
    """Those that are in force as far as devices said: of the latest revision that one of them has. The signers judge;
    this spares a round to them."""
    now, vetoed, found = int(time.time()), set[str](), [wallet.request.rules]
    for item, request in _changes(database, wallet):
        heard = [told for told in item.devices if told.state in ("done", "waits") and told.effect <= now]
        if isinstance(request, VetoRequest) and heard:
            vetoed.add(request.about.hex())
        if isinstance(request, RulesRequest) and heard and item.id not in vetoed:
            found.append(request.rules)
    return max(found, key=lambda rules: rules.revision)


def owners_of(database: Database, wallet: StoredWallet) -> tuple[Credential, ...]:
    """All who are, or may be, owners: of a change of owners the service cannot tell where it is in force."""
    known = dict.fromkeys(wallet.request.owners)
    for _, request in _changes(database, wallet):
        if isinstance(request, RulesRequest):
            known |= dict.fromkeys(request.rules.owners)
    return tuple(known)


def _changes(database: Database, wallet: StoredWallet) -> list[tuple[Instruction, Request]]:
    """Changes of rules and vetoes, newest first."""
    with database.reading() as connection:
        stored = _rows(connection, wallet, instructions.c.kind.in_(_CHANGES), _MAX_CHANGES)
        return [(_shown(connection, wallet, each), decode_request(each.read.request)) for each in stored]


def _stored(row: sa.Row[tuple[object, ...]]) -> StoredInstruction:
    return StoredInstruction(row.id, row.kind, row.authorization, row.sealed, row.created, row.expires)


def _shown(connection: sa.Connection, wallet: StoredWallet, stored: StoredInstruction) -> Instruction:
    rows = connection.execute(
        sa.select(instructions_told).where(instructions_told.c.instruction == stored.id)
    )
    answers = {row.identity: msgspec.json.decode(row.answer, type=Answered) for row in rows}
    return Instruction(
        id=stored.id,
        kind=stored.kind,
        authorization=stored.authorization,
        created=stored.created,
        expires=stored.expires,
        devices=tuple(
            _told(device.name, device.identity, answers.get(device.identity))
            for device in wallet.request.devices
        ),
    )


def _told(name: str, identity: bytes, answer: Answered | None) -> Told:
    if answer is None:
        return Told(device=name, identity=identity, state="away")
    return msgspec.convert(
        {
            "device": name,
            "identity": identity,
            "state": answer.state,
            "effect": answer.effect,
            "words": answer.words,
            "refusal": answer.refusal,
        },
        Told,
        from_attributes=True,
    )
