"""Who else verifies: the same question put to code that others wrote. False for malformed bytes, as for a forgery."""

from __future__ import annotations

from collections.abc import Callable

from coincurve._libsecp256k1 import ffi, lib  # type: ignore[import-not-found]  # C extension without type stubs
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey
from solders.pubkey import Pubkey
from solders.signature import Signature

from warifu.threshold import libsecp256k1
from warifu.threshold.ed25519 import ED25519
from warifu.threshold.errors import InvalidInput
from warifu.threshold.frost.suites import ED25519_SHA512
from warifu.threshold.secp256k1 import SECP256K1

Verifier = Callable[[bytes, bytes, bytes], bool]
"""key, message (a 32-byte digest for ECDSA), signature."""


def _answers(*refusals: type[Exception]) -> Callable[[Callable[[bytes, bytes, bytes], object]], Verifier]:
    """Turn a verifier that raises, or answers False, into one that answers."""

    def wrap(verify: Callable[[bytes, bytes, bytes], object]) -> Verifier:
        def answer(key: bytes, message: bytes, signature: bytes) -> bool:
            try:
                return verify(key, message, signature) is not False
            except refusals:
                return False

        return answer

    return wrap


# Ed25519


@_answers(InvalidInput)
def ours_ed25519(key: bytes, message: bytes, signature: bytes) -> bool:
    """As Warifu verifies: the key is decoded into the prime-order subgroup first."""
    return ED25519_SHA512.verifies(ED25519.element_from_bytes(key), message, signature)


@_answers(BadSignatureError, ValueError)
def libsodium_ed25519(key: bytes, message: bytes, signature: bytes) -> object:
    return VerifyKey(key).verify(message, signature)


@_answers(InvalidSignature, ValueError)
def openssl_ed25519(key: bytes, message: bytes, signature: bytes) -> object:
    return Ed25519PublicKey.from_public_bytes(key).verify(signature, message)


@_answers(ValueError)
def solana_ed25519(key: bytes, message: bytes, signature: bytes) -> bool:
    """What Solana's validators run: ed25519-dalek's ``verify_strict``, through solders.

    solders panics on a key of another length, and its panic is no ``Exception``.
    """
    if len(key) != 32:
        return False
    return bool(Signature.from_bytes(signature).verify(Pubkey.from_bytes(key), message))


# BIP-340


def libsecp256k1_bip340(key: bytes, message: bytes, signature: bytes) -> bool:
    """libsecp256k1 itself, by its C functions and a context of its own, past everything that Warifu wrote."""
    context = ffi.gc(lib.secp256k1_context_create(lib.SECP256K1_CONTEXT_NONE), lib.secp256k1_context_destroy)
    public_key = ffi.new("secp256k1_xonly_pubkey *")
    if len(key) != 32 or len(signature) != 64:
        return False
    if not lib.secp256k1_xonly_pubkey_parse(context, public_key, key):
        return False
    return bool(lib.secp256k1_schnorrsig_verify(context, signature, message, len(message), public_key))


# ECDSA over secp256k1. Signatures are DER, keys 33 bytes.


def libsecp256k1_ecdsa(key: bytes, digest: bytes, signature: bytes) -> bool:
    """libsecp256k1 itself: strict DER, and s in the lower half."""
    context = ffi.gc(lib.secp256k1_context_create(lib.SECP256K1_CONTEXT_NONE), lib.secp256k1_context_destroy)
    public_key, parsed = ffi.new("secp256k1_pubkey *"), ffi.new("secp256k1_ecdsa_signature *")
    if not lib.secp256k1_ec_pubkey_parse(context, public_key, key, len(key)):
        return False
    if not lib.secp256k1_ecdsa_signature_parse_der(context, parsed, signature, len(signature)):
        return False
    return bool(lib.secp256k1_ecdsa_verify(context, parsed, digest, public_key))


@_answers(InvalidSignature, ValueError)
def openssl_ecdsa(key: bytes, digest: bytes, signature: bytes) -> object:
    public_key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256K1(), key)
    return public_key.verify(signature, digest, ec.ECDSA(Prehashed(SHA256())))


def ours_ecdsa(key: bytes, digest: bytes, compact: bytes) -> bool:
    """As Warifu verifies before a threshold signature leaves: 64 bytes, s in the lower half."""
    try:
        point = SECP256K1.element_from_bytes(key)
    except InvalidInput:
        return False
    return libsecp256k1.ecdsa_verify(compact, digest, libsecp256k1.Point(point.native))
