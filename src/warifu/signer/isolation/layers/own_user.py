"""A user of its own, that owns nothing but the store; and no capability left, whoever it is."""

from __future__ import annotations

import ctypes
import os
from typing import ClassVar

from warifu.signer.isolation.kernel import PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, call, prctl
from warifu.signer.isolation.layer import IsolationProfile, Unavailable

_CAPABILITY_VERSION = 0x20080522  # _LINUX_CAPABILITY_VERSION_3: two halves of three 32-bit sets


class OwnUser:
    name: ClassVar[str] = "own-user"
    reason: ClassVar[str] = (
        "programs of the same user can signal each other, share files and, on many kernels, memory"
    )

    def apply(self, profile: IsolationProfile) -> None:
        if profile.user is None:
            raise Unavailable(f"it runs as the user of its agent: {profile.no_user_because}")
        if os.geteuid() != 0:
            raise Unavailable("it runs as the user of its agent: only root can become another user")
        os.setgroups([])
        os.setresgid(profile.user, profile.user, profile.user)
        os.setresuid(profile.user, profile.user, profile.user)

    def probe(self, profile: IsolationProfile) -> str | None:
        owner = (profile.user,) * 3
        if (os.getresuid(), os.getresgid(), os.getgroups()) != (owner, owner, []):
            return "another user or group remains"
        try:
            os.setuid(0)
        except PermissionError:
            pass
        else:
            return "it can become root again"
        if not os.access(profile.store, os.R_OK | os.W_OK | os.X_OK):
            return "the user of its own cannot reach the store"
        return None


class NoCapabilities:
    name: ClassVar[str] = "no-capabilities"
    reason: ClassVar[str] = (
        "a capability (reading any file, tracing any process) would reach around the other layers"
    )

    def apply(self, _profile: IsolationProfile) -> None:
        prctl_clear_ambient()
        call("capset", _header(), (ctypes.c_uint32 * 6)())

    def probe(self, _profile: IsolationProfile) -> str | None:
        sets = (ctypes.c_uint32 * 6)()
        call("capget", _header(), sets)
        return "capabilities remain" if any(sets) else None


def prctl_clear_ambient() -> None:
    """Ambient capabilities survive a change of user; they are cleared by name."""
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)


def _header() -> ctypes.Array[ctypes.c_uint32]:
    return (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)  # 0: this process
