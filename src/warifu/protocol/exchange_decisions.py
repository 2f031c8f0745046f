"""What a signer says of a call before it is made (a dry run), for the owner alone: its reasons tell what was asked."""

from __future__ import annotations

from warifu.protocol.encoding import decode, encode
from warifu.protocol.exchange_answers import MAX_ANSWER_BYTES, AnswerKey, SealedAnswer, seal_signed
from warifu.protocol.frames.answers import Decision
from warifu.protocol.identity import IdentityKey

_DECISION = "exchange-decision"


def seal_decision(decision: Decision, request: bytes, reader: bytes, signer: IdentityKey) -> SealedAnswer:
    """``decision`` on the request with this digest, signed, for its reader's key. ``InputRefused`` (``reader-key``)."""
    return seal_signed(_DECISION, encode(decision), request, reader, signer)


def open_decision(key: AnswerKey, sealed: SealedAnswer, request: bytes, signer: bytes) -> Decision:
    """What the device ``signer`` (its pinned identity) decided. ``InputRefused`` (``exchange-answer``),
    ``AuthorizationRefused`` (``signature``)."""
    return decode(Decision, key.open_signed(_DECISION, sealed, request, signer), MAX_ANSWER_BYTES)
