"""Checking what a passkey or a security key signed: Web Authentication Level 3, section 7.2, for one fixed use.

Stricter than the standard, because only the client's own page and program make these assertions:

- the client data are a JSON object of at most ``MAX_CLIENT_DATA`` bytes without a name twice and without a name that is
  not known here. Known is also ``other_keys_can_be_added_here``: Chromium adds it to one assertion in five, to keep
  readers from comparing with a template. ``topOrigin`` and ``tokenBinding`` are not: they refuse;
- type ``webauthn.get``, challenge and origin are exactly what is expected, and the page was no frame of another's;
- the authenticator data are exactly the 37 bytes that every assertion has: no attested data, no extensions;
- the user was present *and* verified (PIN, fingerprint or face);
- the key is ES256 on P-256 or EdDSA on Ed25519, in the one encoding of CTAP2.

The signature itself is verified by python-fido2. What the signature counter is worth, its keeper judges.
"""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Annotated

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import CoseKey
from nacl.bindings import crypto_core_ed25519_is_valid_point

from warifu.depth import is_deep
from warifu.errors import AuthorizationRefused
from warifu.protocol.encoding import Message

MAX_CLIENT_DATA = 1024
_AUTHENTICATOR_DATA = 37
_USER_PRESENT, _USER_VERIFIED, _BACKUP_ELIGIBLE, _BACKED_UP = 0x01, 0x04, 0x08, 0x10
_FLAGS = _USER_PRESENT | _USER_VERIFIED | _BACKUP_ELIGIBLE | _BACKED_UP
_KNOWN = {"type", "challenge", "origin", "crossOrigin", "other_keys_can_be_added_here"}

_ES256 = bytes.fromhex("a5010203262001215820"), bytes.fromhex("225820")
_EDDSA = (bytes.fromhex("a4010103272006215820"),)
"""What stands before each 32 bytes of a key as CTAP2 encodes it (COSE, RFC 9053, sections 2.1, 2.2 and 7.1)."""


class Assertion(Message, frozen=True, tag="webauthn"):
    """What an authenticator gave, and the client data that it signed with it."""

    authenticator_data: Annotated[
        bytes, msgspec.Meta(min_length=_AUTHENTICATOR_DATA, max_length=_AUTHENTICATOR_DATA)
    ]
    client_data: Annotated[bytes, msgspec.Meta(min_length=2, max_length=MAX_CLIENT_DATA)]
    signature: Annotated[bytes, msgspec.Meta(min_length=8, max_length=80)]


@dataclass(frozen=True)
class PublicKey:
    """A key that can verify assertions."""

    key: CoseKey

    @classmethod
    def read(cls, encoded: bytes) -> PublicKey:
        """From its COSE encoding; ``ValueError`` for every other kind of key, for every other encoding, and for points
        that are not on the curve or (Ed25519) not in its large subgroup: by one of small order anybody could sign."""
        if (es256 := _fields(encoded, *_ES256)) is not None:
            x, y = (int.from_bytes(part, "big") for part in es256)
            ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
            return cls(CoseKey.parse({1: 2, 3: -7, -1: 1, -2: es256[0], -3: es256[1]}))
        if (eddsa := _fields(encoded, *_EDDSA)) is not None and crypto_core_ed25519_is_valid_point(eddsa[0]):
            return cls(CoseKey.parse({1: 1, 3: -8, -1: 6, -2: eddsa[0]}))
        raise ValueError("a credential's public key is neither ES256 on P-256 nor EdDSA on Ed25519")


def check(assertion: Assertion, key: PublicKey, rp_id: str, origin: str, challenge: bytes) -> int:
    """The signature counter, if ``key`` signed ``challenge`` for this relying party and origin, with a user verified.

    Raises ``AuthorizationRefused`` (``assertion`` for what is not as above, ``signature``).
    """
    _check_client_data(assertion.client_data, origin, challenge)
    data = assertion.authenticator_data
    if data[:32] != hashlib.sha256(rp_id.encode()).digest():
        raise _refused("it is for another relying party")
    flags = data[32]
    if flags & ~_FLAGS:
        raise _refused("its authenticator says more than an assertion may")
    if not flags & _USER_PRESENT or not flags & _USER_VERIFIED:
        raise _refused(
            "its user was not verified",
            remedy="Use a passkey or a security key that asks for a PIN, a finger or a face.",
        )
    try:
        key.key.verify(data + hashlib.sha256(assertion.client_data).digest(), assertion.signature)
    except (InvalidSignature, ValueError):
        raise AuthorizationRefused("signature", "a passkey's signature does not verify") from None
    return int.from_bytes(data[33:37], "big")


def _check_client_data(encoded: bytes, origin: str, challenge: bytes) -> None:
    try:
        if is_deep(encoded):
            raise ValueError
        data = json.loads(encoded.decode("utf-8"), object_pairs_hook=_without_repetition)
    except ValueError:
        raise _refused("its client data cannot be read") from None
    if not isinstance(data, dict) or not data.keys() <= _KNOWN:
        raise _refused("its client data hold what is not known here")
    if data.get("type") != "webauthn.get":
        raise _refused("it was made for something else")
    if data.get("challenge") != urlsafe_b64encode(challenge).rstrip(b"=").decode():
        raise _refused("it approves something else")
    if data.get("origin") != origin:
        raise _refused("it was made on another page than the credential's")
    if data.get("crossOrigin", False) is not False:
        raise _refused("it was made inside another page")


def _fields(encoded: bytes, *prefixes: bytes) -> list[bytes] | None:
    """The 32 bytes behind each of ``prefixes``, where ``encoded`` is exactly that."""
    found: list[bytes] = []
    for prefix in prefixes:
        if not encoded.startswith(prefix) or len(encoded) < len(prefix) + 32:
            return None
        found.append(encoded[len(prefix) : len(prefix) + 32])
        encoded = encoded[len(prefix) + 32 :]
    return found if not encoded else None


def _without_repetition(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _refused(why: str, remedy: str = "") -> AuthorizationRefused:
    return AuthorizationRefused("assertion", f"a passkey's approval does not count: {why}", remedy=remedy)
