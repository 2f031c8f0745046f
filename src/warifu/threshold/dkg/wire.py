"""Reading messages of fixed length: points, scalars and byte strings, one after the other, nothing left over.

Each message of the protocol has exactly one length for given t and n. A wrong length is the transport's or the caller's
fault (InvalidInput); right length with bytes that mean nothing is the sender's (:class:`Malformed`, which the caller
turns into blame, because only it knows who sent the message).
"""

from __future__ import annotations

from warifu.threshold.errors import InvalidInput, ThresholdError
from warifu.threshold.group import Element, Group


class Malformed(ThresholdError):
    """A message of the right length has a part that is not valid; ``what`` names the part."""

    def __init__(self, what: str) -> None:
        super().__init__(f"a message holds an invalid {what}")
        self.what = what


class Reader:
    """Takes one message of exactly ``length`` bytes apart."""

    def __init__(self, group: Group, data: bytes, *, length: int, what: str) -> None:
        """InvalidInput where ``data`` has another length."""
        require_length(data, length, what)
        self._group = group
        self._data = bytes(data)
        self._position = 0

    def chunks(self, count: int, size: int) -> tuple[bytes, ...]:
        """``count`` byte strings of ``size`` bytes each, not looked at."""
        start = self._position
        self._position += count * size
        assert self._position <= len(self._data), "the length of the whole message was checked"
        return tuple(self._data[at : at + size] for at in range(start, self._position, size))

    def elements(self, count: int, what: str) -> tuple[Element, ...]:
        """``count`` points, the identity allowed; :class:`Malformed` where one is not valid.

        The identity is allowed because participants could otherwise make the sum of valid points invalid.
        """
        try:
            return tuple(
                self._group.element_from_bytes(chunk, allow_identity=True)
                for chunk in self.chunks(count, self._group.element_bytes)
            )
        except InvalidInput as error:
            raise Malformed(what) from error

    def scalars(self, count: int, what: str) -> tuple[int, ...]:
        """``count`` public scalars, 0 allowed; :class:`Malformed` where one is not below the group order."""
        try:
            return tuple(
                self._group.scalar_from_bytes(chunk) for chunk in self.chunks(count, self._group.scalar_bytes)
            )
        except InvalidInput as error:
            raise Malformed(what) from error


def require_length(data: bytes, length: int, what: str) -> None:
    """InvalidInput unless ``data`` has exactly ``length`` bytes."""
    if len(data) != length:
        raise InvalidInput(f"the {what} has {length} bytes, not {len(data)}")


def encode_elements(elements: tuple[Element, ...]) -> bytes:
    return b"".join(element.encoded for element in elements)


def encode_scalars(group: Group, scalars: tuple[int, ...]) -> bytes:
    return b"".join(group.scalar_to_bytes(scalar) for scalar in scalars)


def index_bytes(index: int) -> bytes:
    """A participant identifier or a threshold: 4 bytes, big-endian."""
    return index.to_bytes(4, "big")
