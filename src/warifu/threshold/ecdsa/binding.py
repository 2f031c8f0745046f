"""What every hash of the protocol names: version, purpose, key, signers, path, session, sender, receiver, index.

A value that was made for one place fits in no other, and cannot be replayed into another session, direction or key.
Every part is preceded by its length, so that two different lists of parts are never hashed as the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from warifu.threshold.errors import InvalidInput
from warifu.threshold.frost.key import ThresholdKey

if TYPE_CHECKING:
    from _hashlib import HASHXOF

PROTOCOL = b"Warifu DKLs23 v2"
"""To be changed with anything that is hashed, sent or stored: two devices compare it before they begin, because each
would take the other for a cheat where they differ."""
MIN_SESSION_ID_BYTES = 16
MAX_SESSION_ID_BYTES = 64

Part = bytes | bytearray | memoryview


def integer(value: int) -> bytes:
    """A small public number as a part of a hash: 4 bytes."""
    return value.to_bytes(4, "big")


def hasher(purpose: str, *parts: Part) -> HASHXOF:
    """SHAKE256 over the protocol's name, ``purpose`` and the parts, each one preceded by its length in 8 bytes."""
    return _extended(_begun(purpose).copy(), parts)


def digest(purpose: str, *parts: Part) -> bytes:
    """32 bytes of :func:`hasher`."""
    return hasher(purpose, *parts).digest(32)


def named_hash(name: bytes, *parts: Part) -> HASHXOF:
    """SHAKE256 over ``name``, a digest that stands for all that the hashes of a loop have in common, and over parts of
    fixed lengths: few bytes, and no more work than one permutation or two.

    Begins with a digest, as nothing does that :func:`hasher` makes.
    """
    return hashlib.shake_256(b"".join((name, *parts)))


def condensed(part: Part) -> bytes:
    """SHA-256 of a part of many thousand bytes, as a part in its place: 32 bytes that nobody finds a second part for.

    Processors have instructions for it, and take a third of the time that SHAKE256 takes.
    """
    return hashlib.sha256(part).digest()


def _extended(shake: HASHXOF, parts: Iterable[Part]) -> HASHXOF:
    for part in parts:
        shake.update(len(part).to_bytes(8, "big"))
        shake.update(part)
    return shake


@lru_cache(maxsize=256)
def _begun(purpose: str, *public: bytes) -> HASHXOF:
    """What thousands of hashes of one session begin with, hashed once."""
    return _extended(hashlib.shake_256(), (PROTOCOL, purpose.encode("utf-8"), *public))


@dataclass(frozen=True)
class Link:
    """One direction between two signers of one session: who sends what is hashed, and who receives it."""

    context: bytes
    """32 bytes that name all else: key, session, correlation, and what both signers drew for it."""
    sender: int
    receiver: int

    def hasher(self, purpose: str, *parts: Part) -> HASHXOF:
        """As :func:`hasher`, for this session and direction alone."""
        return _extended(
            _begun(purpose, self.context, integer(self.sender), integer(self.receiver)).copy(), parts
        )

    def digest(self, purpose: str, *parts: Part) -> bytes:
        """32 bytes of :meth:`hasher`."""
        return self.hasher(purpose, *parts).digest(32)

    @property
    def reverse(self) -> Link:
        """The same two signers, the other way round."""
        return Link(self.context, self.receiver, self.sender)


def key_context(key: ThresholdKey) -> bytes:
    """32 bytes that name a key: the public key, t, n and every participant's public share."""
    return digest("key", key.threshold_pubkey, integer(key.t), integer(key.n), *key.pubshares)


def session_context(
    key: ThresholdKey, signers: Sequence[int], tweaks: Sequence[bytes], session_id: bytes
) -> bytes:
    """32 bytes that name key, signers (in ascending order), derivation and session.

    InvalidInput as :func:`require_session_id`.
    """
    require_session_id(session_id)
    return digest(
        "session",
        session_id,
        key_context(key),
        integer(len(signers)),
        *map(integer, signers),
        integer(len(tweaks)),
        *tweaks,
    )


def require_session_id(session_id: bytes) -> None:
    """InvalidInput for a session identifier that has not 16 to 64 bytes or is all zero (nobody drew it)."""
    if not MIN_SESSION_ID_BYTES <= len(session_id) <= MAX_SESSION_ID_BYTES:
        raise InvalidInput(f"a session identifier has {MIN_SESSION_ID_BYTES} to {MAX_SESSION_ID_BYTES} bytes")
    if not any(session_id):
        raise InvalidInput("a session identifier is not all zero")


def in_order(parts: Mapping[int, bytes]) -> Iterable[bytes]:
    """What each of some signers said, in ascending order of their numbers, as parts of a hash."""
    for who in sorted(parts):
        yield integer(who)
        yield parts[who]
