"""Base58 without a checksum: how Solana writes addresses, signatures and whole messages."""

from __future__ import annotations

from embit import base58  # type: ignore[import-untyped]  # embit ships no type information


def encode_base58(data: bytes) -> str:
    """``data`` in base58."""
    return str(base58.encode(data))


def decode_base58(text: str) -> bytes | None:
    """The bytes of ``text``; None where a character is not base58's. Quadratic in the length: callers bound it."""
    try:
        return bytes(base58.decode(text))
    except (ValueError, KeyError):
        return None
