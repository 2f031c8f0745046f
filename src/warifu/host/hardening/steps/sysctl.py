"""Kernel settings that a running kernel takes."""

from __future__ import annotations

from dataclasses import dataclass

from warifu.host.hardening.changes import Act, Write
from warifu.host.hardening.step import Step, Wanted, Wishes
from warifu.host.hardening.target import Target

PATH = "/etc/sysctl.d/99-warifu.conf"
"""The last one wins, and Debian ships a ``99-protect-links.conf`` that would take two of these back."""


@dataclass(frozen=True)
class Setting:
    """One line. ``optional``: not every supported kernel knows it. ``x86``: its value is right on a PC only.
    ``one_way``: a running kernel does not take it back."""

    key: str
    value: str
    reason: str
    may_break: str = ""
    source: str = "KSPP"
    optional: bool = False
    x86: bool = False
    one_way: bool = False


_KERNEL = "kernel.org, Documentation/admin-guide/sysctl"
SETTINGS: tuple[Setting, ...] = (
    Setting("kernel.dmesg_restrict", "1", "kernel messages carry addresses that exploits look for"),
    Setting("kernel.kptr_restrict", "2", "no kernel address is shown, also not to root"),
    Setting(
        "kernel.unprivileged_bpf_disabled",
        "1",
        "the BPF verifier is a frequent way into the kernel",
        "programs that load BPF without privilege; only a restart takes it back",
        one_way=True,
    ),
    Setting(
        "net.core.bpf_jit_harden", "2", "constants of a BPF program become no code of an attacker's choice"
    ),
    Setting(
        "kernel.yama.ptrace_scope",
        "2",
        "only an administrator attaches to processes: other programs of one user stay apart",
        "gdb and strace as an ordinary user",
        "KSPP; CIS Debian 1.5",
    ),
    Setting(
        "kernel.kexec_load_disabled",
        "1",
        "nobody replaces the running kernel by another one",
        "kexec and kdump; only a restart takes it back",
        one_way=True,
    ),
    Setting(
        "kernel.perf_event_paranoid",
        "3",
        "measuring a process tells secrets of it",
        "perf without root",
        optional=True,
    ),
    Setting("kernel.sysrq", "0", "the magic key acts before anyone logged in", "rescue by keyboard", _KERNEL),
    Setting("kernel.randomize_va_space", "2", "addresses are guessed less easily", source="CIS Debian 1.5"),
    Setting(
        "kernel.io_uring_disabled",
        "2",
        "io_uring is a large part of what attackers use against the kernel",
        "programs that insist on io_uring",
        _KERNEL,
        optional=True,
    ),
    Setting(
        "kernel.oops_limit",
        "100",
        "exploits that provoke many errors end in a halt",
        source=_KERNEL,
        optional=True,
    ),
    Setting("kernel.warn_limit", "100", "as before, for warnings", source=_KERNEL, optional=True),
    Setting("dev.tty.ldisc_autoload", "0", "rare terminal modes are not loaded for whoever asks"),
    Setting(
        "dev.tty.legacy_tiocsti",
        "0",
        "no program types into another one's terminal",
        "a few old screen readers",
        optional=True,
    ),
    Setting("fs.protected_symlinks", "1", "traps in shared directories", source="KSPP; CIS Debian"),
    Setting("fs.protected_hardlinks", "1", "traps in shared directories", source="KSPP; CIS Debian"),
    Setting("fs.protected_fifos", "2", "traps in shared directories"),
    Setting("fs.protected_regular", "2", "traps in shared directories"),
    Setting("fs.suid_dumpable", "0", "privileged programs leave no core", source="KSPP; CIS Debian 1.5"),
    Setting(
        "kernel.core_pattern",
        "|/bin/false",
        "no program leaves its memory on a disk",
        "debugging crashes",
        "CIS Debian",
    ),
    Setting("vm.mmap_min_addr", "65536", "null pointers of the kernel lead nowhere"),
    Setting("vm.mmap_rnd_bits", "32", "addresses are guessed less easily", x86=True),
    Setting("vm.mmap_rnd_compat_bits", "16", "addresses are guessed less easily", x86=True, optional=True),
    Setting("vm.unprivileged_userfaultfd", "0", "it makes races in the kernel easy to win", optional=True),
    Setting("net.ipv4.tcp_syncookies", "1", "floods of beginnings", source="CIS Debian 3.3"),
    Setting("net.ipv4.tcp_rfc1337", "1", "forged ends of connections", source=_KERNEL),
    Setting(
        "net.ipv4.conf.all.rp_filter",
        "1",
        "senders that cannot be where they say",
        "asymmetric routes (two uplinks)",
        "CIS Debian 3.3",
    ),
    Setting(
        "net.ipv4.conf.default.rp_filter",
        "1",
        "senders that cannot be where they say",
        source="CIS Debian 3.3",
    ),
    *(
        Setting(f"net.ipv4.conf.{which}.{name}", "0", reason, source="CIS Debian 3.3")
        for which in ("all", "default")
        for name, reason in (
            ("accept_redirects", "a neighbour may not say where packets go"),
            ("secure_redirects", "also not one that seems to be a router"),
            ("send_redirects", "this machine is no router"),
            ("accept_source_route", "a sender may not choose the way"),
        )
    ),
    *(
        Setting(f"net.ipv6.conf.{which}.{name}", "0", reason, source="CIS Debian 3.3", optional=True)
        for which in ("all", "default")
        for name, reason in (
            ("accept_redirects", "a neighbour may not say where packets go"),
            ("accept_source_route", "a sender may not choose the way"),
        )
    ),
    Setting("net.ipv4.icmp_echo_ignore_broadcasts", "1", "no amplifier", source="CIS Debian 3.3"),
    Setting(
        "net.ipv4.icmp_ignore_bogus_error_responses", "1", "no log full of nonsense", source="CIS Debian 3.3"
    ),
)


def wanted_settings(x86: bool) -> tuple[Setting, ...]:
    """Those for this kind of machine."""
    return tuple(setting for setting in SETTINGS if x86 or not setting.x86)


def text(settings: tuple[Setting, ...]) -> str:
    """The file: each line below its reason. A ``-`` before a key: a kernel that does not know it is no error."""
    lines = ["# Written by 'warifu host harden'; 'warifu host harden --undo' removes it."]
    for setting in settings:
        broken = f" May break: {setting.may_break}." if setting.may_break else ""
        lines.append(f"# {setting.reason} ({setting.source}).{broken}")
        lines.append(f"{'-' if setting.optional else ''}{setting.key} = {setting.value}")
    return "\n".join(lines) + "\n"


def _want(target: Target, _wishes: Wishes) -> Wanted:
    settings = wanted_settings(target.x86())
    write = Write(PATH, text(settings).encode())
    load = Act(("/usr/lib/systemd/systemd-sysctl", PATH), _earlier(target, settings), "")
    notes = [
        "The settings of the file's last name win: what /etc/sysctl.conf says otherwise does not count any more."
    ]
    return Wanted((write, load), tuple(notes))


def _earlier(target: Target, settings: tuple[Setting, ...]) -> tuple[str, ...]:
    """The command that sets what is set now; empty in an image, or where nothing differs."""
    if not target.live:
        return ()
    pairs = []
    for setting in settings:
        now = target.read(f"/proc/sys/{setting.key.replace('.', '/')}")
        if now is not None and now.strip() != setting.value and not setting.one_way:
            pairs.append(f"{setting.key}={now.strip()}")
    return ("sysctl", "--quiet", "--ignore", "--write", *pairs) if pairs else ()


STEP = Step(
    name="sysctl",
    title="Kernel settings",
    reason="less of the kernel can be reached, and it tells less about itself",
    may_break="; ".join(f"{setting.key}: {setting.may_break}" for setting in SETTINGS if setting.may_break),
    undo="The earlier values are set again; unprivileged BPF and kexec come back with a restart only.",
    source="KSPP recommended settings; CIS Debian benchmark; HardenedLinux harbian-audit; kernel documentation",
    want=_want,
)
