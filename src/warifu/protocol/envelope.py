"""The passphrase's way to a signer: one HPKE envelope per signer, to a key used once.

RFC 9180, base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM (a browser has all of these too). The
signer makes a fresh key pair for each envelope and certifies it with its identity; the owner's client checks that
certificate against the identity that it pinned. The envelope is bound to the request, the signer and a moment of
expiry, so it opens for nothing else. Whoever learns the signer's long-lived keys later cannot open it.
"""

from __future__ import annotations

from typing import Annotated, Protocol

import msgspec
from pyhpke import AEADId, CipherSuite, ContextInterface, KDFId, KEMId
from pyhpke.exceptions import PyHPKEError

from warifu.errors import InputRefused, PassphraseRefused
from warifu.protocol.attesting import Attestation, Binding
from warifu.protocol.encoding import Bytes32, Message, Name, Seconds, decode, digest, encode
from warifu.protocol.identity import IdentityKey, verify

MAX_PASSPHRASE_BYTES = 254
_PADDED = 256
_INFO = b"warifu/v1/passphrase-envelope"
ENVELOPE_KEY_LIFETIME = 900
"""Seconds for which a certified envelope key may be used."""
MAX_ENVELOPE_KEY_BYTES = 192 * 1024

_suite = CipherSuite.new(KEMId.DHKEM_X25519_HKDF_SHA256, KDFId.HKDF_SHA256, AEADId.AES256_GCM)


class EnvelopeKey(Message, frozen=True):
    """A signer's statement: "seal to this key, once, before it expires"."""

    device: Name
    identity: Bytes32
    public: Bytes32
    """X25519 public key."""
    nonce: Bytes32
    """The client's own random number, which proves that the statement is fresh."""
    expires: Seconds
    rules_hash: Annotated[bytes, msgspec.Meta(max_length=32)]
    """Of the rules in force of the wallet that the client named; empty where it named none."""
    attestation: Attestation
    """Fresh: bound to ``envelope_binding`` of this statement."""


class CertifiedEnvelopeKey(Message, frozen=True):
    """An ``EnvelopeKey`` (encoded) with the signature of the device's identity."""

    statement: Annotated[bytes, msgspec.Meta(max_length=MAX_ENVELOPE_KEY_BYTES)]
    signature: Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]


class Envelope(Message, frozen=True):
    """A sealed passphrase: for one signer, one request, one key, until it expires."""

    identity: Bytes32
    public: Bytes32
    """The envelope key it is sealed to."""
    expires: Seconds
    encapsulated: Bytes32
    ciphertext: Annotated[bytes, msgspec.Meta(min_length=_PADDED + 16, max_length=_PADDED + 16)]


class Sealed(Protocol):
    """What is sealed to a one-shot key: an envelope, or a parcel."""

    @property
    def expires(self) -> int: ...
    @property
    def encapsulated(self) -> bytes: ...
    @property
    def ciphertext(self) -> bytes: ...


class EnvelopeSecret:
    """The signer's half: opens at most one envelope, then is gone. Lives in memory only."""

    def __init__(self) -> None:
        from nacl.utils import random

        pair = _suite.kem.derive_key_pair(random(32))
        self._private: object | None = pair.private_key
        self.public: bytes = pair.public_key.to_public_bytes()

    def open(self, envelope: Envelope, request: bytes, now: int) -> bytearray:
        """The passphrase (UTF-8, at most 254 bytes) in a buffer that the caller wipes.

        ``request`` is the digest that the owner authorized. Raises ``PassphraseRefused``: the envelope is expired,
        altered, for another signer, request or key, or the key was used before.
        """
        padded = self.decrypt(envelope, _INFO, _binding(envelope, request), now)
        length = padded[0]
        if length > MAX_PASSPHRASE_BYTES or any(padded[1 + length :]):
            raise PassphraseRefused("envelope", "the passphrase envelope's content is malformed")
        passphrase = bytearray(padded[1 : 1 + length])
        padded[:] = bytes(len(padded))
        return passphrase

    def decrypt(self, sealed: Sealed, info: bytes, binding: bytes, now: int) -> bytearray:
        """What was sealed to this key in the domain ``info`` and for ``binding``, in a buffer that the caller wipes.

        Raises ``PassphraseRefused`` (``envelope-used``, ``envelope-expired``, ``envelope``). The key is gone then.
        """
        private, self._private = self._private, None
        if private is None:
            raise PassphraseRefused("envelope-used", "this envelope's key was used before")
        if now > sealed.expires:
            raise PassphraseRefused("envelope-expired", "the envelope has expired")
        try:
            context = _suite.create_recipient_context(sealed.encapsulated, private, info=info)  # type: ignore[arg-type]
            return bytearray(context.open(sealed.ciphertext, aad=binding))
        except (PyHPKEError, ValueError):
            raise PassphraseRefused("envelope", "the envelope does not open for this request") from None

    def __repr__(self) -> str:
        return f"EnvelopeSecret(public={self.public.hex()})"


def envelope_binding(
    identity: bytes, public: bytes, nonce: bytes, expires: int, rules_hash: bytes
) -> Binding:
    """What the evidence in an ``EnvelopeKey`` is shown for: this device, this one-shot key, this client's nonce."""
    return Binding(
        purpose="envelope-key",
        nonce=nonce,
        identity=identity,
        key=public,
        rules_hash=rules_hash,
        transcript=expires.to_bytes(8, "big"),
    )


def certify(identity: IdentityKey, statement: EnvelopeKey) -> CertifiedEnvelopeKey:
    """The signer's side of a certified key."""
    encoded = encode(statement)
    return CertifiedEnvelopeKey(encoded, identity.sign("envelope-key", encoded))


def check_envelope_key(
    certified: CertifiedEnvelopeKey, identity: bytes, nonce: bytes, now: int
) -> EnvelopeKey:
    """The client's side: the statement, if ``identity`` (pinned at enrolment) made it for this ``nonce``.

    Raises ``AuthorizationRefused`` for a forged signature and ``InputRefused`` for a stale or foreign statement: a
    hostile service would substitute its own key here to read the passphrase.
    """
    verify(identity, certified.signature, "envelope-key", certified.statement)
    statement = decode(EnvelopeKey, certified.statement, MAX_ENVELOPE_KEY_BYTES)
    if statement.identity != identity or statement.nonce != nonce:
        raise InputRefused(
            "envelope-key", "the envelope key is another device's, or was made for another question"
        )
    if now > statement.expires or statement.expires > now + 2 * ENVELOPE_KEY_LIFETIME:
        raise InputRefused(
            "envelope-key",
            f"the clocks of this machine and of the device '{statement.device}' differ too much",
            remedy="Set both (NTP). A device whose clock ran ahead keeps that time until it is started again.",
        )
    return statement


def seal(key: EnvelopeKey, request: bytes, passphrase: bytes | bytearray) -> Envelope:
    """Seal ``passphrase`` (at most 254 bytes) to ``key`` for the request with this digest.

    The plaintext is padded to one length, so the service does not learn how long the passphrase is.
    Raises ``InputRefused`` for an empty or over-long passphrase.
    """
    if not 0 < len(passphrase) <= MAX_PASSPHRASE_BYTES:
        raise InputRefused("passphrase-length", f"a passphrase has 1 to {MAX_PASSPHRASE_BYTES} bytes")
    encapsulated, context = sealed_context(key.public, _INFO)
    padded = bytearray(_PADDED)
    padded[0] = len(passphrase)
    padded[1 : 1 + len(passphrase)] = passphrase
    blank = Envelope(key.identity, key.public, key.expires, encapsulated, bytes(_PADDED + 16))
    ciphertext = context.seal(bytes(padded), aad=_binding(blank, request))
    padded[:] = bytes(_PADDED)
    return Envelope(key.identity, key.public, key.expires, encapsulated, ciphertext)


def sealed_context(public: bytes, info: bytes) -> tuple[bytes, ContextInterface]:
    """The sender's half of HPKE to this X25519 key (32 bytes) in a domain: what is sent along, and what seals once."""
    return _suite.create_sender_context(_suite.kem.deserialize_public_key(public), info=info)


def envelope_digest(envelope: Envelope) -> bytes:
    """32 bytes that name exactly this envelope."""
    return digest("envelope", encode(envelope))


def _binding(envelope: Envelope, request: bytes) -> bytes:
    return digest(
        "envelope-binding", request, envelope.identity, envelope.public, envelope.expires.to_bytes(8, "big")
    )
