"""A chain of accounts (Ethereum and its kin, Solana) as the custody service uses it: one protocol for network halves.

An account has one address, a balance in the chain's coin and in tokens, and an order of transactions. Everything here
is asked of backends and can be a lie; what a lie could cost is bounded by what the signers read themselves. All methods
block; call them in threads. Each raises ``ChainUnavailable`` where no usable answer came in time.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


@dataclass(frozen=True)
class Token:
    """A fungible token of one chain."""

    address: str
    """Contract or mint, in its one text form."""
    symbol: str
    decimals: int


@dataclass(frozen=True)
class Holding:
    """What an account has of one asset, in its smallest unit. ``token`` is None for the chain's own coin."""

    token: Token | None
    amount: int


@dataclass(frozen=True)
class Payment:
    """What the owner wants: ``amount`` (smallest unit) of ``token`` (``COIN`` for the chain's own coin) to ``to``."""

    to: str
    amount: int
    token: str


@dataclass(frozen=True)
class AccountDraft:
    """An unsigned transaction."""

    unsigned: bytes
    """As the chain's pure half reads it."""
    name: bytes
    """``Reading.name``, 32 bytes."""
    fee: int
    """The most that it can cost, in the chain's smallest unit."""
    likely_fee: int
    """What it would cost if it were executed now."""
    slot: int | None
    """The account nonce that it takes, where the chain counts; None where it does not."""


@dataclass(frozen=True)
class SignedTransaction:
    """Ready to be sent. Its id is known before it is."""

    raw: bytes
    txid: str


class Outcome(Enum):
    """Where a transaction is."""

    UNKNOWN = "unknown"
    """No backend knows it: not yet sent, dropped, or not heard of."""
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """In a block, and its execution failed: the fee is gone, nothing else moved."""
    REPLACED = "replaced"
    """Another transaction of the account took its place for good."""
    EXPIRED = "expired"
    """It can not be executed any more (Solana: its blockhash is too old)."""


@dataclass(frozen=True)
class AccountStatus:
    """``height``, ``confirmations`` and ``fee`` (what it cost, smallest unit) for what is in a block."""

    outcome: Outcome
    height: int | None = None
    block: str | None = None
    confirmations: int = 0
    fee: int | None = None
    why: str = ""
    """Why it failed, in words, where that is known."""


@dataclass(frozen=True)
class Listing:
    """Transactions in blocks that name an account in any part: what others sent it is among them."""

    txids: tuple[str, ...]
    since: int | None
    """The moment (seconds since 1970-01-01 UTC) before which the backends have no history; None where they have it
    all."""


class Sent(Enum):
    """How a broadcast that was not refused ended."""

    ACCEPTED = "accepted"
    ALREADY_KNOWN = "already-known"


class AccountChain(Protocol):
    """One chain of accounts."""

    @property
    def chain(self) -> str:
        """``Reading.chain``."""
        ...

    @property
    def confirmations(self) -> int:
        """How many make a transaction final, here."""
        ...

    def check(self) -> None:
        """Return only if the backends are on this chain. ``ChainUnavailable`` (``wrong-network``)."""
        ...

    def height(self) -> int: ...

    def holdings(self, address: str, tokens: Sequence[str]) -> tuple[Holding, ...]:
        """The coin first, then ``tokens`` (addresses) in their order."""
        ...

    def executed(self, address: str) -> int | None:
        """How many transactions the account has made that are in blocks; None where the chain does not count them."""
        ...

    def transaction(self, txid: str) -> bytes | None:
        """A signed transaction that is in a block, from the first backend that has it; None where none shows it."""
        ...

    def draft(self, sender: str, payment: Payment, taken: Collection[int]) -> AccountDraft:
        """Build what is wanted. ``taken``: account nonces that other transfers of ours hold.

        ``InputRefused`` (``address``, ``token``, ``insufficient-funds``, ...) where it cannot be.
        """
        ...

    def replace(self, sender: str, unsigned: bytes, *, cancel: bool) -> AccountDraft:
        """The same transaction with fees that nodes accept as a replacement; or, to ``cancel``, one that takes its
        place and pays nobody. ``InputRefused`` (``not-replaceable``) where the chain has no such thing."""
        ...

    def assemble(self, unsigned: bytes, signatures: Sequence[bytes], sender: str) -> SignedTransaction:
        """Put the signature (64 bytes, or 65 with the recovery id last) in place, and check that it is the sender's.

        ``TransactionRefused`` (``signature``).
        """
        ...

    def broadcast(self, raw: bytes) -> tuple[Sent, str]:
        """Send, to every backend; twice is once. Who took it. ``BroadcastRejected`` with the node's own reason."""
        ...

    def status(self, sender: str, raw: bytes) -> AccountStatus:
        """Where this signed transaction is, reorganisations included."""
        ...

    def close(self) -> None: ...
