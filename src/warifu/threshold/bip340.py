"""BIP-340 Schnorr signatures by one key, through libsecp256k1: verification for all, signing for host keys."""

from __future__ import annotations

import os

from warifu.threshold import libsecp256k1 as lib
from warifu.threshold.errors import InvalidInput, ThresholdError
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret

SIGNATURE_BYTES = 64
PUBLIC_KEY_BYTES = 32


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a 64-byte signature of ``message`` is valid under a 32-byte x-only key. Never raises for bad bytes."""
    if len(public_key) != PUBLIC_KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    return lib.schnorr_verify(signature, message, public_key)


def sign(secret: Secret, message: bytes, aux: bytes | None = None) -> bytes:
    """A 64-byte signature under a 32-byte secret key, verified before it is returned.

    ``aux`` is the 32 bytes of auxiliary randomness, from the operating system unless given. InvalidInput for a key or
    ``aux`` of another length and for a key that is no valid scalar.
    """
    aux = os.urandom(32) if aux is None else aux
    if len(secret) != 32 or len(aux) != 32:
        raise InvalidInput("BIP-340 signs with a 32-byte key and 32 bytes of auxiliary randomness")
    signature = lib.schnorr_sign(secret.buffer, message, aux)
    if signature is None:
        raise InvalidInput("the secret key is zero or not below the group order")
    # A signature computed wrongly (failing memory, induced fault) could reveal the key (BIP-340, "Default Signing").
    if not verify(SECP256K1.xonly(SECP256K1.base_mul(secret)), message, signature):
        raise ThresholdError("the computed signature does not verify; it was not released")
    return signature
