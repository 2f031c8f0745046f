"""What the device's unlock key is to a TPM platform: the second half of every sealed secret, and the key under which
the platform's own files are authenticated. Whoever has machine, TPM and disk still lacks it."""

from __future__ import annotations

import hmac

from nacl.bindings import crypto_generichash_blake2b_salt_personal

from warifu.errors import PlatformRefused
from warifu.protocol.encoding import digest

UNLOCK_KEY_BYTES = 32
TAG_BYTES = 32
_PERSON = b"warifu/tpm/v1"


class Keys:
    """Keys from the unlock key, one for each purpose. :meth:`forget` wipes what they come from."""

    def __init__(self, unlock_key: bytes | bytearray) -> None:
        """``unlock_key``: 32 secret bytes, the caller's to wipe. Raises ``PlatformRefused``."""
        if len(unlock_key) != UNLOCK_KEY_BYTES:
            raise PlatformRefused(
                "unlock-key", f"an unlock key has {UNLOCK_KEY_BYTES} bytes, not {len(unlock_key)}"
            )
        self._root = bytearray(_derived(bytes(unlock_key), b"root"))

    def key(self, purpose: str, secret: bytes | bytearray = b"") -> bytes:
        """32 bytes for ``purpose``, out of the unlock key and ``secret`` (at most 64 bytes): both are needed."""
        if not self._root:
            raise PlatformRefused("locked", "the platform was locked; start the device again to unlock it")
        return _derived(bytes(self._root), digest("tpm-key", purpose.encode(), bytes(secret)))

    def tag(self, purpose: str, *parts: bytes) -> bytes:
        """Authenticates ``parts``, for whoever has the unlock key."""
        return _derived(self.key(purpose), digest("tpm-tag", *parts))

    def is_tag(self, tag: bytes, purpose: str, *parts: bytes) -> bool:
        return hmac.compare_digest(tag, self.tag(purpose, *parts))

    def forget(self) -> None:
        """Wipe (best effort). Everything is refused from now on."""
        self._root[:] = bytes(len(self._root))
        self._root = bytearray()

    def __repr__(self) -> str:
        return "Keys()"


def _derived(key: bytes, data: bytes) -> bytes:
    return crypto_generichash_blake2b_salt_personal(data, digest_size=32, key=key, person=_PERSON)
