"""What signers say to each other inside the channel of a session. Read strictly; a sender of anything else is named."""

from __future__ import annotations

from typing import Annotated, cast

import msgspec

from warifu.protocol.chains import Scheme
from warifu.protocol.channel import MAX_RECORD_BYTES
from warifu.protocol.encoding import Bytes32, Message, decode
from warifu.protocol.frames import MAX_INPUTS

_PublicNonce = Annotated[bytes, msgspec.Meta(min_length=64, max_length=66)]


class Nonces(Message, frozen=True, tag="nonces"):
    """A signer's FROST public nonces, one for each signature: 66 bytes on secp256k1 (BIP 445), 64 on Ed25519."""

    public: Annotated[tuple[_PublicNonce, ...], msgspec.Meta(min_length=1, max_length=MAX_INPUTS)]


class Partials(Message, frozen=True, tag="partials"):
    """A signer's partial signatures, one for each signature."""

    partial: Annotated[tuple[Bytes32, ...], msgspec.Meta(min_length=1, max_length=MAX_INPUTS)]


class Generation(Message, frozen=True, tag="generation"):
    """A message of ChillDKG (``warifu.threshold.dkg.phases``) for the key of this scheme."""

    scheme: Scheme
    phase: Annotated[int, msgspec.Meta(ge=1, le=6)]
    body: Annotated[bytes, msgspec.Meta(max_length=MAX_RECORD_BYTES - 1024)]


SessionMessage = Nonces | Partials | Generation


def decode_message(data: bytes) -> SessionMessage:
    """Read what came out of the channel; ``InputRefused`` for anything else."""
    return decode(cast("type[SessionMessage]", SessionMessage), data, MAX_RECORD_BYTES)
