"""Reaches for another process as its second argument says, under a name that would be another line if it could."""

from __future__ import annotations

import ctypes
import os
import platform
import sys

SYSCALLS = {
    "x86_64": {
        "readv": 310,
        "writev": 311,
        "perf": 298,
        "pidfd_open": 434,
        "pidfd_getfd": 438,
        "bpf": 321,
        "memfd": 319,
    },
    "aarch64": {
        "readv": 270,
        "writev": 271,
        "perf": 241,
        "pidfd_open": 434,
        "pidfd_getfd": 438,
        "bpf": 280,
        "memfd": 279,
    },
}
NAME = b'x"}\n{"type": "p'
_LIBC = ctypes.CDLL(None, use_errno=True)
_SEIZE, _SET_NAME, _LOAD = 0x4206, 15, 5
_KPROBE = 2


def call(name: str, *arguments: object) -> int:
    return int(_LIBC.syscall(SYSCALLS[platform.machine()][name], *arguments))


def ptrace(pid: int) -> None:
    _LIBC.ptrace(_SEIZE, pid, 0, 0)


def open_memory(pid: int) -> None:
    os.close(os.open(f"/proc/{pid}/mem", os.O_RDONLY))


def open_memory_by_another_way(pid: int) -> None:
    """No path in any system call names what is opened."""
    os.chdir(f"/proc/{pid}/task/{pid}")
    os.close(os.open("mem", os.O_RDONLY))


def try_to_open_memory(pid: int) -> None:
    os.setgid(65534)
    os.setuid(65534)
    try:
        os.open(f"/proc/{pid}/mem", os.O_RDONLY)
    except PermissionError:
        return
    raise AssertionError("the memory of another user's process could be opened")


def read_memory(pid: int) -> None:
    call("readv", pid, 0, 0, 0, 0, 0)


def write_memory(pid: int) -> None:
    call("writev", pid, 0, 0, 0, 0, 0)


def take_descriptor(pid: int) -> None:
    call("pidfd_getfd", call("pidfd_open", pid, 0), 0, 0)


def measure(pid: int) -> None:
    call("perf", bytes(128), pid, -1, -1, 0)


def load_tracing_program(_pid: int) -> None:
    """Refused, as there is no instruction in it; the try is what counts."""
    call("bpf", _LOAD, _KPROBE.to_bytes(4, "little") + bytes(124), 128)


if __name__ == "__main__":
    _LIBC.prctl(_SET_NAME, NAME, 0, 0, 0)
    globals()[sys.argv[1]](int(sys.argv[2]))
