"""Short-lived JSON Web Tokens (RFC 7519) from a key of our own, whose public half is registered with the endpoint.

A stolen token is worth minutes, and QuickNode never holds what makes them. Algorithms: ES256, RS256 (RFC 7518), and
EdDSA with Ed25519 (RFC 8037); an endpoint takes the one of the key that was registered.
"""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from warifu.chains.rpc.secret import Secret
from warifu.errors import InputRefused

LIFETIME = 300
"""Seconds that a token is good for."""
MARGIN = 60
"""So long before its end a new one is made, so that none expires on the way or on a clock that runs ahead."""
RSA_BITS = 2048
MAX_PEM_CHARACTERS = 16 * 1024
MAX_KID_CHARACTERS = 128


class Algorithm(StrEnum):
    """JOSE's name of a signature algorithm."""

    ES256 = "ES256"
    RS256 = "RS256"
    EDDSA = "EdDSA"


_Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
_PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey


@dataclass(frozen=True)
class JwtPublicKey:
    """The public half alone, as PEM, and its name: what an owner registers of a key that the service made."""

    public_pem: str
    kid: str

    @classmethod
    def from_pem(cls, pem: str, kid: str) -> JwtPublicKey:
        """Raises ``InputRefused``: ``jwt-key`` for what is no public key of P-256, RSA or Ed25519, ``jwt-kid``."""
        _check_kid(kid)
        if "PRIVATE" in pem:
            raise InputRefused(
                "jwt-key",
                "that is the private half of a key",
                not_done="Nothing was sent to anybody.",
                remedy="It stays where it is. Give its public half ('openssl pkey -pubout').",
            )
        key: object = None
        if len(pem) <= MAX_PEM_CHARACTERS:
            try:
                key = load_pem_public_key(pem.encode())
            except (ValueError, TypeError, UnsupportedAlgorithm):
                key = None
        if not isinstance(key, _PublicKey):
            raise InputRefused("jwt-key", "not a PEM public key of P-256, RSA or Ed25519")
        _algorithm(key)
        return cls(_written(key), kid)


class JwtKey:
    """A private key and the name (``kid``) under which its public half is registered. Safe to use from threads."""

    def __init__(
        self,
        private_key: _Key,
        kid: str,
        *,
        lifetime: int = LIFETIME,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Raises ``InputRefused``: ``jwt-key`` for a key of no supported kind, ``jwt-kid``."""
        _check_kid(kid)
        if lifetime <= MARGIN:
            raise InputRefused("jwt-lifetime", f"a token lives longer than {MARGIN} seconds")
        self.algorithm = _algorithm(private_key)
        self.kid = kid
        self._key = private_key
        self._lifetime = lifetime
        self._clock = clock
        self._lock = threading.Lock()
        self._current: tuple[Secret, float] | None = None

    @classmethod
    def from_pem(cls, pem: Secret, kid: str) -> JwtKey:
        """A key as OpenSSL writes it (PKCS#8, unencrypted). Raises ``InputRefused`` (``jwt-key``)."""
        key: object = None
        text = pem.reveal()
        if len(text) <= MAX_PEM_CHARACTERS:
            try:
                key = load_pem_private_key(text.encode(), password=None)
            except (ValueError, TypeError, UnsupportedAlgorithm):
                key = None  # the library's words could repeat a part of the key
        if not isinstance(key, _Key):
            raise InputRefused("jwt-key", "not an unencrypted PEM private key of P-256, RSA or Ed25519")
        return cls(key, kid)

    @classmethod
    def generate(cls, algorithm: Algorithm, kid: str) -> JwtKey:
        """A fresh key."""
        match algorithm:
            case Algorithm.ES256:
                return cls(ec.generate_private_key(ec.SECP256R1()), kid)
            case Algorithm.RS256:
                return cls(rsa.generate_private_key(65537, RSA_BITS), kid)
            case Algorithm.EDDSA:
                return cls(ed25519.Ed25519PrivateKey.generate(), kid)

    def __repr__(self) -> str:
        return f"JwtKey({self.algorithm}, kid={self.kid!r})"

    @property
    def public_pem(self) -> str:
        """What is registered with the endpoint (``AdminApi.register_jwt``)."""
        return _written(self._key.public_key())

    def private_pem(self) -> Secret:
        """To be stored where only the service reads it."""
        return Secret(self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())

    def authorization(self) -> Secret:
        """The value of the Authorization header: the token made last, or a new one shortly before that ends."""
        with self._lock:
            now = self._clock()
            # A clock that was set back must not keep a token for longer than its life.
            if (
                self._current is None
                or not self._current[1] - self._lifetime <= now < self._current[1] - MARGIN
            ):
                self._current = (self._token(int(now)), int(now) + self._lifetime)
            return self._current[0]

    def _token(self, now: int) -> Secret:
        header = {"alg": self.algorithm.value, "kid": self.kid, "typ": "JWT"}
        claims = {"iat": now, "exp": now + self._lifetime}
        signed = _encoded(msgspec.json.encode(header)) + "." + _encoded(msgspec.json.encode(claims))
        return Secret(f"Bearer {signed}.{_encoded(self._signature(signed.encode()))}")

    def _signature(self, message: bytes) -> bytes:
        match self._key:
            case ec.EllipticCurvePrivateKey():
                r, s = decode_dss_signature(self._key.sign(message, ec.ECDSA(hashes.SHA256())))
                return r.to_bytes(32, "big") + s.to_bytes(32, "big")
            case rsa.RSAPrivateKey():
                return self._key.sign(message, padding.PKCS1v15(), hashes.SHA256())
            case _:
                return self._key.sign(message)


def _check_kid(kid: str) -> None:
    if not (0 < len(kid) <= MAX_KID_CHARACTERS and kid.isascii() and kid.isprintable()):
        raise InputRefused("jwt-kid", f"a key's name has 1 to {MAX_KID_CHARACTERS} printable ASCII letters")


def _written(key: _PublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _algorithm(key: _Key | _PublicKey) -> Algorithm:
    public = key if isinstance(key, _PublicKey) else key.public_key()
    match public:
        case ec.EllipticCurvePublicKey() if isinstance(public.curve, ec.SECP256R1):
            return Algorithm.ES256
        case rsa.RSAPublicKey() if public.key_size >= RSA_BITS:
            return Algorithm.RS256
        case ed25519.Ed25519PublicKey():
            return Algorithm.EDDSA
    raise InputRefused(
        "jwt-key", f"a key for tokens is of P-256, RSA of at least {RSA_BITS} bits, or Ed25519"
    )


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
