"""Every failure as an HTTP status and an ``ErrorAnswer``. Nothing of the inside leaks: no trace, no statement."""

from __future__ import annotations

import logging

from litestar import Request, Response
from litestar.exceptions import HTTPException
from sqlalchemy.exc import SQLAlchemyError

from warifu.errors import InputRefused, ServiceRefused, StoreDamaged, WarifuError
from warifu.protocol.api import ErrorAnswer, error_body
from warifu.service.mistakes import log_mistake

_log = logging.getLogger("warifu.service")

_BY_CODE = {
    "input.too-long": 413,
    "service.api-key": 401,
    "service.scope": 403,
    "service.not-found": 404,
    "service.method": 405,
    "service.unknown": 404,
    "service.too-many": 429,
    "service.internal": 500,
    "service.device-offline": 503,
    "service.device-busy": 503,
    "service.device-silent": 503,
    "service.unknown-device": 404,
    "service.unknown-wallet": 404,
    "service.unknown-transfer": 404,
    "service.unknown-ceremony": 404,
    "service.unknown-join": 404,
    "service.unknown-call": 404,
}
_BY_FAMILY = {
    "input": 400,
    "service": 409,
    "authorization": 403,
    "passphrase": 422,
    "policy": 422,
    "transaction": 422,
    "peer": 502,
    "session": 503,
    "chain": 503,
    "broadcast": 422,
    "store": 507,
}

AnyRequest = Request[object, object, object]  # type: ignore[type-var]


def status_of(error: WarifuError) -> int:
    """The HTTP status of an error."""
    return _BY_CODE.get(error.code) or _BY_FAMILY.get(error.family, 500)


def answer_with(error: WarifuError) -> Response[ErrorAnswer]:
    """The error as a response."""
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else {}
    if status_of(error) == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(
        ErrorAnswer(error=error_body(error)),
        status_code=status_of(error),
        headers=headers,
        media_type="application/json",
    )


def on_warifu_error(_: AnyRequest, error: WarifuError) -> Response[ErrorAnswer]:
    """An error of ours."""
    return answer_with(error)


def on_http_error(_: AnyRequest, error: HTTPException) -> Response[ErrorAnswer]:
    """What the framework refuses before a handler sees it."""
    not_done = "Nothing was done."
    if error.status_code == 404:
        return answer_with(ServiceRefused("not-found", "there is nothing at this path", not_done=not_done))
    if error.status_code == 405:
        return answer_with(ServiceRefused("method", "this path does not take this method", not_done=not_done))
    if error.status_code == 413:
        return answer_with(InputRefused("too-long", "the request's body is too long", not_done=not_done))
    if error.status_code < 500:
        return answer_with(InputRefused("malformed", _detail(error), not_done=not_done))
    return on_any_error(_, error)


def on_store_error(_: AnyRequest, error: SQLAlchemyError) -> Response[ErrorAnswer]:
    """A database that does not work, met outside the store's own functions."""
    _log.error("database: %s", type(error).__name__)
    return answer_with(
        StoreDamaged(
            "write",
            "the service's database does not work",
            not_done="What was asked is not known to be done.",
            remedy="Check the disk, then ask again: repeating is safe.",
        )
    )


def on_any_error(_: AnyRequest, error: Exception) -> Response[ErrorAnswer]:
    """A mistake of ours. The log gets its kind and place; its text could hold an address or an amount."""
    log_mistake(error)
    return answer_with(
        ServiceRefused(
            "internal",
            "the service made a mistake; its log says where",
            not_done="What was asked is not known to be done.",
            remedy="Look at the state before you ask again.",
        )
    )


def _detail(error: HTTPException) -> str:
    """What is wrong with the request, without repeating what was in it."""
    extra = error.extra
    if isinstance(extra, list) and extra and isinstance(extra[0], dict):
        first = extra[0]
        return f"the request cannot be read: {first.get('key', '')} {first.get('message', '')}"[:300].strip()
    return "the request cannot be read"
