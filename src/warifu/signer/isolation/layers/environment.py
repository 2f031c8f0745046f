"""Nothing in the environment: no variable steers a library, and no secret was ever put there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar

from warifu.signer.isolation.layer import IsolationProfile


class EmptyEnvironment:
    name: ClassVar[str] = "empty-environment"
    reason: ClassVar[str] = (
        "variables such as LD_PRELOAD or OPENSSL_CONF change what libraries do, and leak to readers"
    )

    def apply(self, _profile: IsolationProfile) -> None:
        os.environ.clear()

    def probe(self, _profile: IsolationProfile) -> str | None:
        if os.environ:
            return "variables are still set"
        try:
            started_with = Path("/proc/self/environ").read_bytes()
        except PermissionError:
            return None  # not even the process itself may look, so nobody else of its user may
        # The block on the stack is what others would read; only an empty start leaves it empty.
        return (
            "the process was started with variables, and they remain in its memory" if started_with else None
        )
