"""What a device has to compare at exchanges, and what it found: for the owner alone, as it tells what was asked."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from warifu.protocol.encoding import Bytes32, Message, Name, Seconds, decode, encode
from warifu.protocol.events.word import MAX_WORD
from warifu.protocol.exchange_answers import MAX_ANSWER_BYTES, AnswerKey, SealedAnswer, seal_signed
from warifu.protocol.identity import IdentityKey

MAX_COMPARISONS, MAX_ASKED, MAX_FOUND = 24, 200, 8
"""Of one device; characters of what was asked; lines of what was found."""
_COMPARISONS = "exchange-comparisons"


class ComparisonShown(Message, frozen=True):
    """One call that this device signed and another one carried."""

    about: Bytes32
    """What it is known by: digest of the ``CallRequest``, or of a visit's sweep."""
    account: Name
    carrier: Bytes32
    made: Seconds
    """By the exchange's clock."""
    settles: Seconds
    """Before this moment the carrier could still use its signature: nobody settles it."""
    state: Literal["owed", "found", "differs"]
    """``owed``: not found yet. ``found``: there as it was signed, and looked at once more. ``differs``: it was
    something else, or something else stands beside it."""
    asked: Annotated[str, msgspec.Meta(max_length=MAX_ASKED)]
    """What this device signed for; empty where it has not loaded what reads it."""
    words: Annotated[
        tuple[Annotated[str, msgspec.Meta(max_length=MAX_WORD)], ...], msgspec.Meta(max_length=MAX_FOUND)
    ]
    """What differs: what is there, and what was signed for."""


class Comparisons(Message, frozen=True):
    """Of one wallet."""

    wallet_id: Bytes32
    shown: Annotated[tuple[ComparisonShown, ...], msgspec.Meta(max_length=MAX_COMPARISONS)]
    """What differs first, then the oldest."""
    more: Annotated[int, msgspec.Meta(ge=0)]
    """So many others."""
    bans: Annotated[tuple[Bytes32, ...], msgspec.Meta(max_length=16)]
    """Devices that owners let carry nothing."""


def seal_comparisons(
    comparisons: Comparisons, request: bytes, reader: bytes, signer: IdentityKey
) -> SealedAnswer:
    """``comparisons``, signed, for the reader of the request with this digest. ``InputRefused`` (``reader-key``)."""
    return seal_signed(_COMPARISONS, encode(comparisons), request, reader, signer)


def open_comparisons(key: AnswerKey, sealed: SealedAnswer, request: bytes, signer: bytes) -> Comparisons:
    """What the device ``signer`` (its pinned identity) told. ``InputRefused`` (``exchange-answer``),
    ``AuthorizationRefused`` (``signature``)."""
    return decode(Comparisons, key.open_signed(_COMPARISONS, sealed, request, signer), MAX_ANSWER_BYTES)
