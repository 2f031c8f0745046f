"""The invitation that the owner carries to a new device by hand.

``warifu-invite:`` and base64url (without padding) of ``[url, fingerprint, secret, name]``. It lets the device find
the service and prove that it was invited; it does not make anybody trust anybody. That takes the comparison of the
short authentication string (``warifu.protocol.enrolment``).
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from warifu.errors import InputRefused
from warifu.protocol.encoding import Bytes16, Bytes32, Message, Name, decode, encode

PREFIX = "warifu-invite:"
MAX_INVITATION_CHARACTERS = 2048
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")


class Invitation(Message, frozen=True):
    """Where the service is, how to recognise it, and the one-time secret for a device of this name."""

    url: Annotated[str, msgspec.Meta(min_length=9, max_length=512)]
    fingerprint: Bytes32
    """SHA-256 of the service's TLS certificate."""
    secret: Bytes16
    name: Name

    def __repr__(self) -> str:
        return f"Invitation(name={self.name!r})"


def write_invitation(invitation: Invitation) -> str:
    """The string that the owner copies; ``read_invitation`` is its mirror."""
    return PREFIX + base64.urlsafe_b64encode(encode(invitation)).rstrip(b"=").decode()


def read_invitation(text: str) -> Invitation:
    """Read what the owner pasted; ``InputRefused`` for anything else."""
    text = text.strip()
    body = text.removeprefix(PREFIX)
    if len(text) > MAX_INVITATION_CHARACTERS or body == text or not _BASE64URL.fullmatch(body):
        raise _refused("this is not an invitation")
    try:
        data = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    except (binascii.Error, ValueError):
        raise _refused("this invitation is damaged") from None
    try:
        invitation = decode(Invitation, data, MAX_INVITATION_CHARACTERS)
    except InputRefused:
        raise _refused("this invitation is damaged") from None
    service_address(invitation.url)
    return invitation


def service_address(url: str) -> str:
    """``url`` (https, host, optional port, nothing else) without a trailing slash; ``InputRefused`` otherwise."""
    if not url.isascii() or not url.isprintable() or " " in url:
        raise _refused_url(url)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _refused_url(url) from None
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.password or port == 0:
        raise _refused_url(url)
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise _refused_url(url)
    return url.rstrip("/")


def signers_url(url: str) -> str:
    """The WebSocket at which signers connect to the service at ``url``."""
    return "wss" + service_address(url).removeprefix("https") + "/v1/signers"


def _refused(message: str) -> InputRefused:
    return InputRefused(
        "invitation",
        message,
        not_done="This device did not connect anywhere.",
        remedy=f"Copy the whole line that 'warifu signer invite' printed; it begins with {PREFIX}",
    )


def _refused_url(url: str) -> InputRefused:
    return InputRefused(
        "service-url",
        f"{url[:80]!r} is not the address of a service",
        not_done="Nothing was connected.",
        remedy="It has the form https://HOST:PORT.",
    )
