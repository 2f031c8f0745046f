"""How a request gets its credential, with the signature made elsewhere: by one key, or by t of n signers.

Each exchange's form is a :class:`Credential`. It says what is to be signed and puts the signature in its place; it
holds no secret key. Time and randomness come in a :class:`Stamp`, made after the approval, as late as possible.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol

from warifu.errors import InputRefused
from warifu.exchanges.calls import Unsigned
from warifu.exchanges.http import HttpRequest
from warifu.threshold.wiping import Secret


@dataclass(frozen=True)
class Stamp:
    """When a request is made, on the exchange's clock, and 32 random bytes that no other request has."""

    milliseconds: int
    nonce: bytes

    @property
    def seconds(self) -> int:
        return self.milliseconds // 1000


class Signing(Protocol):
    """From bytes to their signature, in the form that the credential's algorithm has."""

    def sign(self, message: bytes) -> bytes: ...


@dataclass(frozen=True)
class ToSign:
    """A request that lacks its signature over ``message``."""

    message: bytes = field(repr=False)
    finish: Callable[[bytes], HttpRequest] = field(repr=False)

    def signed(self, signing: Signing) -> HttpRequest:
        return self.finish(signing.sign(self.message))


@dataclass(frozen=True)
class Subscription:
    """What is said once a feed is open, and nothing else is."""

    host: str
    text: bytes = field(repr=False)
    """It can carry credentials."""


@dataclass(frozen=True)
class ToSubscribe:
    """A subscription that lacks its signature over ``message``."""

    message: bytes = field(repr=False)
    finish: Callable[[bytes], Subscription] = field(repr=False)

    def signed(self, signing: Signing) -> Subscription:
        return self.finish(signing.sign(self.message))


Said = HttpRequest | Subscription
"""What leaves for an exchange."""

Coverage = Literal["everything", "parameters", "method and path"]
KeyKind = Literal["hmac", "es256", "ed25519-split", "ed25519-born"]
"""``hmac``, ``es256``: a secret that is whole where it signs. ``ed25519-split``: a finished key that was split.
``ed25519-born``: one that never existed whole."""


class Credential(Protocol):
    """One way to authenticate. ``algorithm`` (``HS256``, ``ES256``, ``EdDSA``) says which :class:`Signing` fits."""

    @property
    def algorithm(self) -> str: ...

    @property
    def lifetime(self) -> int:
        """Milliseconds after its stamp in which the exchange takes a request; later it is dead, whoever has it."""

    covers: ClassVar[Coverage]
    """``method and path``: who carries the request can change its body and its query under the same signature.
    ``parameters``: what it can change is where they go."""

    def prepare(self, unsigned: Unsigned, stamp: Stamp) -> ToSign: ...

    def subscribe(self, unsigned: Unsigned, stamp: Stamp) -> ToSubscribe:
        """``InputRefused`` (``exchange-feed``) where the exchange has no feed for such a key."""


class Keys(Protocol):
    """Which keys an exchange takes, and what a request looks like that bears a signature of one."""

    @property
    def keys(self) -> tuple[KeyKind, ...]: ...

    def credential(self, kind: KeyKind, api_key: str, passphrase: Secret | None) -> Credential:
        """``InputRefused`` (``exchange-key``) where it takes no such key, or its key's name looks otherwise.

        ``passphrase``: the exchange's; None where there is none."""


def require_kind(exchange: Keys, kind: KeyKind) -> None:
    """``InputRefused`` (``exchange-key``) where the exchange takes no such key, or the owner's devices do not make it
    so."""
    if kind not in exchange.keys:
        raise InputRefused("exchange-key", f"a key of the kind {kind} is not for this exchange")


JSON = (("Content-Type", "application/json"),)


def json_type(unsigned: Unsigned) -> tuple[tuple[str, str], ...]:
    """The header that says what the body is, where there is one."""
    return JSON if unsigned.body else ()


def unauthenticated(unsigned: Unsigned) -> HttpRequest:
    """A request for which the exchange wants no credential."""
    assert not unsigned.signed, "this request needs a credential"
    return HttpRequest(unsigned.method, unsigned.host, unsigned.target, json_type(unsigned), unsigned.body)


def prepared(credential: Credential, unsigned: Unsigned, stamp: Stamp) -> ToSign | ToSubscribe:
    """What is to be signed for this request, of whichever kind it is."""
    watches = unsigned.method == "FEED"
    return credential.subscribe(unsigned, stamp) if watches else credential.prepare(unsigned, stamp)


def openly(unsigned: Unsigned) -> Said:
    """As :func:`unauthenticated`, for a request of either kind."""
    if unsigned.method != "FEED":
        return unauthenticated(unsigned)
    assert not unsigned.signed, "this feed needs a credential"
    return Subscription(unsigned.host, unsigned.body)


def base64url(data: bytes) -> bytes:
    """RFC 7515's form: URL-safe, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def reveal(secret: Secret) -> str:
    """A secret that goes onto the wire as text (an API passphrase): a copy that cannot be wiped, at the last moment."""
    return secret.expose().decode("ascii")
