"""What the transfer workflow needs of a chain: read what is unsigned, put signatures in place, send, find it again.

A road holds no state of a transfer: that is in its row. So each question may be asked twice, and after a kill.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from warifu.service.store.rows import StoredTransfer


@dataclass(frozen=True)
class Understood:
    """What the door learns from unsigned bytes alone."""

    name: bytes
    """32 bytes, to be compared with ``TransferRequest.transaction``."""
    txid: str
    """Empty where only the signatures make it."""
    slot: int | None
    """The account nonce that it takes, where the chain counts."""
    sends: bool
    """False for a message: it is signed, and that is all."""


@dataclass(frozen=True)
class Assembled:
    """Signatures in place, each verified. For a message ``raw`` is the signature and ``txid`` empty."""

    raw: bytes
    txid: str
    finalized: bytes | None = None
    """The unsigned form with its signatures, where there is such a thing (PSBT)."""


@dataclass(frozen=True)
class Delivery:
    """A broadcast that was not refused: who took it, and in which words."""

    by: str
    words: str
    blind: bool = False
    """Peers took it and never say whether they keep it: offer it again only after a pause."""


@dataclass(frozen=True)
class InBlock:
    """``failure``: why its execution failed, empty where it did not."""

    height: int
    confirmations: int
    settled: bool
    fee: int | None = None
    failure: str | None = None


@dataclass(frozen=True)
class Waiting:
    """In no block. ``known``: whether a backend has it. ``why``: what it waits for, where that is more than a block."""

    known: bool
    why: str = ""


@dataclass(frozen=True)
class Displaced:
    """Another transaction took its place; ``by`` is its txid, where that is known."""

    by: str | None
    settled: bool


@dataclass(frozen=True)
class Expired:
    """It can not be executed any more, and never was."""

    why: str


Whereabouts = InBlock | Waiting | Displaced | Expired


class Road(Protocol):
    """One chain. All methods block; call them in threads."""

    @property
    def chain(self) -> str:
        """As requests call it."""
        ...

    def understand(self, wallet: str, unsigned: bytes) -> Understood:
        """Read strictly. Raises ``InputRefused`` or ``TransactionRefused``."""
        ...

    def assemble(self, wallet: str, unsigned: bytes, signatures: Sequence[bytes]) -> Assembled:
        """Put them in place and verify each. Raises ``InputRefused`` or ``TransactionRefused``."""
        ...

    def hold(self, wallet: str, unsigned: bytes) -> None:
        """Keep what it uses out of later drafts. What the database holds (account nonces) is held already."""
        ...

    def release(self, wallet: str, unsigned: bytes) -> None:
        """It will not use it."""
        ...

    def broadcast(self, wallet: str, raw: bytes) -> Delivery:
        """Send; twice is once. Raises ``ChainUnavailable``, or ``BroadcastRejected`` where nobody has it."""
        ...

    def refresh(self, wallets: Collection[str]) -> None:
        """Before a round of questions about these wallets' transfers."""
        ...

    def whereabouts(self, transfer: StoredTransfer) -> Whereabouts:
        """Where a signed transaction is, reorganisations included. Raises ``ChainUnavailable``."""
        ...
