"""All memory, now and later, stays in RAM: nothing of it is ever written to swap."""

from __future__ import annotations

import ctypes
import mmap
import re
import resource
from pathlib import Path
from typing import ClassVar

from warifu.signer.isolation.kernel import call
from warifu.signer.isolation.layer import IsolationProfile, Unavailable

_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4
_ROOM_BYTES = 512 * 1024 * 1024
"""What Argon2id and the database may still ask for. Under a tight limit MCL_FUTURE would make them fail."""


class LockedMemory:
    """ONFAULT keeps untouched pages of libraries out of RAM. Raising the limit takes root's privilege, which ends at
    birth: it is raised there. Where the limit is low (8 MiB is common), this layer is unavailable, and what is locked
    is the memory that secrets lie in (``secret_memory``)."""

    name: ClassVar[str] = "locked-memory"
    reason: ClassVar[str] = "memory that is swapped out lies on the disk, shares and passphrases included"

    def apply(self, _profile: IsolationProfile) -> None:
        raise_limit()
        allowed, needed = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0], of_status("VmSize") + _ROOM_BYTES
        if allowed != resource.RLIM_INFINITY and allowed < needed:
            raise Unavailable(
                f"the limit of locked memory is {allowed // 1024} KiB and {needed // 1024} KiB are needed: only the "
                "memory of open secrets is locked (LimitMEMLOCK=infinity in systemd, memlock in limits.conf)"
            )
        lock_all()

    def probe(self, _profile: IsolationProfile) -> str | None:
        return None if everything_is_locked() else "new memory is not locked"


def everything_is_locked() -> bool:
    """Whether memory that is asked for now is locked without being told."""
    before = of_status("VmLck")
    with mmap.mmap(-1, 1024 * 1024):
        grew = of_status("VmLck") > before
    return bool(before) and grew


def lock_all() -> None:
    """Lock every page of this process, present and future, from the moment it is first touched."""
    call("mlockall", ctypes.c_int(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT))


def raise_limit() -> None:
    """To infinity where this process may (root, before it has a user namespace of its own); otherwise to the hard
    limit."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    try:
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except (ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (hard, hard))


def of_status(field: str) -> int:
    """Bytes, from /proc/self/status."""
    found = re.search(rf"^{field}:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0
