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
