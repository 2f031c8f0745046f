"""Personal messages (EIP-191, version 0x45): words for a person, which cannot be mistaken for a transaction.

What is signed is ``0x19 "Ethereum Signed Message:\\n" length text``. A text that a person cannot read is refused: 32
bytes under this prefix are how contracts take the signature of an order whose digest they are (Safe, many exchanges),
and enough digests can be tried that one of 32 bytes looks like text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from warifu.chains.ethereum.address import format_address
from warifu.chains.ethereum.keccak import keccak256
from warifu.errors import InputRefused, TransactionRefused

PREFIX = b"\x19Ethereum Signed Message:\n"
MAX_TEXT_BYTES = 8192
"""As much as a person may be asked to read before signing."""
DIGEST_BYTES = 32

_DIGEST_TEXT = re.compile(r"(0x)?[0-9a-fA-F]{64}", re.ASCII)
_SIGN_IN_WORDS = " wants you to sign in with your Ethereum account"
_SIGN_IN = re.compile(
    r"(?:https?://)?((?!0x)[a-z0-9.-]{1,255}(?::[0-9]{1,5})?)"
    + _SIGN_IN_WORDS
    + r":\n(0x[0-9a-fA-F]{40})(?:\n|$)",
    re.ASCII,
)
_CHAIN_LINE = re.compile(r"^Chain ID: (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class PersonalMessage:
    """A text that could be read; whether it should be signed say the ``faults``."""

    content: bytes

    @property
    def text(self) -> str | None:
        """None where it is not UTF-8."""
        try:
            return self.content.decode("utf-8")
        except UnicodeDecodeError:
            return None

    def serialize(self) -> bytes:
        """With its prefix, as signers read it."""
        return PREFIX + str(len(self.content)).encode("ascii") + self.content

    @property
    def name(self) -> bytes:
        """The digest that is signed, 32 bytes."""
        return keccak256(self.serialize())

    @property
    def asked_by(self) -> str:
        """The domain that asks to sign in (EIP-4361); empty where the text is another."""
        found = _SIGN_IN.match(self.text or "")
        return found[1] if found else ""

    def faults(self, sender: bytes | None, chain_id: int | None) -> Iterator[TransactionRefused]:
        """Everything for which a signer would not sign it for this account on this chain."""
        text = self.text
        if text is None or not all(character == "\n" or character.isprintable() for character in text):
            yield TransactionRefused(
                "unreadable", "the message holds bytes or characters that cannot be shown"
            )
        elif len(self.content) == DIGEST_BYTES or _DIGEST_TEXT.fullmatch(text.strip()):
            yield TransactionRefused(
                "blind",
                "the message is, or may be, the digest of something that is not shown",
                remedy="Ask for the thing itself: a transaction, typed data, or a text that is not 32 bytes long.",
            )
        elif not text.strip():
            yield TransactionRefused("unreadable", "the message is empty")
        else:
            yield from _sign_in_faults(text, sender, chain_id)


def _sign_in_faults(text: str, sender: bytes | None, chain_id: int | None) -> Iterator[TransactionRefused]:
    """What a request to sign in (EIP-4361) says about account and chain must be so."""
    if _SIGN_IN_WORDS not in text:
        return
    found = _SIGN_IN.match(text)
    if found is None:
        # Some site may take it in spite of its form, and then nobody has seen which.
        yield TransactionRefused(
            "sign-in", "a request to sign in is not in the form of EIP-4361 (plain host name)"
        )
        return
    if sender is not None and found[2] != format_address(sender):
        yield TransactionRefused("foreign-account", f"the message signs in {found[2][:64]}, not this account")
    chains = _CHAIN_LINE.findall(text)
    if chain_id is not None and chains != [str(chain_id)]:
        yield TransactionRefused(
            "wrong-chain", f"the message signs in on chain {chains[:1]}, not on {chain_id}"
        )


def parse_personal(data: bytes) -> PersonalMessage:
    """Read prefix, length and text. Raises ``InputRefused`` (``message-form``, ``too-long``)."""
    if not data.startswith(PREFIX):
        raise InputRefused("message-form", "a personal message begins with the prefix of EIP-191")
    rest = bytes(data[len(PREFIX) :])
    if len(rest) > MAX_TEXT_BYTES + len(str(MAX_TEXT_BYTES)):
        raise InputRefused("too-long", f"a message has at most {MAX_TEXT_BYTES} bytes")
    # The number of digits follows from the length of the rest, so there is one way to read it.
    for digits in range(1, 6):
        content = rest[digits:]
        if rest[:digits] == str(len(content)).encode("ascii"):
            return PersonalMessage(content)
    raise InputRefused("message-form", "the length in the message's prefix is not the length of its text")


def personal_message(text: str) -> bytes:
    """What a signer reads for ``text``. Raises ``InputRefused`` (``message-form``, ``too-long``)."""
    try:
        content = text.encode("utf-8")
    except UnicodeEncodeError:
        raise InputRefused("message-form", "the text holds half of a surrogate pair") from None
    if len(content) > MAX_TEXT_BYTES:
        raise InputRefused("too-long", f"a message has at most {MAX_TEXT_BYTES} bytes")
    return PersonalMessage(content).serialize()
