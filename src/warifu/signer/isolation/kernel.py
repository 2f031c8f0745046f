"""The few system calls that Python has no function for. Numbers are the same on x86_64 and aarch64 unless named."""

from __future__ import annotations

import ctypes
import os

# linux/prctl.h
PR_GET_DUMPABLE, PR_SET_DUMPABLE = 3, 4
PR_GET_SECCOMP = 21
PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS = 38, 39
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
PR_SET_MDWE, PR_GET_MDWE = 65, 66

# asm-generic/unistd.h and arch/x86/entry/syscalls/syscall_64.tbl agree on all calls since 2019 (424 and above)
LANDLOCK_CREATE_RULESET, LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT_SELF = 444, 445, 446

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def prctl(option: int, value: int = 0) -> int:
    """prctl(2) with one argument; ``OSError`` where the kernel refuses."""
    arguments = [ctypes.c_ulong(number) for number in (value, 0, 0, 0)]
    return _checked(_libc.prctl(ctypes.c_int(option), *arguments), "prctl")


def syscall(number: int, *arguments: object) -> int:
    """syscall(2); whole numbers are passed as longs. ``OSError`` where the kernel refuses."""
    passed = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return _checked(_libc.syscall(ctypes.c_long(number), *passed), f"system call {number}")


def call(name: str, *arguments: object) -> int:
    """A function of the C library that answers -1 and ``errno`` on failure. ``OSError`` then."""
    return _checked(_libc[name](*arguments), name)


def _checked(result: int, what: str) -> int:
    if result == -1:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return int(result)
