"""Which system calls a running signer needs, derived from traces of signers at work.

``tools/trace-signer.sh`` makes such traces and compares them with what stands here: every call in ``TRACED`` was seen
after the walls stood, and every other one has its reason in ``_UNTRACED``.

Not here, by design: opening sockets, executing, forking, threads, tracing and reading other processes, mounting, keys,
bpf, io_uring, handles that reach around paths, messages that carry descriptors (sendmsg, recvmsg). Nor munlock:
SQLCipher locks what it takes and unlocks what it frees by whole pages, and whatever else lies on them could be swapped
out then. What was locked stays so; it also is most of what a signer asks of the kernel, and now costs nearly nothing.
"""

from __future__ import annotations

import fcntl
import mmap
import termios
from dataclasses import dataclass

from warifu.signer.isolation.kernel import PR_GET_SECCOMP
from warifu.tee.nitro_nsm import NSM_IOCTL_RAW

_BY_PURPOSE = {
    "files of the store; Landlock says which": (
        "openat close read write pread64 pwrite64 lseek fsync ftruncate flock stat lstat fstat newfstatat getcwd "
        "getdents64 mkdir rmdir unlink unlinkat rename"
    ),
    "its own memory": "brk munmap mlock",
    "the connection, and the device of a platform": "recvfrom poll pselect6",
    "time, randomness, waiting": "clock_nanosleep getrandom futex",
    "about itself": "getpid geteuid",
    "its signals and its end": "rt_sigaction exit_group",
}
_CONDITIONAL_TRACED = "mmap sendto prlimit64 kill ioctl fcntl prctl"

TRACED = frozenset(name for names in (*_BY_PURPOSE.values(), _CONDITIONAL_TRACED) for name in names.split())

_UNTRACED = {
    "the same calls under the names that another processor (aarch64) or C library uses": (
        "open mkdirat renameat renameat2 ppoll select faccessat faccessat2 nanosleep"
    ),
    "what SQLite built otherwise, or recovering after a crash, does instead": "access fdatasync",
    "blocks of memory that grow, shrink or are cut (glibc, numpy)": "mremap madvise",
    "clocks that the kernel does not let be read without a call on some machines": (
        "clock_gettime clock_getres gettimeofday time"
    ),
    "going on after it was stopped, and a signal to itself": "restart_syscall rt_sigreturn",
    "the C library's last words when it aborts": "writev rt_sigprocmask gettid",
}

ALLOWED = tuple(name for names in _BY_PURPOSE.values() for name in names.split()) + tuple(
    name for names in _UNTRACED.values() for name in names.split()
)


@dataclass(frozen=True)
class OnlyIf:
    """``call`` is allowed where argument number ``argument``, masked, equals ``value``."""

    call: str
    argument: int
    value: int
    mask: int = 0xFFFF_FFFF_FFFF_FFFF


_INT = 0xFFFF_FFFF  # the upper half of a register that carries an int is not defined
_NULL = 0
_F_DUPFD_CLOEXEC = 1030  # Python lists a directory through a second descriptor
_FCNTL = (
    fcntl.F_GETFD,
    fcntl.F_SETFD,
    fcntl.F_GETFL,
    fcntl.F_SETFL,
    fcntl.F_GETLK,
    fcntl.F_SETLK,
    _F_DUPFD_CLOEXEC,
)


def conditional(pid: int) -> tuple[OnlyIf, ...]:
    """Calls that are harmless with these arguments only. ``pid``: the process itself."""
    return (
        OnlyIf("mmap", 2, 0, mmap.PROT_EXEC),
        OnlyIf("mprotect", 2, 0, mmap.PROT_EXEC),  # not traced: glibc's further heaps
        OnlyIf("sendto", 4, _NULL),  # no destination: only where the connection already leads
        OnlyIf("prlimit64", 2, _NULL),  # read a limit, never set one
        OnlyIf("kill", 0, pid, _INT),
        OnlyIf("tgkill", 0, pid, _INT),  # not traced: abort()
        *(OnlyIf("ioctl", 1, request, _INT) for request in (termios.FIONBIO, termios.FIOCLEX, NSM_IOCTL_RAW)),
        *(OnlyIf("fcntl", 1, command, _INT) for command in _FCNTL),
        OnlyIf("prctl", 0, PR_GET_SECCOMP, _INT),  # the last probe
    )
