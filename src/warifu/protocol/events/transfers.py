"""What a journal says of a transfer: what was signed, what counts."""

from __future__ import annotations

from typing import Annotated

import msgspec

from warifu.protocol.chains import Chain
from warifu.protocol.encoding import Amount, Bytes16, Bytes32, Message
from warifu.protocol.request import MAX_SIGNERS, Outflow


class Moved(Message, frozen=True):
    """What leaves of one asset, and how much of that counts from now on, in its smallest unit."""

    token: str
    leaves: Amount
    counted: Amount


class Started(Message, frozen=True, tag="started"):
    """Every rule allowed it: partial signatures for this transaction may leave."""

    request: Bytes32
    request_id: Bytes16
    wallet: Bytes32
    session: Bytes16
    participants: Annotated[tuple[Bytes32, ...], msgspec.Meta(min_length=1, max_length=MAX_SIGNERS)]
    chain: Chain
    transaction: Bytes32
    replaces: Bytes16 | None
    rules: Bytes32
    """Hash of the rules that allowed it."""
    commitments: Bytes32
    """Digest of all signers' public nonces, or of the ECDSA correlations that were used up."""
    outflows: Annotated[tuple[Outflow, ...], msgspec.Meta(max_length=128)]
    """What this device read in the transaction's bytes."""
    fee: Amount
    """The most that it can cost beside them."""
    moved: Annotated[tuple[Moved, ...], msgspec.Meta(max_length=128)]


class FinishedTransfer(Message, frozen=True, tag="finished"):
    """The verified signatures are kept and may leave."""

    wallet: Bytes32
    request: Bytes32
    session: Bytes16
    transaction: Bytes32
    signatures: Bytes32
    """Digest of the result."""


class Acknowledged(Message, frozen=True, tag="acknowledged"):
    """Every rule allowed it, and it counts from now on, whoever signs it (strict wallets)."""

    wallet: Bytes32
    request: Bytes32
    chain: Chain
    transaction: Bytes32
    rules: Bytes32
    """Hash of the rules that allowed it."""


class Noted(Message, frozen=True, tag="noted"):
    """Another device told that it counts this request; this one counts it from now on as well."""

    wallet: Bytes32
    request: Bytes32
