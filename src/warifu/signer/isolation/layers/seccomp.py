"""Seccomp: the system calls of ``seccomp_rules`` and no others. Every other one is refused with EPERM; a call of a
foreign architecture (i386 or x32 on x86_64) kills, because nothing honest makes one.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any, ClassVar

from warifu.signer.isolation.kernel import PR_GET_SECCOMP, prctl
from warifu.signer.isolation.layer import IsolationProfile, Unavailable
from warifu.signer.isolation.layers.seccomp_rules import ALLOWED, conditional

_MODE_FILTER = 2
_UNKNOWN = -1  # libseccomp is older than the call, which so stays forbidden
_BINARY_TREE = 2  # libseccomp's CTL_OPTIMIZE: find a call in a few comparisons instead of a hundred


def _load_library() -> ModuleType | None:
    try:
        return import_module("pyseccomp")
    except (ImportError, RuntimeError):
        return None


_LIBRARY = _load_library()  # on import: when the layer is applied, no file can be read any more


class Seccomp:
    """The last layer: it refuses the calls that the other layers are made with."""

    name: ClassVar[str] = "seccomp"
    reason: ClassVar[str] = (
        "a signer that was taken over must not open connections, run programs or touch processes"
    )

    def apply(self, _profile: IsolationProfile) -> None:
        build(os.getpid()).load()

    def probe(self, _profile: IsolationProfile) -> str | None:
        if prctl(PR_GET_SECCOMP) != _MODE_FILTER:
            return "no filter is in place"
        attempts: dict[str, Callable[[], object]] = {
            "open a socket": lambda: socket.socket(socket.AF_INET).close(),
            "execute a program": lambda: os.execv("/nonexistent", ["nonexistent"]),  # noqa: S606  # must fail
            "signal other processes": lambda: os.kill(os.getpid() + 1, 0),
        }
        return next(
            (f"it can still {deed}" for deed, attempt in attempts.items() if not _refused(attempt)), None
        )


def build(pid: int, arch: int | None = None) -> Any:  # noqa: ANN401  # pyseccomp has no types
    """The filter (``pyseccomp.SyscallFilter``) for the process ``pid`` on ``arch``, an audit architecture (None: this
    machine's). ``Unavailable`` without libseccomp."""
    lib = _LIBRARY
    if lib is None:
        raise Unavailable("libseccomp is not installed (Debian: libseccomp2)")
    rules = lib.SyscallFilter(lib.ERRNO(errno.EPERM))
    rules.set_attr(lib.Attr.ACT_BADARCH, lib.KILL_PROCESS)
    rules.set_attr(lib.Attr.CTL_OPTIMIZE, _BINARY_TREE)
    if arch is not None and not rules.exist_arch(arch):
        rules.add_arch(arch)
        rules.remove_arch(lib.Arch.NATIVE)
    for name in ALLOWED:
        if lib.resolve_syscall(lib.Arch.NATIVE, name) != _UNKNOWN:
            rules.add_rule(lib.ALLOW, name)
    for rule in conditional(pid):
        rules.add_rule(lib.ALLOW, rule.call, lib.Arg(rule.argument, lib.MASKED_EQ, rule.mask, rule.value))
    return rules


def _refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError as error:
        return error.errno == errno.EPERM
    return False
