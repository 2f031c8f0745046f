"""A Solana message: the bytes that are signed, read strictly, and written in the one form in which they are read.

Format: *Solana Docs*, "Transactions", and SIMD-0016 / v0 of versioned messages: an optional version byte, a header of
three counts, the account addresses, the blockhash (or a durable nonce's value), the instructions; v0 ends with address
lookup tables. A message with lookup tables is refused: they name accounts by an index into an account on the chain, so
whoever has only the message cannot see whom it pays.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

from warifu.errors import InputRefused, TransactionRefused

PACKET_BYTES = 1232
"""The longest transaction: IPv6's least MTU of 1280 without its headers."""
SIGNATURE_BYTES = 64
MAX_MESSAGE_BYTES = PACKET_BYTES - 1 - SIGNATURE_BYTES
"""1167, with the one signature that a wallet of one account needs."""
KEY_BYTES = 32
VERSIONED = 0x80


@dataclass(frozen=True)
class Instruction:
    """A call of ``program`` (32 bytes) with ``accounts``, all as indexes into the message's keys."""

    program: int
    accounts: tuple[int, ...]
    data: bytes


@dataclass(frozen=True)
class Message:
    """A whole message. ``raw`` is what is signed."""

    raw: bytes
    version: int | None
    """None for a legacy message, 0 for v0."""
    signers: int
    readonly_signers: int
    readonly_others: int
    keys: tuple[bytes, ...]
    """32 bytes each, all different; the first pays the fee. Signers come first, in each group the writable ones."""
    blockhash: bytes
    """32 bytes: a recent blockhash, or the value of a durable nonce."""
    instructions: tuple[Instruction, ...]

    @cached_property
    def name(self) -> bytes:
        """SHA-256 of the message, 32 bytes."""
        return hashlib.sha256(self.raw).digest()

    def is_signer(self, index: int) -> bool:
        """Whether the account at ``index`` signs."""
        return index < self.signers

    def is_writable(self, index: int) -> bool:
        """Whether the message lets programs change the account at ``index``."""
        if index < self.signers:
            return index < self.signers - self.readonly_signers
        return index < len(self.keys) - self.readonly_others


class _Cursor:
    """Reads from front to back, never past the end; each refusal is ``InputRefused`` (``message-form``)."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self._data):
            raise malformed(f"it ends {end - len(self._data)} bytes too early")
        part = self._data[self.at : end]
        self.at = end
        return part

    def byte(self) -> int:
        return self.take(1)[0]

    def compact_u16(self) -> int:
        """A ``compact-u16`` in its shortest form: 7 bits a byte, low ones first, at most 3 bytes."""
        value = 0
        for place in range(3):
            part = self.byte()
            value |= (part & 0x7F) << 7 * place
            if not part & 0x80:
                if place and not part:
                    raise malformed("a length is not in its shortest form")
                if value > 0xFFFF:
                    raise malformed("a length is over 65535")
                return value
        raise malformed("a length has more than three bytes")

    def count(self, item_bytes: int) -> int:
        """How many items follow, each of at least ``item_bytes``; refused before anything is allocated for them."""
        count = self.compact_u16()
        if count * item_bytes > len(self._data) - self.at:
            raise malformed(f"it announces {count} items that the rest cannot hold")
        return count


def malformed(message: str) -> InputRefused:
    """The error for bytes that are no message."""
    return InputRefused("message-form", f"not a valid Solana message: {message}")


def parse_message(data: bytes) -> Message:
    """Read exactly one message. ``InputRefused`` (``message-form``, ``message-version``, ``too-long``);
    ``TransactionRefused`` (``lookup-tables``) for what is well-formed and cannot be judged."""
    message, end = parse_prefix(data)
    if end != len(data):
        raise malformed(f"{len(data) - end} bytes follow its end")
    return message


def parse_prefix(data: bytes) -> tuple[Message, int]:
    """The message at the front of ``data``, and where it ends. Raises as ``parse_message``."""
    if len(data) > PACKET_BYTES:
        raise InputRefused("too-long", f"{len(data)} bytes are more than any Solana transaction has")
    cursor = _Cursor(data)
    version = None
    if data[:1] and data[0] & VERSIONED:
        version = cursor.byte() & ~VERSIONED
        if version:
            raise InputRefused("message-version", f"messages of version {version} are not understood")
    signers, readonly_signers, readonly_others = cursor.take(3)
    keys = tuple(cursor.take(KEY_BYTES) for _ in range(cursor.count(KEY_BYTES)))
    _check_header(signers, readonly_signers, readonly_others, keys)
    blockhash = cursor.take(KEY_BYTES)
    instructions = tuple(_instruction(cursor, len(keys)) for _ in range(cursor.count(3)))
    if version == 0 and cursor.compact_u16():
        raise TransactionRefused(
            "lookup-tables",
            "it loads accounts from address lookup tables: whom it pays cannot be seen from the message",
            remedy="Have it built without lookup tables.",
        )
    raw = data[: cursor.at]
    return (
        Message(raw, version, signers, readonly_signers, readonly_others, keys, blockhash, instructions),
        cursor.at,
    )


def _check_header(signers: int, readonly_signers: int, readonly_others: int, keys: tuple[bytes, ...]) -> None:
    """The rules of Agave's ``sanitize``, so that nothing is judged here that means something else there."""
    if not signers or readonly_signers >= signers:
        raise malformed("nobody pays its fee")
    if signers + readonly_others > len(keys):
        raise malformed("its header counts more accounts than there are")
    if len(set(keys)) != len(keys):
        raise malformed("an account is listed twice")


def _instruction(cursor: _Cursor, keys: int) -> Instruction:
    program = cursor.byte()
    accounts = tuple(cursor.take(cursor.count(1)))
    data = cursor.take(cursor.count(1))
    if not 0 < program < keys or any(index >= keys for index in accounts):
        raise malformed("an instruction names an account that is not there, or calls the one that pays")
    return Instruction(program, accounts, data)


def compact_u16(value: int) -> bytes:
    """The one encoding of ``value`` (0..65535) that ``parse_message`` takes."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
