"""A cursor over bytes from outside: it gives what is asked for, or ``CheckFailed("form")``; never less than asked."""

from __future__ import annotations

from typing import Literal

from warifu.attestation.verifier import CheckFailed


class Reader:
    """Reads a structure from its first byte to its last. ``what`` names the structure in refusals."""

    def __init__(self, data: bytes, order: Literal["big", "little"], what: str) -> None:
        self._data = data
        self._order = order
        self._what = what
        self._position = 0

    def take(self, count: int) -> bytes:
        """The next ``count`` bytes."""
        end = self._position + count
        if end > len(self._data):
            raise CheckFailed("form", f"{self._what} is cut off")
        taken = self._data[self._position : end]
        self._position = end
        return taken

    def number(self, width: int) -> int:
        """The next unsigned number of ``width`` bytes."""
        return int.from_bytes(self.take(width), self._order)

    def sized(self, width: int, limit: int) -> bytes:
        """Bytes behind their own length, of which there may be ``limit``: no length from outside is believed."""
        length = self.number(width)
        if length > limit:
            raise CheckFailed("form", f"a part of {self._what} has {length} bytes, more than {limit}")
        return self.take(length)

    def rest(self) -> bytes:
        """Everything that is left."""
        return self.take(self.left)

    @property
    def left(self) -> int:
        return len(self._data) - self._position

    def end(self) -> None:
        """Nothing may follow: appended bytes are signed by nobody."""
        if self.left:
            raise CheckFailed("form", f"{self.left} bytes follow after {self._what}")
