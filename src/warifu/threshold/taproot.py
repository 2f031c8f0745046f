"""Taproot key-path tweaks: BIP-341 ("Constructing and spending Taproot outputs") and BIP-86.

Everything here is public. The tweak goes to the signing session as an x-only tweak; the output key goes into the
script ``OP_1 <32 bytes>``.
"""

from __future__ import annotations

from dataclasses import dataclass

from warifu.threshold.derivation import derive
from warifu.threshold.errors import InvalidInput
from warifu.threshold.hashing import tagged_hash
from warifu.threshold.secp256k1 import SECP256K1

BRANCH_RECEIVE = 0
BRANCH_CHANGE = 1


def taproot_tweak(internal_key: bytes, merkle_root: bytes | None = None) -> tuple[bytes, bytes]:
    """The 32-byte tweak and the 32-byte x-only output key of an internal key (33 bytes, or 32 x-only).

    Without ``merkle_root`` the output commits to an unspendable script path, as BIP-86 asks. InvalidInput for a key
    that is no point, a root that is not 32 bytes, and for a tweak that BIP-341 refuses (never by chance).
    """
    if merkle_root is not None and len(merkle_root) != 32:
        raise InvalidInput("a Merkle root has 32 bytes")
    xonly = (
        internal_key
        if len(internal_key) == 32
        else SECP256K1.xonly(SECP256K1.element_from_bytes(internal_key))
    )
    internal = SECP256K1.lift_x(xonly)
    tweak = tagged_hash("TapTweak", xonly, merkle_root or b"")
    output = SECP256K1.element_add(internal, SECP256K1.base_mul_public(SECP256K1.scalar_from_bytes(tweak)))
    return tweak, SECP256K1.xonly(output)


@dataclass(frozen=True)
class Bip86Key:
    """One address of a wallet: what a signing session needs to know (``tweaks``) and what the chain sees."""

    internal_key: bytes
    """32 bytes, x-only."""
    output_key: bytes
    """32 bytes, x-only."""
    tweaks: tuple[tuple[bytes, bool], ...]
    """Plain BIP-32 tweaks, then the x-only Taproot tweak, in the order in which signing applies them."""


def bip86_key(public_key: bytes, chain_code: bytes, path: tuple[int, ...]) -> Bip86Key:
    """The BIP-86 output key at an unhardened ``path`` (usually branch, index) below a 33-byte key and chain code."""
    child = derive(public_key, chain_code, path)
    tweak, output = taproot_tweak(child.public_key)
    plain = tuple((step, False) for step in child.tweaks)
    return Bip86Key(child.public_key[1:], output, (*plain, (tweak, True)))
