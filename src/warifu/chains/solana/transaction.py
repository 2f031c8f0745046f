"""A signed transaction: one signature and the message. Its id is the signature, so it is known before it is sent."""

from __future__ import annotations

from dataclasses import dataclass

from warifu.chains.solana.base58 import encode_base58
from warifu.chains.solana.message import PACKET_BYTES, SIGNATURE_BYTES, Message, malformed, parse_message
from warifu.errors import InputRefused, TransactionRefused


@dataclass(frozen=True)
class Transaction:
    """``signature`` (64 bytes; zeros where it is still missing) over ``message.raw``. Not verified by this type."""

    signature: bytes
    message: Message

    @property
    def is_signed(self) -> bool:
        """Whether there is a signature at all."""
        return any(self.signature)

    @property
    def txid(self) -> str:
        """The signature in base58, as explorers and nodes name the transaction."""
        return encode_base58(self.signature)

    def serialize(self) -> bytes:
        """As it goes over the wire, at most 1232 bytes."""
        return b"\x01" + self.signature + self.message.raw


def parse_transaction(data: bytes) -> Transaction:
    """Read exactly one transaction with one signature.

    ``InputRefused`` (``message-form``, ``too-long``), ``TransactionRefused`` (``foreign-signer``: more signatures, or
    as ``parse_message``).
    """
    signatures, message = parse_signatures(data)
    if len(signatures) != 1:
        raise TransactionRefused("foreign-signer", f"it needs {len(signatures)} signers instead of one")
    return Transaction(signatures[0], message)


def parse_signatures(data: bytes) -> tuple[tuple[bytes, ...], Message]:
    """Any transaction: its signatures (64 bytes each, zeros where one is missing), and the message.

    ``InputRefused`` (``message-form``, ``too-long``), or as ``parse_message``.
    """
    if len(data) > PACKET_BYTES:
        raise InputRefused("too-long", f"{len(data)} bytes are more than any Solana transaction has")
    # More signatures than 127 fit in no packet, so their number is always one byte.
    count = data[0] if data else 0
    end = 1 + SIGNATURE_BYTES * count
    if not 0 < count < 0x80 or len(data) <= end:
        raise malformed("no signature in front of it")
    message = parse_message(data[end:])
    if message.signers != count:
        raise malformed(f"{count} signatures where its header wants {message.signers}")
    return tuple(data[at : at + SIGNATURE_BYTES] for at in range(1, end, SIGNATURE_BYTES)), message
