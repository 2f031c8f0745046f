"""Flags of the process itself: it cannot gain privileges, and nobody can look into it."""

from __future__ import annotations

import resource
from typing import ClassVar

from warifu.signer.isolation.kernel import (
    PR_GET_DUMPABLE,
    PR_GET_NO_NEW_PRIVS,
    PR_SET_DUMPABLE,
    PR_SET_NO_NEW_PRIVS,
    prctl,
)
from warifu.signer.isolation.layer import IsolationProfile


class NoNewPrivileges:
    name: ClassVar[str] = "no-new-privileges"
    reason: ClassVar[str] = "a setuid program would hand a signer that was taken over the rights of root"

    def apply(self, _profile: IsolationProfile) -> None:
        prctl(PR_SET_NO_NEW_PRIVS, 1)

    def probe(self, _profile: IsolationProfile) -> str | None:
        return None if prctl(PR_GET_NO_NEW_PRIVS) == 1 else "privileges can be gained"


class NotDumpable:
    """Applied after the user is dropped: changing users sets the flag anew."""

    name: ClassVar[str] = "not-dumpable"
    reason: ClassVar[str] = (
        "a program of the same user could trace the signer, read its memory or have it dump core"
    )

    def apply(self, _profile: IsolationProfile) -> None:
        close_to_others()

    def probe(self, _profile: IsolationProfile) -> str | None:
        return None if prctl(PR_GET_DUMPABLE) == 0 else "its memory can be read by its user"


def close_to_others() -> None:
    """No ptrace, no /proc/PID/mem, no descriptor taken out of /proc, no core, for anyone but root.

    For every process of Warifu that holds something for a moment: a passphrase, an unlock key, the key of the service's
    database. Its own /proc/self belongs to root from here on; nothing of ours looks into more of it than ``status``.
    """
    prctl(PR_SET_DUMPABLE, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
