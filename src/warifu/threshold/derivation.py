"""BIP-32 unhardened derivation of a public key whose private key exists nowhere.

Each step adds a public tweak to the key; the signers add the same tweaks when they sign. Hardened derivation needs
the whole private key, which a threshold wallet never has, and is refused.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from embit import base58, hashes  # type: ignore[import-untyped]  # embit ships no type information

from warifu.threshold.errors import InvalidInput
from warifu.threshold.secp256k1 import SECP256K1

CHAIN_CODE_BYTES = 32
HARDENED = 1 << 31
MAX_DEPTH = 255

_VERSIONS = {"main": b"\x04\x88\xb2\x1e", "test": b"\x04\x35\x87\xcf"}  # xpub, tpub
_EXTENDED_KEY_BYTES = 78


@dataclass(frozen=True)
class Derived:
    """A key below another, with the plain tweaks that lead to it."""

    public_key: bytes
    """33 bytes, compressed."""
    chain_code: bytes
    """32 bytes."""
    tweaks: tuple[bytes, ...]
    """32 bytes for each step."""


@dataclass(frozen=True)
class ExtendedKey:
    """The content of an ``xpub`` or ``tpub``."""

    public_key: bytes
    chain_code: bytes
    network: str = "main"
    """``main`` for xpub; ``test`` (testnet, signet, regtest) for tpub."""
    depth: int = 0
    parent_fingerprint: bytes = bytes(4)
    child_number: int = 0


def child(public_key: bytes, chain_code: bytes, index: int) -> tuple[bytes, bytes, bytes]:
    """CKDpub: the 32-byte tweak, the 33-byte child key and its 32-byte chain code for ``0 <= index < 2**31``.

    InvalidInput for a hardened or negative index and for a malformed key or chain code; also for the one index in
    2^127 whose child BIP-32 calls invalid: take the next.
    """
    parent = SECP256K1.element_from_bytes(public_key)
    if len(chain_code) != CHAIN_CODE_BYTES:
        raise InvalidInput("a chain code has 32 bytes")
    if index >= HARDENED:
        raise InvalidInput(
            "hardened derivation needs the whole private key, which a threshold wallet never has"
        )
    if index < 0:
        raise InvalidInput("a derivation index is not negative")
    digest = hmac.digest(chain_code, public_key + index.to_bytes(4, "big"), hashlib.sha512)
    tweak = SECP256K1.scalar_from_bytes(digest[:32])
    key = SECP256K1.element_add(parent, SECP256K1.base_mul_public(tweak))
    if SECP256K1.is_identity(key):
        raise InvalidInput("this index has no valid child key; take the next one")
    return digest[:32], key.encoded, digest[32:]


def derive(public_key: bytes, chain_code: bytes, path: Sequence[int]) -> Derived:
    """Walk ``path`` from a 33-byte key and its 32-byte chain code; InvalidInput as :func:`child`."""
    if len(path) > MAX_DEPTH:
        raise InvalidInput("a derivation path has at most 255 steps")
    tweaks = []
    for index in path:
        tweak, public_key, chain_code = child(public_key, chain_code, index)
        tweaks.append(tweak)
    return Derived(public_key, chain_code, tuple(tweaks))


def parse_path(text: str) -> tuple[int, ...]:
    """``m/0/5``, ``0/5`` or ``m`` as indices; InvalidInput for hardened steps and for anything else."""
    steps = text.split("/")
    if steps[0] == "m":
        steps = steps[1:]
    if len(steps) > MAX_DEPTH:
        raise InvalidInput("a derivation path has at most 255 steps")
    return tuple(_parse_step(step) for step in steps)


def fingerprint(public_key: bytes) -> bytes:
    """The first 4 bytes of HASH160 of a 33-byte key."""
    SECP256K1.element_from_bytes(public_key)
    return bytes(hashes.hash160(public_key)[:4])  # has its own RIPEMD-160 where OpenSSL lacks it


def encode_extended_key(key: ExtendedKey) -> str:
    """An ``xpub`` or ``tpub`` string; InvalidInput where a field does not fit its place."""
    SECP256K1.element_from_bytes(key.public_key)
    if key.network not in _VERSIONS:
        raise InvalidInput("the network of an extended key is main or test")
    if len(key.chain_code) != CHAIN_CODE_BYTES or len(key.parent_fingerprint) != 4:
        raise InvalidInput("a chain code has 32 bytes and a fingerprint 4")
    if not 0 <= key.depth <= MAX_DEPTH or not 0 <= key.child_number < 1 << 32:
        raise InvalidInput("depth or child number out of range")
    if key.depth == 0 and (key.child_number != 0 or key.parent_fingerprint != bytes(4)):
        raise InvalidInput("a root key has neither parent nor number")
    payload = (
        _VERSIONS[key.network]
        + bytes([key.depth])
        + key.parent_fingerprint
        + key.child_number.to_bytes(4, "big")
        + key.chain_code
        + key.public_key
    )
    return str(base58.encode_check(payload))


def decode_extended_key(text: str) -> ExtendedKey:
    """Parse an ``xpub`` or ``tpub``; InvalidInput for private, damaged, foreign or malformed ones (BIP-32 vector 5)."""
    if len(text) > 2 * _EXTENDED_KEY_BYTES:
        raise InvalidInput("this is no extended public key")
    try:
        payload = bytes(base58.decode_check(text))
    except ValueError as error:
        raise InvalidInput("this is no base58check string") from error
    network = next((name for name, version in _VERSIONS.items() if payload[:4] == version), None)
    if network is None or len(payload) != _EXTENDED_KEY_BYTES:
        raise InvalidInput("this is no extended public key")
    key = ExtendedKey(
        public_key=payload[45:],
        chain_code=payload[13:45],
        network=network,
        depth=payload[4],
        parent_fingerprint=payload[5:9],
        child_number=int.from_bytes(payload[9:13], "big"),
    )
    if encode_extended_key(key) != text:  # refuses what the encoder never makes
        raise InvalidInput("this is no extended public key")
    return key


def _parse_step(step: str) -> int:
    if step[-1:] in ("'", "h", "H"):
        raise InvalidInput(
            "hardened derivation needs the whole private key, which a threshold wallet never has"
        )
    if not (step.isascii() and step.isdigit() and len(step) <= 10) or str(int(step)) != step:
        raise InvalidInput("a step of a derivation path is a plain decimal number")
    index = int(step)
    if index >= HARDENED:
        raise InvalidInput("a derivation index is below 2^31")
    return index
