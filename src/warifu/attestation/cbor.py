"""CBOR (RFC 8949) from outside, bounded before it is decoded.

``cbor2`` would believe a length of 2^60 or nest as deep as the sender likes. So the heads of all items are walked
first, without recursion and without allocating: few levels, few items, definite lengths that lie inside the data, no
tags and no floating point. Then ``cbor2`` decodes, and what it understood must encode to the very same bytes again: one
document has one encoding (preferred serialization, RFC 8949 section 4.1), no key twice, nothing behind the end.
"""

from __future__ import annotations

from typing import Any

import cbor2

MAX_DEPTH = 4
MAX_ITEMS = 512
_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = range(8)
_FALSE_TRUE_NULL = range(20, 23)


class NotAcceptable(ValueError):
    """It is not CBOR, or not such as is accepted here."""


def decode(data: bytes) -> Any:  # noqa: ANN401  # whatever the sender put there; the caller types it
    """The one value that ``data`` encodes; ``NotAcceptable`` for everything else."""
    _walk(data)
    try:
        value = cbor2.loads(data)
        again = cbor2.dumps(value)
    except (cbor2.CBORError, ValueError, TypeError, OverflowError) as error:
        raise NotAcceptable("it cannot be decoded") from error
    if again != data:
        raise NotAcceptable("it is not in its one preferred encoding")
    return value


def _walk(data: bytes) -> None:
    """Every head once; ``missing`` holds how many items each open array or map still lacks."""
    position, items = 0, 0
    missing = [1]
    while missing:
        if missing[-1] == 0:
            missing.pop()
            continue
        missing[-1] -= 1
        items += 1
        if items > MAX_ITEMS:
            raise NotAcceptable(f"it has more than {MAX_ITEMS} parts")
        kind, number, position = _head(data, position)
        if kind in (_BYTES, _TEXT):
            position += number
        elif kind in (_ARRAY, _MAP):
            if len(missing) > MAX_DEPTH or number > MAX_ITEMS:
                raise NotAcceptable("it is nested too deep, or has too many parts")
            missing.append(number * (2 if kind == _MAP else 1))
    if position != len(data):
        raise NotAcceptable("it does not end where its parts do")


def _head(data: bytes, position: int) -> tuple[int, int, int]:
    """(major type, number, position behind the head)."""
    if position >= len(data):
        raise NotAcceptable("it is cut off")
    kind, short = data[position] >> 5, data[position] & 0x1F
    position += 1
    if kind == _TAG or (kind == _SIMPLE and short not in _FALSE_TRUE_NULL):
        raise NotAcceptable("it has a tag, a number with a fraction, or a value without a meaning here")
    if short < 24:
        return kind, short, position
    length = {24: 1, 25: 2, 26: 4, 27: 8}.get(short)
    if length is None or position + length > len(data):
        raise NotAcceptable("a length is missing or indefinite")
    return kind, int.from_bytes(data[position : position + length], "big"), position + length
