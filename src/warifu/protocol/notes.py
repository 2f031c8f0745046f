"""Notes: what a device tells the other devices of a wallet, signed by it, so that they remember it as well.

They travel in the channel of each session (``signer.sessions.messages.Shown``), where nobody but their maker can hold
them back, and are also carried by the service to devices that were asleep. A note says what it says wherever it comes
from: whoever brings it can keep it back, and can alter nothing.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from warifu.protocol.authorization import Authorization
from warifu.protocol.encoding import Bytes16, Bytes32, Bytes64, Message, encode
from warifu.protocol.identity import IdentityKey, verify

MAX_NOTE_BYTES = 64 * 1024
"""Encoded. What is longer is not signed in the first place: the others could not be told of it."""
MAX_NOTES_BYTES = 64 * 1024
MAX_NOTES = 64
"""That are shown at a time. The others come the next time."""
MAX_NOTED_UNSIGNED = 8 * 1024
"""A longer transaction is told of without its bytes."""
MAX_NOTED_CALL = 16 * 1024
"""A longer call that gives something away is not signed in the first place."""

_Position = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]


class Spent(Message, frozen=True, tag="spent"):
    """The maker counts what this authorizes: its share may have left, or it acknowledged it (strict wallets). An
    owner's word is in it, so nobody invents a spend."""

    authorization: Authorization
    unsigned: Annotated[bytes, msgspec.Meta(max_length=MAX_NOTED_UNSIGNED)]
    """The transaction that the request names, as signers read it; empty where it is longer."""


class Called(Message, frozen=True, tag="called"):
    """The maker counts what this authorizes at an exchange: its share may have left, or the call. Signers tell each
    other of it in their channel and nobody else: it says what was asked."""

    authorization: Authorization
    call: Annotated[bytes, msgspec.Meta(max_length=MAX_NOTED_CALL)]
    """The encoded ``ExchangeCall`` that the request names."""


class Vetoed(Message, frozen=True, tag="vetoed"):
    """The maker's operator wants that not to happen."""

    about: Bytes32
    """Digest of the request that waits."""


class Frozen(Message, frozen=True, tag="frozen"):
    """The maker's operator froze the wallet, or the maker did for what it saw at an exchange."""

    reason: Annotated[str, msgspec.Meta(max_length=200)]


NoteBody = Spent | Called | Vetoed | Frozen


class Note(Message, frozen=True):
    """One statement of a device to the others of a wallet."""

    identity: Bytes32
    """Of its maker, a device of the wallet."""
    wallet_id: Bytes32
    sequence: _Position
    """Ascends with each note of the maker's."""
    body: NoteBody
    signature: Bytes64
    """The maker's, for the purpose ``note``, over all of the above."""

    @property
    def stated(self) -> tuple[bytes, ...]:
        """The parts that are signed."""
        return self.wallet_id, self.sequence.to_bytes(8, "big"), encode(self.body)

    def check(self) -> None:
        """Return if its maker signed it; ``AuthorizationRefused`` (``signature``) otherwise."""
        verify(self.identity, self.signature, "note", *self.stated)


def write_note(key: IdentityKey, wallet_id: bytes, sequence: int, body: NoteBody) -> Note:
    """The maker's side."""
    note = Note(key.public, wallet_id, sequence, body, bytes(64))
    return Note(key.public, wallet_id, sequence, body, key.sign("note", *note.stated))


Noted = Annotated[tuple[Note, ...], msgspec.Meta(max_length=MAX_NOTES)]


class Place(Message, frozen=True):
    """How far somebody is in a device's notes about a wallet."""

    log: Bytes16
    """Which notes: another name after the device lost some (an old disk was put back)."""
    position: _Position


class Told(Message, frozen=True):
    """Of one wallet, in ``Shown``: what the receiver has not acknowledged, as much as fits, the oldest first; the next
    time goes on from what it acknowledges. Nothing is left out for good."""

    taken: Place | None
    """The receiver's notes: how far the sender has taken them in; None: none yet."""
    upto: Place
    """The sender's notes: where whoever takes these in is."""
    notes: Noted
