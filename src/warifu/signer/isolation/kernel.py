"""The few system calls that Python has no function for. Numbers are the same on x86_64 and aarch64 unless named."""

from __future__ import annotations

import ctypes
import mmap
import os
from pathlib import Path

# linux/prctl.h
PR_GET_DUMPABLE, PR_SET_DUMPABLE = 3, 4
PR_GET_SECCOMP = 21
PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS = 38, 39
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
PR_SET_MDWE, PR_GET_MDWE = 65, 66
PR_SET_CHILD_SUBREAPER, PR_GET_CHILD_SUBREAPER = 36, 37

# linux/sched.h
CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC = 0x0002_0000, 0x0200_0000, 0x0400_0000, 0x0800_0000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x1000_0000, 0x2000_0000, 0x4000_0000
NAMESPACES = ("user", "pid", "mnt", "net", "ipc", "uts", "cgroup")

# asm-generic/unistd.h and arch/x86/entry/syscalls/syscall_64.tbl agree on all calls since 2019 (424 and above)
LANDLOCK_CREATE_RULESET, LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT_SELF = 444, 445, 446
MEMFD_SECRET = 447

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_mmap = _libc.mmap
_mmap.restype = ctypes.c_void_p
_mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long)
_MAP_FAILED = ctypes.c_void_p(-1).value


def prctl(option: int, value: int = 0) -> int:
    """prctl(2) with one argument; ``OSError`` where the kernel refuses."""
    arguments = [ctypes.c_ulong(number) for number in (value, 0, 0, 0)]
    return _checked(_libc.prctl(ctypes.c_int(option), *arguments), "prctl")


def prctl_told(option: int) -> int:
    """prctl(2) of the kind that writes its answer to where its one argument points."""
    answer = ctypes.c_int()
    _checked(_libc.prctl(ctypes.c_int(option), ctypes.byref(answer), *[ctypes.c_ulong(0)] * 3), "prctl")
    return answer.value


def syscall(number: int, *arguments: object) -> int:
    """syscall(2); whole numbers are passed as longs. ``OSError`` where the kernel refuses."""
    passed = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return _checked(_libc.syscall(ctypes.c_long(number), *passed), f"system call {number}")


def call(name: str, *arguments: object) -> int:
    """A function of the C library that answers -1 and ``errno`` on failure. ``OSError`` then."""
    return _checked(_libc[name](*arguments), name)


def unshare(namespaces: int) -> None:
    """unshare(2): leave these namespaces (CLONE_NEW...) for new ones. ``OSError`` where the kernel refuses."""
    call("unshare", ctypes.c_int(namespaces))


def namespaces_of_this_process() -> dict[str, int]:
    """Kind -> the number of the namespace that this process is in.

    By name, because a process that is not dumpable may not even list its own directory.
    """
    return {kind: Path("/proc/self/ns", kind).stat().st_ino for kind in NAMESPACES}


def map_memory(size: int, flags: int, descriptor: int = -1) -> int:
    """mmap(2) of ``size`` readable and writable bytes; the address. ``OSError`` where the kernel refuses.

    ``mmap.mmap`` is no help: it keeps a descriptor of its own, which a signer must not have.
    """
    address = _mmap(None, size, mmap.PROT_READ | mmap.PROT_WRITE, flags, descriptor, 0)
    if address == _MAP_FAILED:
        code = ctypes.get_errno()
        raise OSError(code, f"mmap: {os.strerror(code)}")
    return int(address)


def _checked(result: int, what: str) -> int:
    if result == -1:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return int(result)
