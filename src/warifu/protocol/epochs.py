"""Which shares of a wallet's keys are in force: those it was born with (epoch 0), or those of the N-th refresh.

``docs/protocol.md``, "Refresh". A refresh gives every device a new share of the same keys. Each device that keeps its
new shares, durably and beside the old, signs the ``EpochStatement``; the signatures of *all* devices are the
certificate of the epoch. Whoever holds it knows that no device is left without the new shares, and that all saw the
same ceremony (ChillDKG's equality check, CertEq). It is public, and it convinces anybody at any later time.

A hostile device could have two attempts at one epoch certified and show them to different others. Every honest device
kept the shares of both then (``signer.refreshes``), and of two certificates the greater *position* is in force.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec

from warifu.errors import AuthorizationRefused, InputRefused
from warifu.protocol.chains import Scheme
from warifu.protocol.encoding import Bytes32, Bytes64, Message, Name, decode, digest, encode
from warifu.protocol.exchange_requests import MAX_ACCOUNTS
from warifu.protocol.frames.bounds import MAX_CERTIFICATE_BYTES, PublicKey
from warifu.protocol.identity import IdentityKey, verify
from warifu.protocol.request import MAX_EPOCH, MAX_SIGNERS

_PURPOSE = "epoch-kept"
_EPOCH_BYTES = 8
POSITION_BYTES = _EPOCH_BYTES + 32
AT_BIRTH = bytes(POSITION_BYTES)
"""The position of the shares that a wallet was born with."""


class EpochKey(Message, frozen=True):
    """One key's shares in an epoch."""

    scheme: Scheme
    public_shares: Annotated[tuple[PublicKey, ...], msgspec.Meta(min_length=1, max_length=MAX_SIGNERS)]
    """In ascending order of the devices' identities."""


class EpochAccount(Message, frozen=True):
    """The shares of the key of an account at an exchange in an epoch."""

    account: Name
    public: Bytes32
    public_shares: Annotated[tuple[Bytes32, ...], msgspec.Meta(min_length=1, max_length=MAX_SIGNERS)]
    """In ascending order of the devices' identities."""


class EpochStatement(Message, frozen=True):
    """What each device signs once it keeps its new shares."""

    wallet_id: Bytes32
    request: Bytes32
    """Digest of the ``RefreshRequest``."""
    epoch: Annotated[int, msgspec.Meta(ge=1, le=MAX_EPOCH)]
    keys: Annotated[tuple[EpochKey, ...], msgspec.Meta(min_length=1, max_length=3)]
    """In the order of the wallet's schemes."""
    transcript: Bytes32
    """Of the session, and of every commitment in it."""
    accounts: Annotated[tuple[EpochAccount, ...], msgspec.Meta(max_length=MAX_ACCOUNTS)] = ()
    """Those whose key all devices share, ascending by name."""

    def __post_init__(self) -> None:
        names = [each.account for each in self.accounts]
        if names != sorted(set(names)):
            raise ValueError("'accounts' must be sorted and without repetition")

    def shares(self, scheme: str) -> tuple[bytes, ...]:
        """The public shares for ``scheme``, of which the statement has one entry."""
        return next(key.public_shares for key in self.keys if key.scheme == scheme)


class EpochCertificate(Message, frozen=True):
    """An encoded ``EpochStatement``, and the signature of every device, in ascending order of their identities."""

    statement: Annotated[bytes, msgspec.Meta(max_length=MAX_CERTIFICATE_BYTES)]
    signatures: Annotated[tuple[Bytes64, ...], msgspec.Meta(min_length=1, max_length=MAX_SIGNERS)]


def sign_kept(key: IdentityKey, statement: bytes) -> bytes:
    """A device's word that it keeps its shares of this encoded statement. 64 bytes."""
    return key.sign(_PURPOSE, statement)


def check_kept(identity: bytes, statement: bytes, signature: bytes) -> None:
    """``AuthorizationRefused`` (``signature``) unless ``identity`` gave that word."""
    verify(identity, signature, _PURPOSE, statement)


def position(statement: bytes) -> bytes:
    """Where the encoded statement stands among all of its wallet: of two, the greater one is in force. 40 bytes."""
    epoch = read_statement(statement).epoch
    return epoch.to_bytes(_EPOCH_BYTES, "big") + digest("epoch", statement)


def epoch_at(standing: bytes) -> int:
    """The number of the epoch at this position; 0: as born."""
    return int.from_bytes(standing[:_EPOCH_BYTES], "big")


def read_statement(data: bytes) -> EpochStatement:
    """``InputRefused`` for anything else."""
    return decode(EpochStatement, data, MAX_CERTIFICATE_BYTES)


def check_certificate(
    data: bytes, wallet_id: bytes, identities: Sequence[bytes], schemes: Sequence[str]
) -> EpochStatement:
    """What the encoded certificate certifies, if all devices of this wallet (``identities``, ascending) signed it.

    That the public shares are of the wallet's keys, and of its accounts' at exchanges, is the signers' to check, who
    never sign it otherwise, and can be checked again by anyone (``warifu.threshold.refresh.keeps_key``).

    Raises ``InputRefused`` (``certificate`` and malformed ones), ``AuthorizationRefused`` (``signature``).
    """
    certificate = decode(EpochCertificate, data, MAX_CERTIFICATE_BYTES)
    statement = read_statement(certificate.statement)
    if statement.wallet_id != wallet_id:
        raise InputRefused("certificate", "the certificate is of another wallet's shares")
    dealt = [key.public_shares for key in statement.keys] + [
        each.public_shares for each in statement.accounts
    ]
    if tuple(key.scheme for key in statement.keys) != tuple(schemes) or any(
        len(shares) != len(identities) for shares in dealt
    ):
        raise InputRefused("certificate", "the certificate is not of all of the wallet's keys and devices")
    if len(certificate.signatures) != len(identities):
        raise AuthorizationRefused("signature", "the certificate is not signed by every device of the wallet")
    for identity, signature in zip(identities, certificate.signatures, strict=True):
        check_kept(identity, certificate.statement, signature)
    return statement


def certify(statement: bytes, words: Sequence[bytes]) -> bytes:
    """The encoded certificate; ``words``: every device's, in ascending order of the identities."""
    return encode(EpochCertificate(statement, tuple(words)))


def statement_in(certificate: bytes) -> bytes:
    """The encoded statement that this encoded certificate is of; nothing is checked."""
    return decode(EpochCertificate, certificate, MAX_CERTIFICATE_BYTES).statement
