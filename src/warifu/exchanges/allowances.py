"""What an exchange says about how often it may still be asked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Allowance:
    """One limit, as far as it was told: None is "not said"."""

    name: str
    """``requests``, ``weight``, ``orders``."""
    seconds: int | None = None
    """Over which time it counts."""
    limit: int | None = None
    used: int | None = None
    left: int | None = None
    resets_after: int | None = None
    """Seconds until it is whole again."""


def whole_number(text: str | None) -> int | None:
    """A header's number; None where there is none or it is no number."""
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 16 else None
