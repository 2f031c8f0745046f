"""Resource limits: no core file, no processes, few files, files private from birth."""

from __future__ import annotations

import os
import resource
from typing import ClassVar

from warifu.signer.isolation.layer import IsolationProfile

_BOUNDS = {resource.RLIMIT_NPROC: 0, resource.RLIMIT_NOFILE: 64}


class NoCoreFile:
    """Works together with ``not-dumpable``: a core *handler* (a pipe in core_pattern) ignores this limit."""

    name: ClassVar[str] = "no-core-file"
    reason: ClassVar[str] = "a crash would write the memory, and with it a share, to disk"

    def apply(self, _profile: IsolationProfile) -> None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    def probe(self, _profile: IsolationProfile) -> str | None:
        return None if resource.getrlimit(resource.RLIMIT_CORE) == (0, 0) else "core files have a size"


class Bounds:
    name: ClassVar[str] = "bounds"
    reason: ClassVar[str] = (
        "a signer that was taken over could exhaust processes and files of the whole device"
    )

    def apply(self, _profile: IsolationProfile) -> None:
        for which, bound in _BOUNDS.items():
            resource.setrlimit(which, (bound, bound))

    def probe(self, _profile: IsolationProfile) -> str | None:
        wrong = [which for which, bound in _BOUNDS.items() if resource.getrlimit(which) != (bound, bound)]
        return f"limits {wrong} are not what was set" if wrong else None


class PrivateFiles:
    name: ClassVar[str] = "private-files"
    reason: ClassVar[str] = "files of the store must be closed to others from the moment they are created"

    def apply(self, _profile: IsolationProfile) -> None:
        os.umask(0o077)

    def probe(self, _profile: IsolationProfile) -> str | None:
        return None if os.umask(0o077) == 0o077 else "new files are open to others"
