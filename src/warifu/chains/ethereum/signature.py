"""ECDSA signatures as the EVM takes them: r, s and a recovery bit, s in the lower half (EIP-2), r below the order."""

from __future__ import annotations

from dataclasses import dataclass

from warifu.chains.ethereum.address import address_of
from warifu.errors import InputRefused, TransactionRefused
from warifu.threshold.libsecp256k1 import ecdsa_recover, point_serialize
from warifu.threshold.secp256k1 import SECP256K1

HALF_ORDER = SECP256K1.order // 2


@dataclass(frozen=True)
class Signature:
    """In range and with s in the lower half: the twin with the other s, which anybody can make, would give a
    transaction a second id. Raises ``InputRefused`` (``signature-form``), ``TransactionRefused`` (``high-s``)."""

    y_parity: int
    r: int
    s: int

    def __post_init__(self) -> None:
        if self.y_parity not in (0, 1):
            raise InputRefused("signature-form", f"the recovery id is {self.y_parity}, not 0 or 1")
        if not (0 < self.r < SECP256K1.order and 0 < self.s < SECP256K1.order):
            raise InputRefused("signature-form", "r or s of the signature is zero or not below the order")
        if self.s > HALF_ORDER:
            raise TransactionRefused(
                "high-s", "s of the signature is in the upper half: nodes refuse it (EIP-2)"
            )

    @property
    def compact(self) -> bytes:
        """r and s, 64 bytes."""
        return self.r.to_bytes(32, "big") + self.s.to_bytes(32, "big")

    def signer(self, digest: bytes) -> str | None:
        """The account whose signature of these 32 bytes this is; None where it is nobody's."""
        point = ecdsa_recover(self.compact, self.y_parity, digest)
        return None if point is None else address_of(point_serialize(point))


def parse_signature(data: bytes) -> Signature:
    """Read r, s and the recovery id (0 or 1): 65 bytes. Raises as ``Signature``."""
    if len(data) != 65:
        raise InputRefused("signature-form", f"a signature has 65 bytes (r, s, recovery id), not {len(data)}")
    return Signature(data[64], int.from_bytes(data[:32], "big"), int.from_bytes(data[32:64], "big"))


def signature_of(data: bytes, digest: bytes, sender: str) -> Signature:
    """The signature in ``data`` (64 bytes: r and s; 65: and the recovery id), if it is ``sender``'s of ``digest``.

    Raises ``InputRefused`` (``signature-form``), ``TransactionRefused`` (``high-s``, ``signature``).
    """
    forms = [data] if len(data) != 64 else [data + b"\x00", data + b"\x01"]
    for signature in map(parse_signature, forms):
        if signature.signer(digest) == sender:
            return signature
    raise TransactionRefused("signature", f"the signature is not one of {sender} over this")
