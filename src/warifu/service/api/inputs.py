"""What comes in paths and queries, bounded. The bounds are part of the OpenAPI document."""

from __future__ import annotations

from typing import Annotated

from litestar.params import PathParameter, QueryParameter

from warifu.protocol.api import LONGEST_WAIT

_NAME = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"
_NAME_RULE = "lower-case letters, digits and hyphens"

NamePath = Annotated[str, PathParameter(pattern=_NAME, max_length=32, description=_NAME_RULE)]
NameQuery = Annotated[str | None, QueryParameter(pattern=_NAME, max_length=32, description=_NAME_RULE)]
IdPath = Annotated[
    str, PathParameter(pattern=r"^[0-9a-f]{32}$", max_length=32, description="16 bytes in hex")
]
After = Annotated[int, QueryParameter(ge=0, le=2**31, description="number of the last event that was seen")]
Wait = Annotated[
    float, QueryParameter(ge=0, le=LONGEST_WAIT, description="seconds to wait for something new")
]
