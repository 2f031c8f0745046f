"""Addresses: the last 20 bytes of the Keccak-256 of a public key, written with the checksum of EIP-55.

The one text form is EIP-55's: forty hexadecimal digits whose capitals are the checksum. A form without checksum is
read only where a caller asks for it: a single mistyped digit would be another, valid address.
"""

from __future__ import annotations

import re

import coincurve

from warifu.chains.ethereum.keccak import keccak256
from warifu.errors import InputRefused

ADDRESS_BYTES = 20
ZERO_ADDRESS = bytes(ADDRESS_BYTES)
FIRST_ORDINARY = 1 << 16
"""Addresses below this number are no accounts of anybody: the zero address, precompiled contracts of Ethereum
(1 .. 0x11, 0x100) and those of roll-ups (Arbitrum from 0x64, Polygon at 0x1010). Funds sent there are lost."""

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)


def parse_address(text: str, *, unchecked: bool = False) -> bytes:
    """The 20 bytes of an address. With ``unchecked`` also one in lower or upper case throughout, without checksum.

    Raises ``InputRefused`` (``address``).
    """
    if len(text) != 42 or not _ADDRESS.fullmatch(text):
        raise InputRefused(
            "address",
            f"{text[:64]!r} is not an Ethereum address: 0x and forty hexadecimal digits",
            remedy="Copy the whole address again.",
        )
    address = bytes.fromhex(text[2:])
    if text == format_address(address) or (unchecked and text[2:] in (text[2:].lower(), text[2:].upper())):
        return address
    raise InputRefused(
        "address",
        f"the capitals of {text!r}, which are its checksum (EIP-55), are wrong or missing",
        remedy="Copy the address again from a place that shows it with capitals.",
    )


def format_address(address: bytes) -> str:
    """The one text form of 20 bytes (EIP-55)."""
    assert len(address) == ADDRESS_BYTES, "callers hold addresses"
    digits = address.hex()
    checksum = keccak256(digits.encode("ascii")).hex()
    return "0x" + "".join(
        digit.upper() if weight >= "8" else digit for digit, weight in zip(digits, checksum, strict=False)
    )


def address_of(public_key: bytes) -> str:
    """The account of a compressed public key (33 bytes); ``InputRefused`` (``public-key``) for what is none."""
    if len(public_key) != 33:
        raise InputRefused("public-key", f"a compressed public key has 33 bytes, not {len(public_key)}")
    try:
        point = coincurve.PublicKey(bytes(public_key)).format(compressed=False)
    except ValueError:
        raise InputRefused("public-key", "these 33 bytes are no point of secp256k1") from None
    return format_address(keccak256(point[1:])[12:])


def is_reserved(address: bytes) -> bool:
    """Whether nobody's account can be at this address (``FIRST_ORDINARY``)."""
    return int.from_bytes(address, "big") < FIRST_ORDINARY
