"""What a signer understood of something unsigned, in words that are the same for every chain.

Each chain's pure half reads raw bytes into a value of its own, and that value gives a ``Reading``: what would leave
the wallet, what it may cost, and which bytes would be signed. Policy, ledger and ceremony know nothing but readings.
Amounts are whole numbers of an asset's smallest unit (satoshi, wei, lamport, a token's own).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

COIN = ""
"""The ``token`` of a chain's own coin."""


class Scheme(StrEnum):
    """The signature scheme of a key, and so the threshold suite that makes its signatures."""

    BIP340 = "bip340"
    ECDSA = "ecdsa"
    ED25519 = "ed25519"


class Kind(StrEnum):
    """In which way an outflow takes something from the wallet."""

    PAYMENT = "payment"
    """``amount`` goes to ``to``."""
    APPROVAL = "approval"
    """``to`` may take ``amount`` from now on (ERC-20 ``approve``, permits): judged as if it had been paid."""
    CALL = "call"
    """``to`` is a contract or program that is called with data which is not understood; ``amount`` is what goes along.
    Only a policy that names the contract allows it."""
    MESSAGE = "message"
    """A signature over words that move nothing by themselves. ``to`` is who asks for it, as far as that is known; where
    it is a contract (``0x...``), that may make of it what it makes of a call."""


@dataclass(frozen=True)
class Outflow:
    """One thing that leaves the wallet, or may."""

    kind: Kind
    token: str
    """``COIN``, or the token's contract or mint, in its one text form."""
    amount: int
    """At least 0, below 2^256."""
    to: str
    """The recipient's address in its one text form (bech32m, EIP-55, base58)."""
    method: bytes = field(default=b"", compare=False)
    """The 4 bytes by which a call of an EVM contract names its method; empty where it names none, and for all else.
    It is in the transaction that the owner authorized, so a request does not say it again."""


@dataclass(frozen=True)
class ToSign:
    """One signature. Whatever is here was computed by the chain's pure half from raw bytes."""

    message: bytes
    """A digest of 32 bytes; for Ed25519 the whole message."""
    path: tuple[int, ...]
    """The unhardened derivation from the wallet's key of this scheme."""


@dataclass(frozen=True)
class Reading:
    """A whole understood transaction or message."""

    chain: str
    """``bitcoin``, ``solana``, or ``eip155:N`` with the chain id."""
    scheme: Scheme
    name: bytes
    """32 bytes that name exactly this unsigned transaction: two that differ in any bit that counts have two names."""
    outflows: tuple[Outflow, ...]
    """All that goes to others, in the transaction's order; what comes back to the wallet is not among them."""
    fee: int
    """The most that it can cost in the chain's own coin beside the outflows, in its smallest unit."""
    to_sign: tuple[ToSign, ...]
    excludes: tuple[bytes, ...]
    """What makes two transactions exclude each other on the chain: those that share an element can not both happen
    (a spent coin, an account's nonce, a durable nonce's value)."""
