"""The ciphersuites of RFC 9591 that Warifu has: Ed25519 with SHA-512 (6.1) and secp256k1 with SHA-256 (6.5)."""

from __future__ import annotations

import hashlib

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from warifu.threshold.ed25519 import ED25519
from warifu.threshold.frost.suite import Ciphersuite
from warifu.threshold.group import Element
from warifu.threshold.masking import xor
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Buffer, Secret


class Ed25519Sha512(Ciphersuite):
    """FROST(Ed25519, SHA-512), section 6.1. Its signatures are Ed25519 signatures (RFC 8032)."""

    name = "FROST(Ed25519, SHA-512)"
    group = ED25519
    _context = b"FROST-ED25519-SHA512-v1"

    def binding_factor(self, data: bytes) -> int:
        return self.group.scalar_reduce(hashlib.sha512(self._context + b"rho" + data).digest())

    def challenge(self, data: bytes) -> int:
        """SHA-512 without a domain of its own, because that is Ed25519's challenge."""
        return self.group.scalar_reduce(hashlib.sha512(data).digest())

    def nonce(self, data: Secret) -> Secret:
        hasher = hashlib.sha512(self._context + b"nonce")
        hasher.update(data.buffer)
        return self.group.secret_reduce(hasher.digest())

    def message_hash(self, data: bytes) -> bytes:
        return hashlib.sha512(self._context + b"msg" + data).digest()

    def commitment_hash(self, data: bytes) -> bytes:
        return hashlib.sha512(self._context + b"com" + data).digest()

    def verifies(self, public_key: Element, message: bytes, signature: bytes) -> bool:
        """libsodium's own Ed25519 verification, so that the world's verifiers and ours agree."""
        if len(signature) != 64:
            return False
        try:
            VerifyKey(public_key.encoded).verify(message, signature)
        except BadSignatureError:
            return False
        return True


class Secp256k1Sha256(Ciphersuite):
    """FROST(secp256k1, SHA-256), section 6.5. Not BIP-340: for Bitcoin there is ``bip445.py``."""

    name = "FROST(secp256k1, SHA-256)"
    group = SECP256K1
    _context = b"FROST-secp256k1-SHA256-v1"

    def binding_factor(self, data: bytes) -> int:
        return self.group.scalar_reduce(_expand_message_48(data, self._context + b"rho"))

    def challenge(self, data: bytes) -> int:
        return self.group.scalar_reduce(_expand_message_48(data, self._context + b"chal"))

    def nonce(self, data: Secret) -> Secret:
        return self.group.secret_reduce(_expand_message_48(data.buffer, self._context + b"nonce"))

    def message_hash(self, data: bytes) -> bytes:
        return hashlib.sha256(self._context + b"msg" + data).digest()

    def commitment_hash(self, data: bytes) -> bytes:
        return hashlib.sha256(self._context + b"com" + data).digest()


def _expand_message_48(data: bytes | Buffer, domain: bytes) -> bytes:
    """``expand_message_xmd`` with SHA-256 for 48 bytes (RFC 9380, section 5.3.1), which is two blocks."""
    suffix = domain + bytes([len(domain)])
    hasher = hashlib.sha256(bytes(64))
    hasher.update(data)
    hasher.update((48).to_bytes(2, "big") + b"\x00" + suffix)
    start = hasher.digest()
    first = hashlib.sha256(start + b"\x01" + suffix).digest()
    with Secret(start) as chained:  # of a nonce's data it is as secret as the nonce
        xor(chained, first)
        hasher = hashlib.sha256(chained.buffer)
        hasher.update(b"\x02" + suffix)
        second = hasher.digest()
    return (first + second)[:48]


ED25519_SHA512 = Ed25519Sha512()
SECP256K1_SHA256 = Secp256k1Sha256()
