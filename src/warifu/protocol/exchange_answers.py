"""What a signer answers about an exchange: words for the service, and the exchange's own answer for the owner alone."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from nacl.utils import random
from pyhpke import AEADId, CipherSuite, KDFId, KEMId
from pyhpke.exceptions import PyHPKEError

from warifu.errors import InputRefused
from warifu.protocol.encoding import Bytes32, Bytes64, Message, Name, Seconds, decode, digest, encode
from warifu.protocol.exchange_requests import MAX_SHARES, MAX_TRAVEL_RULE_FIELDS, KeyKind
from warifu.protocol.identity import IdentityKey, verify

MAX_ANSWER_BYTES = 192 * 1024
"""Of an exchange's answer that is handed on, headers and body; a longer one is refused by the carrier."""
MAX_DUE = 16
"""Calls to be compared that a status names; further ones when these are."""
MORE_PAGES = "more-pages"
"""Why a comparison is not settled yet: the exchange's list goes on, and each page takes a session."""
_INFO = b"warifu/v1/exchange-answer"
_TOLD = "exchange-answer"
_suite = CipherSuite.new(KEMId.DHKEM_X25519_HKDF_SHA256, KDFId.HKDF_SHA256, AEADId.AES256_GCM)

Outcome = Literal["done", "refused", "try-again", "unknown", "differs", "not-there", "unanswered"]
"""``done``: the exchange answered so. ``refused``, ``try-again``: nothing happened. ``unknown``: it may have happened;
ask, and do not send it again. Of a comparison: ``done`` (it is what was signed), ``differs``, ``not-there``,
``unanswered``."""


Reason = Annotated[str, msgspec.Meta(max_length=32)]
"""``warifu.exchanges.failures.Reason``, or a reason of the egress; empty for ``done``."""
RetryAfter = Annotated[int, msgspec.Meta(ge=0, le=86_400)]
"""Seconds that the exchange wants us to wait; 0 where it did not say."""


class ExchangeAnswer(Message, frozen=True):
    """The exchange's answer as it came."""

    status: Annotated[int, msgspec.Meta(ge=100, le=599)]
    headers: Annotated[
        tuple[
            tuple[
                Annotated[str, msgspec.Meta(max_length=128)], Annotated[str, msgspec.Meta(max_length=8192)]
            ],
            ...,
        ],
        msgspec.Meta(max_length=100),
    ]
    body: Annotated[bytes, msgspec.Meta(max_length=MAX_ANSWER_BYTES)]


class Told(Message, frozen=True):
    """What the carrier tells the owner: the outcome as it judges it, and the exchange's answer where one came whole."""

    request: Bytes32
    """Digest of the ``CallRequest``."""
    outcome: Outcome
    reason: Reason
    retry_after: RetryAfter
    answer: ExchangeAnswer | None


PieceNumber = Annotated[int, msgspec.Meta(ge=1, lt=2**20)]
"""Of a piece of an answer; the first is 1."""


class ToldAfterPieces(Message, frozen=True):
    """A ``Told`` whose answer's body is only the end of it: the pieces that came before (``exchange_pieces``) are its
    beginning."""

    told: Told
    pieces: Annotated[int, msgspec.Meta(ge=0, lt=2**20)]
    """How many."""
    whole: Bytes32
    """``exchange_pieces.Together.digest`` of all of them."""


class SealedAnswer(Message, frozen=True):
    """A ``Told`` (or ``ToldAfterPieces``, or a piece) with the carrier's signature, for whoever holds the private half
    of the request's ``reader``.

    The service knows that key's public half, so sealing alone would let it answer in the carrier's place."""

    encapsulated: Bytes32
    ciphertext: Annotated[bytes, msgspec.Meta(max_length=MAX_ANSWER_BYTES + 32 * 1024)]


class CallResult(Message, frozen=True):
    """Result of an ``exchange`` session at its carrier; the other participants finish with ``Cosigned``."""

    request: Bytes32
    """Digest of the ``CallRequest``, or what a comparison is about."""
    outcome: Outcome
    """For the service's books; the owner believes what is sealed."""
    reason: Reason
    retry_after: RetryAfter
    told: SealedAnswer | None
    """None for a comparison, which no owner asked for."""


class Cosigned(Message, frozen=True):
    """This device gave its signature share to the carrier, and has nothing more to do."""

    request: Bytes32


class AccountKept(Message, frozen=True):
    """A device keeps its part of an account's credential. Signed by its identity (purpose ``exchange-account``)."""

    request: Bytes32
    """Digest of the ``AccountRequest``."""
    signature: Bytes64


class Succession(Message, frozen=True):
    """To ``AskSuccession``: this device's word that it keeps that key with its API key (purpose
    ``exchange-succession``), and where the key is in force already, every holder's, by which it was put there."""

    succession: Bytes32
    signature: Bytes64
    together: Annotated[tuple[Bytes64, ...], msgspec.Meta(max_length=MAX_SHARES)]
    """In the order of the holders; empty where the key is not in force, or took no other's place."""


class KeyBorn(Message, frozen=True):
    """Result of an ``exchange-key`` session: signed (purpose ``exchange-key``) over request, key and public shares."""

    request: Bytes32
    """Digest of the ``ExchangeKeyRequest``."""
    public: Bytes32
    public_shares: Annotated[tuple[Bytes32, ...], msgspec.Meta(min_length=1, max_length=16)]
    identity: Bytes32
    signature: Bytes64


class AccountStatus(Message, frozen=True):
    """One account as a device sees it. Neither the API key nor a secret."""

    wallet_id: Bytes32
    account: Name
    exchange: Name
    key: KeyKind
    holders: Annotated[tuple[Name, ...], msgspec.Meta(min_length=1, max_length=16)]
    public: Annotated[bytes, msgspec.Meta(max_length=32)]
    """Of a shared key."""
    finished: bool
    """False: the key was born, and the exchange's API key was not brought yet."""
    simulation: bool
    due: Annotated[tuple[Bytes32, ...], msgspec.Meta(max_length=MAX_DUE)]
    """Calls (digests of their requests) that this device signed and has to compare with the exchange: the oldest."""
    since: Seconds
    travel_rule: Annotated[
        tuple[Annotated[str, msgspec.Meta(max_length=160)], ...],
        msgspec.Meta(max_length=MAX_TRAVEL_RULE_FIELDS),
    ] = ()
    """Names of what its owner states about who is paid, without what is stated."""
    successor: Annotated[bytes, msgspec.Meta(max_length=32)] = b""
    """Public key that waits here to take the place of this one; empty: none does."""
    ready: Annotated[bytes, msgspec.Meta(max_length=32)] = b""
    """What that key is known by among its holders, once its API key was brought; empty: it was not."""


class _Signed(Message, frozen=True):
    told: Annotated[bytes, msgspec.Meta(max_length=MAX_ANSWER_BYTES + 24 * 1024)]
    signature: Bytes64


def seal_told(told: Told | ToldAfterPieces, reader: bytes, carrier: IdentityKey) -> SealedAnswer:
    """``told``, signed by the carrier, for the reader's key. ``InputRefused`` (``reader-key``)."""
    request = told.request if isinstance(told, Told) else told.told.request
    return seal_signed(_TOLD, encode(told), request, reader, carrier)


def seal_signed(
    purpose: str, encoded: bytes, request: bytes, reader: bytes, signer: IdentityKey
) -> SealedAnswer:
    """``encoded``, signed for ``purpose``, for the key of whoever made the request with this digest. ``InputRefused``
    (``reader-key``)."""
    signed = encode(_Signed(encoded, signer.sign(purpose, encoded)))
    try:
        public = _suite.kem.deserialize_public_key(reader)
        encapsulated, context = _suite.create_sender_context(public, info=_INFO)
    except (PyHPKEError, ValueError):
        raise InputRefused("reader-key", "nothing can be sealed to the key of this request") from None
    aad = _sealed_for(purpose, request, signer.public)
    return SealedAnswer(encapsulated, context.seal(signed, aad=aad))


class AnswerKey:
    """The owner's half, for one call. Lives in memory only."""

    def __init__(self) -> None:
        pair = _suite.kem.derive_key_pair(random(32))
        self._private = pair.private_key
        self.public: bytes = pair.public_key.to_public_bytes()

    def open(self, sealed: SealedAnswer, request: bytes, carrier: bytes) -> Told:
        """What the carrier (its pinned identity) tells of this request (its digest), where all of it is in there.

        Raises ``InputRefused`` (``exchange-answer``), ``AuthorizationRefused`` (``signature``).
        """
        told = self.open_any(sealed, request, carrier)
        if not isinstance(told, Told):
            raise _foreign()
        return told

    def open_any(self, sealed: SealedAnswer, request: bytes, carrier: bytes) -> Told | ToldAfterPieces:
        """As :meth:`open`, also where it is the end of an answer in pieces (``exchange_pieces.Pieces``)."""
        encoded = self.open_signed(_TOLD, sealed, request, carrier)
        found: Told | ToldAfterPieces
        try:
            found = told = decode(Told, encoded, MAX_ANSWER_BYTES + 24 * 1024)
        except InputRefused:  # the two have different numbers of fields: none can be read as the other
            found = decode(ToldAfterPieces, encoded, MAX_ANSWER_BYTES + 24 * 1024)
            told = found.told
        if told.request != request:
            raise _foreign()
        return found

    def open_signed(self, purpose: str, sealed: SealedAnswer, request: bytes, signer: bytes) -> bytes:
        """What that device signed for ``purpose`` and sealed for this request; as :meth:`open`."""
        try:
            context = _suite.create_recipient_context(sealed.encapsulated, self._private, info=_INFO)
            data = context.open(sealed.ciphertext, aad=_sealed_for(purpose, request, signer))
        except (PyHPKEError, ValueError):
            raise _foreign() from None
        signed = decode(_Signed, data, MAX_ANSWER_BYTES + 32 * 1024)
        verify(signer, signed.signature, purpose, signed.told)
        return signed.told

    def __repr__(self) -> str:
        return f"AnswerKey(public={self.public.hex()})"


def _sealed_for(purpose: str, request: bytes, identity: bytes) -> bytes:
    return digest(f"{purpose}/sealed", request, identity)


def _foreign() -> InputRefused:
    return InputRefused(
        "exchange-answer", "the answer does not open: it was altered on its way, or is another's"
    )
