"""A cursor over untrusted bytes in Bitcoin's serialisation; it never reads past the end and never reads two ways."""

from __future__ import annotations

from warifu.errors import InputRefused


class Reader:
    """Reads ``data`` from front to back. Every refusal is ``InputRefused`` with the reason ``<what>-form``."""

    def __init__(self, data: bytes, what: str) -> None:
        self._data = data
        self._at = 0
        self._what = what

    @property
    def remaining(self) -> int:
        """Bytes not yet read."""
        return len(self._data) - self._at

    def refusal(self, message: str) -> InputRefused:
        """The error for this kind of data."""
        return InputRefused(f"{self._what}-form", f"not a valid {self._what}: {message}")

    def take(self, count: int) -> bytes:
        """The next ``count`` bytes."""
        if count > self.remaining:
            raise self.refusal(f"it ends {count - self.remaining} bytes too early")
        part = self._data[self._at : self._at + count]
        self._at += count
        return part

    def peek(self, count: int) -> bytes:
        """Up to ``count`` of the next bytes, without moving on."""
        return self._data[self._at : self._at + count]

    def uint(self, size: int) -> int:
        """A little-endian unsigned integer of ``size`` bytes."""
        return int.from_bytes(self.take(size), "little")

    def compact_size(self) -> int:
        """A compact size in its shortest form: a longer form would let one meaning have two encodings."""
        first = self.uint(1)
        if first < 0xFD:
            return first
        size = {0xFD: 2, 0xFE: 4, 0xFF: 8}[first]
        value = self.uint(size)
        if value < {2: 0xFD, 4: 0x10000, 8: 0x100000000}[size]:
            raise self.refusal("a length is not in its shortest form")
        return value

    def count(self, item_size: int) -> int:
        """How many items follow, each of at least ``item_size`` bytes.

        A count that the rest cannot hold is refused before anything is allocated for it.
        """
        count = self.compact_size()
        if count * item_size > self.remaining:
            raise self.refusal(f"it announces {count} items where {self.remaining} bytes are left")
        return count

    def sized_bytes(self, limit: int) -> bytes:
        """Bytes after their own length, which is at most ``limit``."""
        length = self.compact_size()
        if length > limit:
            raise self.refusal(f"a part of {length} bytes is over the limit of {limit}")
        return self.take(length)

    def end(self) -> None:
        """Refuse trailing bytes: something that another reader might take for meaning."""
        if self.remaining:
            raise self.refusal(f"{self.remaining} bytes follow its end")


def compact_size(value: int) -> bytes:
    """The shortest compact-size encoding of ``value`` (1, 3, 5 or 9 bytes)."""
    if value < 0xFD:
        return value.to_bytes(1, "little")
    if value < 0x10000:
        return b"\xfd" + value.to_bytes(2, "little")
    if value < 0x100000000:
        return b"\xfe" + value.to_bytes(4, "little")
    return b"\xff" + value.to_bytes(8, "little")


def sized_bytes(data: bytes) -> bytes:
    """``data`` after its own length."""
    return compact_size(len(data)) + data
