"""What nodes answer (execution-apis), parsed strictly: quantities and data in one form, hashes in their length."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import msgspec

Quantity = Annotated[str, msgspec.Meta(pattern=r"\A0x(0|[1-9a-f][0-9a-f]{0,63})\Z")]
"""Hex without leading zeros, below 2^256: a second form would let two equal answers look different, and two different
ones equal."""
Height = Annotated[str, msgspec.Meta(pattern=r"\A0x(0|[1-9a-f][0-9a-f]{0,9})\Z")]
"""A block's number: a quantity below 2^40. A database keeps none from 2^63 up."""
Data = Annotated[str, msgspec.Meta(pattern=r"\A0x([0-9a-fA-F]{2})*\Z", max_length=2 + 2 * 256 * 1024)]
Hash = Annotated[str, msgspec.Meta(pattern=r"\A0x[0-9a-fA-F]{64}\Z")]
Address = Annotated[str, msgspec.Meta(pattern=r"\A0x[0-9a-fA-F]{40}\Z")]

QUANTITY: type[str] = Quantity
HEIGHT: type[str] = Height
DATA: type[str] = Data
HASH: type[str] = Hash

MAX_BLOCKS_OF_HISTORY = 1024


class Block(msgspec.Struct, frozen=True, rename="camel"):
    """A block's header, as far as it is needed."""

    number: Height
    hash: Hash
    parent_hash: Hash
    gas_limit: Quantity


class FeeHistory(msgspec.Struct, frozen=True, rename="camel"):
    """``eth_feeHistory``. ``base_fee_per_gas`` has one entry more than there are blocks: that of the next."""

    oldest_block: Height
    base_fee_per_gas: Annotated[
        tuple[Quantity, ...], msgspec.Meta(min_length=1, max_length=MAX_BLOCKS_OF_HISTORY)
    ]
    gas_used_ratio: Annotated[tuple[Decimal, ...], msgspec.Meta(max_length=MAX_BLOCKS_OF_HISTORY)] = ()
    reward: (
        Annotated[tuple[tuple[Quantity, ...], ...], msgspec.Meta(max_length=MAX_BLOCKS_OF_HISTORY)] | None
    ) = None


class Receipt(msgspec.Struct, frozen=True, rename="camel"):
    """What a transaction in a block came to. ``l1_fee`` is what roll-ups of the OP stack add, in wei."""

    transaction_hash: Hash
    block_hash: Hash
    block_number: Height
    status: Quantity
    gas_used: Quantity
    effective_gas_price: Quantity
    l1_fee: Quantity | None = None


class KnownTransaction(msgspec.Struct, frozen=True, rename="camel"):
    """A transaction that a node has; ``block_hash`` is None while it waits."""

    hash: Hash
    block_hash: Hash | None = None


class Sent(msgspec.Struct, frozen=True):
    """A transaction of a block, as far as it says who sent it."""

    hash: Hash
    sender: Address = msgspec.field(name="from")
    nonce: Quantity


class SenderBlock(msgspec.Struct, frozen=True):
    """A block with its transactions."""

    transactions: list[Sent]


class Access(msgspec.Struct, frozen=True, rename="camel"):
    """An entry of an access list."""

    address: Address
    storage_keys: Annotated[tuple[Hash, ...], msgspec.Meta(max_length=10_000)] = ()


class FullTransaction(msgspec.Struct, frozen=True, rename="camel"):
    """A transaction as it was signed, in the fields that its type has."""

    hash: Hash
    nonce: Quantity
    gas: Quantity
    value: Quantity
    input: Data
    r: Quantity
    s: Quantity
    v: Quantity
    to: Address | None = None
    type: Quantity = "0x0"
    block_hash: Hash | None = None
    chain_id: Quantity | None = None
    y_parity: Quantity | None = None
    gas_price: Quantity = "0x0"
    max_fee_per_gas: Quantity = "0x0"
    max_priority_fee_per_gas: Quantity = "0x0"
    access_list: Annotated[tuple[Access, ...], msgspec.Meta(max_length=10_000)] = ()


def number(value: str) -> int:
    """A quantity's value."""
    return int(value, 16)


def quantity(value: int) -> str:
    """The one form of a number."""
    return hex(value)


def content(value: str) -> bytes:
    """The bytes of a data answer."""
    return bytes.fromhex(value[2:])


def data(value: bytes) -> str:
    """Bytes as parameters take them."""
    return "0x" + value.hex()
