"""What questions and answers are made of, and the fields that many have."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from warifu.protocol.authorization import MAX_AUTHORIZATION_BYTES
from warifu.protocol.credential import MAX_APPROVAL_BYTES
from warifu.protocol.encoding import Bytes32, Seconds
from warifu.protocol.frames import MAX_UNSIGNED_BYTES
from warifu.protocol.request import MAX_SIGNERS
from warifu.units import MAX_SATOSHI

API_PREFIX = "/v1"
MAX_API_BODY_BYTES = 4 * 1024 * 1024
"""Longest body of a request, in bytes."""
MAX_API_ANSWER_BYTES = 64 * 1024 * 1024
"""Longest answer that a client needs to accept, in bytes."""
LONGEST_WAIT = 25
"""Most seconds for which ``?wait=`` holds an answer back until something new happens."""

Scope = Literal["read", "draft", "transfer", "admin"]
SCOPES: tuple[Scope, ...] = ("read", "draft", "transfer", "admin")
"""``read``: look. ``draft``: new addresses, labels, unsigned transactions. ``transfer``: hand in what the owner
authorized. ``admin``: devices, wallets, API keys. No scope contains another."""

Txid = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
"""Of a Bitcoin transaction."""
AnyTxid = Annotated[str, msgspec.Meta(max_length=100, pattern=r"^[0-9A-Za-z]*\Z")]
"""Of any chain's transaction: hexadecimal, with 0x on Ethereum; base58 on Solana."""
Hex32 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
Id16 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]
Satoshis = Annotated[int, msgspec.Meta(ge=0, le=MAX_SATOSHI)]
FeeRate = Annotated[int, msgspec.Meta(ge=1000, le=5_000_000)]
"""Satoshi per 1000 virtual bytes, from 1 to 5,000 sat/vB."""
AddressText = Annotated[str, msgspec.Meta(min_length=14, max_length=100)]
EncodedAuthorization = Annotated[bytes, msgspec.Meta(min_length=1, max_length=MAX_AUTHORIZATION_BYTES)]
EncodedApproval = Annotated[bytes, msgspec.Meta(min_length=1, max_length=MAX_APPROVAL_BYTES)]
EncodedEnvelope = Annotated[bytes, msgspec.Meta(min_length=1, max_length=1024)]
EncodedEnvelopes = Annotated[tuple[EncodedEnvelope, ...], msgspec.Meta(min_length=1, max_length=MAX_SIGNERS)]
Identities = Annotated[tuple[Bytes32, ...], msgspec.Meta(min_length=1, max_length=MAX_SIGNERS)]
UnsignedBytes = Annotated[bytes, msgspec.Meta(min_length=1, max_length=MAX_UNSIGNED_BYTES)]
LabelLines = Annotated[str, msgspec.Meta(max_length=1024 * 1024)]


class Question(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a request."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The body of an answer."""


class Event(Answer, frozen=True):
    """One thing that happened. ``number`` counts from 1 without gaps; ``step`` is one of the eight, 0 for none."""

    number: int
    at: Seconds
    step: int
    text: str
    device: str | None = None


class Accepted(Answer, frozen=True):
    """What was started; ask for it by this id."""

    id: str
