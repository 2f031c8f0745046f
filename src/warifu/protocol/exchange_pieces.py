"""An exchange's answer on its way to its owner in numbered pieces, each signed by the carrier and sealed to him.

Whoever carries them can hold them back. That one is left out, repeated, moved, taken from another call, or that the
last ones are missing, shows: each names its request and its number, and what the carrier says at the end (which no
piece can be taken for: it is signed for another purpose) how many there are and what all of them are together.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from warifu.errors import InputRefused
from warifu.protocol.encoding import Bytes32, Message, decode, digest, encode
from warifu.protocol.exchange_answers import (
    AnswerKey,
    PieceNumber,
    SealedAnswer,
    Told,
    ToldAfterPieces,
    seal_signed,
)
from warifu.protocol.identity import IdentityKey

MAX_PIECE = 128 * 1024
"""Bytes of one piece's content."""
MAX_AHEAD = 8
"""Pieces that a carrier sends before it hears that an earlier one was taken."""
_PIECE = "exchange-piece"
_MAX_ENCODED = MAX_PIECE + 1024


class Piece(Message, frozen=True):
    """A part of the answer's body."""

    request: Bytes32
    """Digest of the ``CallRequest``."""
    number: PieceNumber
    content: Annotated[bytes, msgspec.Meta(min_length=1, max_length=MAX_PIECE)]


class Together:
    """What all pieces are together, so far."""

    def __init__(self) -> None:
        self.count = 0
        self.digest = digest("exchange-pieces")
        """32 bytes over their contents, in order."""

    def add(self, content: bytes) -> None:
        """The next one."""
        self.count += 1
        self.digest = digest("exchange-pieces", self.digest, content)


def seal_piece(piece: Piece, reader: bytes, carrier: IdentityKey) -> SealedAnswer:
    """``piece``, signed by the carrier, for the reader's key. ``InputRefused`` (``reader-key``)."""
    return seal_signed(_PIECE, encode(piece), piece.request, reader, carrier)


class Pieces:
    """The owner's end: takes the pieces of one call as they come, and believes none that is not the next."""

    def __init__(self, reader: AnswerKey, request: bytes, carrier: bytes) -> None:
        """``request``: digest of the ``CallRequest``; ``carrier``: the pinned identity of who carries it."""
        self._reader, self._request, self._carrier = reader, request, carrier
        self._together = Together()

    @property
    def count(self) -> int:
        """How many were taken."""
        return self._together.count

    def take(self, sealed: SealedAnswer) -> bytes:
        """The content of the next piece. ``InputRefused``: ``exchange-answer`` (it does not open), ``answer-pieces``
        (it is not the next); ``AuthorizationRefused`` (``signature``)."""
        encoded = self._reader.open_signed(_PIECE, sealed, self._request, self._carrier)
        piece = decode(Piece, encoded, _MAX_ENCODED)
        if (piece.request, piece.number) != (self._request, self.count + 1):
            raise not_whole(f"piece {self.count + 1} of the answer is missing: number {piece.number} came")
        self._together.add(piece.content)
        return piece.content

    def end(self, sealed: SealedAnswer) -> Told:
        """What the carrier tells at the end, once all pieces were taken. As :meth:`take`."""
        ending = self.ending(sealed)
        if isinstance(ending, Told):
            ending = ToldAfterPieces(ending, 0, digest("exchange-pieces"))
        if (ending.pieces, ending.whole) != (self.count, self._together.digest):
            raise not_whole(f"the answer has {ending.pieces} pieces, and these {self.count} are not they")
        return ending.told

    def ending(self, sealed: SealedAnswer) -> Told | ToldAfterPieces:
        """The carrier's word, which does not say whether all pieces that it speaks of are here."""
        return self._reader.open_any(sealed, self._request, self._carrier)


def not_whole(what: str) -> InputRefused:
    """Somebody between the carrier and its owner left something out, or put it in another place."""
    return InputRefused(
        "answer-pieces",
        what,
        not_done="What came is not the exchange's whole answer, and was not believed to be.",
        remedy="Either the custody service or the device that carried it is at fault, and nothing of it is handed on "
        "again: run the same command once more, which asks the exchange anew.",
    )
