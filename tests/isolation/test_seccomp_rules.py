"""What the system-call filter allows and refuses, on both processors, judged by interpreting the filter itself."""

import errno

import pytest
from tests.support.bpf import decide, program_of

from warifu.signer.isolation.layers import seccomp
from warifu.signer.isolation.layers.seccomp_rules import ALLOWED

pytestmark = pytest.mark.unit
if seccomp._LIBRARY is None:
    pytest.skip("libseccomp is not installed", allow_module_level=True)
pyseccomp = seccomp._LIBRARY

PID = 4242
ALLOW, EPERM, KILL = pyseccomp.ALLOW, pyseccomp.ERRNO(errno.EPERM), pyseccomp.KILL_PROCESS
NO_SUCH_CALL = -1
ARCHES = {"x86_64": pyseccomp.Arch.X86_64, "aarch64": pyseccomp.Arch.AARCH64}


@pytest.fixture(scope="module", params=ARCHES)
def ask(request):
    arch = ARCHES[request.param]
    program = program_of(seccomp.build(PID, arch))

    def judge(name: str, *arguments: int) -> int:
        number = pyseccomp.resolve_syscall(arch, name)
        return decide(program, arch, number, arguments) if number >= 0 else NO_SUCH_CALL

    return judge


REFUSED = """
    socket socketpair connect bind listen accept accept4 sendmsg recvmsg sendmmsg
    execve execveat clone clone3 fork vfork ptrace process_vm_readv process_vm_writev kcmp pidfd_open pidfd_getfd
    open_by_handle_at name_to_handle_at io_uring_setup io_uring_enter io_uring_register bpf perf_event_open userfaultfd
    keyctl add_key request_key mount umount2 pivot_root chroot unshare setns move_mount fsopen init_module
    finit_module kexec_load reboot swapon swapoff ioperm iopl setuid setgid setresuid setgroups capset seccomp
    memfd_create memfd_secret pkey_mprotect munlock munlockall symlink symlinkat link linkat mknod mknodat chmod fchmod
    fchmodat chown fchown setxattr personality setrlimit process_madvise landlock_create_ruleset inotify_init1
    fanotify_init shmget shmat msgget semget mq_open sethostname settimeofday clock_settime syslog quotactl acct
    nfsservctl vhangup modify_ldt tkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_send_signal
"""
NEEDED = """
    read write openat pread64 pwrite64 fsync fdatasync ftruncate unlinkat renameat newfstatat futex getrandom
    clock_nanosleep ppoll recvfrom munmap mremap brk exit_group rt_sigreturn
"""


def test_what_reaches_out_is_refused_whatever_the_arguments(ask):
    for arguments in ((), [2**64 - 1] * 6):
        verdicts = {name: ask(name, *arguments) for name in REFUSED.split()}
        assert {name for name, verdict in verdicts.items() if verdict not in (EPERM, NO_SUCH_CALL)} == set()
        assert sum(verdict == EPERM for verdict in verdicts.values()) > 80


def test_what_a_signer_needs_is_allowed(ask):
    assert {name for name in NEEDED.split() if ask(name) != ALLOW} == set()


@pytest.mark.parametrize(
    ("name", "arguments", "verdict"),
    [
        ("mmap", (0, 4096, 0b011, 0x22, -1, 0), ALLOW),
        ("mmap", (0, 4096, 0b100, 0x22, -1, 0), EPERM),
        ("mmap", (0, 4096, 0b111, 0x22, -1, 0), EPERM),
        ("mprotect", (0, 4096, 0b001), ALLOW),
        ("mprotect", (0, 4096, 0b101), EPERM),
        ("sendto", (3, 0x7000, 10, 0, 0, 0), ALLOW),
        ("sendto", (3, 0x7000, 10, 0, 0x7000_0000_0000, 16), EPERM),
        ("sendto", (3, 0x7000, 10, 0, 0x1_0000_0000, 16), EPERM),
        ("kill", (PID, 6), ALLOW),
        ("kill", (PID + 1, 6), EPERM),
        ("kill", (1, 9), EPERM),
        ("kill", (-1, 9), EPERM),
        ("kill", (0, 9), EPERM),
        ("kill", (-PID, 9), EPERM),
        ("tgkill", (PID, PID, 6), ALLOW),
        ("tgkill", (1, 1, 6), EPERM),
        ("prlimit64", (0, 4, 0, 0x7000), ALLOW),
        ("prlimit64", (0, 4, 0x7000, 0), EPERM),
        ("prctl", (21,), ALLOW),
        ("prctl", (3,), EPERM),
        ("prctl", (4, 1), EPERM),  # becoming dumpable again
        ("prctl", (22, 2), EPERM),  # a seccomp filter of its own
        ("prctl", (0x1_0000_0004, 1), EPERM),
        ("ioctl", (3, 0x5421), ALLOW),
        ("ioctl", (0, 0x5412), EPERM),  # TIOCSTI
        ("ioctl", (0, 0x5401), EPERM),
        ("fcntl", (3, 4), ALLOW),
        ("fcntl", (3, 8, 1), EPERM),  # F_SETOWN: have the kernel signal others
        ("fcntl", (3, 1033, 0), EPERM),
    ],
)
def test_allowed_with_harmless_arguments_only(ask, name, arguments, verdict):
    assert ask(name, *arguments) == verdict


@pytest.mark.parametrize("native", ARCHES)
def test_calls_of_another_processor_kill(native):
    program = program_of(seccomp.build(PID, ARCHES[native]))
    foreign = [
        arch for arch in (*ARCHES.values(), pyseccomp.Arch.X86, pyseccomp.Arch.ARM) if arch != ARCHES[native]
    ]
    assert {decide(program, arch, number) for arch in foreign for number in (0, 1, 11, 59, 221)} == {KILL}


def test_the_x32_side_door_kills():
    program = program_of(seccomp.build(PID, pyseccomp.Arch.X86_64))
    assert decide(program, pyseccomp.Arch.X86_64, 0x4000_0000 | 59) == KILL


def test_every_number_that_is_not_listed_is_refused():
    for arch in ARCHES.values():
        program = program_of(seccomp.build(PID, arch))
        allowed = {number for number in range(600) if decide(program, arch, number) == ALLOW}
        named = {pyseccomp.resolve_syscall(arch, name) for name in ALLOWED}
        with_arguments = {
            pyseccomp.resolve_syscall(arch, name) for name in ("mmap", "mprotect", "sendto", "prlimit64")
        }
        assert allowed <= named | with_arguments
        assert allowed >= {number for number in named if number >= 0}
