"""The device's diary: append-only, each entry chained to the one before it and signed by the device's identity.

An entry is written in the transaction of the state that it describes, so the diary never tells of what did not become
durable, nor keeps silent about what did. It holds no secret, and lies in the encrypted store all the same. What entries
say is ``protocol.events``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from nacl.utils import random

from warifu.errors import AuthorizationRefused, InputRefused, StoreDamaged
from warifu.protocol.attesting import SignedHead
from warifu.protocol.events.refusals import Denied, Refused
from warifu.protocol.identity import IdentityKey, verify
from warifu.protocol.journal import (
    NO_HEAD,
    SERVICE,
    Asker,
    Content,
    Event,
    content_digest,
    decode_content,
    encode_content,
    entry_hash,
    kind_of,
    wallet_of,
)
from warifu.signer.remembered import Remembered
from warifu.signer.store import Store

REFUSALS_PER_HOUR = 12
"""Of what nobody authorized. More are only counted: a hostile service must not fill the device's disk."""
DENIALS_PER_HOUR = 120
"""Of what an owner authorized, counted apart: noise must not crowd out the refusal that the owner asks about. A genuine
authorization can be played again and again while it is valid, so there is an end to these as well,"""
DENIALS_OF_A_REQUEST = 8
"""and to those of one request in an hour: each rule once."""
_HOUR = 3600


@dataclass(frozen=True)
class Cause:
    """What an owner authorized, genuinely and in time, that was refused or failed then."""

    wallet: bytes
    request: bytes
    """Its digest."""
    by: Asker


class Journal:
    """Appends and verifies."""

    def __init__(self, store: Store, identity: IdentityKey) -> None:
        self._store = store
        self._identity = identity
        self._head = Remembered(store, self._read_head)
        self._unwritten = {"refused": 0, "denied": 0}
        self._denied: dict[tuple[bytes, str], int] = {}
        """(request, rule) -> moment, of what was written in the last hour."""

    @property
    def head(self) -> tuple[int, bytes]:
        """How many entries there are, and the hash of the last (32 bytes)."""
        return self._head.get(None)

    def _read_head(self, _of_all: None) -> tuple[int, bytes]:
        rows = self._store.execute("SELECT sequence, hash FROM journal ORDER BY sequence DESC LIMIT 1")
        return (rows[0][0], bytes(rows[0][1])) if rows else (0, NO_HEAD)

    @property
    def last_time(self) -> int:
        """The moment of the last entry; 0 where there is none."""
        rows = self._store.execute("SELECT time FROM journal ORDER BY sequence DESC LIMIT 1")
        return int(rows[0][0]) if rows else 0

    def signed_head(self) -> SignedHead:
        """The head, with this device's word that it has it."""
        length, last = self.head
        head = SignedHead(length, last, bytes(64))
        return SignedHead(length, last, self._identity.sign("journal-head", *head.stated))

    def has(self, length: int, named: bytes) -> bool:
        """Whether the entry with this number has this hash: whether that head was one of this journal's."""
        rows = self._store.execute("SELECT hash FROM journal WHERE sequence = ?", (length,))
        return bool(rows) and bytes(rows[0][0]) == named

    def append(self, event: Event, now: int, by: Asker) -> None:
        """Write ``event``, which ``by`` asked for, inside the transaction of the state it describes."""
        length, head = self.head
        content = encode_content(Content(random(16), now, by, event))
        named = entry_hash(head, length + 1, content_digest(content))
        self._store.execute(
            "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                length + 1,
                now,
                kind_of(event),
                wallet_of(event),
                content,
                named,
                self._identity.sign("journal", named),
            ),
        )
        self._head.written(None, (length + 1, named))

    def refuse(self, door: str, code: str, about: bytes, now: int, by: Asker = SERVICE) -> None:
        """Note a refusal of what nobody authorized, in a transaction of its own, unless the last hour had enough."""
        if self._room("refused", REFUSALS_PER_HOUR, now):
            self._note(Refused(door, code, about[:32], self._unwritten["refused"]), now, by)

    def deny(self, door: str, code: str, about: bytes, now: int, cause: Cause) -> None:
        """Note that ``cause`` was refused or failed, as ``refuse`` does, each rule once an hour for each request."""
        self._denied = {key: time for key, time in self._denied.items() if time > now - _HOUR}
        of_request = sum(request == cause.request for request, _ in self._denied)
        if (cause.request, code) in self._denied or of_request >= DENIALS_OF_A_REQUEST:
            self._unwritten["denied"] += 1
        elif self._room("denied", DENIALS_PER_HOUR, now):
            unwritten = self._unwritten["denied"]
            self._note(Denied(cause.wallet, cause.request, door, code, about[:32], unwritten), now, cause.by)
            self._denied[cause.request, code] = now

    def rows(self, first: int, end: int) -> Iterator[tuple[int, bytes, bytes, bytes, bytes]]:
        """(number, wallet, content, hash, signature) of the entries from ``first`` to before ``end``."""
        rows = self._store.execute(
            "SELECT sequence, wallet, content, hash, signature FROM journal WHERE sequence >= ? AND sequence < ?"
            " ORDER BY sequence",
            (first, end),
        )
        for number, *parts in rows:
            wallet, content, named, signature = map(bytes, parts)
            yield number, wallet, content, named, signature

    def newest(self, kind: str, most: int) -> Iterator[Content]:
        """What the ``most`` newest entries of this kind say, the newest first."""
        rows = self._store.execute(
            "SELECT content FROM journal WHERE kind = ? ORDER BY time DESC, sequence DESC LIMIT ?",
            (kind, most),
        )
        for (content,) in rows:
            yield decode_content(bytes(content))

    def contents(self) -> Iterator[Content]:
        """What all entries say, oldest first. ``InputRefused`` for one that cannot be read."""
        for (content,) in self._store.execute("SELECT content FROM journal ORDER BY sequence"):
            yield decode_content(bytes(content))

    def entries(self) -> list[tuple[int, Event]]:
        """(time, event) of all entries, oldest first."""
        return [(content.time, content.event) for content in self.contents()]

    def verify(self) -> None:
        """Walk the whole chain and check the head's signature. ``StoreDamaged`` (``journal``) where it is broken."""
        head = NO_HEAD
        rows = self._store.execute(
            "SELECT sequence, time, kind, wallet, content, hash, signature FROM journal ORDER BY sequence"
        )
        for expected, (sequence, time, kind, wallet, content, named, _) in enumerate(rows, start=1):
            head = entry_hash(head, sequence, content_digest(bytes(content)))
            # Times may go back (``warifu.signer.clock``); it is the chain that says what came after what.
            if sequence != expected or head != bytes(named):
                raise _broken(f"entry {expected} does not follow from the one before it")
            if not _fits(bytes(content), time, kind, bytes(wallet)):
                raise _broken(f"entry {expected} is filed as something else than it says")
        if not rows:
            return
        try:
            verify(self._identity.public, bytes(rows[-1][6]), "journal", head)
        except AuthorizationRefused:
            raise _broken("its last entry is not this device's") from None

    def _room(self, kind: Literal["refused", "denied"], most: int, now: int) -> bool:
        """Whether one more may be written; where not, it is counted."""
        recent = self._store.execute(
            "SELECT count(*) FROM journal WHERE kind = ? AND time > ?", (kind, now - _HOUR)
        )
        if recent[0][0] < most:
            return True
        self._unwritten[kind] += 1
        return False

    def _note(self, event: Refused | Denied, now: int, by: Asker) -> None:
        with self._store.transaction():
            self.append(event, now, by)
        self._unwritten[kind_of(event)] = 0


def _fits(content: bytes, time: int, kind: str, wallet: bytes) -> bool:
    """Whether a row's columns are what its content says."""
    try:
        said = decode_content(content)
    except InputRefused:
        return False
    return (said.time, kind_of(said.event), wallet_of(said.event)) == (time, kind, wallet)


def _broken(why: str) -> StoreDamaged:
    return StoreDamaged(
        "journal",
        f"the device's journal is broken: {why}",
        not_done="The device did not start.",
        remedy="Do not use this device any more; sign with the others and replace it.",
    )
