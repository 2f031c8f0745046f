"""No memory that is written and executed: injected bytes never become a program."""

from __future__ import annotations

import errno
import mmap
from typing import ClassVar

from warifu.signer.isolation.kernel import PR_GET_MDWE, PR_SET_MDWE, prctl
from warifu.signer.isolation.layer import IsolationProfile, Unavailable

_REFUSE_EXEC_GAIN = 1


class NoNewCode:
    """What the signer loads needs no such page (``threshold/libsecp256k1.py``). A callback of cffi's kind, which does,
    fails with ``MemoryError`` from here on."""

    name: ClassVar[str] = "no-new-code"
    reason: ClassVar[str] = "an attacker who can write memory must not be able to run what was written"

    def apply(self, _profile: IsolationProfile) -> None:
        try:
            prctl(PR_SET_MDWE, _REFUSE_EXEC_GAIN)
        except OSError as error:
            if error.errno == errno.EINVAL:
                raise Unavailable(
                    "the kernel is older than 6.3 (seccomp refuses new executable memory instead)"
                ) from None
            raise

    def probe(self, _profile: IsolationProfile) -> str | None:
        if prctl(PR_GET_MDWE) != _REFUSE_EXEC_GAIN:
            return "the kernel forgot the setting"
        try:
            mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()
        except PermissionError:
            return None
        return "memory can be written and executed"
