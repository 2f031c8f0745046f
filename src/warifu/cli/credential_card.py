"""A credential on its way from one owner's client to another's: a line of text, in a file or a message.

    warifu-owner:BASE64URL      of (name, credential)

It is public. Whoever takes one in has to know whose it is: the digest is compared, aloud or on paper.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path

from warifu.cli.files import read_input
from warifu.errors import InputRefused
from warifu.protocol.credential import Credential
from warifu.protocol.encoding import Message, Name, decode, encode

PREFIX = "warifu-owner:"
_MAX_BYTES = 8 * 1024


class CredentialCard(Message, frozen=True):
    """``name``: how its owner calls it."""

    name: Name
    credential: Credential


def write_card(card: CredentialCard) -> str:
    """One line."""
    return PREFIX + urlsafe_b64encode(encode(card)).rstrip(b"=").decode()


def read_card(text: str) -> CredentialCard:
    """The card that ``text`` is, or that lies in the file of this name. ``InputRefused`` (``credential``)."""
    if not text.startswith(PREFIX):
        try:
            text = read_input(Path(text), _MAX_BYTES).decode("ascii").strip()
        except UnicodeDecodeError:
            text = ""
    body = text.removeprefix(PREFIX)
    try:
        if not text.startswith(PREFIX) or len(body) > _MAX_BYTES:
            raise ValueError
        data = urlsafe_b64decode(body + "=" * (-len(body) % 4))
        card = decode(CredentialCard, data, _MAX_BYTES)
        if write_card(card) != text:
            raise ValueError
    except (ValueError, InputRefused):
        raise InputRefused(
            "credential",
            "that is no credential of an owner",
            not_done="Nothing was changed.",
            remedy="The other owner makes one with 'warifu credential export'.",
        ) from None
    return card
