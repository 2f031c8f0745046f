"""Secrets that wait on the disk for their use, sealed to a signer's public share: only with the share can they be read.

Correlations are made while nobody is there to type a passphrase, and lie beside a share that is locked by one. Sealed
to the public share, they are behind that lock, too: who steals disk and platform key has neither.

ECIES in its plain form (Abdalla, Bellare, Rogaway: "DHIES", 1998): a fresh e for each sealing, the key a hash of
e times the public share and of everything around it, XChaCha20-Poly1305 by libsodium. The key serves once, hence the
nonce is zero.
"""

from __future__ import annotations

from nacl import bindings
from nacl.exceptions import CryptoError

from warifu.threshold.ecdsa.binding import digest
from warifu.threshold.errors import InvalidInput
from warifu.threshold.group import Element
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret

_POINT_BYTES = 33
_NONCE = bytes(bindings.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)
OVERHEAD_BYTES = _POINT_BYTES + bindings.crypto_aead_xchacha20poly1305_ietf_ABYTES
"""49 bytes."""


def seal(public_share: Element, plaintext: bytes, about: bytes) -> bytes:
    """OVERHEAD_BYTES longer than the plaintext. ``about`` is not in it and must be the same for :func:`unseal`."""
    with SECP256K1.random_secret() as ephemeral:
        point = SECP256K1.base_mul(ephemeral)
        key = _key(point, public_share, SECP256K1.element_mul_secret(public_share, ephemeral))
    sealed = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, about, _NONCE, key)
    return point.encoded + bytes(sealed)


def unseal(share: Secret, sealed: bytes, about: bytes) -> bytearray:
    """The plaintext. InvalidInput where it was altered, is about something else, or is sealed to another share."""
    point = SECP256K1.element_from_bytes(sealed[:_POINT_BYTES])
    key = _key(point, SECP256K1.base_mul(share), SECP256K1.element_mul_secret(point, share))
    try:
        return bytearray(
            bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(sealed[_POINT_BYTES:], about, _NONCE, key)
        )
    except (CryptoError, ValueError):
        raise InvalidInput("this was not sealed to this share, or was altered") from None


def _key(ephemeral: Element, public_share: Element, shared: Element) -> bytes:
    return digest("sealing", ephemeral.encoded, public_share.encoded, shared.encoded)
