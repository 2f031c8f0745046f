"""Exchange credentials that cannot be split: HMAC secrets and ES256 keys, whole in the one signer that has them.

Also how a CDP key file is read. An Ed25519 key in it is not used as it is: it goes to ``warifu.threshold.importing``.
Wiping is best effort: our own copies are overwritten, OpenSSL's and hashlib's are theirs.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Literal, NoReturn

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from warifu.depth import is_deep
from warifu.errors import InputRefused
from warifu.threshold.wiping import Secret

MAX_KEY_FILE = 16 * 1024


class HmacKey:
    """HMAC-SHA256 with a secret of 16 to 128 bytes."""

    algorithm = "HS256"

    def __init__(self, secret: Secret) -> None:
        if not 16 <= len(secret) <= 128:
            raise InputRefused("exchange-key", "an HMAC secret has 16 to 128 bytes")
        self._secret = secret

    @classmethod
    def from_base64(cls, text: str) -> HmacKey:
        """As Coinbase's Exchange API hands it out."""
        return cls(_secret(_base64(text)))

    def sign(self, message: bytes) -> bytes:
        """32 bytes."""
        key = bytearray(self._secret.buffer)  # hmac takes no view, which a secret in hidden memory is
        try:
            return hmac.new(key, message, hashlib.sha256).digest()
        finally:
            key[:] = bytes(len(key))

    @property
    def secret(self) -> Secret:
        """Still this key's, and wiped with it."""
        return self._secret

    def wipe(self) -> None:
        self._secret.wipe()


class Es256Key:
    """ECDSA on P-256 with SHA-256, signatures as JOSE has them (RFC 7518, section 3.4)."""

    algorithm = "ES256"

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        if not isinstance(key.curve, ec.SECP256R1):
            raise InputRefused("exchange-key", "an ES256 key is on P-256")
        self._key = key

    @classmethod
    def from_der(cls, der: Secret) -> Es256Key:
        """PKCS #8. ``InputRefused`` (``exchange-key``) for anything else. OpenSSL takes no buffer of ours: a copy of
        ``der`` stays behind until its memory is used again."""
        try:
            key = serialization.load_der_private_key(der.expose(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise InputRefused("exchange-key", "the private key cannot be read") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise InputRefused("exchange-key", "an ES256 key is on P-256")
        return cls(key)

    def der(self) -> bytearray:
        """PKCS #8, in a buffer that the caller wipes."""
        return bytearray(
            self._key.private_bytes(
                serialization.Encoding.DER,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )

    def sign(self, message: bytes) -> bytes:
        """64 bytes, r || s."""
        r, s = decode_dss_signature(self._key.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def __repr__(self) -> str:
        return "Es256Key(<P-256>)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")


@dataclass(frozen=True)
class Ed25519Seed:
    """A finished Ed25519 key, on its way to be split; ``public`` is what it must come to."""

    seed: Secret = field(repr=False)
    public: bytes

    algorithm: Literal["EdDSA"] = "EdDSA"


@dataclass(frozen=True)
class CdpKeyFile:
    """What the Coinbase portal hands out."""

    name: str
    key: Es256Key | Ed25519Seed


class _KeyFile(msgspec.Struct, forbid_unknown_fields=False):
    privateKey: str  # noqa: N815  # the file's name for it
    name: str = ""
    id: str = ""


def read_cdp_key(text: str) -> CdpKeyFile:
    """The portal's JSON file: ``name`` or ``id``, and ``privateKey`` as PEM (ES256, EdDSA) or base64 (EdDSA).

    ``InputRefused`` (``exchange-key``) for anything else; no message carries any of it.
    """
    if len(text) > MAX_KEY_FILE:
        raise InputRefused("exchange-key", "a key file is shorter than that")
    try:
        content = text.encode("utf-8")
        if is_deep(content):
            raise ValueError
        found = msgspec.json.decode(content, type=_KeyFile)
    except (msgspec.MsgspecError, ValueError):
        raise InputRefused("exchange-key", "this is no key file of the Coinbase portal") from None
    name = found.name or found.id
    if not name:
        raise InputRefused("exchange-key", "the key file does not say the key's name")
    return CdpKeyFile(name, _private_key(found.privateKey))


def _private_key(text: str) -> Es256Key | Ed25519Seed:
    if text.lstrip().startswith("-----BEGIN"):
        try:
            key = serialization.load_pem_private_key(text.encode("ascii"), password=None)
        except (ValueError, TypeError, UnicodeEncodeError):
            raise InputRefused("exchange-key", "the private key cannot be read") from None
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return Es256Key(key)
        if isinstance(key, ed25519.Ed25519PrivateKey):
            return _seed(bytearray(key.private_bytes_raw()), None)
        raise InputRefused("exchange-key", "the private key is neither ECDSA nor Ed25519")
    raw = _base64("".join(text.split()))
    if len(raw) not in (32, 64):
        raise InputRefused("exchange-key", "an Ed25519 key has 32 bytes, or 64 with its public key")
    return _seed(raw[:32], bytes(raw[32:]) or None)


def _seed(seed: bytearray, said: bytes | None) -> Ed25519Seed:
    public = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(seed)).public_key().public_bytes_raw()
    if said is not None and not hmac.compare_digest(said, public):
        raise InputRefused("exchange-key", "the two halves of the private key do not belong together")
    return Ed25519Seed(_secret(seed), public)


def _base64(text: str) -> bytearray:
    try:
        return bytearray(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        raise InputRefused("exchange-key", "the key is no base64") from None


def _secret(raw: bytearray) -> Secret:
    """Into custody; the bare buffer is overwritten. An empty one is no secret."""
    if not raw:
        raise InputRefused("exchange-key", "the key is empty")
    secret = Secret(raw)
    raw[:] = bytes(len(raw))
    return secret
