"""Kernel settings (sysctl) that the Kernel Self-Protection Project and kernel-hardening-checker ask for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from warifu.host.check import Check, Seen, missing, ok, unknown
from warifu.host.machine import Machine

_NUMBER = re.compile(r"-?\d{1,9}")


@dataclass(frozen=True)
class Setting:
    """One number below /proc/sys, and from where to where it is good."""

    name: str
    key: str
    low: int
    high: int
    wanted: int
    """What to set it to."""
    reason: str
    fine_without: str = ""
    """Why it is well where the kernel has no such setting; empty: it is not."""

    @property
    def path(self) -> str:
        return f"/proc/sys/{self.key.replace('.', '/')}"

    def look(self, machine: Machine) -> Seen:
        """The number of this machine against the good ones."""
        text = machine.read(self.path)
        if text is None:
            return (
                ok(self.fine_without)
                if self.fine_without
                else missing("this kernel does not know the setting")
            )
        if not _NUMBER.fullmatch(text.strip()):
            return unknown(f"{self.path} is not a number")
        number = int(text)
        shown = f"{self.key}={number}"
        return ok(shown) if self.low <= number <= self.high else missing(f"{shown}, wanted {self.wanted}")

    def check(self) -> Check:
        return Check(
            name=self.name,
            reason=self.reason,
            source=self.path,
            remedy=f"sysctl {self.key}={self.wanted}",
            look=self.look,
        )


SETTINGS = (
    Setting(
        "pointers-hidden",
        "kernel.kptr_restrict",
        1,
        2,
        2,
        "addresses in the kernel tell an exploit where to write",
    ),
    Setting(
        "kernel-log-closed", "kernel.dmesg_restrict", 1, 1, 1, "the kernel's log tells addresses and faults"
    ),
    Setting(
        "perf-closed",
        "kernel.perf_event_paranoid",
        3,
        4,
        3,
        "measuring other programs is a side channel (above 2 only Debian's and Android's kernels listen)",
    ),
    Setting(
        "bpf-jit-hardened",
        "net.core.bpf_jit_harden",
        2,
        2,
        2,
        "keeps bytes that an attacker chose out of the kernel's generated code",
        fine_without="the kernel has no BPF compiler",
    ),
    Setting(
        "kexec-off",
        "kernel.kexec_load_disabled",
        1,
        1,
        1,
        "with kexec, root starts another kernel that nobody measured",
        fine_without="the kernel has no kexec",
    ),
    Setting(
        "sysrq-off",
        "kernel.sysrq",
        0,
        0,
        0,
        "at the keyboard, SysRq dumps memory and ends programs without a password",
        fine_without="the kernel has no SysRq",
    ),
    Setting(
        "addresses-random", "kernel.randomize_va_space", 2, 2, 2, "an exploit must not know where memory lies"
    ),
    Setting(
        "terminal-modules-off",
        "dev.tty.ldisc_autoload",
        0,
        0,
        0,
        "any user could load old terminal drivers, which were exploited before",
    ),
    Setting(
        "terminal-input-closed",
        "dev.tty.legacy_tiocsti",
        0,
        0,
        0,
        "a program could type commands into the terminal that it was started from",
    ),
    Setting(
        "userfaultfd-off",
        "vm.unprivileged_userfaultfd",
        0,
        0,
        0,
        "makes races in the kernel easy to win",
        fine_without="the kernel has no userfaultfd",
    ),
    Setting(
        "io-uring-off",
        "kernel.io_uring_disabled",
        2,
        2,
        2,
        "passes by system-call filters, and was the root of many kernel exploits",
    ),
    Setting(
        "faults-bounded",
        "kernel.oops_limit",
        1,
        100,
        100,
        "an exploit that provokes faults until one serves it must not have ten thousand tries",
    ),
    Setting(
        "warnings-bounded",
        "kernel.warn_limit",
        1,
        100,
        100,
        "as before, for faults that the kernel only warns of",
    ),
    Setting(
        "modules-closed",
        "kernel.modules_disabled",
        1,
        1,
        1,
        "once all is loaded, nothing more should be; set last, it stays until the next start",
        fine_without="the kernel loads no modules",
    ),
    Setting(
        "lowest-memory-closed",
        "vm.mmap_min_addr",
        32768,
        2**31 - 1,
        65536,
        "null pointers of the kernel must not lead to an attacker's bytes",
    ),
    Setting(
        "symlinks-protected",
        "fs.protected_symlinks",
        1,
        1,
        1,
        "links in /tmp lead programs to files they did not mean",
    ),
    Setting(
        "hardlinks-protected",
        "fs.protected_hardlinks",
        1,
        1,
        1,
        "a link to somebody else's file outlives its update",
    ),
    Setting(
        "fifos-protected", "fs.protected_fifos", 1, 2, 2, "a pipe in /tmp can stand where a file was expected"
    ),
    Setting(
        "files-protected",
        "fs.protected_regular",
        1,
        2,
        2,
        "a file in /tmp can stand where one's own was expected",
    ),
    Setting(
        "privileged-dumps-off",
        "fs.suid_dumpable",
        0,
        0,
        0,
        "dumps of privileged programs hold secrets of root",
    ),
)

CHECKS = tuple(setting.check() for setting in SETTINGS)
