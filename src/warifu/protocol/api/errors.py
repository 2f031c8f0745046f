"""Every failure: ``warifu.errors`` in JSON, there and back."""

from __future__ import annotations

from warifu.errors import FAMILIES, WarifuError
from warifu.protocol.api.shapes import Answer
from warifu.protocol.frames import Refusal, refusal_of


class ErrorBody(Answer, frozen=True):
    """What ``warifu.errors`` says, field by field. ``code`` is ``family.reason`` and stable."""

    code: str
    message: str
    not_done: str = ""
    remedy: str = ""
    blame: str | None = None
    retry_after: int | None = None


class ErrorAnswer(Answer, frozen=True):
    """The body of every answer with a status of 400 and above."""

    error: ErrorBody


def error_body(error: WarifuError | Refusal) -> ErrorBody:
    """The error as it goes to the client."""
    refusal = refusal_of(error) if isinstance(error, WarifuError) else error
    return ErrorBody(
        code=f"{refusal.family}.{refusal.reason}",
        message=refusal.message,
        not_done=refusal.not_done,
        remedy=refusal.remedy,
        blame=refusal.blame,
        retry_after=refusal.retry_after,
    )


def error_from(body: ErrorBody) -> WarifuError:
    """The error that the service told of; one of an unknown family becomes a plain ``WarifuError``."""
    family, _, reason = body.code.partition(".")
    return FAMILIES.get(family, WarifuError)(
        reason or "unknown",
        body.message,
        not_done=body.not_done,
        remedy=body.remedy,
        blame=body.blame,
        retry_after=body.retry_after,
    )
