"""What a carrier hands on of an exchange's answer, in numbered pieces that only the owner reads.

Bytes in, pieces out. So many leave unasked, and more once the service says that it has them for the owner: what waits
here is bounded, and who is slower than what comes is noticed. What the service says of it is believed for nothing else.
"""

from __future__ import annotations

from collections import deque

from warifu.protocol.exchange_pieces import MAX_AHEAD, MAX_PIECE, Piece, Together, seal_piece
from warifu.protocol.frames import AnswerPiece
from warifu.protocol.identity import IdentityKey

ROOM = 8 * 1024 * 1024
"""Bytes that wait here: the first picture of a large book comes at once, and the owner gets it piece by piece."""
PAUSE = 500
"""Milliseconds in which what comes is gathered into one piece."""


class Handing:
    """Of one call."""

    def __init__(self, session: bytes, request: bytes, reader: bytes, carrier: IdentityKey) -> None:
        """``request``: digest of the ``CallRequest``; ``reader``: its key, which takes what is sealed to it."""
        self._session, self._request, self._reader, self._carrier = session, request, reader, carrier
        self._gathered = bytearray()
        """What is in no piece yet."""
        self._cut: deque[bytes] = deque()
        """Pieces that wait for their turn."""
        self.together = Together()
        """Of all that were cut."""
        self._sent = self._taken = 0
        self._last: int | None = None
        """When a piece was cut."""

    @property
    def done(self) -> bool:
        """Whether nothing of it waits any more."""
        return not self._cut and not self._gathered

    def put(self, data: bytes) -> bool:
        """What is to be handed on; False, and it is not, where too much waits already."""
        if len(self._gathered) + sum(map(len, self._cut)) + len(data) > ROOM:
            return False
        self._gathered += data
        return True

    def taken(self, number: int) -> None:
        """The service has all up to this one. A number that cannot be is not looked at."""
        if self._taken < number <= self._sent:
            self._taken = number

    def close(self, rest: int) -> bytes:
        """Nothing more is put: all is cut but the last ``rest`` bytes at most, which are given back."""
        while len(self._gathered) > rest:
            self._cut_one()
        left = bytes(self._gathered)
        self._gathered.clear()
        return left

    def due(self, milliseconds: int) -> list[AnswerPiece]:
        """What leaves now: whole pieces, and what was gathered for long enough. Sealed as late as that."""
        while len(self._gathered) >= MAX_PIECE:
            self._cut_one()
        waited = self._last is None or milliseconds - self._last >= PAUSE
        if self._gathered and not self._cut and waited and self._may_send:
            self._cut_one()
            self._last = milliseconds
        frames = []
        while self._cut and self._may_send:
            frames.append(self._sealed(self._cut.popleft()))
        return frames

    @property
    def _may_send(self) -> bool:
        return self._sent < self._taken + MAX_AHEAD

    def _cut_one(self) -> None:
        content = bytes(self._gathered[:MAX_PIECE])
        del self._gathered[:MAX_PIECE]
        self.together.add(content)
        self._cut.append(content)

    def _sealed(self, content: bytes) -> AnswerPiece:
        self._sent += 1
        piece = Piece(self._request, self._sent, content)
        return AnswerPiece(self._session, self._sent, seal_piece(piece, self._reader, self._carrier))
