"""Addresses: 32 bytes, written in base58 without a checksum, and those that are derived from others.

An address on the curve of Ed25519 is a public key, and somebody may hold its private key. A *program derived address*
is off the curve by construction: only the program that it is derived from can act for it. Because the text has no
checksum, a mistyped address is often still one: what protects is that the owner compares all of it.
"""

from __future__ import annotations

import hashlib

from embit import base58  # type: ignore[import-untyped]  # embit ships no type information
from solders.pubkey import Pubkey

from warifu.chains.solana.programs import ASSOCIATED_TOKEN
from warifu.errors import InputRefused

ADDRESS_BYTES = 32
_MIN_CHARACTERS, _MAX_CHARACTERS = 32, 44
MAX_SEED_BYTES = 32


def parse_address(text: str) -> bytes:
    """The 32 bytes of an address; ``InputRefused`` (``address``) for everything but its one text form."""
    raw = None
    if _MIN_CHARACTERS <= len(text) <= _MAX_CHARACTERS:
        raw = decode_base58(text)
    if raw is None or len(raw) != ADDRESS_BYTES or format_address(raw) != text:
        raise InputRefused(
            "address", f"{text[:64]!r} is not a Solana address", remedy="Copy the whole address again."
        )
    return raw


def format_address(raw: bytes) -> str:
    """``raw`` (32 bytes) in base58."""
    return str(Pubkey.from_bytes(raw))


def is_on_curve(raw: bytes) -> bool:
    """Whether a private key for this address can exist at all."""
    return bool(Pubkey.from_bytes(raw).is_on_curve())


def associated_token_address(owner: bytes, mint: bytes, token_program: bytes) -> bytes:
    """The one token account that ``owner`` has for ``mint`` by derivation (Associated Token Account program)."""
    seeds = [owner, token_program, mint]
    derived, _bump = Pubkey.find_program_address(seeds, Pubkey.from_bytes(ASSOCIATED_TOKEN))
    return bytes(derived)


def address_with_seed(base: bytes, seed: bytes, program: bytes) -> bytes:
    """``Pubkey::create_with_seed``: SHA-256(base, seed, program). ``seed`` has at most 32 bytes."""
    return hashlib.sha256(base + seed + program).digest()


def encode_base58(data: bytes) -> str:
    """``data`` in base58, for signatures and whole messages."""
    return str(base58.encode(data))


def decode_base58(text: str) -> bytes | None:
    """The bytes of ``text``; None where a character is not base58's. Quadratic in the length: callers bound it."""
    try:
        return bytes(base58.decode(text))
    except (ValueError, KeyError):
        return None
