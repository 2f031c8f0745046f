"""The answers of Solana's JSON-RPC, as far as they are used; everything else in them is passed over."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Generic, TypeVar

import msgspec

T = TypeVar("T")

U64 = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""Half of what its type could be, and all that a database keeps: no slot and no sum of lamports comes near it."""
HEIGHT: type[int] = U64
Text = Annotated[str, msgspec.Meta(max_length=128)]
GenesisHash = Annotated[str, msgspec.Meta(pattern=r"\A[1-9A-HJ-NP-Za-km-z]{32,44}\Z")]
GENESIS_HASH: type[str] = GenesisHash
MAX_ACCOUNT_BYTES = 64 * 1024
MAX_FEE_SAMPLES = 1000
MAX_TRANSACTION_BYTES = 4096
"""More than a packet: larger transactions are proposed (SIMD-0296)."""


def _from_base64(encoded: tuple[str, str]) -> bytes:
    if encoded[1] != "base64":
        raise ValueError("not base64")
    try:
        return base64.b64decode(encoded[0], validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


class Context(msgspec.Struct, frozen=True):
    """As of which slot an answer holds."""

    slot: U64


class InContext(msgspec.Struct, Generic[T], frozen=True):
    """An answer with its context."""

    context: Context
    value: T


class AccountInfo(msgspec.Struct, frozen=True):
    """``getAccountInfo`` with encoding base64."""

    data: tuple[Annotated[str, msgspec.Meta(max_length=2 * MAX_ACCOUNT_BYTES)], str]
    owner: Text
    lamports: U64
    executable: bool

    def content(self) -> bytes:
        """Its bytes. ``ValueError`` for what is no base64."""
        return _from_base64(self.data)


class LatestBlockhash(msgspec.Struct, frozen=True):
    """``getLatestBlockhash``. Until when it is good, as one node says it, is not used: a lie could make somebody take
    a transaction for dead that is not."""

    blockhash: Text


class PrioritizationFee(msgspec.Struct, frozen=True, rename="camel"):
    """``getRecentPrioritizationFees``: the least price (millionths of a lamport) with which one got into a slot."""

    slot: U64
    prioritization_fee: U64


class Simulated(msgspec.Struct, frozen=True, rename="camel"):
    """``simulateTransaction``."""

    err: object
    logs: list[str] | None = None
    units_consumed: U64 | None = None


class SignatureStatus(msgspec.Struct, frozen=True, rename="camel"):
    """``getSignatureStatuses``: one transaction in a block."""

    slot: U64
    err: object
    confirmations: U64 | None = None
    """How many blocks are on top; None where it is final."""
    confirmation_status: str | None = None


class SignatureOf(msgspec.Struct, frozen=True):
    """``getSignaturesForAddress``: one transaction that names the address."""

    signature: Text
    slot: U64
    err: object = None


class ExecutedBytes(msgspec.Struct, frozen=True):
    """``getTransaction`` with encoding base64: the signed transaction itself."""

    transaction: tuple[Annotated[str, msgspec.Meta(max_length=2 * MAX_TRANSACTION_BYTES)], str]

    def content(self) -> bytes:
        """Its bytes. ``ValueError`` for what is no base64."""
        return _from_base64(self.transaction)


class BlockHead(msgspec.Struct, frozen=True, rename="camel"):
    """``getBlock`` without its transactions."""

    blockhash: Text
    previous_blockhash: Text


class Meta(msgspec.Struct, frozen=True, rename="camel"):
    """What a transaction cost, and the lamports of its accounts before and after."""

    fee: U64
    pre_balances: list[U64]
    post_balances: list[U64]


class Executed(msgspec.Struct, frozen=True):
    """``getTransaction``."""

    slot: U64
    meta: Meta | None = None
