"""Base58Check, bech32 and descriptor checksums: the one place that touches embit's untyped modules.

Only embit's two stand-alone modules are imported. ``embit.descriptor`` would load a second libsecp256k1 that embit
ships as a binary, which a signer has no business running; so the descriptor checksum (BIP-380) is here.
"""

from __future__ import annotations

from typing import NamedTuple

from embit import base58, bech32  # type: ignore[import-untyped]  # embit ships no type information

_DESCRIPTOR_SYMBOLS = (
    "0123456789()[],'/*abcdefgh@:$%{}IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~ijklmnopqrstuvwxyzABCDEFGH`#\"\\ "
)
_DESCRIPTOR_GENERATOR = (0xF5DEE51989, 0xA9FDCA3312, 0x1BAB10E32D, 0x3706B1677A, 0x644D626FFD)


class WitnessProgram(NamedTuple):
    """A decoded segwit address: human-readable part, witness version 0..16, program of 2..40 bytes."""

    hrp: str
    version: int
    program: bytes


def encode_base58check(payload: bytes) -> str:
    """``payload`` with its 4-byte checksum, in base58."""
    return str(base58.encode_check(payload))


def decode_base58check(text: str) -> bytes | None:
    """The payload, or None where ``text`` is not the one Base58Check form of any payload.

    Decoding takes time quadratic in the length: callers bound it first.
    """
    try:
        payload = bytes(base58.decode_check(text))
    except ValueError:
        return None
    return payload if encode_base58check(payload) == text else None


def encode_segwit(hrp: str, version: int, program: bytes) -> str:
    """A segwit address: bech32 for version 0 (BIP-173), bech32m above (BIP-350)."""
    address = bech32.encode(hrp, version, program)
    assert address is not None, "a program of ours always has an address"
    return str(address)


def decode_segwit(text: str) -> WitnessProgram | None:
    """The parts of a segwit address of any network, or None where its form or checksum is wrong.

    One case throughout, 90 characters at most, and the checksum that belongs to the version.
    """
    _, hrp, data = bech32.bech32_decode(text)
    if not hrp or not data:
        return None
    version, program = bech32.decode(hrp, text)
    return None if version is None else WitnessProgram(str(hrp), int(version), bytes(program))


def descriptor_checksum(descriptor: str) -> str:
    """The 8 characters that follow ``#`` (BIP-380). ``descriptor`` holds only characters that descriptors know."""
    remainder, group, grouped = 1, 0, 0
    for character in descriptor:
        position = _DESCRIPTOR_SYMBOLS.index(character)
        remainder = _polymod(remainder, position & 31)
        group, grouped = group * 3 + (position >> 5), grouped + 1
        if grouped == 3:
            remainder, group, grouped = _polymod(remainder, group), 0, 0
    if grouped:
        remainder = _polymod(remainder, group)
    for _ in range(8):
        remainder = _polymod(remainder, 0)
    remainder ^= 1
    return "".join(bech32.CHARSET[remainder >> 5 * (7 - place) & 31] for place in range(8))


def _polymod(remainder: int, value: int) -> int:
    top = remainder >> 35
    remainder = (remainder & 0x7FFFFFFFF) << 5 ^ value
    for bit, generator in enumerate(_DESCRIPTOR_GENERATOR):
        if top >> bit & 1:
            remainder ^= generator
    return remainder
