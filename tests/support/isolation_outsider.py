"""Another program on the machine, and everything it can try on a process: run as a process of its own.

``python -I -c PROGRAM PID UID WHERE SECRET``: it becomes the user UID first, where it is root. WHERE is the address of
the victim's secret, which a real attacker would have to search for; SECRET is read from standard input, to compare.
Answers as JSON what each deed led to: "done", the error's name, or "secret" where the secret itself was found.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

_PROGRAM = r"""
import ctypes, errno, fcntl, json, os, resource, socket, stat, sys
pid, uid, where = map(int, sys.argv[1:4])
secret = bytes.fromhex(sys.stdin.readline())
libc = ctypes.CDLL(None, use_errno=True)
PTRACE, KCMP = (101, 312) if os.uname().machine == "x86_64" else (117, 272)
if os.geteuid() == 0 and uid:
    os.setgroups([]); os.setresgid(uid, uid, uid); os.setresuid(uid, uid, uid)
def outcome(deed):
    try:
        found = deed()
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error.errno))
    return "secret" if isinstance(found, bytes) and secret in found else "done"
def call(name, *arguments):
    result = libc[name](*arguments)
    if result == -1:
        raise OSError(ctypes.get_errno(), name)
    return result
def read(name):
    with open(f"/proc/{pid}/{name}", "rb") as file:
        return file.read(65536)
def read_memory():
    with open(f"/proc/{pid}/mem", "rb") as memory:
        memory.seek(where)
        return memory.read(len(secret))
def read_by_call():
    here, size = ctypes.create_string_buffer(len(secret)), len(secret)
    ours, theirs = (ctypes.c_size_t * 2)(ctypes.addressof(here), size), (ctypes.c_size_t * 2)(where, size)
    call("process_vm_readv", pid, ours, ctypes.c_ulong(1), theirs, ctypes.c_ulong(1), ctypes.c_ulong(0))
    return here.raw
def write_by_call():
    here = ctypes.create_string_buffer(1)
    ours, theirs = (ctypes.c_size_t * 2)(ctypes.addressof(here), 0), (ctypes.c_size_t * 2)(where, 0)
    call("process_vm_writev", pid, ours, ctypes.c_ulong(1), theirs, ctypes.c_ulong(1), ctypes.c_ulong(0))
    descriptor = os.open(f"/proc/{pid}/mem", os.O_RDWR)
    os.close(descriptor)
def trace():
    call("ptrace", 16, pid, None, None)
    os.waitpid(pid, 0x40000000)
    words = []
    for offset in range(0, len(secret), 8):
        word = ctypes.c_long()
        libc.syscall(ctypes.c_long(PTRACE), ctypes.c_long(2), ctypes.c_long(pid), ctypes.c_long(where + offset),
                     ctypes.byref(word))  # the call itself: the C library hides its errors
        words.append(bytes(word))
    call("ptrace", 17, pid, None, None)
    return b"".join(words)
def take_descriptor():
    process = os.pidfd_open(pid)
    try:
        return os.close(call("syscall", ctypes.c_long(438), process, 3, 0))
    finally:
        os.close(process)
def join(kinds):
    process = os.pidfd_open(pid)
    try:
        call("setns", process, kinds)
    finally:
        os.close(process)
def write(name, content):
    with open(f"/proc/{pid}/{name}", "wb") as file:
        file.write(content)
deeds = {
    "its memory file": read_memory,
    "read by call": read_by_call,
    "write by call": write_by_call,
    "trace it": trace,
    "environment": lambda: read("environ"),
    "start vector": lambda: read("auxv"),
    "map of its memory": lambda: read("maps"),
    "pages": lambda: os.close(os.open(f"/proc/{pid}/pagemap", os.O_RDONLY)),
    "mapped files": lambda: os.listdir(f"/proc/{pid}/map_files"),
    "what it waits in": lambda: read("syscall"),
    "descriptors": lambda: os.listdir(f"/proc/{pid}/fd"),
    "what they are": lambda: os.listdir(f"/proc/{pid}/fdinfo"),
    "its log pipe": lambda: os.close(os.open(f"/proc/{pid}/fd/2", os.O_WRONLY)),
    "working directory": lambda: os.readlink(f"/proc/{pid}/cwd"),
    "files through it": lambda: os.listdir(f"/proc/{pid}/cwd/"),
    "root directory": lambda: os.readlink(f"/proc/{pid}/root"),
    "program": lambda: os.readlink(f"/proc/{pid}/exe"),
    "namespaces": lambda: os.readlink(f"/proc/{pid}/ns/user"),
    "take a descriptor": take_descriptor,
    "join its files": lambda: join(0x00020000 | 0x10000000),
    "compare with it": lambda: call("syscall", ctypes.c_long(KCMP), *map(ctypes.c_long, (pid, os.getpid(), 1, 0, 0))),
    "let it dump core": lambda: resource.prlimit(pid, resource.RLIMIT_CORE, (1, 1)),
    "let dumps hold more": lambda: write("coredump_filter", b"0x7f"),
    "have it killed first": lambda: write("oom_score_adj", b"1000"),
}
print(json.dumps({name: outcome(deed) for name, deed in deeds.items()}))
"""


def attack(pid: int, user: int, where: int = 0, secret: bytes = b"") -> dict[str, str]:
    """Everything, by a program of ``user`` (numbers other than ours: only as root)."""
    result = subprocess.run(
        [sys.executable, "-I", "-c", _PROGRAM, str(pid), str(user), str(where)],
        input=f"{secret.hex()}\n",
        capture_output=True,
        check=False,
        timeout=60,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    outcomes: dict[str, str] = json.loads(result.stdout)
    return outcomes


def fellow_of(user: int | None) -> int:
    """The user whose programs are the victim's fellows."""
    return os.geteuid() if user is None else user
