"""Reading a device's journal: pages that an owner asked for, sealed to the key that he named.

The owner authorizes one ``JournalRequest``; by it the service fetches page after page and learns nothing but their
lengths. Each page carries the device's signed word on how far its journal is, made for this very request, and the heads
that it remembers of its peers, each signed by the peer. An entry is checked by its own signature and by its place in
the chain, so a page may come by any road, also as a file from the device itself.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from nacl.utils import random
from pyhpke import AEADId, CipherSuite, KDFId, KEMId
from pyhpke.exceptions import PyHPKEError

from warifu.errors import InputRefused
from warifu.protocol.attesting import SignedHead
from warifu.protocol.encoding import Bytes32, Bytes64, Message, Name, Seconds, decode, digest, encode
from warifu.protocol.events.sessions import PeerHead
from warifu.protocol.frames.bounds import MAX_BODY_BYTES
from warifu.protocol.identity import IdentityKey, verify
from warifu.protocol.journal import MAX_CONTENT_BYTES

MAX_PAGE_BYTES = 64 * 1024
"""Entries are added to a page until they are so long; the last may go beyond. With that, and with the longest state, a
page fits into an answer."""
ENTRY_OVERHEAD = 128
"""More than an entry has beside its content."""
MAX_REMEMBERED = 256
"""Heads of peers in a state; of more, the first by identity. A wallet has fewer."""
OPERATOR = bytes(32)
"""In place of a request's digest, where the device's own operator asked."""

_MAX_STATE_BYTES = 64 * 1024
_INFO = b"warifu/v1/journal-page"
_suite = CipherSuite.new(KEMId.DHKEM_X25519_HKDF_SHA256, KDFId.HKDF_SHA256, AEADId.AES256_GCM)

Number = Annotated[int, msgspec.Meta(ge=1, lt=2**53)]


class Shown(Message, frozen=True):
    """One entry. ``content``: the encoded ``journal.Content``, or its digest where it is another wallet's."""

    number: Number
    content: Annotated[bytes, msgspec.Meta(max_length=MAX_CONTENT_BYTES)]
    withheld: bool
    hash: Bytes32
    signature: Bytes64

    def __post_init__(self) -> None:
        if self.withheld and len(self.content) != 32:
            raise ValueError("what is withheld is shown as its digest")


class State(Message, frozen=True):
    """How far the journal of the device is, and how far it knows its peers' to be."""

    device: Name
    identity: Bytes32
    request: Bytes32
    """Digest of the ``JournalRequest`` that this answers, or ``OPERATOR``."""
    time: Seconds
    head: SignedHead
    remembered: Annotated[tuple[PeerHead, ...], msgspec.Meta(max_length=MAX_REMEMBERED)]


class SignedState(Message, frozen=True):
    """A ``State`` (encoded) with the signature of the device's identity."""

    state: Annotated[bytes, msgspec.Meta(max_length=_MAX_STATE_BYTES)]
    signature: Bytes64


class Page(Message, frozen=True):
    """Some entries in a row, at least one where there are any from the asked one on."""

    state: SignedState
    entries: tuple[Shown, ...]


class SealedPage(Message, frozen=True):
    """A page for whoever holds the private half of the request's ``reader``."""

    encapsulated: Bytes32
    ciphertext: Annotated[bytes, msgspec.Meta(max_length=MAX_BODY_BYTES)]


def sign_state(key: IdentityKey, state: State) -> SignedState:
    """``state`` with the device's word for it."""
    encoded = encode(state)
    return SignedState(encoded, key.sign("journal-state", encoded))


def open_state(signed: SignedState, identity: bytes, request: bytes) -> State:
    """The state, if the device with this (pinned) identity stated it in answer to this request.

    Raises ``AuthorizationRefused`` (``signature``), ``InputRefused`` (``journal-page``).
    """
    verify(identity, signed.signature, "journal-state", signed.state)
    state = decode(State, signed.state, _MAX_STATE_BYTES)
    if (state.identity, state.request) != (identity, request):
        raise InputRefused("journal-page", "the device's word is for another question")
    return state


def seal_page(page: Page, reader: bytes, request: bytes, identity: bytes, first: int) -> SealedPage:
    """``page``, from the entry ``first`` on, for the reader's key. ``InputRefused`` (``reader-key``)."""
    try:
        public = _suite.kem.deserialize_public_key(reader)
        encapsulated, context = _suite.create_sender_context(public, info=_INFO)
    except (PyHPKEError, ValueError):
        raise InputRefused("reader-key", "nothing can be sealed to the key of this request") from None
    return SealedPage(encapsulated, context.seal(encode(page), aad=_sealed_for(request, identity, first)))


class ReaderKey:
    """The owner's half, for one reading. Lives in memory only."""

    def __init__(self) -> None:
        pair = _suite.kem.derive_key_pair(random(32))
        self._private = pair.private_key
        self.public: bytes = pair.public_key.to_public_bytes()

    def open(self, sealed: SealedPage, request: bytes, identity: bytes, first: int) -> Page:
        """The page, if it was sealed for exactly this question; ``InputRefused`` (``journal-page``) otherwise."""
        try:
            context = _suite.create_recipient_context(sealed.encapsulated, self._private, info=_INFO)
            data = context.open(sealed.ciphertext, aad=_sealed_for(request, identity, first))
        except (PyHPKEError, ValueError):
            raise InputRefused(
                "journal-page",
                "a page of a journal does not open: it was altered on its way, or is another's",
            ) from None
        return decode(Page, data, MAX_BODY_BYTES)

    def __repr__(self) -> str:
        return f"ReaderKey(public={self.public.hex()})"


def _sealed_for(request: bytes, identity: bytes, first: int) -> bytes:
    return digest("journal/sealed", request, identity, first.to_bytes(8, "big"))
