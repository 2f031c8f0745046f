"""XChaCha20-Poly1305 by libsodium, from and into buffers that can be wiped.

PyNaCl's public binding takes and returns immutable ``bytes``: what it opened would lie in freed memory until chance
overwrote it, where a search of the process finds it.
"""

from __future__ import annotations

from nacl._sodium import ffi, lib  # type: ignore[import-not-found]  # C extension without type stubs

from warifu.threshold.wiping import Secret

KEY_BYTES, NONCE_BYTES, TAG_BYTES = 32, 24, 16


def encrypt(secret: Secret, about: bytes, nonce: bytes, key: Secret) -> bytes:
    """TAG_BYTES longer than ``secret``. ``about``: what else must be the same to open it. The nonce never repeats."""
    _check(nonce, key)
    sealed, length = bytearray(len(secret) + TAG_BYTES), ffi.new("unsigned long long *")
    failed = lib.crypto_aead_xchacha20poly1305_ietf_encrypt(
        ffi.from_buffer(sealed),
        length,
        ffi.from_buffer(secret.buffer),
        len(secret),
        about,
        len(about),
        ffi.NULL,
        nonce,
        ffi.from_buffer(key.buffer),
    )
    assert not failed and length[0] == len(sealed), "it does not fail for such lengths"
    return bytes(sealed)


def decrypt(sealed: bytes, about: bytes, nonce: bytes, key: Secret) -> Secret | None:
    """What was encrypted, the caller's to wipe; None where anything was altered or the key is another one."""
    _check(nonce, key)
    if len(sealed) <= TAG_BYTES:
        return None
    opened, length = Secret(bytes(len(sealed) - TAG_BYTES)), ffi.new("unsigned long long *")
    failed = lib.crypto_aead_xchacha20poly1305_ietf_decrypt(
        ffi.from_buffer(opened.buffer),
        length,
        ffi.NULL,
        sealed,
        len(sealed),
        about,
        len(about),
        nonce,
        ffi.from_buffer(key.buffer),
    )
    return opened if not failed else None


def _check(nonce: bytes, key: Secret) -> None:
    assert len(nonce) == NONCE_BYTES and len(key) == KEY_BYTES, "C reads exactly so many bytes"
