"""The types of EIP-712 typed data: what is declared, how it is encoded as text, and which declarations are refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from warifu.chains.ethereum.keccak import keccak256
from warifu.errors import InputRefused

DOMAIN_TYPE = "EIP712Domain"
DOMAIN_MEMBERS = (
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
    ("salt", "bytes32"),
)
"""The members that a domain may have, in this order (EIP-712, "Definition of domainSeparator")."""
MAX_TYPES = 64
MAX_MEMBERS = 64
MAX_NAME = 128
MAX_DIMENSIONS = 4

_IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*", re.ASCII)
_ARRAY = re.compile(r"(.+)\[([1-9][0-9]{0,8})?\]", re.ASCII)
_ATOMIC = re.compile(r"address|bool|string|bytes([1-9]|[12][0-9]|3[0-2])?|u?int(8|[1-9][0-9]{1,2})", re.ASCII)
_LIKE_ATOMIC = re.compile(r"address|bool|string|function|bytes[0-9]*|u?int[0-9]*|u?fixed[0-9x]*", re.ASCII)


def refusal(message: str) -> InputRefused:
    """The error for typed data that cannot be read in exactly one way."""
    return InputRefused("typed-data-form", f"not valid typed data: {message}")


def is_atomic(kind: str) -> bool:
    """Whether ``kind`` is a type of the language itself: ``uint256``, ``bytes4``, ``string``, ..."""
    if not _ATOMIC.fullmatch(kind):
        return False
    bits = kind.lstrip("uint") if "int" in kind else "8"
    return int(bits) % 8 == 0 and int(bits) <= 256


def array_of(kind: str) -> tuple[str, int | None] | None:
    """Element type and length (None: any) of an array type; None for what is no array."""
    found = _ARRAY.fullmatch(kind)
    return None if found is None else (found[1], int(found[2]) if found[2] else None)


@dataclass(frozen=True)
class Schema:
    """The declared structs: name, then member names and types in their order."""

    structs: dict[str, tuple[tuple[str, str], ...]]

    def encode_type(self, struct: str) -> str:
        """``Mail(Person from,Person to,string contents)Person(...)``: the struct, then what it needs, sorted."""
        others = sorted(self.needed(struct) - {struct})
        return "".join(self._declaration(name) for name in (struct, *others))

    def type_hash(self, struct: str) -> bytes:
        """32 bytes."""
        return self._type_hashes[struct]

    @cached_property
    def _type_hashes(self) -> dict[str, bytes]:
        return {struct: keccak256(self.encode_type(struct).encode("ascii")) for struct in self.structs}

    def needed(self, struct: str) -> set[str]:
        """``struct`` and all structs that it holds, directly or not. A struct may hold itself."""
        found: set[str] = set()
        waiting = [struct]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                kinds = (element_type(kind) for _, kind in self.structs[name])
                waiting.extend(kind for kind in kinds if kind in self.structs)
        return found

    def _declaration(self, struct: str) -> str:
        return f"{struct}({','.join(f'{kind} {name}' for name, kind in self.structs[struct])})"


def element_type(kind: str) -> str:
    """What an array of any dimensions is of; ``kind`` itself where it is no array."""
    for _ in range(MAX_DIMENSIONS):
        array = array_of(kind)
        if array is None:
            return kind
        kind = array[0]
    if array_of(kind) is not None:
        raise refusal(f"an array has more than {MAX_DIMENSIONS} dimensions")
    return kind


def parse_schema(types: Any, primary: Any) -> Schema:  # noqa: ANN401  # JSON of any type
    """Check ``types`` and ``primaryType`` as they came. Raises ``InputRefused`` (``typed-data-form``)."""
    if not isinstance(types, dict) or not 2 <= len(types) <= MAX_TYPES:
        raise refusal(f"types are an object with EIP712Domain and others, at most {MAX_TYPES}")
    schema = Schema({_struct_name(name): _members(name, members) for name, members in types.items()})
    if not isinstance(primary, str) or primary not in schema.structs or primary == DOMAIN_TYPE:
        raise refusal("primaryType is not one of the message's types")
    for name, members in schema.structs.items():
        for member, kind in members:
            inner = element_type(kind)
            if not is_atomic(inner) and (inner not in schema.structs or inner == DOMAIN_TYPE):
                raise refusal(f"{name}.{member} is of the type {inner[:40]!r}, which is not declared")
    _check_domain(schema)
    unused = schema.structs.keys() - schema.needed(primary) - {DOMAIN_TYPE}
    if unused:
        # Shown to the owner it would look like a part of what is signed, and it is none.
        raise refusal(f"the type {min(unused)} is declared and not used")
    return schema


def _check_domain(schema: Schema) -> None:
    declared = schema.structs.get(DOMAIN_TYPE)
    if not declared or declared != tuple(member for member in DOMAIN_MEMBERS if member in declared):
        raise refusal("EIP712Domain is not made of the standard's members in their order")


def _struct_name(name: str) -> str:
    if len(name) > MAX_NAME or not _IDENTIFIER.fullmatch(name) or _LIKE_ATOMIC.fullmatch(name):
        raise refusal(f"{name[:40]!r} cannot be the name of a type")
    return name


def _members(struct: str, members: Any) -> tuple[tuple[str, str], ...]:  # noqa: ANN401  # JSON of any type
    if not isinstance(members, list) or len(members) > MAX_MEMBERS:
        raise refusal(f"the members of {struct[:40]} are not a list of at most {MAX_MEMBERS}")
    found: dict[str, str] = {}
    for member in members:
        if not isinstance(member, dict) or member.keys() != {"name", "type"}:
            raise refusal(f"a member of {struct[:40]} is not a name and a type")
        name, kind = member["name"], member["type"]
        if not isinstance(name, str) or len(name) > MAX_NAME or not _IDENTIFIER.fullmatch(name):
            raise refusal(f"a member of {struct[:40]} has no usable name")
        if not isinstance(kind, str) or len(kind) > MAX_NAME:
            raise refusal(f"{struct[:40]}.{name} has no usable type")
        if name in found:
            raise refusal(f"{struct[:40]}.{name} is declared twice")
        found[name] = kind
    return tuple(found.items())
