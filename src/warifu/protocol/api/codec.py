"""Questions and answers to JSON and back."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from warifu.depth import is_deep
from warifu.errors import InputRefused, ServiceRefused
from warifu.protocol.api.errors import ErrorAnswer, error_from
from warifu.protocol.api.shapes import MAX_API_ANSWER_BYTES, MAX_API_BODY_BYTES

T = TypeVar("T")


def write_json(message: object) -> bytes:
    """The JSON of a question or an answer."""
    return msgspec.json.encode(message)


def read_question(kind: type[T], body: bytes) -> T:
    """The service's side: one ``kind`` of at most ``MAX_API_BODY_BYTES``; ``InputRefused`` for anything else."""
    if len(body) > MAX_API_BODY_BYTES:
        raise InputRefused("too-long", f"a request body is over the limit of {MAX_API_BODY_BYTES} bytes")
    if is_deep(body):
        raise InputRefused("malformed", "the request's body is nested without end")
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputRefused("malformed", f"the request's body cannot be read: {str(error)[:200]}") from None


def read_answer(kind: type[T], status: int, body: bytes) -> T:
    """The client's side: one ``kind``, or the error that the service told of, raised.

    Raises ``ServiceRefused`` (``answer``) where the service's answer is neither.
    """
    try:
        if len(body) > MAX_API_ANSWER_BYTES or is_deep(body):
            raise ValueError
        if status < 400:
            return msgspec.json.decode(body, type=kind)
        told = msgspec.json.decode(body, type=ErrorAnswer).error
    except (msgspec.DecodeError, ValueError):
        raise ServiceRefused(
            "answer",
            f"the custody service gave an answer that cannot be read (status {status})",
            not_done="What was asked may or may not have been done.",
            remedy="Check that client and service are of the same version, then look at the state again.",
        ) from None
    raise error_from(told)
