"""What a message says, line by line, as its signer reads it: for what no device understands, the owner's eyes are the
only judge, so nothing of it is left out.

Every name is the message's own, behind its place in it (``message.to``): none can pass for a line of ours. What would
move a terminal's cursor, turn text around or not be seen at all is written as its code point (``\\u{202e}``), and the
backslash as two, so that no text passes for another one. The client and each device show the same words.
"""

from __future__ import annotations

from collections.abc import Iterator

from warifu.chains.ethereum.personal import PersonalMessage
from warifu.chains.ethereum.reading import Subject
from warifu.chains.ethereum.typed_data import TypedData
from warifu.chains.ethereum.typed_values import shown

Fact = tuple[str, str]

_KEY_TEXTS = (
    "Access zkSync account.",  # matter-labs/zksync, sdk/zksync.js/src/signer.ts
    "Sign this message to access Loopring Exchange: ",  # Loopring/loopring_sdk, src/defs/loopring_constants.ts
    "Only sign this request if you\N{RIGHT SINGLE QUOTATION MARK}ve initiated an action with Immutable X.",
    # The latter: StarkEx, immutable/imx-core-sdk-swift, Sources/ImmutableXCore/Utils/Constants.swift
)
"""How personal messages begin of whose signature an exchange makes the owner's key there."""
_KEY_TYPE, _KEY_ACTIONS = "dYdX", ("dYdX STARK Key", "dYdX Chain Onboarding")
"""The same as typed data, by ``message.action`` (dydxprotocol: v3-client, v4-web)."""


def content_of(subject: Subject) -> tuple[Fact, ...]:
    """Name and value of each field of typed data, or each line of a personal message; nothing of a transaction."""
    if isinstance(subject, TypedData):
        typed = ("primaryType", subject.primary_type)
        fields = {"domain": shown(subject.domain), "message": shown(subject.message)}
        return typed, *(fact for name, value in fields.items() for fact in _fields(name, value))
    if isinstance(subject, PersonalMessage):
        lines = (subject.text or "").split("\n")
        return tuple(("EIP-191" if number == 0 else "", visible(line)) for number, line in enumerate(lines))
    return ()


def visible(text: str) -> str:
    """``text`` in characters that can be seen, each of which is only itself."""
    return "".join(
        "\\\\" if mark == "\\" else mark if mark.isprintable() else f"\\u{{{ord(mark):x}}}" for mark in text
    )


def makes_a_key(subject: Subject) -> bool:
    """Whether the signature is known to be the seed of a key. There are more such messages than are known here.

    Threshold signatures differ each time, so that key could not be made again; and whoever sees this one has it.
    """
    if isinstance(subject, TypedData):
        return subject.primary_type == _KEY_TYPE and subject.message.get("action") in _KEY_ACTIONS
    return isinstance(subject, PersonalMessage) and (subject.text or "").startswith(_KEY_TEXTS)


def _fields(place: str, value: object) -> Iterator[Fact]:
    if isinstance(value, dict) and value:
        for name, member in value.items():
            yield from _fields(f"{place}.{name}", member)
    elif isinstance(value, list) and value:
        for number, element in enumerate(value):
            yield from _fields(f"{place}[{number}]", element)
    else:
        yield place, str(value).lower() if isinstance(value, bool) else visible(str(value))
