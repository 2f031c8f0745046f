"""Which system calls a running signer needs, derived from traces of one at work, by what they are for.

Not here, by design: opening sockets, executing, forking, threads, tracing and reading other processes, mounting, keys,
bpf, io_uring, handles that reach around paths, messages that carry descriptors (sendmsg, recvmsg).
"""

from __future__ import annotations

import fcntl
import mmap
import termios
from dataclasses import dataclass

from warifu.signer.isolation.kernel import (
    PR_GET_DUMPABLE,
    PR_GET_MDWE,
    PR_GET_NO_NEW_PRIVS,
    PR_GET_SECCOMP,
)
from warifu.tee.nitro_nsm import NSM_IOCTL_RAW

_BY_PURPOSE = {
    "files of the store; Landlock says which": (
        "open openat close close_range read readv pread64 write writev pwrite64 lseek fsync fdatasync ftruncate "
        "fallocate flock stat lstat fstat newfstatat statx statfs fstatfs access faccessat faccessat2 readlink "
        "readlinkat getcwd getdents64 mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2"
    ),
    "its own memory": "brk munmap mremap madvise mlock mlock2 munlock",
    "the connection": (
        "recvfrom shutdown getsockopt poll ppoll select pselect6 epoll_create1 epoll_ctl epoll_wait epoll_pwait"
    ),
    "time, randomness, waiting": (
        "clock_gettime clock_getres gettimeofday time clock_nanosleep nanosleep getrandom futex restart_syscall "
        "sched_yield"
    ),
    "about itself": (
        "getpid gettid getppid getuid geteuid getgid getegid getresuid getresgid getgroups getrusage "
        "sched_getaffinity sysinfo uname umask getrlimit capget getcpu rseq"
    ),
    "its signals and its end": "rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack exit exit_group",
}

ALLOWED = tuple(name for names in _BY_PURPOSE.values() for name in names.split())


@dataclass(frozen=True)
class OnlyIf:
    """``call`` is allowed where argument number ``argument``, masked, equals ``value``."""

    call: str
    argument: int
    value: int
    mask: int = 0xFFFF_FFFF_FFFF_FFFF


_INT = 0xFFFF_FFFF  # the upper half of a register that carries an int is not defined
_NULL = 0
_F_DUPFD_CLOEXEC = 1030
_FCNTL = (
    fcntl.F_GETFD,
    fcntl.F_SETFD,
    fcntl.F_GETFL,
    fcntl.F_SETFL,
    fcntl.F_GETLK,
    fcntl.F_SETLK,
    fcntl.F_SETLKW,
    _F_DUPFD_CLOEXEC,
)
_PRCTL = (PR_GET_DUMPABLE, PR_GET_SECCOMP, PR_GET_NO_NEW_PRIVS, PR_GET_MDWE)


def conditional(pid: int) -> tuple[OnlyIf, ...]:
    """Calls that are harmless with these arguments only. ``pid``: the process itself."""
    return (
        OnlyIf("mmap", 2, 0, mmap.PROT_EXEC),
        OnlyIf("mprotect", 2, 0, mmap.PROT_EXEC),
        OnlyIf("sendto", 4, _NULL),  # no destination: only where the connection already leads
        OnlyIf("prlimit64", 2, _NULL),  # read a limit, never set one
        OnlyIf("kill", 0, pid, _INT),
        OnlyIf("tgkill", 0, pid, _INT),
        *(OnlyIf("ioctl", 1, request, _INT) for request in (termios.FIONBIO, termios.FIOCLEX, NSM_IOCTL_RAW)),
        *(OnlyIf("fcntl", 1, command, _INT) for command in _FCNTL),
        *(OnlyIf("prctl", 0, option, _INT) for option in _PRCTL),
    )
