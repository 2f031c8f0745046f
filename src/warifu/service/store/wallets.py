"""Wallets, the wallet library's change sets, and labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import msgspec
import sqlalchemy as sa

from warifu.errors import ServiceRefused
from warifu.protocol.authorization import MAX_AUTHORIZATION_BYTES, Authorization
from warifu.protocol.encoding import decode
from warifu.protocol.frames import MAX_BODY_BYTES, SignedBirth, WalletBirth
from warifu.protocol.request import WalletRequest, decode_request
from warifu.service.store.database import Database
from warifu.service.store.schema import birthdays, change_sets, epochs, labels, wallets

_MERGE_AFTER = 64
_KNOWN = 64
"""Wallets whose request is not read from its bytes again each second, by each round of work."""


@dataclass(frozen=True)
class StoredWallet:
    """A wallet with what it was born from. Everything in it is public."""

    name: str
    id: bytes
    authorization: bytes
    births: tuple[bytes, ...]
    created: int
    certificate: bytes = b""
    """Of the epoch of its shares; empty where they were never refreshed."""

    @property
    def request(self) -> WalletRequest:
        """The owner's request: network, threshold, devices, owners, first policy."""
        return _request_in(self.authorization)

    @property
    def birth(self) -> WalletBirth:
        """What every device stated."""
        return _birth_in(self.births[0])


@lru_cache(maxsize=_KNOWN)
def _request_in(authorization: bytes) -> WalletRequest:
    request = decode_request(decode(Authorization, authorization, MAX_AUTHORIZATION_BYTES).request)
    assert isinstance(request, WalletRequest), "only wallets' requests are stored here"
    return request


@lru_cache(maxsize=_KNOWN)
def _birth_in(signed: bytes) -> WalletBirth:
    return decode(WalletBirth, decode(SignedBirth, signed, MAX_BODY_BYTES).birth, MAX_BODY_BYTES)


_WITH_EPOCH = sa.select(wallets, epochs.c.certificate).join(
    epochs, epochs.c.wallet == wallets.c.name, isouter=True
)


def list_wallets(database: Database) -> tuple[StoredWallet, ...]:
    """All wallets by name."""
    with database.reading() as connection:
        return tuple(_read(row) for row in connection.execute(_WITH_EPOCH.order_by(wallets.c.name)))


def wallet_named(database: Database, name: str) -> StoredWallet:
    """Raises ``ServiceRefused`` (``unknown-wallet``)."""
    with database.reading() as connection:
        row = connection.execute(_WITH_EPOCH.where(wallets.c.name == name)).first()
    if row is None:
        raise ServiceRefused("unknown-wallet", f"there is no wallet '{name}'")
    return _read(row)


def wallet_with_id(database: Database, identifier: bytes) -> StoredWallet:
    """Raises ``ServiceRefused`` (``unknown-wallet``)."""
    with database.reading() as connection:
        row = connection.execute(_WITH_EPOCH.where(wallets.c.id == identifier)).first()
    if row is None:
        raise ServiceRefused("unknown-wallet", "the request is for a wallet that this service does not know")
    return _read(row)


def birthday_of(database: Database, name: str) -> int:
    """A height at which the wallet did not exist yet; 0 for one that was made before heights were stored."""
    with database.reading() as connection:
        found = connection.execute(sa.select(birthdays.c.height).where(birthdays.c.wallet == name)).scalar()
    return int(found or 0)


def _read(row: sa.Row[tuple[object, ...]]) -> StoredWallet:
    births = msgspec.msgpack.decode(row.births, type=tuple[bytes, ...])
    return StoredWallet(row.name, row.id, row.authorization, births, row.created, row.certificate or b"")


class WalletChanges:
    """The change sets of one wallet, in their order (what the wallet library calls its store)."""

    def __init__(self, database: Database, wallet: str, merge: Callable[[Sequence[bytes]], bytes]) -> None:
        """``merge`` makes one change set of many, so that years of blocks do not pile up."""
        self._database = database
        self._wallet = wallet
        self._merge = merge

    def load(self) -> list[bytes]:
        """Every entry, oldest first. Many are merged into one on the way."""
        entries = self._entries()
        if len(entries) < _MERGE_AFTER:
            return [data for _, data in entries]
        merged = self._merge([data for _, data in entries])
        with self._database.writing() as connection:
            merged_away = (change_sets.c.wallet == self._wallet) & (change_sets.c.number <= entries[-1][0])
            connection.execute(change_sets.delete().where(merged_away))
            connection.execute(
                change_sets.insert().values(wallet=self._wallet, number=entries[-1][0], data=merged)
            )
        return [merged]

    def append(self, entry: bytes) -> None:
        """Add an entry; durable when this returns."""
        with self._database.writing() as connection:
            last = connection.execute(
                sa.select(sa.func.max(change_sets.c.number)).where(change_sets.c.wallet == self._wallet)
            ).scalar()
            connection.execute(
                change_sets.insert().values(wallet=self._wallet, number=(last or 0) + 1, data=entry)
            )

    def _entries(self) -> list[tuple[int, bytes]]:
        with self._database.reading() as connection:
            rows = connection.execute(
                sa.select(change_sets.c.number, change_sets.c.data)
                .where(change_sets.c.wallet == self._wallet)
                .order_by(change_sets.c.number)
            )
            return [(row.number, row.data) for row in rows]


def read_labels(database: Database, wallet: str) -> dict[tuple[str, str], str]:
    """(type, ref) -> label, in the words of BIP-329."""
    with database.reading() as connection:
        rows = connection.execute(
            sa.select(labels).where(labels.c.wallet == wallet).order_by(labels.c.type, labels.c.ref)
        )
        return {(row.type, row.ref): row.label for row in rows}


def change_labels(database: Database, wallet: str, changes: Mapping[tuple[str, str], str], most: int) -> None:
    """Add or replace labels; an empty one removes. Raises ``ServiceRefused`` (``too-many``) above ``most``."""
    with database.writing() as connection:
        for (kind, ref), label in changes.items():
            connection.execute(
                labels.delete().where(labels.c.wallet == wallet, labels.c.type == kind, labels.c.ref == ref)
            )
            if label:
                connection.execute(labels.insert().values(wallet=wallet, type=kind, ref=ref, label=label))
        count = connection.execute(
            sa.select(sa.func.count()).select_from(labels).where(labels.c.wallet == wallet)
        ).scalar_one()
        if count > most:
            raise ServiceRefused(
                "too-many", f"a wallet has at most {most} labels", not_done="No label was changed."
            )
