"""No open file but the connection, and the platform's device where there is one: what was leaked cannot be used."""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar

from warifu.signer.isolation.layer import IsolationProfile

_STANDARD = (0, 1, 2)  # /dev/null, /dev/null, the log pipe


class OnlyTheConnection:
    name: ClassVar[str] = "only-the-connection"
    reason: ClassVar[str] = (
        "an inherited descriptor (a database, a socket) would be a way around every other layer"
    )

    def apply(self, profile: IsolationProfile) -> None:
        for descriptor in _beyond(profile):
            os.close(descriptor)

    def probe(self, profile: IsolationProfile) -> str | None:
        left = _beyond(profile)
        return f"descriptors {left} are open" if left else None


def _beyond(profile: IsolationProfile) -> list[int]:
    return [fd for fd in _open_descriptors() if fd not in (*_STANDARD, profile.connection, profile.platform)]


def _open_descriptors() -> list[int]:
    """All of this process, without the one that reads the list."""
    found = []
    for descriptor in [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]:
        try:
            os.fstat(descriptor)
        except OSError:
            continue
        found.append(descriptor)
    return found
