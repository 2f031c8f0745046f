"""Errors on the wire: ``warifu.errors``, there and back."""

from __future__ import annotations

from typing import Annotated

import msgspec

from warifu.errors import FAMILIES, WarifuError
from warifu.protocol.encoding import (
    Message,
    Seconds,
    Text,
)


class Refusal(Message, frozen=True):
    """An error on the wire: what ``warifu.errors`` says, field by field."""

    family: Annotated[str, msgspec.Meta(max_length=32)]
    reason: Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[a-z0-9-]+\Z")]
    message: Text
    not_done: Text
    remedy: Text
    blame: Annotated[str, msgspec.Meta(max_length=128)] | None
    retry_after: Seconds | None


def refusal_of(error: WarifuError) -> Refusal:
    """The error as it goes over the wire."""
    return Refusal(
        error.family,
        error.reason,
        error.message[:1000],
        error.not_done[:1000],
        error.remedy[:1000],
        error.blame[:128] if error.blame else None,
        error.retry_after,
    )


def error_of(refusal: Refusal) -> WarifuError:
    """The error that a refusal stands for; an unknown family becomes a plain ``WarifuError``."""
    return FAMILIES.get(refusal.family, WarifuError)(
        refusal.reason,
        refusal.message,
        not_done=refusal.not_done,
        remedy=refusal.remedy,
        blame=refusal.blame,
        retry_after=refusal.retry_after,
    )
