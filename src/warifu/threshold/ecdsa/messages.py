"""What signers send each other: fields of fixed length in a row. Anything of another length is refused."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar, Self

from warifu.threshold.ecdsa import pair
from warifu.threshold.errors import InvalidContribution

_POINT, _SCALAR, _HASH = 33, 32, 32


@dataclass(frozen=True)
class Message:
    """A message whose fields have the lengths in ``LENGTHS``."""

    NAME: ClassVar[str]
    LENGTHS: ClassVar[tuple[int, ...]]

    @classmethod
    def parse(cls, sender: int, encoded: bytes) -> Self:
        """InvalidContribution names ``sender`` where the length is wrong."""
        if len(encoded) != sum(cls.LENGTHS):
            raise InvalidContribution(sender, cls.NAME)
        parts, at = [], 0
        for length in cls.LENGTHS:
            parts.append(bytes(encoded[at : at + length]))
            at += length
        return cls(*parts)

    def encode(self) -> bytes:
        values = [bytes(getattr(self, field.name)) for field in fields(self)]
        assert tuple(map(len, values)) == self.LENGTHS
        return b"".join(values)


@dataclass(frozen=True)
class Commitment(Message):
    """Round one, to each peer: a commitment to the nonce (the same for all), and the extended transfers."""

    NAME = "commitment"
    LENGTHS = (_HASH, pair.EXTENSION_BYTES)

    nonce_commitment: bytes
    transfers: bytes


@dataclass(frozen=True)
class Product(Message):
    """Round two, to each peer: the multiplication, what verifies it, and the nonce."""

    NAME = "product"
    LENGTHS = (pair.PRODUCT_BYTES, _POINT, _HASH, _POINT, _POINT, _POINT, _SCALAR, _HASH)

    multiplication: bytes
    nonce: bytes
    """R_i"""
    blinding: bytes
    """Opens the commitment to R_i."""
    public_share: bytes
    """pk_i"""
    gamma_u: bytes
    gamma_v: bytes
    psi: bytes
    commitments: bytes
    """Hash of all nonce commitments that the sender received: an echo, so that nobody gets another nonce."""


@dataclass(frozen=True)
class SignatureShare(Message):
    """Round three, the same to all signers."""

    NAME = "signature share"
    LENGTHS = (_SCALAR, _SCALAR, _HASH, _HASH)

    w: bytes
    u: bytes
    transcript: bytes
    """Hash of all nonces and public shares as the sender saw them."""
    message: bytes
    """Hash of the message and the session."""


COMMITMENT_BYTES, PRODUCT_BYTES, SHARE_BYTES = (
    sum(kind.LENGTHS) for kind in (Commitment, Product, SignatureShare)
)
"""10,800, 40,228 and 128 bytes."""
