"""Arguments of a contract call in the ABI's one canonical form (Solidity documentation, "Contract ABI Specification").

Words of 32 bytes; what is shorter is padded with zeros; what is dynamic (``bytes``, ``uint256[]``) follows the heads in
order and without gaps, each where its offset says. Every other layout is refused, though many contracts accept it.
"""

from __future__ import annotations

import re
from typing import TypeAlias

from warifu.errors import InputRefused

WORD = 32
Value: TypeAlias = "int | bool | bytes | tuple[int, ...]"
_UINT = re.compile(r"uint([0-9]+)", re.ASCII)
_BYTES = re.compile(r"bytes([0-9]+)", re.ASCII)


def decode_arguments(types: tuple[str, ...], data: bytes) -> tuple[Value, ...]:
    """One value per type: ``address`` (20 bytes), ``uintN``, ``bool``, ``bytesN``, ``bytes``, ``uint256[]``.

    Raises ``InputRefused`` (``abi-form``); its message is the second half of a sentence.
    """
    end = WORD * len(types)
    values: list[Value] = []
    for index, kind in enumerate(types):
        head = _word(data, index * WORD)
        if kind not in ("bytes", "uint256[]"):
            values.append(_static(kind, head))
        elif int.from_bytes(head, "big") != end:
            raise _refusal("has arguments that do not follow each other in order")
        else:
            value, end = _dynamic(kind, data, end)
            values.append(value)
    if len(data) != end:
        raise _refusal(f"has {len(data)} bytes of arguments instead of {end}")
    return tuple(values)


def _static(kind: str, word: bytes) -> Value:
    if kind == "address":
        if any(word[:12]):
            raise _refusal("has an address whose padding is not zero")
        return word[12:]
    fixed = _BYTES.fullmatch(kind)
    if fixed is not None:
        length = int(fixed[1])
        if any(word[length:]):
            raise _refusal(f"has a {kind} whose padding is not zero")
        return word[:length]
    number = int.from_bytes(word, "big")
    if kind == "bool":
        if number > 1:
            raise _refusal("has a truth value that is neither 0 nor 1")
        return bool(number)
    bits = _UINT.fullmatch(kind)
    assert bits is not None, "the table of functions holds no other types"
    if number >> int(bits[1]):
        raise _refusal(f"has a number that is no {kind}")
    return number


def _dynamic(kind: str, data: bytes, start: int) -> tuple[Value, int]:
    """The value whose length stands at ``start``, and where it ends."""
    count = int.from_bytes(_word(data, start), "big")
    begin = start + WORD
    size = count if kind == "bytes" else count * WORD
    if size > len(data) - begin:
        raise _refusal("ends too early")
    if kind != "bytes":
        numbers = (int.from_bytes(_word(data, at), "big") for at in range(begin, begin + size, WORD))
        return tuple(numbers), begin + size
    end = begin + (size + WORD - 1) // WORD * WORD
    if len(data) < end or any(data[begin + size : end]):
        raise _refusal("has bytes whose padding is missing or not zero")
    return data[begin : begin + size], end


def _word(data: bytes, at: int) -> bytes:
    word = data[at : at + WORD]
    if len(word) < WORD:
        raise _refusal("ends too early")
    return word


def _refusal(message: str) -> InputRefused:
    return InputRefused("abi-form", message)
