"""Sealing under a key that a platform gave: XChaCha20-Poly1305 (libsodium), bound to platform and context.

The platform's secret and the device's unlock key are mixed (keyed BLAKE2b), so that neither a broken TEE nor a stolen
stick opens a disk alone. Where a platform has no secret to give, nothing is sealed: there is no weaker second way.
What is sealed with an ``auth`` value is encrypted under that first, so that a wrong value is told from damage; nothing
here counts guesses.
"""

from __future__ import annotations

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_ABYTES,
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
    crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    crypto_generichash_blake2b_salt_personal,
)
from nacl.exceptions import CryptoError
from nacl.utils import random

from warifu.errors import PlatformRefused
from warifu.tee.platform import AUTH_BYTES, MAX_CONTEXT_BYTES, MAX_SEALED_BYTES
from warifu.threshold.wiping import Buffer

UNLOCK_KEY_BYTES = 32
PLATFORM_SECRET_BYTES = (16, 32)

# The format and its version, in clear and authenticated: without and with an auth value.
_HEADER, _HEADER_AUTH = b"warifu-sealed\x00\x03", b"warifu-sealed\x00\x04"
_PERSON, _PERSON_AUTH = b"warifu/seal/v3", b"warifu/auth/v3"
_NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
_LAYER = _NONCE + crypto_aead_xchacha20poly1305_ietf_ABYTES
_MAX_BYTES = len(_HEADER) + MAX_SEALED_BYTES + 2 * _LAYER


class SealingKey:
    """Seals and unseals for one platform. Its one secret is the mixed key; :meth:`forget` wipes it."""

    def __init__(self, platform: str, secret: bytes | Buffer, unlock_key: bytes | bytearray) -> None:
        """``secret``: 16 or 32 bytes from the platform; ``unlock_key``: 32 bytes. Both stay the caller's to wipe."""
        if len(unlock_key) != UNLOCK_KEY_BYTES:
            raise PlatformRefused(
                "unlock-key", f"an unlock key has {UNLOCK_KEY_BYTES} bytes, not {len(unlock_key)}"
            )
        if len(secret) not in PLATFORM_SECRET_BYTES or not any(secret):
            raise PlatformRefused(
                "sealing-key", "the platform gave no usable sealing key", not_done="Nothing was opened."
            )
        self._platform = platform.encode("ascii")
        self._key = bytearray(
            crypto_generichash_blake2b_salt_personal(
                b"",
                digest_size=32,
                key=bytes(unlock_key) + bytes(secret),
                salt=self._platform,
                person=_PERSON,
            )
        )

    def seal(
        self, plaintext: bytes | bytearray, context: bytes, *, auth: bytes | bytearray | None = None
    ) -> bytes:
        """As ``Platform.seal``."""
        if len(plaintext) > MAX_SEALED_BYTES:
            raise PlatformRefused("seal", f"{len(plaintext)} bytes are too many to seal")
        key, bound = self._live_key("seal"), self._bound("seal", context, auth)
        content = bytes(plaintext)
        if auth is not None:
            content = _encrypt(content, bound, _auth_key(key, auth))
        return _header(auth) + _encrypt(content, bound, key)

    def unseal(self, sealed: bytes, context: bytes, *, auth: bytes | bytearray | None = None) -> bytearray:
        """As ``Platform.unseal``."""
        key, bound = self._live_key("unseal"), self._bound("unseal", context, auth)
        header = _header(auth)
        if len(sealed) > _MAX_BYTES or not sealed.startswith(header):
            raise _refused()
        content = _decrypt(sealed[len(header) :], bound, key)
        if content is None:
            raise _refused()
        if auth is not None:
            content = _decrypt(content, bound, _auth_key(key, auth))
            if content is None:
                raise PlatformRefused("auth", "the auth value is not the one that this was sealed with")
        return bytearray(content)

    def forget(self) -> None:
        """Wipe the key (best effort). Sealing and unsealing are refused from now on."""
        self._key[:] = bytes(len(self._key))
        self._key = bytearray()

    def _bound(self, reason: str, context: bytes, auth: bytes | bytearray | None) -> bytes:
        """The associated data: header and platform have fixed or stated lengths, so nothing can be shifted."""
        if len(context) > MAX_CONTEXT_BYTES:
            raise PlatformRefused(
                reason, f"a sealing context of {len(context)} bytes is over {MAX_CONTEXT_BYTES}"
            )
        return _header(auth) + bytes([len(self._platform)]) + self._platform + context

    def _live_key(self, reason: str) -> bytes:
        if not self._key:
            raise PlatformRefused(reason, "the platform was locked; start the device again to unlock it")
        return bytes(self._key)

    def __repr__(self) -> str:
        return "SealingKey()"


def require_sealing_key(key: SealingKey | None, platform: str) -> SealingKey:
    """``key``, or a refusal that says where this platform's key could come from."""
    if key is None:
        raise PlatformRefused(
            "no-sealing-key",
            f"the platform '{platform}' has no sealing key of its own",
            not_done="Nothing was sealed or unsealed; no weaker way was taken.",
            remedy="Let the other signers hold its sealing secret (peer release), or set the device up on a platform "
            "that has a TPM or a sealing key.",
        )
    return key


def _header(auth: bytes | bytearray | None) -> bytes:
    return _HEADER if auth is None else _HEADER_AUTH


def _auth_key(key: bytes, auth: bytes | bytearray) -> bytes:
    """A second key from both, so that the value alone opens nothing."""
    if len(auth) != AUTH_BYTES:
        raise PlatformRefused("auth-length", f"an auth value has {AUTH_BYTES} bytes, not {len(auth)}")
    return crypto_generichash_blake2b_salt_personal(bytes(auth), digest_size=32, key=key, person=_PERSON_AUTH)


def _encrypt(content: bytes, bound: bytes, key: bytes) -> bytes:
    nonce = random(_NONCE)
    return nonce + crypto_aead_xchacha20poly1305_ietf_encrypt(content, bound, nonce, key)


def _decrypt(layer: bytes, bound: bytes, key: bytes) -> bytes | None:
    if len(layer) < _LAYER:
        return None
    try:
        return crypto_aead_xchacha20poly1305_ietf_decrypt(layer[_NONCE:], bound, layer[:_NONCE], key)
    except CryptoError:
        return None


def _refused() -> PlatformRefused:
    return PlatformRefused(
        "unseal",
        "sealed data does not open: it was altered, moved, or sealed by another program, on another platform or with "
        "another unlock key",
        not_done="Nothing was opened.",
        remedy="Start the program and the machine that sealed it, with the device's own unlock key; otherwise restore "
        "or repair the device from its peers.",
    )
