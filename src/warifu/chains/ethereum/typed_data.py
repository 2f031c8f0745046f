"""EIP-712 typed data, as ``eth_signTypedData_v4`` takes it in JSON: parsed strictly, hashed, and kept for judging.

Nothing is coerced or guessed: each object has exactly the members of its type, numbers are in range, ``bytesN`` have N
bytes, every declared type is used, and the domain's type is the one of the standard. What has no chain id in its
domain could be replayed on every chain, and is refused by ``faults``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from warifu.chains.ethereum.keccak import keccak256
from warifu.chains.ethereum.strict_json import parse_json
from warifu.chains.ethereum.typed_types import DOMAIN_TYPE, Schema, parse_schema, refusal
from warifu.chains.ethereum.typed_values import Struct, hash_struct, read_struct
from warifu.errors import TransactionRefused

_KEYS = frozenset(("types", "primaryType", "domain", "message"))


@dataclass(frozen=True)
class TypedData:
    """A whole request. Values are ``int``, ``bool``, ``str``, ``bytes`` (addresses: 20), tuples and structs of them."""

    schema: Schema
    primary_type: str
    domain: Struct
    message: Struct

    @property
    def chain_id(self) -> int | None:
        """None where the domain names no chain."""
        value = self.domain.get("chainId")
        return value if isinstance(value, int) else None

    @property
    def verifying_contract(self) -> bytes | None:
        """20 bytes; None where the domain names none."""
        value = self.domain.get("verifyingContract")
        return value if isinstance(value, bytes) else None

    @property
    def domain_name(self) -> str:
        value = self.domain.get("name")
        return value if isinstance(value, str) else ""

    @cached_property
    def domain_separator(self) -> bytes:
        """32 bytes."""
        return hash_struct(self.schema, DOMAIN_TYPE, self.domain)

    @cached_property
    def struct_hash(self) -> bytes:
        """``hashStruct(message)``, 32 bytes."""
        return hash_struct(self.schema, self.primary_type, self.message)

    @cached_property
    def name(self) -> bytes:
        """The digest that is signed, 32 bytes."""
        return keccak256(b"\x19\x01" + self.domain_separator + self.struct_hash)

    def faults(self, chain_id: int | None) -> Iterator[TransactionRefused]:
        """For which a signer of this chain would not sign, whatever the message says."""
        if self.chain_id is None:
            yield TransactionRefused(
                "replay-unprotected", "the domain names no chain: the signature would hold on every chain"
            )
        elif chain_id is not None and self.chain_id != chain_id:
            yield TransactionRefused(
                "wrong-chain", f"the typed data is for chain {self.chain_id}, not for {chain_id}"
            )


def parse_typed_data(data: bytes) -> TypedData:
    """Read the JSON object. Raises ``InputRefused`` (``too-long``, ``json-form``, ``typed-data-form``, ``address``)."""
    found = parse_json(data)
    if not isinstance(found, dict) or found.keys() != _KEYS:
        raise refusal("it is an object with types, primaryType, domain and message, and nothing else")
    primary = found["primaryType"]
    schema = parse_schema(found["types"], primary)
    return TypedData(
        schema,
        primary,
        read_struct(schema, DOMAIN_TYPE, _object(found["domain"], "domain")),
        read_struct(schema, primary, _object(found["message"], "message")),
    )


def _object(value: Any, name: str) -> Mapping[str, Any]:  # noqa: ANN401  # JSON of any type
    if not isinstance(value, dict):
        raise refusal(f"{name} is not an object")
    return value
