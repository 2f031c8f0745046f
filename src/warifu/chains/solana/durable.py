"""Durable nonces: messages that do not expire, and the proof that two of them exclude each other.

A message that begins with ``AdvanceNonceAccount`` may carry the value stored in that nonce account where others carry a
recent blockhash. It stays valid until the value is used up, by whichever message lands first. But the runtime also
takes such a message if the value *is* a recent blockhash; then nothing is used up, and two messages with the same
value can both land. A service could so have a "replacement" signed and send both. The value of a real nonce is
SHA-256("DURABLE_NONCE", blockhash of its making) (``DurableNonce::from_blockhash``, anza-xyz/solana-sdk), so whoever
shows that blockhash proves that the value is none itself. An unsigned message may carry these 32 bytes after its end;
without them it is read as a message that excludes no other.
"""

from __future__ import annotations

import hashlib

from warifu.errors import TransactionRefused

PROOF_BYTES = 32
_PREFIX = b"DURABLE_NONCE"
_EXCLUSION = b"warifu/solana/durable-nonce"


def nonce_value(blockhash: bytes) -> bytes:
    """The value (32 bytes) that a nonce advanced under ``blockhash`` (32 bytes) gets."""
    return hashlib.sha256(_PREFIX + blockhash).digest()


def check_proof(value: bytes, proof: bytes) -> None:
    """Return only if ``proof`` is the blockhash behind ``value``; ``TransactionRefused`` (``nonce-proof``)."""
    if len(proof) != PROOF_BYTES or nonce_value(proof) != value:
        raise TransactionRefused("nonce-proof", "what follows the message does not prove its durable nonce")


def exclusion(nonce: bytes, value: bytes) -> bytes:
    """``Reading.excludes`` of every message that uses up this value of this nonce account, 32 bytes."""
    return hashlib.sha256(_EXCLUSION + nonce + value).digest()
