"""The notes that this device has: its own and those it took in, and how far each peer is in them.

Each thing is kept and told once, whoever told of it first: what this device learnt from one peer it tells the others,
so that a note reaches all by any road. A peer is told on from where it says that it is, so nothing is skipped that did
not fit or that was lost on the way. A peer that claims to have taken in more than it has hides what it does not know
from nobody but itself.
"""

from __future__ import annotations

from nacl.utils import random

from warifu.protocol.authorization import Authorization
from warifu.protocol.encoding import decode, digest, encode
from warifu.protocol.identity import IdentityKey
from warifu.protocol.notes import (
    MAX_NOTE_BYTES,
    MAX_NOTED_UNSIGNED,
    MAX_NOTES,
    MAX_NOTES_BYTES,
    Called,
    Note,
    NoteBody,
    Place,
    Spent,
    Told,
    write_note,
)
from warifu.protocol.request import decode_request, request_digest
from warifu.signer.store import Store

_LOG = "notes-log"
_ROUND_IT = 512
"""More than a note's bytes beside its body."""
_AFTER = (
    "SELECT position, note FROM notes WHERE wallet = ? AND position > ? AND private <= ?"
    " ORDER BY position LIMIT {most}"
)
"""A bound that is handed in has SQLite plan the statement anew each time: ten times as long as it takes to run."""
FOR_EVER = 2**40
"""A moment that does not come."""


class Notes:
    """The tables of notes. What is written, is written inside a transaction of the caller's."""

    def __init__(self, store: Store, identity: IdentityKey) -> None:
        self._store = store
        self._identity = identity
        log = store.get(_LOG)
        if log is None:
            log = random(16)
            with store.transaction():
                store.put(_LOG, log)
        self._log = log
        """The name of this device's notes."""

    def write(self, wallet: bytes, body: NoteBody, until: int = FOR_EVER) -> Note:
        """Tell ``body`` to the wallet's other devices from now on. Nobody needs it after ``until``."""
        rows = self._store.execute("SELECT seq FROM sqlite_sequence WHERE name = 'notes'")
        note = write_note(self._identity, wallet, rows[0][0] + 1 if rows else 1, body)
        self.keep(note, until)
        return note

    def keep(self, note: Note, until: int) -> None:
        """Tell others of this as well. What is told already is not told twice."""
        self._store.execute(
            "INSERT OR IGNORE INTO notes (wallet, about, until, private, note) VALUES (?, ?, ?, ?, ?)",
            (note.wallet_id, about(note), until, int(isinstance(note.body, Called)), encode(note)),
        )

    def has(self, note: Note) -> bool:
        """Whether what it tells is known."""
        return bool(
            self._store.execute(
                "SELECT 1 FROM notes WHERE wallet = ? AND about = ?", (note.wallet_id, about(note))
            )
        )

    def after(
        self, wallet: bytes, place: Place | None, *, private: bool = True
    ) -> tuple[Place, tuple[Note, ...]]:
        """As many as fit of those after ``place``, the oldest first, and the place behind them. ``private``: also what
        is for the wallet's devices alone."""
        position = place.position if place is not None and place.log == self._log else 0
        found: list[Note] = []
        size = 0
        rows = self._store.execute(_AFTER.format(most=MAX_NOTES), (wallet, position, int(private)))
        for here, note in rows:
            size += len(note)
            if size > MAX_NOTES_BYTES:
                break
            found.append(decode(Note, bytes(note), MAX_NOTE_BYTES))
            position = here
        return Place(self._log, position), tuple(found)

    def told(self, wallet: bytes, peer: bytes) -> Told:
        """What this device shows ``peer``."""
        rows = self._store.execute(
            "SELECT acknowledged, log, taken FROM told WHERE wallet = ? AND peer = ?", (wallet, peer)
        )
        acknowledged, log, taken = rows[0] if rows else (0, None, 0)
        upto, notes = self.after(wallet, Place(self._log, acknowledged))
        return Told(Place(bytes(log), taken) if log is not None else None, upto, notes)

    def took(self, wallet: bytes, peer: bytes, told: Told) -> None:
        """``peer`` told this, and its notes were taken in."""
        acknowledged = told.taken is not None and told.taken.log == self._log
        self._store.execute(
            "INSERT INTO told VALUES (?, ?, ?, ?, ?) ON CONFLICT (wallet, peer) DO UPDATE SET"
            " acknowledged = excluded.acknowledged, log = excluded.log, taken = excluded.taken",
            (
                wallet,
                peer,
                told.taken.position if told.taken is not None and acknowledged else 0,
                told.upto.log,
                told.upto.position,
            ),
        )

    def start_over(self, wallet: bytes, peer: bytes) -> None:
        """Tell ``peer`` everything again, and hear everything from it again."""
        self._store.execute("DELETE FROM told WHERE wallet = ? AND peer = ?", (wallet, peer))

    def forget(self, now: int) -> None:
        """Drop what nobody needs any more."""
        self._store.execute("DELETE FROM notes WHERE until < ?", (now,))


def about(note: Note) -> bytes:
    """32 bytes that name what a note tells. A spend, or a call, is the same, whoever tells of it."""
    if isinstance(note.body, Spent | Called):
        return request_digest(decode_request(note.body.authorization.request))
    return digest("note", note.identity, *note.stated)


def spent_note(authorization: Authorization, unsigned: bytes) -> Spent:
    """What others are told of a spend."""
    return Spent(authorization, unsigned if len(unsigned) <= MAX_NOTED_UNSIGNED else b"")


def fits(body: NoteBody) -> bool:
    """Whether others could be told of it."""
    return len(encode(body)) <= MAX_NOTE_BYTES - _ROUND_IT
