"""What comes in paths and queries, bounded. The bounds are part of the OpenAPI document."""

from __future__ import annotations

from typing import Annotated

from litestar.params import Parameter

from warifu.protocol.api import LONGEST_WAIT

NamePath = Annotated[
    str,
    Parameter(
        pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
        max_length=32,
        description="lower-case letters, digits and hyphens",
    ),
]
IdPath = Annotated[str, Parameter(pattern=r"^[0-9a-f]{32}$", max_length=32, description="16 bytes in hex")]
After = Annotated[int, Parameter(ge=0, le=2**31, description="number of the last event that was seen")]
Wait = Annotated[float, Parameter(ge=0, le=LONGEST_WAIT, description="seconds to wait for something new")]
