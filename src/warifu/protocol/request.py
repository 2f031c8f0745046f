"""What an owner can ask for, in the one form that is shown, hashed and signed.

``docs/protocol.md``, "Requests". A request is authorized by a credential's signature over its digest; the signers
compare every field with what they are about to do, and with their own clock.
"""

from __future__ import annotations

from typing import Annotated, Literal, cast

import msgspec

from warifu.protocol.encoding import Bytes16, Bytes32, Message, Seconds, decode, digest, encode
from warifu.protocol.identity import Credential, DeviceRef
from warifu.protocol.policy import Policy
from warifu.units import MAX_SATOSHI

MAX_REQUEST_BYTES = 256 * 1024
MAX_SIGNERS = 16
Network = Literal["bitcoin", "testnet", "signet", "regtest"]


class Recipient(Message, frozen=True):
    """One payment: to this address, exactly this amount in satoshi."""

    address: Annotated[str, msgspec.Meta(min_length=14, max_length=100)]
    amount: Annotated[int, msgspec.Meta(ge=1, le=MAX_SATOSHI)]


class Stretching(Message, frozen=True):
    """Argon2id parameters of the passphrase lock (RFC 9106): memory in MiB, at least 64, and passes."""

    memory_mib: Annotated[int, msgspec.Meta(ge=64, le=4096)]
    passes: Annotated[int, msgspec.Meta(ge=3, le=100)]


class TransferRequest(Message, frozen=True, tag="transfer"):
    """Move funds on Bitcoin by exactly this transaction.

    ``txid`` (32 bytes, in the order in which a hash function gives it) names the one unsigned transaction that the
    owner saw: two quorums can therefore never sign two payments for one request, even where they share no signer.
    """

    request_id: Bytes16
    wallet_id: Bytes32
    network: Network
    recipients: Annotated[tuple[Recipient, ...], msgspec.Meta(min_length=1, max_length=100)]
    fee_ceiling: Annotated[int, msgspec.Meta(ge=0, le=MAX_SATOSHI)]
    txid: Bytes32
    replaces: Bytes16 | None
    """The ``request_id`` of the transfer whose transaction this one replaces (fee bump), or None."""
    created: Seconds
    expires: Seconds


class WalletRequest(Message, frozen=True, tag="wallet"):
    """Create a wallet: have these devices generate a key of which each gets one share.

    The digest of this request is the wallet's id, so the id alone fixes devices, threshold, owners and first policy.
    """

    request_id: Bytes16
    network: Network
    threshold: Annotated[int, msgspec.Meta(ge=1, le=MAX_SIGNERS)]
    devices: Annotated[tuple[DeviceRef, ...], msgspec.Meta(min_length=1, max_length=MAX_SIGNERS)]
    owners: Annotated[tuple[Credential, ...], msgspec.Meta(min_length=1, max_length=8)]
    policy: Policy
    stretching: Stretching
    created: Seconds
    expires: Seconds


Request = TransferRequest | WalletRequest


def request_digest(request: Request) -> bytes:
    """32 bytes that name exactly this request."""
    return digest("request", encode(request))


def decode_request(data: bytes) -> Request:
    """Read a request from its one encoding; ``InputRefused`` for anything else."""
    return decode(cast("type[Request]", Request), data, MAX_REQUEST_BYTES)
