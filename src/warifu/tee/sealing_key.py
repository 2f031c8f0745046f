"""Sealing under a key: XChaCha20-Poly1305 (libsodium), bound to platform and context.

A platform's secret and the device's unlock key are mixed (keyed BLAKE2b), so that neither a broken TEE nor a stolen
stick opens a disk alone. A platform that has no secret to give (TDX, Nitro) seals nothing by itself: there is no weaker
second way. What is sealed with an ``auth`` value is encrypted under that first, so that a wrong value is told from
damage; nothing here counts guesses.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

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
_HEADER, _HEADER_AUTH = b"warifu-sealed\x00\x01", b"warifu-sealed\x00\x02"
_PERSON, _PERSON_AUTH = b"warifu/seal/v1", b"warifu/auth/v1"
_NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
_LAYER = _NONCE + crypto_aead_xchacha20poly1305_ietf_ABYTES


class Sealer(Protocol):
    """What a platform without a key of its own can seal by: a key that its peers released, or a TPM beside it."""

    def seal(
        self, plaintext: bytes | bytearray, context: bytes, *, auth: bytes | bytearray | None = None
    ) -> bytes:
        """As ``Platform.seal``."""
        ...

    def unseal(self, sealed: bytes, context: bytes, *, auth: bytes | bytearray | None = None) -> bytearray:
        """As ``Platform.unseal``."""
        ...

    def forget(self) -> None:
        """Wipe what is secret (best effort)."""
        ...


@runtime_checkable
class NeedsSealer(Protocol):
    """A platform without a sealing key, which takes one: its peers hold it, or it is new at the first start."""

    def seal_by(self, sealing: Sealer) -> None:
        """Seal and unseal by ``sealing`` from now on."""
        ...


class SealingKey:
    """Seals and unseals. Its one secret is the key; :meth:`forget` wipes it."""

    def __init__(self, label: bytes, key: bytearray) -> None:
        """Internal: takes ownership of ``key`` (32 bytes). ``label`` is bound into what is sealed."""
        self._label = label
        self._key = key

    @classmethod
    def of_platform(cls, platform: str, secret: bytes | Buffer, unlock_key: bytes | bytearray) -> SealingKey:
        """From the platform's 16 or 32 secret bytes and the 32 of the unlock key; both stay the caller's to wipe."""
        _require_unlock_key(unlock_key)
        if len(secret) not in PLATFORM_SECRET_BYTES or not any(secret):
            raise PlatformRefused(
                "sealing-key", "the platform gave no usable sealing key", not_done="Nothing was opened."
            )
        name = platform.encode("ascii")
        mixed = crypto_generichash_blake2b_salt_personal(
            b"", digest_size=32, key=bytes(unlock_key) + bytes(secret), salt=name, person=_PERSON
        )
        return cls(bytes([len(name)]) + name, bytearray(mixed))

    @classmethod
    def of_unlock_key(cls, unlock_key: bytes | bytearray) -> SealingKey:
        """From the unlock key alone, which stays the caller's to wipe: what software can do. A derived key, so that the
        same unlock key may serve another purpose without harm."""
        _require_unlock_key(unlock_key)
        derived = crypto_generichash_blake2b_salt_personal(
            b"", digest_size=32, key=bytes(unlock_key), person=_PERSON
        )
        return cls(b"", bytearray(derived))

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
        content = _decrypt(sealed[len(header) :], bound, key) if sealed.startswith(header) else None
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
        """The associated data. Header and label have fixed or stated lengths, so nothing can be shifted."""
        if len(context) > MAX_CONTEXT_BYTES:
            raise PlatformRefused(
                reason, f"a sealing context of {len(context)} bytes is over {MAX_CONTEXT_BYTES}"
            )
        if auth is not None and len(auth) != AUTH_BYTES:
            raise PlatformRefused(reason, f"an auth value has {AUTH_BYTES} bytes, not {len(auth)}")
        return _header(auth) + self._label + context

    def _live_key(self, reason: str) -> bytes:
        if not self._key:
            raise PlatformRefused(reason, "the platform was locked; start the device again to unlock it")
        return bytes(self._key)

    def __repr__(self) -> str:
        return "SealingKey()"


def require_sealer(sealer: Sealer | None, platform: str) -> Sealer:
    """``sealer``, or a refusal that says where this platform's key could come from."""
    if sealer is None:
        raise PlatformRefused(
            "no-sealing-key",
            f"the platform '{platform}' has no sealing key of its own",
            not_done="Nothing was sealed or unsealed; no weaker way was taken.",
            remedy="Let the other signers hold its sealing secret (peer release), or set the device up on a platform "
            "that has a TPM or a sealing key.",
        )
    return sealer


def _require_unlock_key(unlock_key: bytes | bytearray) -> None:
    if len(unlock_key) != UNLOCK_KEY_BYTES:
        raise PlatformRefused(
            "unlock-key", f"an unlock key has {UNLOCK_KEY_BYTES} bytes, not {len(unlock_key)}"
        )


def _header(auth: bytes | bytearray | None) -> bytes:
    return _HEADER if auth is None else _HEADER_AUTH


def _auth_key(key: bytes, auth: bytes | bytearray) -> bytes:
    """From both: whoever knows the auth value still needs the sealing key."""
    return crypto_generichash_blake2b_salt_personal(bytes(auth), digest_size=32, key=key, person=_PERSON_AUTH)


def _encrypt(content: bytes, bound: bytes, key: bytes) -> bytes:
    nonce = random(_NONCE)
    return nonce + crypto_aead_xchacha20poly1305_ietf_encrypt(content, bound, nonce, key)


def _decrypt(encrypted: bytes, bound: bytes, key: bytes) -> bytes | None:
    """None where it does not open, or could not have been made here."""
    if not _LAYER <= len(encrypted) <= MAX_SEALED_BYTES + 2 * _LAYER:
        return None
    nonce = encrypted[:_NONCE]
    try:
        return crypto_aead_xchacha20poly1305_ietf_decrypt(encrypted[_NONCE:], bound, nonce, key)
    except CryptoError:
        return None


def _refused() -> PlatformRefused:
    return PlatformRefused(
        "unseal",
        "sealed data does not open: it was altered, moved, or sealed on another device, by another program or with "
        "another unlock key",
        not_done="Nothing was opened.",
        remedy="Check that this device was started with its own unlock key; otherwise restore or repair the device.",
    )
