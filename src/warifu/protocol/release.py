"""Peer release: the messages by which a device's peers hold its sealing secret and hand it to a fresh, attested boot.

A device whose TEE has no sealing key (TDX, Nitro) deals its sealing secret to its peers, the *keepers*, each a *piece*
(``Handing``, inside the end-to-end channel). When it boots it has no identity yet, because that lies in the store that
it cannot open. It has its *boot key*, which follows from the device's unlock key, and its evidence. Per keeper:

1. boot -> keeper: ``AskChallenge``;
2. keeper -> boot: ``Challenge``, a nonce and the number that this boot will have here, signed by the keeper;
3. boot -> keeper: ``Ask``, a fresh HPKE key and evidence for (nonce, boot key, HPKE key, set, keeper, number), signed
   by the boot key;
4. keeper -> boot: ``Release``, its piece sealed to that HPKE key (RFC 9180, as passphrase envelopes are), signed.

The service carries all of it and learns nothing. What it swaps, replays, relays or keeps back is refused by name.
"""

from __future__ import annotations

from typing import Annotated, TypeVar

import msgspec
from nacl.utils import random
from pyhpke import AEADId, CipherSuite, KDFId, KEMId
from pyhpke.exceptions import PyHPKEError

from warifu.errors import InputRefused
from warifu.protocol.attesting import Attestation, Binding
from warifu.protocol.encoding import Bytes32, Bytes64, Message, decode, digest, encode
from warifu.protocol.identity import IdentityKey, verify

MAX_KEEPERS = 15
MAX_STATEMENT_BYTES = 512 * 1024
"""An ``Ask`` carries an attestation, whose parts are bounded one by one."""
PIECE_BYTES = 32

_INFO = b"warifu/v1/peer-release"
_suite = CipherSuite.new(KEMId.DHKEM_X25519_HKDF_SHA256, KDFId.HKDF_SHA256, AEADId.AES256_GCM)

BootNumber = Annotated[int, msgspec.Meta(ge=1, lt=2**32)]


class ReleaseSet(Message, frozen=True):
    """Who holds what, of one dealing. Nothing in it is secret."""

    boot: Bytes32
    """Ed25519 key that follows from the device's unlock key: what a boot without an identity signs with."""
    keepers: Annotated[tuple[Bytes32, ...], msgspec.Meta(min_length=1, max_length=MAX_KEEPERS)]
    """Identities; the first holds piece 1."""
    commitment: Annotated[tuple[Bytes32, ...], msgspec.Meta(min_length=1, max_length=MAX_KEEPERS)]
    """Feldman's, one term for each piece that is needed."""

    def __post_init__(self) -> None:
        if len(set(self.keepers)) != len(self.keepers):
            raise ValueError("a keeper holds one piece")
        if len(self.commitment) > len(self.keepers):
            raise ValueError("more pieces are needed than there are")

    @property
    def id(self) -> bytes:
        """32 bytes that name exactly this set."""
        return digest("release/set", encode(self))


class Handing(Message, frozen=True, tag="handing"):
    """A piece on its way to its keeper, inside the end-to-end channel between the two."""

    set: ReleaseSet
    number: Annotated[int, msgspec.Meta(ge=1, le=MAX_KEEPERS)]
    piece: Bytes32

    def __repr__(self) -> str:
        return f"Handing(number={self.number})"


class Kept(Message, frozen=True, tag="kept"):
    """The keeper has it on disk."""

    set: Bytes32


class InUse(Message, frozen=True, tag="in-use"):
    """The device's store is sealed under this set now, so an earlier one can go. Inside the end-to-end channel, after
    every keeper answered ``Kept``, and again before it deals anew."""

    set: Bytes32


class AskChallenge(Message, frozen=True, tag="ask-challenge"):
    """A boot wants to ask for the piece of this set."""

    set: Bytes32


class Challenge(Message, frozen=True):
    """What evidence for a release has to be made for."""

    keeper: Bytes32
    set: Bytes32
    nonce: Bytes32
    boot_number: BootNumber
    """How many releases this will be, counted by this keeper."""


class Ask(Message, frozen=True):
    """A boot's request for one keeper's piece."""

    keeper: Bytes32
    set: Bytes32
    nonce: Bytes32
    boot_number: BootNumber
    key: Bytes32
    """X25519 public key, made for this request alone."""
    attestation: Attestation


class Release(Message, frozen=True):
    """A piece, sealed to the key of the request that it answers."""

    keeper: Bytes32
    set: Bytes32
    nonce: Bytes32
    boot_number: BootNumber
    key: Bytes32
    """That of the request: so a keeper is not blamed that an old answer, played back by the service, does not open."""
    encapsulated: Bytes32
    ciphertext: Annotated[bytes, msgspec.Meta(min_length=PIECE_BYTES + 16, max_length=PIECE_BYTES + 16)]


class Signed(Message, frozen=True):
    """A statement (encoded) with the signature of its maker for the statement's own purpose."""

    statement: Annotated[bytes, msgspec.Meta(max_length=MAX_STATEMENT_BYTES)]
    signature: Bytes64


class AskRelease(Message, frozen=True, tag="ask-release"):
    """A boot's signed ``Ask``, and which set it is about: by that the keeper knows whose signature it has to bear."""

    set: Bytes32
    ask: Signed


Statement = TypeVar("Statement", ReleaseSet, Challenge, Ask, Release)

_PURPOSES: dict[type[Message], str] = {
    ReleaseSet: "release/record",
    Challenge: "release/challenge",
    Ask: "release/ask",
    Release: "release/piece",
}


def sign(key: IdentityKey, statement: ReleaseSet | Challenge | Ask | Release) -> Signed:
    """``statement`` with ``key``'s signature."""
    encoded = encode(statement)
    return Signed(encoded, key.sign(_PURPOSES[type(statement)], encoded))


def open_signed(kind: type[Statement], signed: Signed, public: bytes) -> Statement:
    """The statement, if ``public`` signed it as one of this kind.

    Raises ``AuthorizationRefused`` (``signature``), ``InputRefused`` where it cannot be read.
    """
    verify(public, signed.signature, _PURPOSES[kind], signed.statement)
    return decode(kind, signed.statement, MAX_STATEMENT_BYTES)


def ask_binding(challenge: Challenge, boot: bytes, key: bytes) -> Binding:
    """What the evidence in an ``Ask`` is shown for: this keeper's question about this set, this boot, this key."""
    return Binding(
        purpose="release",
        nonce=challenge.nonce,
        identity=boot,
        key=key,
        rules_hash=b"",
        transcript=digest(
            "release/asked", challenge.set, challenge.keeper, challenge.boot_number.to_bytes(8, "big")
        ),
    )


def seal_piece(ask: Ask, boot: bytes, piece: bytes | bytearray) -> Release:
    """The piece for whoever holds the private half of ``ask.key``, and for this request alone."""
    assert len(piece) == PIECE_BYTES, "a keeper keeps scalars"
    try:
        public = _suite.kem.deserialize_public_key(ask.key)
        encapsulated, context = _suite.create_sender_context(public, info=_INFO)
    except (PyHPKEError, ValueError):
        raise InputRefused("release-key", "nothing can be sealed to the key of this request") from None
    ciphertext = context.seal(bytes(piece), aad=_sealed_for(ask, boot))
    return Release(ask.keeper, ask.set, ask.nonce, ask.boot_number, ask.key, encapsulated, ciphertext)


class ReleaseKey:
    """The boot's half: opens at most one piece, then is gone. Lives in memory only."""

    def __init__(self) -> None:
        pair = _suite.kem.derive_key_pair(random(32))
        self._private: object | None = pair.private_key
        self.public: bytes = pair.public_key.to_public_bytes()

    def open(self, release: Release, ask: Ask, boot: bytes) -> bytearray | None:
        """The piece, the caller's to wipe; None where it was not sealed for exactly ``ask``, or this was used."""
        private, self._private = self._private, None
        if private is None:
            return None
        try:
            context = _suite.create_recipient_context(release.encapsulated, private, info=_INFO)  # type: ignore[arg-type]
            return bytearray(context.open(release.ciphertext, aad=_sealed_for(ask, boot)))
        except (PyHPKEError, ValueError):
            return None

    def __repr__(self) -> str:
        return f"ReleaseKey(public={self.public.hex()})"


def _sealed_for(ask: Ask, boot: bytes) -> bytes:
    return digest(
        "release/sealed",
        ask.set,
        ask.keeper,
        boot,
        ask.key,
        ask.nonce,
        ask.boot_number.to_bytes(8, "big"),
    )
