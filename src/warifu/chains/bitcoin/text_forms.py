"""Base58Check and descriptor checksums: the one place that touches embit.

Only ``embit.base58`` is imported, which stands alone. embit's other modules load a second libsecp256k1 that embit
ships as a binary, which a signer has no business running; so the descriptor checksum (BIP-380) is written out here.
"""

from __future__ import annotations

from embit import base58  # type: ignore[import-untyped]  # embit ships no type information

from warifu.chains.bitcoin.bech32 import ALPHABET

_DESCRIPTOR_SYMBOLS = (
    "0123456789()[],'/*abcdefgh@:$%{}IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~ijklmnopqrstuvwxyzABCDEFGH`#\"\\ "
)
_DESCRIPTOR_GENERATOR = (0xF5DEE51989, 0xA9FDCA3312, 0x1BAB10E32D, 0x3706B1677A, 0x644D626FFD)


def encode_base58check(payload: bytes) -> str:
    """``payload`` with its 4-byte checksum, in base58."""
    return str(base58.encode_check(payload))


def decode_base58check(text: str) -> bytes | None:
    """The payload, or None where a character or the checksum is wrong.

    Decoding takes time quadratic in the length: callers bound it first.
    """
    try:
        return bytes(base58.decode_check(text))
    except ValueError:
        return None


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
    return "".join(ALPHABET[remainder >> 5 * (7 - place) & 31] for place in range(8))


def _polymod(remainder: int, value: int) -> int:
    top = remainder >> 35
    remainder = (remainder & 0x7FFFFFFFF) << 5 ^ value
    for bit, generator in enumerate(_DESCRIPTOR_GENERATOR):
        if top >> bit & 1:
            remainder ^= generator
    return remainder
