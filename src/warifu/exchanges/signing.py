"""How a request gets its credential, with the signature made elsewhere: by one key, or by t of n signers.

Each exchange's form is a :class:`Credential`. It says what is to be signed and puts the signature in its place; it
holds no secret key. Time and randomness come in a :class:`Stamp`, made after the approval, as late as possible.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol

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


Coverage = Literal["everything", "parameters", "method and path"]


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


JSON = (("Content-Type", "application/json"),)


def json_type(unsigned: Unsigned) -> tuple[tuple[str, str], ...]:
    """The header that says what the body is, where there is one."""
    return JSON if unsigned.body else ()


def unauthenticated(unsigned: Unsigned) -> HttpRequest:
    """A request for which the exchange wants no credential."""
    assert not unsigned.signed, "this request needs a credential"
    return HttpRequest(unsigned.method, unsigned.host, unsigned.target, json_type(unsigned), unsigned.body)


def base64url(data: bytes) -> bytes:
    """RFC 7515's form: URL-safe, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def reveal(secret: Secret) -> str:
    """A secret that goes onto the wire as text (an API passphrase): a copy that cannot be wiped, at the last moment."""
    return secret.expose().decode("ascii")
