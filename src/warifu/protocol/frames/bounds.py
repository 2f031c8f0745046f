"""How long anything may be, in bytes and in number."""

from __future__ import annotations

from typing import Annotated

import msgspec

MAX_FRAME_BYTES = 2 * 1024 * 1024
MAX_UNSIGNED_BYTES = 1024 * 1024
MAX_BODY_BYTES = 256 * 1024
MAX_INPUTS = 500
MAX_CERTIFICATE_BYTES = 13 * 1024
Call = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
Unsigned = Annotated[bytes, msgspec.Meta(max_length=MAX_UNSIGNED_BYTES)]
Body = Annotated[bytes, msgspec.Meta(max_length=MAX_BODY_BYTES)]
RecoveryData = Annotated[tuple[Body, ...], msgspec.Meta(min_length=1, max_length=3)]
"""ChillDKG's public recovery data of each of a wallet's keys, in the order of its schemes."""
Certificate = Annotated[bytes, msgspec.Meta(max_length=MAX_CERTIFICATE_BYTES)]
"""Encoded ``warifu.protocol.epochs.EpochCertificate``; empty for none."""
PublicKey = Annotated[bytes, msgspec.Meta(min_length=32, max_length=33)]
"""33 bytes on secp256k1, 32 on Ed25519."""
