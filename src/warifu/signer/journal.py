"""The device's diary: append-only, each entry chained to the one before it and signed by the device's identity.

An entry is written in the transaction of the state that it describes, so the diary never tells of what did not become
durable, nor keeps silent about what did. It holds no secret, and lies in the encrypted store all the same.
"""

from __future__ import annotations

from typing import Annotated, cast

import msgspec

from warifu.errors import AuthorizationRefused, InputRefused, StoreDamaged
from warifu.protocol.attesting import SignedHead
from warifu.protocol.chains import Chain
from warifu.protocol.encoding import Amount, Bytes16, Bytes32, Message, decode, digest, encode
from warifu.protocol.frames import PublicKey
from warifu.protocol.identity import IdentityKey, verify
from warifu.protocol.release import MAX_KEEPERS
from warifu.signer.store import Store

NO_HEAD = bytes(32)
_MAX_ENTRY = 64 * 1024
REFUSALS_PER_HOUR = 12
"""More are only counted: a hostile service must not fill the device's disk."""

_Word = Annotated[str, msgspec.Meta(max_length=128)]


class Born(Message, frozen=True, tag="born"):
    """The device's identity came into being."""

    identity: Bytes32


class JoinedOwner(Message, frozen=True, tag="joined"):
    """The operator confirmed the owner's credential."""

    name: _Word
    credential: Bytes32


class WalletPending(Message, frozen=True, tag="wallet-pending"):
    """The host secret key is kept; the transcript signature may leave."""

    wallet: Bytes32
    session: Bytes16
    host_public: Annotated[tuple[PublicKey, ...], msgspec.Meta(min_length=1, max_length=3)]
    """One for each scheme of the wallet."""


class WalletBorn(Message, frozen=True, tag="wallet-born"):
    """The share is kept. ``recovered``: from a peer's recovery data."""

    wallet: Bytes32
    threshold_public: Annotated[tuple[PublicKey, ...], msgspec.Meta(min_length=1, max_length=3)]
    """One for each scheme of the wallet."""
    recovered: bool


class ReferenceApproved(Message, frozen=True, tag="reference-approved"):
    """The owner accepts a device as something else from now on (``protocol.attesting.reference_digest`` of both)."""

    wallet: Bytes32
    identity: Bytes32
    before: Bytes32
    after: Bytes32


class Moved(Message, frozen=True):
    """What leaves of one asset, and how much of that counts from now on, in its smallest unit."""

    token: str
    leaves: Amount
    counted: Amount


class Met(Message, frozen=True, tag="met"):
    """This device showed its peers in a session what it runs on and how far its journal is, this entry included.

    It makes each session's head one of its own: a peer that remembers it remembers more than any disk that was copied
    before the session.
    """

    session: Bytes16
    purpose: Bytes32


class Started(Message, frozen=True, tag="started"):
    """Partial signatures for this transaction may leave."""

    request: Bytes32
    request_id: Bytes16
    wallet: Bytes32
    session: Bytes16
    chain: Chain
    transaction: Bytes32
    commitments: Bytes32
    """Digest of all signers' public nonces, or of the ECDSA correlations that were used up."""
    moved: Annotated[tuple[Moved, ...], msgspec.Meta(max_length=128)]


class FinishedTransfer(Message, frozen=True, tag="finished"):
    """The verified signatures are kept and may leave."""

    request: Bytes32
    transaction: Bytes32
    signatures: Bytes32
    """Digest of the result."""


class WrongPassphrase(Message, frozen=True, tag="wrong-passphrase"):
    """A genuinely authorized request came with a passphrase that opens nothing."""

    wallet: Bytes32
    request: Bytes32
    wrong: int


class Banned(Message, frozen=True, tag="banned"):
    """A device was proven to have cheated in an ECDSA ceremony, in ``what``; this one works with it no more."""

    peer: Bytes32
    what: _Word


class BanLifted(Message, frozen=True, tag="ban-lifted"):
    """This device's operator has it work with that one again."""

    peer: Bytes32


class Frozen(Message, frozen=True, tag="frozen"):
    """The device was told to sign nothing until its operator lifts it."""

    reason: Annotated[str, msgspec.Meta(max_length=200)]


class Thawed(Message, frozen=True, tag="thawed"):
    """This device's operator has it sign again."""


class HandedOver(Message, frozen=True, tag="handed-over"):
    """Every keeper has its piece of this device's sealing secret: it boots by this set from now on."""

    set: Bytes32
    keepers: Annotated[tuple[Bytes32, ...], msgspec.Meta(min_length=1, max_length=MAX_KEEPERS)]
    threshold: int


class PieceKept(Message, frozen=True, tag="piece-kept"):
    """A device handed this one a piece of its sealing secret."""

    device: Bytes32
    set: Bytes32


class PieceReleased(Message, frozen=True, tag="piece-released"):
    """A boot of that device may get its piece: the ``boot``-th that was let in here."""

    device: Bytes32
    set: Bytes32
    boot: int


class Refused(Message, frozen=True, tag="refused"):
    """Something was refused or failed. ``unwritten``: as many before it were counted and not written."""

    door: _Word
    code: _Word
    about: Annotated[bytes, msgspec.Meta(max_length=32)]
    unwritten: int


Event = (
    Born
    | JoinedOwner
    | WalletPending
    | WalletBorn
    | ReferenceApproved
    | Met
    | Started
    | FinishedTransfer
    | WrongPassphrase
    | Banned
    | BanLifted
    | Frozen
    | Thawed
    | HandedOver
    | PieceKept
    | PieceReleased
    | Refused
)


class Journal:
    """Appends and verifies."""

    def __init__(self, store: Store, identity: IdentityKey) -> None:
        self._store = store
        self._identity = identity
        self._unwritten = 0

    @property
    def head(self) -> tuple[int, bytes]:
        """How many entries there are, and the hash of the last (32 bytes)."""
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

    def append(self, event: Event, now: int) -> None:
        """Write ``event``, inside the transaction of the state it describes."""
        length, head = self.head
        kind, body = _kind(event), encode(event)
        named = entry_hash(head, length + 1, now, kind, body)
        self._store.execute(
            "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?)",
            (length + 1, now, kind, body, named, self._identity.sign("journal", named)),
        )

    def refuse(self, door: str, code: str, about: bytes, now: int) -> None:
        """Note a refusal in a transaction of its own, unless the last hour had enough of them."""
        recent = self._store.execute(
            "SELECT count(*) FROM journal WHERE kind = 'refused' AND time > ?", (now - 3600,)
        )
        if recent[0][0] >= REFUSALS_PER_HOUR:
            self._unwritten += 1
            return
        with self._store.transaction():
            self.append(Refused(door, code, about[:32], self._unwritten), now)
        self._unwritten = 0

    def entries(self) -> list[tuple[int, Event]]:
        """(time, event) of all entries, oldest first."""
        rows = self._store.execute("SELECT time, body FROM journal ORDER BY sequence")
        return [(time, decode(cast("type[Event]", Event), bytes(body), _MAX_ENTRY)) for time, body in rows]

    def verify(self) -> None:
        """Walk the whole chain and check the head's signature. ``StoreDamaged`` (``journal``) where it is broken."""
        head = NO_HEAD
        rows = self._store.execute(
            "SELECT sequence, time, kind, body, hash, signature FROM journal ORDER BY sequence"
        )
        for expected, (sequence, time, kind, body, named, _) in enumerate(rows, start=1):
            head = entry_hash(head, sequence, time, kind, bytes(body))
            # Times may go back (``warifu.signer.clock``); it is the chain that says what came after what.
            if sequence != expected or head != bytes(named):
                raise _broken(f"entry {expected} does not follow from the one before it")
        if not rows:
            return
        try:
            verify(self._identity.public, bytes(rows[-1][5]), "journal", head)
            self.entries()
        except (AuthorizationRefused, InputRefused):
            raise _broken("its last entry is not this device's") from None


def entry_hash(previous: bytes, sequence: int, time: int, kind: str, body: bytes) -> bytes:
    """32 bytes that name an entry and, through ``previous``, all before it."""
    return digest(
        "journal/entry", previous, sequence.to_bytes(8, "big"), time.to_bytes(8, "big"), kind.encode(), body
    )


def _kind(event: Event) -> str:
    return str(event.__struct_config__.tag)


def _broken(why: str) -> StoreDamaged:
    return StoreDamaged(
        "journal",
        f"the device's journal is broken: {why}",
        not_done="The device did not start.",
        remedy="Do not use this device any more; sign with the others and replace it.",
    )
