"""RLP, Ethereum's serialisation (Yellow Paper, appendix B): a strict reader of its own, and the writer.

One value has one encoding here: lengths in their shortest form, single bytes below 0x80 as themselves, nothing after
the end. A second encoding would let one transaction have two hashes. Depth and length are bounded before anything is
allocated. The ``rlp`` package would be strict as well, but adds 26 MiB to a signer's memory.
"""

from __future__ import annotations

from typing import TypeAlias

from warifu.errors import InputRefused

MAX_BYTES = 128 * 1024
"""The longest transaction that nodes take from others (go-ethereum's ``txMaxSize``)."""
MAX_DEPTH = 4
"""Transaction, access list, entry, storage keys: nothing nests deeper."""

Item: TypeAlias = "bytes | tuple[Item, ...]"


def decode(data: bytes) -> Item:
    """Read exactly one item. Raises ``InputRefused`` (``rlp-form``)."""
    if len(data) > MAX_BYTES:
        raise refusal(f"{len(data)} bytes are over the limit of {MAX_BYTES}")
    item, end = _item(data, 0, len(data), MAX_DEPTH)
    if end != len(data):
        raise refusal(f"{len(data) - end} bytes follow its end")
    return item


def encode(item: Item) -> bytes:
    """The one encoding of ``item``."""
    if isinstance(item, tuple):
        content = b"".join(map(encode, item))
        return _header(0xC0, len(content)) + content
    if len(item) == 1 and item[0] < 0x80:
        return item
    return _header(0x80, len(item)) + item


def refusal(message: str) -> InputRefused:
    """The error for malformed RLP."""
    return InputRefused("rlp-form", f"not valid RLP: {message}")


def _item(data: bytes, start: int, limit: int, depth: int) -> tuple[Item, int]:
    """The item that begins at ``start`` and ends no later than ``limit``, and where it ends."""
    if start >= limit:
        raise refusal("it ends too early")
    first = data[start]
    if first < 0x80:
        return data[start : start + 1], start + 1
    is_list = first >= 0xC0
    begin, end = _extent(data, start, limit, 0xC0 if is_list else 0x80)
    if not is_list:
        content = data[begin:end]
        if len(content) == 1 and content[0] < 0x80:
            raise refusal("a single small byte has a length before it")
        return content, end
    if depth == 0:
        raise refusal(f"lists nest deeper than {MAX_DEPTH}")
    items: list[Item] = []
    at = begin
    while at < end:
        item, at = _item(data, at, end, depth - 1)
        items.append(item)
    return tuple(items), end


def _extent(data: bytes, start: int, limit: int, base: int) -> tuple[int, int]:
    """Where the content of the item at ``start`` begins and ends."""
    length = data[start] - base
    begin = start + 1
    if length > 55:
        size = length - 55
        encoded = data[begin : min(begin + size, limit)]
        if len(encoded) < size:
            raise refusal("it ends within a length")
        length = int.from_bytes(encoded, "big")
        if encoded[0] == 0 or length <= 55:
            raise refusal("a length is not in its shortest form")
        begin += size
    if length > limit - begin:
        raise refusal(f"an item of {length} bytes reaches past the end")
    return begin, begin + length


def _header(base: int, length: int) -> bytes:
    if length <= 55:
        return bytes([base + length])
    encoded = integer(length)
    return bytes([base + 55 + len(encoded)]) + encoded


def integer(value: int) -> bytes:
    """``value`` as RLP holds numbers: big-endian without leading zeros, nothing for 0."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def to_integer(item: Item, name: str, limit: int) -> int:
    """The number in ``item``, below ``limit``. A leading zero byte is refused: it would be a second form."""
    if isinstance(item, tuple):
        raise refusal(f"{name} is a list")
    if item[:1] == b"\x00":
        raise refusal(f"{name} has a leading zero")
    value = int.from_bytes(item, "big")
    if value >= limit:
        raise refusal(f"{name} is out of range")
    return value


def to_bytes(item: Item, name: str, lengths: tuple[int, ...] | None = None) -> bytes:
    """The bytes in ``item``, of one of these lengths."""
    if isinstance(item, tuple):
        raise refusal(f"{name} is a list")
    if lengths is not None and len(item) not in lengths:
        raise refusal(f"{name} has {len(item)} bytes")
    return item


def to_list(item: Item, name: str, length: int | None = None) -> tuple[Item, ...]:
    """The items of a list, ``length`` of them."""
    if not isinstance(item, tuple):
        raise refusal(f"{name} is not a list")
    if length is not None and len(item) != length:
        raise refusal(f"{name} has {len(item)} items instead of {length}")
    return item
