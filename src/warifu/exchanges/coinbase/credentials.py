"""How Coinbase wants to be convinced: an HMAC with a passphrase, or a short-lived JWT by a CDP key.

Exchange API: ``CB-ACCESS-SIGN`` is the base64 of HMAC-SHA256 over time stamp, method, path with query, and body: it
covers everything. Advanced Trade and App: a JWT (ES256 or EdDSA) that names method, host and path, without the query
and without the body: who carries such a request can change what it asks for. So somebody else must look afterwards.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import msgspec

from warifu.errors import InputRefused
from warifu.exchanges.calls import Unsigned
from warifu.exchanges.feeds import with_credential
from warifu.exchanges.http import HttpRequest
from warifu.exchanges.signing import (
    Coverage,
    Stamp,
    Subscription,
    ToSign,
    ToSubscribe,
    base64url,
    json_type,
    reveal,
)
from warifu.threshold.wiping import Secret

LIFETIME = 120
"""Seconds that a JWT is valid for."""

_EXCHANGE_KEY = re.compile(r"[0-9a-f]{32}\Z")
_CDP_NAME = re.compile(r"[A-Za-z0-9/_-]{8,200}\Z")
_SIGNATURE_BYTES = {"ES256": 64, "EdDSA": 64, "HS256": 32}


@dataclass(frozen=True)
class ExchangeKey:
    """The Exchange API's triplet without its secret: key, passphrase, and an HMAC that somebody else computes."""

    key: str
    passphrase: Secret = field(repr=False)

    algorithm: ClassVar[str] = "HS256"
    lifetime: ClassVar[int] = 30_000
    covers: ClassVar[Coverage] = "everything"

    def __post_init__(self) -> None:
        if not _EXCHANGE_KEY.match(self.key):
            raise InputRefused("exchange-key", "an Exchange API key has 32 hexadecimal digits")

    def prepare(self, unsigned: Unsigned, stamp: Stamp) -> ToSign:
        moment = str(stamp.seconds)
        message = f"{moment}{unsigned.method}{unsigned.target}".encode("ascii") + unsigned.body

        def finish(signature: bytes) -> HttpRequest:
            headers = (
                ("CB-ACCESS-KEY", self.key),
                ("CB-ACCESS-SIGN", base64.b64encode(_sized(signature, self.algorithm)).decode("ascii")),
                ("CB-ACCESS-TIMESTAMP", moment),
                ("CB-ACCESS-PASSPHRASE", reveal(self.passphrase)),
                *json_type(unsigned),
            )
            return HttpRequest(unsigned.method, unsigned.host, unsigned.target, headers, unsigned.body)

        return ToSign(message, finish)

    def subscribe(self, unsigned: Unsigned, stamp: Stamp) -> ToSubscribe:
        """What is signed is the request to verify oneself, as if it were made."""

        def finish(signature: bytes) -> Subscription:
            fields = {
                "key": self.key,
                "signature": base64.b64encode(_sized(signature, self.algorithm)).decode("ascii"),
                "passphrase": reveal(self.passphrase),
                "timestamp": str(stamp.seconds),
            }
            return Subscription(unsigned.host, with_credential(unsigned.body, fields))

        return ToSubscribe(f"{stamp.seconds}GET/users/self/verify".encode("ascii"), finish)


@dataclass(frozen=True)
class CdpKey:
    """A key of the Coinbase Developer Platform: its name and algorithm. The signature comes from elsewhere."""

    name: str
    algorithm: Literal["ES256", "EdDSA"]

    lifetime: ClassVar[int] = LIFETIME * 1000
    covers: ClassVar[Coverage] = "method and path"

    def __post_init__(self) -> None:
        if not _CDP_NAME.match(self.name):
            raise InputRefused(
                "exchange-key", "the name of a CDP key has letters, digits, slashes and hyphens"
            )

    def prepare(self, unsigned: Unsigned, stamp: Stamp) -> ToSign:
        message = self._unsigned_token(stamp, f"{unsigned.method} {unsigned.host}{unsigned.path}")

        def finish(signature: bytes) -> HttpRequest:
            token = message + b"." + base64url(_sized(signature, self.algorithm))
            headers = (("Authorization", f"Bearer {token.decode('ascii')}"), *json_type(unsigned))
            return HttpRequest(unsigned.method, unsigned.host, unsigned.target, headers, unsigned.body)

        return ToSign(message, finish)

    def subscribe(self, unsigned: Unsigned, stamp: Stamp) -> ToSubscribe:
        """A token that names no path: so Coinbase wants it for its feed."""
        message = self._unsigned_token(stamp, None)

        def finish(signature: bytes) -> Subscription:
            token = message + b"." + base64url(_sized(signature, self.algorithm))
            return Subscription(unsigned.host, with_credential(unsigned.body, {"jwt": token.decode("ascii")}))

        return ToSubscribe(message, finish)

    def _unsigned_token(self, stamp: Stamp, uri: str | None) -> bytes:
        if len(stamp.nonce) != 32:
            raise InputRefused("exchange-stamp", "a nonce has 32 bytes")
        header = {"alg": self.algorithm, "kid": self.name, "nonce": stamp.nonce.hex(), "typ": "JWT"}
        claims: dict[str, object] = {"sub": self.name, "iss": "cdp", "nbf": stamp.seconds}
        claims["exp"] = stamp.seconds + LIFETIME
        if uri is not None:
            claims["uri"] = uri
        return base64url(msgspec.json.encode(header)) + b"." + base64url(msgspec.json.encode(claims))


def _sized(signature: bytes, algorithm: str) -> bytes:
    if len(signature) != _SIGNATURE_BYTES[algorithm]:
        raise InputRefused("exchange-signature", f"a signature by {algorithm} has another length")
    return signature
