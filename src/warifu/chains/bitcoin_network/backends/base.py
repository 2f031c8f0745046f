"""What every backend can do, and what its answers mean."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Protocol

import msgspec

from warifu.chains.bitcoin.network import Network
from warifu.chains.bitcoin.transaction import display_hash, parse_hash
from warifu.chains.bitcoin_network.fees import FeeEstimates
from warifu.chains.bitcoin_network.genesis import GENESIS
from warifu.chains.bitcoin_network.wallet import ChainTip, DescriptorWallet
from warifu.errors import ChainUnavailable

Height = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
"""Of a block, as a node tells it. Databases and libraries count no further, and would fail on more."""


class Place(Enum):
    """Where a transaction was found."""

    CONFIRMED = "confirmed"
    MEMPOOL = "mempool"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class TxStatus:
    """Where a backend sees a transaction; ``block`` only for a confirmed one.

    Unknown is no proof of absence: a backend may have dropped it, or not have heard of it yet.
    """

    place: Place
    block: ChainTip | None = None


UNKNOWN = TxStatus(Place.UNKNOWN)
IN_MEMPOOL = TxStatus(Place.MEMPOOL)


def confirmed(height: int, block_hash: str) -> TxStatus:
    """The status of a transaction in a block, its hash as interfaces write it."""
    return TxStatus(Place.CONFIRMED, ChainTip(height, parse_hash(block_hash)))


class Broadcast(Enum):
    """How a broadcast that was not refused ended."""

    ACCEPTED = "accepted"
    """The node checked it and has it in its mempool."""
    ALREADY_KNOWN = "already-known"
    """The node had exactly these bytes, in its mempool or in a block: sending again changed nothing."""
    SENT = "sent"
    """Peers asked for it and got it; whether they accept it they do not say (compact filters)."""


@dataclass(frozen=True)
class BroadcastOutcome:
    """The 32-byte id that was sent, how that ended, and which backend says so."""

    txid: bytes
    result: Broadcast
    backend: str


class Backend(Protocol):
    """A source of chain data. Each method raises ``ChainUnavailable`` where no usable answer came in time."""

    @property
    def name(self) -> str:
        """For people and for ``blame``; never with a password or token in it."""
        ...

    def block_hash(self, height: int) -> bytes:
        """The hash of the block at ``height`` on the backend's best chain."""
        ...

    def tip(self) -> ChainTip:
        """The backend's best block."""
        ...

    def sync(self, wallet: DescriptorWallet) -> None:
        """Bring ``wallet`` to the backend's tip and mempool."""
        ...

    def fee_rates(self) -> FeeEstimates:
        """Estimates by confirmation target; empty where the backend has none."""
        ...

    def broadcast(self, raw: bytes) -> BroadcastOutcome:
        """Send a signed transaction. Sending it twice is sending it once.

        Raises ``BroadcastRejected`` with the node's own reason (``rejection``); ``other-witness`` where the node
        has this transaction with other signatures, of which it would have reported success without looking at ours.
        """
        ...

    def status(self, txid: bytes) -> TxStatus:
        """Where the transaction is."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


def check_network(backend: Backend, network: Network) -> None:
    """Return only if ``backend`` is on ``network``: a regtest node must never feed a wallet of real bitcoin.

    Raises ``ChainUnavailable`` (``wrong-network``).
    """
    found = backend.block_hash(0)
    if found != GENESIS[network]:
        raise ChainUnavailable(
            "wrong-network",
            f"{backend.name} is not on {network.value}: its first block is {display_hash(found)}",
            remedy="Configure a backend of the wallet's network.",
            blame=backend.name,
        )
