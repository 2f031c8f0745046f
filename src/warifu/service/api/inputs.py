"""What comes in paths, queries and bodies, bounded. The bounds are part of the OpenAPI document."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from litestar import Request
from litestar.params import PathParameter, QueryParameter

from warifu.protocol.api import LONGEST_WAIT, read_question

_NAME = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?\Z"
_NAME_RULE = "lower-case letters, digits and hyphens"

NamePath = Annotated[str, PathParameter(pattern=_NAME, max_length=32, description=_NAME_RULE)]
NameQuery = Annotated[str | None, QueryParameter(pattern=_NAME, max_length=32, description=_NAME_RULE)]
IdPath = Annotated[
    str, PathParameter(pattern=r"^[0-9a-f]{32}\Z", max_length=32, description="16 bytes in hex")
]
PiecePath = Annotated[
    int, PathParameter(ge=0, le=2**31, description="number of the last piece that was read")
]
TransactionPath = Annotated[
    str, PathParameter(pattern=r"^[0-9a-f]{64}\Z", max_length=64, description="32 bytes in hex")
]
ChainQuery = Annotated[
    str,
    QueryParameter(
        pattern=r"^(bitcoin|solana|eip155:[1-9][0-9]{0,17})\Z",
        max_length=32,
        description="as requests call it",
    ),
]
After = Annotated[int, QueryParameter(ge=0, le=2**31, description="number of the last event that was seen")]
Wait = Annotated[
    float, QueryParameter(ge=0, le=LONGEST_WAIT, description="seconds to wait for something new")
]


def strictly(kind: type[object]) -> Callable[[Request[Any, Any, Any]], Awaitable[None]]:
    """Runs before a handler: refuse a body that is not exactly one ``kind``.

    The framework's own reading is lenient: to it the text "1000" is a number, and nesting without end an inner error.
    """

    async def check(request: Request[Any, Any, Any]) -> None:
        read_question(kind, await request.body())

    return check
