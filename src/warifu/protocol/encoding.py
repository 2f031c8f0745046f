"""One encoding for everything that is sent, hashed or signed: MessagePack arrays in field order.

A message has exactly one valid encoding. ``decode`` refuses whatever does not encode back to the same bytes, so
that nobody can present two byte strings (with two digests) that mean the same thing.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, TypeVar, cast

import msgspec

from warifu.errors import InputRefused

T = TypeVar("T")

Bytes16 = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
Bytes32 = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Bytes33 = Annotated[bytes, msgspec.Meta(min_length=33, max_length=33)]
Bytes64 = Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=32, pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?\Z")]
Amount = Annotated[str, msgspec.Meta(pattern=r"^(0|[1-9][0-9]{0,77})\Z")]
"""A whole number of an asset's smallest unit, in decimal: MessagePack's integers end at 2^64, wei do not."""
Text = Annotated[str, msgspec.Meta(max_length=1000)]
Seconds = Annotated[int, msgspec.Meta(ge=0, lt=2**40)]
"""A moment (seconds since 1970-01-01 UTC) or a duration, in whole seconds."""

_encoder = msgspec.msgpack.Encoder()
_decoders: dict[Any, msgspec.msgpack.Decoder[Any]] = {}


class Message(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of every message: immutable, and an array on the wire."""


def encode(message: object) -> bytes:
    """The one encoding of ``message``."""
    return _encoder.encode(message)


def decode(kind: type[T], data: bytes | bytearray | memoryview, limit: int) -> T:
    """Read one ``kind`` from ``data`` of at most ``limit`` bytes; ``InputRefused`` for anything else."""
    if len(data) > limit:
        raise InputRefused("too-long", f"a message of {len(data)} bytes is over the limit of {limit}")
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders[kind] = msgspec.msgpack.Decoder(kind)
    try:
        message = decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputRefused("malformed", f"a message cannot be read: {str(error)[:200]}") from None
    if _encoder.encode(message) != bytes(data):
        raise InputRefused("not-canonical", "a message is not in its one valid encoding")
    return cast("T", message)


def decode_kept(kind: type[T], data: bytes) -> T:
    """Read what this device itself wrote into its sealed store, perhaps before ``kind`` had its last fields: those then
    have their defaults. For nothing that comes from outside: it can have several encodings. ``InputRefused``."""
    try:
        return msgspec.msgpack.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputRefused("malformed", f"what was kept cannot be read: {str(error)[:200]}") from None


def digest(tag: str, *parts: bytes) -> bytes:
    """SHA-256 over a domain tag and length-prefixed parts, 32 bytes.

    Tag and prefixes keep two meanings from ever sharing a digest (collision across fields, kinds or versions).
    """
    state = hashlib.sha256()
    for part in (f"warifu/v1/{tag}".encode(), *parts):
        state.update(len(part).to_bytes(8, "big"))
        state.update(part)
    return state.digest()
