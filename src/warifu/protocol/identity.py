"""Who signed what: Ed25519 keys of devices and owners, and signatures that carry their purpose.

A *device identity* is a signer's long-lived key, made inside its enclave; an owner's *device key* is made by the
terminal client (``protocol.credential`` has all kinds of an owner's credentials). Both sign only statements with a
purpose (``tag``), so that a signature made for one thing never serves for another.
"""

from __future__ import annotations

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from warifu.errors import AuthorizationRefused
from warifu.protocol.encoding import Bytes32, Message, Name, digest


class DeviceRef(Message, frozen=True):
    """A device as others know it: a name for people, and the identity key that proves it (32 bytes, Ed25519)."""

    name: Name
    identity: Bytes32


class IdentityKey:
    """An Ed25519 key pair that signs statements. It never shows its secret half in a repr."""

    def __init__(self, seed: bytes | bytearray) -> None:
        """``seed``: 32 secret bytes."""
        self._key = SigningKey(bytes(seed))
        self.public = bytes(self._key.verify_key)

    @classmethod
    def generate(cls) -> IdentityKey:
        from nacl.utils import random

        return cls(random(32))

    def seed(self) -> bytes:
        """The 32 secret bytes, for the sealed store, and a boot key's for the key of that (``signer.entrusted``)."""
        return bytes(self._key)

    def sign(self, tag: str, *parts: bytes) -> bytes:
        """64 bytes: the signature for the purpose ``tag`` over ``parts``."""
        return self._key.sign(digest(f"signature/{tag}", *parts)).signature

    def __repr__(self) -> str:
        return f"IdentityKey(public={self.public.hex()})"


def verify(public: bytes, signature: bytes, tag: str, *parts: bytes) -> None:
    """Return if ``signature`` (64 bytes) is ``public``'s for this purpose; else ``AuthorizationRefused``.

    libsodium refuses small-order public keys and non-canonical scalars (RFC 8032, section 5.1.7).
    """
    try:
        VerifyKey(public).verify(digest(f"signature/{tag}", *parts), signature)
    except (BadSignatureError, ValueError, TypeError):
        raise AuthorizationRefused(
            "signature", f"a signature for '{tag}' does not verify", blame=public.hex()[:16]
        ) from None
