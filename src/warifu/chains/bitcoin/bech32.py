"""Segwit addresses as text: bech32 (BIP-173) and bech32m (BIP-350), strictly.

Written out here because the ready-made modules at hand bring a second libsecp256k1 binary into the process, which a
signer has no business running. The tests hold it against one of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import xor
from typing import NamedTuple

ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_FEEDBACK = [
    reduce(xor, (generator for bit, generator in enumerate(_GENERATOR) if top >> bit & 1), 0)
    for top in range(32)
]
"""What the five bits that leave at the top put back in, for each of their values."""
_BECH32, _BECH32M = 1, 0x2BC830A3
_CHECKSUM_SYMBOLS = 6
MAX_CHARACTERS = 90


class WitnessProgram(NamedTuple):
    """A decoded segwit address: human-readable part, witness version 0..16, program of 2..40 bytes."""

    hrp: str
    version: int
    program: bytes


def encode_segwit(hrp: str, version: int, program: bytes) -> str:
    """The address, in lower case, of a witness program that ``decode_segwit`` would return."""
    symbols = [version, *_to_symbols(program)]
    remainder = _checksum(hrp, [*symbols, *bytes(_CHECKSUM_SYMBOLS)]) ^ _constant(version)
    symbols += [remainder >> 5 * (_CHECKSUM_SYMBOLS - 1 - place) & 31 for place in range(_CHECKSUM_SYMBOLS)]
    return f"{hrp}1{''.join(ALPHABET[symbol] for symbol in symbols)}"


def decode_segwit(text: str) -> WitnessProgram | None:
    """The parts of a segwit address of any network, or None where its form or checksum is wrong.

    One case throughout, 90 characters at most, the checksum that belongs to the version, no padding but zero bits.
    """
    if not (text.isascii() and text.isprintable()) or text not in (text.lower(), text.upper()):
        return None
    hrp, separator, tail = text.lower().rpartition("1")
    if len(text) > MAX_CHARACTERS or not hrp or not separator or not set(tail) <= set(ALPHABET):
        return None
    symbols = [ALPHABET.index(character) for character in tail]
    if len(symbols) <= _CHECKSUM_SYMBOLS or symbols[0] > 16:
        return None
    version, program = symbols[0], _to_bytes(symbols[1:-_CHECKSUM_SYMBOLS])
    if _checksum(hrp, symbols) != _constant(version) or program is None or not 2 <= len(program) <= 40:
        return None
    if version == 0 and len(program) not in (20, 32):
        return None
    return WitnessProgram(hrp, version, program)


def _constant(version: int) -> int:
    return _BECH32M if version else _BECH32


def _checksum(hrp: str, symbols: Iterable[int]) -> int:
    """BIP-173's remainder over the expanded human-readable part and the data."""
    codes = hrp.encode("ascii")
    remainder = 1
    for symbol in (*(code >> 5 for code in codes), 0, *(code & 31 for code in codes), *symbols):
        remainder = (remainder & 0x1FFFFFF) << 5 ^ symbol ^ _FEEDBACK[remainder >> 25]
    return remainder


def _to_symbols(data: bytes) -> list[int]:
    """Groups of five bits, the last one filled with zero bits."""
    bits = 8 * len(data)
    padding = -bits % 5
    number = int.from_bytes(data, "big") << padding
    return [number >> shift & 31 for shift in range(bits + padding - 5, -1, -5)]


def _to_bytes(symbols: list[int]) -> bytes | None:
    """The bytes behind groups of five bits; None where more than four bits, or a set one, are left over."""
    bits = 5 * len(symbols)
    number = 0
    for symbol in symbols:
        number = number << 5 | symbol
    spare = bits % 8
    if spare > 4 or number & (1 << spare) - 1:
        return None
    return (number >> spare).to_bytes(bits // 8, "big")
