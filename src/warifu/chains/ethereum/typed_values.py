"""The values of EIP-712 typed data: read from JSON without coercion, and encoded as the standard's ``encodeData``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from warifu.chains.ethereum.address import format_address, parse_address
from warifu.chains.ethereum.keccak import keccak256
from warifu.chains.ethereum.typed_types import Schema, array_of, refusal

Value: TypeAlias = "int | bool | str | bytes | tuple[Value, ...] | Struct"
Struct: TypeAlias = "dict[str, Value]"

MAX_ELEMENTS = 4096
_DECIMAL = re.compile(r"0|-?[1-9][0-9]{0,77}", re.ASCII)
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]{1,64}", re.ASCII)
_HEX_BYTES = re.compile(r"0x(?:[0-9a-fA-F]{2})*", re.ASCII)


def read_struct(schema: Schema, struct: str, value: Mapping[str, Any]) -> Struct:
    """The members of ``struct``, all and no others. Raises ``InputRefused`` (``typed-data-form``, ``address``)."""
    members = schema.structs[struct]
    if value.keys() != {name for name, _ in members}:
        raise refusal(f"a {struct} lacks a member, or has one that its type does not have")
    return {name: _read(schema, kind, value[name], f"{struct}.{name}") for name, kind in members}


def hash_struct(schema: Schema, struct: str, value: Struct) -> bytes:
    """``hashStruct``, 32 bytes."""
    encoded = (_encode(schema, kind, value[name]) for name, kind in schema.structs[struct])
    return keccak256(schema.type_hash(struct) + b"".join(encoded))


def shown(value: Value) -> Any:  # noqa: ANN401  # JSON of any type
    """The value as JSON: numbers as decimal strings, bytes as hexadecimal, addresses with their checksum."""
    if isinstance(value, dict):
        return {name: shown(member) for name, member in value.items()}
    if isinstance(value, tuple):
        return [shown(element) for element in value]
    if isinstance(value, bytes):
        return format_address(value) if isinstance(value, Address) else "0x" + value.hex()
    return value if isinstance(value, bool | str) else str(value)


class Address(bytes):
    """20 bytes that are an address, and not a ``bytes20``."""


def _read(schema: Schema, kind: str, value: Any, place: str) -> Value:  # noqa: ANN401  # JSON of any type
    array = array_of(kind)
    if array is not None:
        element, length = array
        if not isinstance(value, list) or len(value) > MAX_ELEMENTS or length not in (None, len(value)):
            raise refusal(f"{place} is not a list of the length that its type {kind} has")
        return tuple(_read(schema, element, item, place) for item in value)
    if kind in schema.structs:
        if not isinstance(value, dict):
            raise refusal(f"{place} is not an object")
        return read_struct(schema, kind, value)
    if kind == "bool":
        if not isinstance(value, bool):
            raise refusal(f"{place} is neither true nor false")
        return value
    if "int" in kind:
        return _integer(kind, value, place)
    if not isinstance(value, str):
        raise refusal(f"{place} is not a string")
    if kind == "string":
        return _string(value, place)
    if kind == "address":
        return Address(parse_address(value, unchecked=True))
    return _bytes(kind, value, place)


def _integer(kind: str, value: Any, place: str) -> int:  # noqa: ANN401  # JSON of any type
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        number = int(value)
    elif isinstance(value, str) and _HEXADECIMAL.fullmatch(value):
        number = int(value, 16)
    elif isinstance(value, int) and not isinstance(value, bool):
        number = value
    else:
        raise refusal(f"{place} is no whole number")
    unsigned = kind.startswith("u")
    bits = int(kind.lstrip("uint"))
    low, high = (0, 1 << bits) if unsigned else (-(1 << bits - 1), 1 << bits - 1)
    if not low <= number < high:
        raise refusal(f"{place} is out of the range of {kind}")
    return number


def _string(value: str, place: str) -> str:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise refusal(f"{place} holds half of a surrogate pair") from None
    return value


def _bytes(kind: str, value: str, place: str) -> bytes:
    if not _HEX_BYTES.fullmatch(value):
        raise refusal(f"{place} is not 0x and an even number of hexadecimal digits")
    found = bytes.fromhex(value[2:])
    if kind != "bytes" and len(found) != int(kind.removeprefix("bytes")):
        raise refusal(f"{place} has {len(found)} bytes and is a {kind}")
    return found


def _encode(schema: Schema, kind: str, value: Value) -> bytes:
    """32 bytes."""
    if isinstance(value, tuple):
        array = array_of(kind)
        assert array is not None, "tuples are read from arrays"
        return keccak256(b"".join(_encode(schema, array[0], element) for element in value))
    if isinstance(value, dict):
        return hash_struct(schema, kind, value)
    if isinstance(value, str):
        return keccak256(value.encode("utf-8"))
    if isinstance(value, int):
        return (value % (1 << 256)).to_bytes(32, "big")
    if kind == "bytes":
        return keccak256(value)
    return value.rjust(32, b"\x00") if kind == "address" else value.ljust(32, b"\x00")
