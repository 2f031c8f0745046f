"""``UnsafeSoftware``: no TEE at all, and named so. Tier 0.

Sealing is XChaCha20-Poly1305 (libsodium) under a key derived from the *device unlock key*: 32 bytes that are handed
in at start and never lie on the device's data disk, so that a pulled disk shows nothing. It protects data at rest;
it hides nothing from whoever controls the running machine. The evidence proves nothing and says so. What is sealed with
an ``auth`` value is encrypted under that first, so that a wrong value is told from damage; nothing here counts guesses.
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

from warifu.attestation.evidence import Evidence
from warifu.attestation.unsafe_software import FORMAT, statement
from warifu.errors import PlatformRefused
from warifu.tee.platform import (
    AUTH_BYTES,
    MAX_CONTEXT_BYTES,
    MAX_SEALED_BYTES,
    Capabilities,
    MonotonicCounter,
)

NAME = FORMAT
UNLOCK_KEY_BYTES = 32

# The format and its version, in clear and authenticated: without and with an auth value.
_HEADER, _HEADER_AUTH = b"warifu-sealed\x00\x01", b"warifu-sealed\x00\x02"
_PERSON, _PERSON_AUTH = b"warifu/seal/v1", b"warifu/auth/v1"
_LAYER = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES

CAPABILITIES = Capabilities(
    name=NAME,
    tier=0,
    memory_isolated_from_root=False,
    hardware_root_of_trust=False,
    native_sealing=False,
    survives_upgrade=True,
    rollback_protected=False,
    guesses_rate_limited_by_hardware=False,
    attestable=False,
    production=False,
)


class UnsafeSoftware:
    """The software stand-in for a platform. Its one secret is the sealing key; :meth:`forget` wipes it."""

    def __init__(self, unlock_key: bytes | bytearray) -> None:
        """``unlock_key``: 32 secret bytes, the caller's to wipe. Raises ``PlatformRefused``."""
        if len(unlock_key) != UNLOCK_KEY_BYTES:
            raise PlatformRefused(
                "unlock-key", f"an unlock key has {UNLOCK_KEY_BYTES} bytes, not {len(unlock_key)}"
            )
        # A derived key, so that the same unlock key may later serve another purpose without harm.
        self._key = bytearray(
            crypto_generichash_blake2b_salt_personal(
                b"", digest_size=32, key=bytes(unlock_key), person=_PERSON
            )
        )

    @property
    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    def seal(
        self, plaintext: bytes | bytearray, context: bytes, *, auth: bytes | bytearray | None = None
    ) -> bytes:
        if len(plaintext) > MAX_SEALED_BYTES:
            raise PlatformRefused("seal", f"{len(plaintext)} bytes are too many to seal")
        key, bound = self._live_key("seal"), _bound("seal", context, auth)
        content = bytes(plaintext)
        if auth is not None:
            content = _encrypt(content, bound, _auth_key(key, auth))
        return _header(auth) + _encrypt(content, bound, key)

    def unseal(self, sealed: bytes, context: bytes, *, auth: bytes | bytearray | None = None) -> bytearray:
        key, bound = self._live_key("unseal"), _bound("unseal", context, auth)
        header = _header(auth)
        if not sealed.startswith(header):
            raise _unseal_refused()
        content = _decrypt(sealed[len(header) :], bound, key)
        if content is None:
            raise _unseal_refused()
        if auth is not None:
            content = _decrypt(content, bound, _auth_key(key, auth))
            if content is None:
                raise PlatformRefused("auth", "the auth value is not the one that this was sealed with")
        return bytearray(content)

    def attest(self, report_data: bytes) -> Evidence:
        try:
            return Evidence(NAME, statement(report_data))
        except ValueError as error:
            raise PlatformRefused("report-data", str(error)) from None

    def counter(self, name: str) -> MonotonicCounter | None:  # noqa: ARG002  # there is none of any name
        return None

    def forget(self) -> None:
        """Wipe the sealing key (best effort). Sealing and unsealing are refused from now on."""
        self._key[:] = bytes(len(self._key))
        self._key = bytearray()

    def _live_key(self, reason: str) -> bytes:
        if not self._key:
            raise PlatformRefused(reason, "the platform was locked; start the device again to unlock it")
        return bytes(self._key)

    def __repr__(self) -> str:
        return "UnsafeSoftware()"


def _header(auth: bytes | bytearray | None) -> bytes:
    return _HEADER if auth is None else _HEADER_AUTH


def _auth_key(key: bytes, auth: bytes | bytearray) -> bytes:
    """From both: whoever knows the auth value still needs the unlock key."""
    return crypto_generichash_blake2b_salt_personal(bytes(auth), digest_size=32, key=key, person=_PERSON_AUTH)


def _bound(reason: str, context: bytes, auth: bytes | bytearray | None) -> bytes:
    """The associated data: the header has a fixed length, so header and context cannot be shifted."""
    if len(context) > MAX_CONTEXT_BYTES:
        raise PlatformRefused(
            reason, f"a sealing context of {len(context)} bytes is over {MAX_CONTEXT_BYTES}"
        )
    if auth is not None and len(auth) != AUTH_BYTES:
        raise PlatformRefused(reason, f"an auth value has {AUTH_BYTES} bytes, not {len(auth)}")
    return _header(auth) + context


def _encrypt(content: bytes, bound: bytes, key: bytes) -> bytes:
    nonce = random(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)
    return nonce + crypto_aead_xchacha20poly1305_ietf_encrypt(content, bound, nonce, key)


def _decrypt(encrypted: bytes, bound: bytes, key: bytes) -> bytes | None:
    """None where it does not open, or could not have been made here."""
    if not _LAYER <= len(encrypted) <= MAX_SEALED_BYTES + 2 * _LAYER:
        return None
    nonce = encrypted[:crypto_aead_xchacha20poly1305_ietf_NPUBBYTES]
    try:
        return crypto_aead_xchacha20poly1305_ietf_decrypt(encrypted[len(nonce) :], bound, nonce, key)
    except CryptoError:
        return None


def _unseal_refused() -> PlatformRefused:
    return PlatformRefused(
        "unseal",
        "sealed data does not open: it was altered, moved, or sealed on another device or with another unlock key",
        not_done="Nothing was opened.",
        remedy="Check that this device was started with its own unlock key; otherwise restore or repair the device.",
    )
