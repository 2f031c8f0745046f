"""Text that must not be shown: tokens, addresses with a token in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

HIDDEN = "[hidden]"
LEAST_CHARACTERS = 6
"""A shorter text is not searched for in messages: it would hide harmless words and protects nothing."""


class Secret:
    """Holds a text; ``reveal`` is the one way out. It can be neither printed, formatted nor pickled.

    Comparing is by value and not constant-time: it is for configuration, not for checking what somebody presents.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the moment of use."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret({HIDDEN})"

    def __str__(self) -> str:
        return HIDDEN

    def __format__(self, _: str) -> str:
        return HIDDEN

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")


def hide(text: str, secrets: Iterable[Secret]) -> str:
    """``text`` without any of ``secrets``: a server may repeat our token in its complaint."""
    for secret in sorted(secrets, key=lambda item: -len(item.reveal())):
        if len(secret.reveal()) >= LEAST_CHARACTERS:
            text = text.replace(secret.reveal(), HIDDEN)
    return text
