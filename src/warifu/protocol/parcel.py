"""What an owner tells a signer that the service must not read: one HPKE parcel per signer, to a key used once.

As a passphrase envelope (``warifu.protocol.envelope``), to the same kind of attested one-shot key, for contents that
are longer: an exchange's credential, or the request that is to be made there. Domain and padding differ, so neither
opens as the other.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from warifu.errors import InputRefused
from warifu.protocol.encoding import Bytes32, Message, Seconds, digest, encode
from warifu.protocol.envelope import EnvelopeKey, EnvelopeSecret, sealed_context

MAX_PARCEL_CONTENT = 96 * 1024
"""Bytes of a content."""
MAX_PARCEL_BYTES = 128 * 1024 + 1024
"""Bytes of an encoded parcel."""
_LEAST = 1024
_LENGTH = 4
_INFO = b"warifu/v1/parcel"
_TAG = 16


class Parcel(Message, frozen=True):
    """A sealed content: for one signer, one request, one key, until it expires."""

    identity: Bytes32
    public: Bytes32
    """The envelope key it is sealed to."""
    expires: Seconds
    encapsulated: Bytes32
    ciphertext: Annotated[bytes, msgspec.Meta(min_length=_LEAST + _TAG, max_length=128 * 1024 + _TAG)]


def seal_parcel(key: EnvelopeKey, request: bytes, content: bytes | bytearray) -> Parcel:
    """Seal ``content`` (1 to 98,304 bytes) to ``key`` for the request with this digest (32 bytes).

    Padded to a power of two, at least 1 KiB: the service learns no more of its length. Raises ``InputRefused``.
    """
    if not 0 < len(content) <= MAX_PARCEL_CONTENT:
        raise InputRefused("parcel-length", f"a parcel has 1 to {MAX_PARCEL_CONTENT} bytes")
    encapsulated, context = sealed_context(key.public, _INFO)
    padded = bytearray(max(_LEAST, 1 << (_LENGTH + len(content) - 1).bit_length()))
    padded[:_LENGTH] = len(content).to_bytes(_LENGTH, "big")
    padded[_LENGTH : _LENGTH + len(content)] = content
    binding = _binding(key.identity, key.public, key.expires, request)
    ciphertext = context.seal(bytes(padded), aad=binding)
    padded[:] = bytes(len(padded))
    return Parcel(key.identity, key.public, key.expires, encapsulated, ciphertext)


def open_parcel(secret: EnvelopeSecret, parcel: Parcel, request: bytes, now: int) -> bytearray:
    """The content, in a buffer that the caller wipes. The key is used up, whatever comes of it.

    ``request``: the digest that the owner authorized. Raises ``PassphraseRefused`` as for an envelope.
    """
    binding = _binding(parcel.identity, parcel.public, parcel.expires, request)
    padded = secret.decrypt(parcel, _INFO, binding, now)
    length = int.from_bytes(padded[:_LENGTH], "big")
    if not 0 < length <= min(MAX_PARCEL_CONTENT, len(padded) - _LENGTH) or any(padded[_LENGTH + length :]):
        padded[:] = bytes(len(padded))
        raise InputRefused("parcel", "the parcel's content is malformed")
    content = padded[_LENGTH : _LENGTH + length]
    padded[:] = bytes(len(padded))
    return content


def parcel_digest(parcel: Parcel) -> bytes:
    """32 bytes that name exactly this parcel."""
    return digest("parcel", encode(parcel))


def _binding(identity: bytes, public: bytes, expires: int, request: bytes) -> bytes:
    return digest("parcel-binding", request, identity, public, expires.to_bytes(8, "big"))
