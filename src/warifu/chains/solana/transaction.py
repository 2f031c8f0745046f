"""A signed transaction: one signature and the message. Its id is the signature, so it is known before it is sent."""

from __future__ import annotations

from dataclasses import dataclass

from warifu.chains.solana.address import encode_base58
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
    if len(data) > PACKET_BYTES:
        raise InputRefused("too-long", f"{len(data)} bytes are more than any Solana transaction has")
    if len(data) <= 1 + SIGNATURE_BYTES or not 0 < data[0] < 0x80:
        raise malformed("no signature in front of it")
    count = data[0]
    message = parse_message(data[1 + SIGNATURE_BYTES * count :])
    if message.signers != count:
        raise malformed(f"{count} signatures where its header wants {message.signers}")
    if count != 1:
        raise TransactionRefused("foreign-signer", f"it needs {count} signers instead of one")
    return Transaction(data[1 : 1 + SIGNATURE_BYTES], message)
