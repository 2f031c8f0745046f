"""The error for a server that gave no usable answer."""

from __future__ import annotations

from warifu.errors import ChainUnavailable

MAX_SAID_CHARACTERS = 200


def unavailable(
    reason: str,
    message: str,
    server: str,
    *,
    remedy: str = "Try again, or configure another backend.",
    retry_after: int | None = None,
) -> ChainUnavailable:
    """``server`` is its name in the configuration, never its address, which may hold a token."""
    return ChainUnavailable(
        reason,
        f"{server}: {message}",
        not_done="The chain was not asked, or its answer not used.",
        remedy=remedy,
        blame=server,
        retry_after=retry_after,
    )


def said(text: str, most: int = MAX_SAID_CHARACTERS) -> str:
    """A server's own words as they may be shown on a terminal: cut, and without control characters."""
    return "".join(letter if letter.isprintable() else " " for letter in text[:most]).strip()
