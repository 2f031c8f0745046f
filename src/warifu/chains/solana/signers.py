"""Who signed a transaction, whatever it does: for what others built, and cannot be judged.

A transaction that names a wallet need not be of the wallet's making, and may load accounts from lookup tables. Who
signs stands in the message itself: the first of its keys, as many as its header says.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from warifu.chains.solana.base58 import encode_base58
from warifu.chains.solana.message import KEY_BYTES, SIGNATURE_BYTES, VERSIONED, malformed
from warifu.errors import InputRefused


@dataclass(frozen=True)
class Signed:
    """A transaction that everybody signed who had to."""

    txid: str
    name: bytes
    """SHA-256 of the message, as a request names it."""
    signers: tuple[bytes, ...]
    """32 bytes each; the first pays the fee."""


def read_signed(data: bytes) -> Signed:
    """Read the signers and verify each signature. ``InputRefused``: ``message-form``, ``message-version``, or
    ``signature`` where one does not verify: then it never was executed, whoever says so."""
    count = data[0] if data else 0
    end = 1 + SIGNATURE_BYTES * count
    if not 0 < count < 0x80 or len(data) <= end:
        raise malformed("no signature in front of it")
    signatures = [data[at : at + SIGNATURE_BYTES] for at in range(1, end, SIGNATURE_BYTES)]
    message = data[end:]
    keys = _signers(message)
    if len(keys) != count:
        raise malformed(f"{count} signatures where its header wants {len(keys)}")
    for key, signature in zip(keys, signatures, strict=True):
        try:
            VerifyKey(key).verify(message, signature)
        except (BadSignatureError, ValueError):
            raise InputRefused("signature", "a signature of the transaction does not verify") from None
    return Signed(encode_base58(signatures[0]), hashlib.sha256(message).digest(), keys)


def _signers(message: bytes) -> tuple[bytes, ...]:
    at = 0
    if message[0] & VERSIONED:
        if message[0] != VERSIONED:
            raise InputRefused(
                "message-version", f"messages of version {message[0] & ~VERSIONED} are not understood"
            )
        at = 1
    count = message[at] if len(message) > at else 0
    first = at + 4  # three counts, and how many keys there are: more than 127 fit in no packet
    keys = message[first : first + KEY_BYTES * count]
    if not count or len(keys) < KEY_BYTES * count or not count <= message[first - 1] < 0x80:
        raise malformed("its signers are not all there")
    return tuple(keys[at : at + KEY_BYTES] for at in range(0, len(keys), KEY_BYTES))
