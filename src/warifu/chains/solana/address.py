"""Addresses: 32 bytes, written in base58 without a checksum, and those that are derived from others.

An address on the curve of Ed25519 is a public key, and somebody may hold its private key. A *program derived address*
is off the curve by construction: only the program that it is derived from can act for it. Because the text has no
checksum, a mistyped address is often still one: what protects is that the owner compares all of it.
"""

from __future__ import annotations

import hashlib

from warifu.chains.solana.base58 import decode_base58, encode_base58
from warifu.chains.solana.curve import is_on_curve
from warifu.chains.solana.programs import ASSOCIATED_TOKEN
from warifu.errors import InputRefused

ADDRESS_BYTES = 32
_MIN_CHARACTERS, _MAX_CHARACTERS = 32, 44
MAX_SEED_BYTES = 32
_DERIVED = b"ProgramDerivedAddress"


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
    assert len(raw) == ADDRESS_BYTES, "an address has 32 bytes"
    return encode_base58(raw)


def associated_token_address(owner: bytes, mint: bytes, token_program: bytes) -> bytes:
    """The one token account that ``owner`` has for ``mint`` by derivation (Associated Token Account program)."""
    return _program_address((owner, token_program, mint), ASSOCIATED_TOKEN)


def address_with_seed(base: bytes, seed: bytes, program: bytes) -> bytes:
    """``Pubkey::create_with_seed``: SHA-256(base, seed, program). ``seed`` has at most 32 bytes."""
    return hashlib.sha256(base + seed + program).digest()


def _program_address(seeds: tuple[bytes, ...], program: bytes) -> bytes:
    """``Pubkey::find_program_address``: the first that is off the curve, counting the bump down from 255."""
    for bump in range(255, 0, -1):
        found = hashlib.sha256(b"".join((*seeds, bytes([bump]), program, _DERIVED))).digest()
        if not is_on_curve(found):
            return found
    raise AssertionError("255 hashes in a row are points of the curve")
