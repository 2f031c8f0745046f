"""Parameters that the kernel takes when it starts: through GRUB, systemd-boot, or a Raspberry Pi's firmware."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from warifu.host.hardening.changes import Act, Change, Write
from warifu.host.hardening.states import Regular
from warifu.host.hardening.step import Step, Wanted, Wishes
from warifu.host.hardening.target import Target

GRUB = "/etc/default/grub.d/90-warifu.cfg"
SYSTEMD_BOOT = "/etc/kernel/cmdline"
RASPBERRY = ("/boot/firmware/cmdline.txt", "/boot/cmdline.txt")
_MAX_LINE = 2000


@dataclass(frozen=True)
class Parameter:
    """``word`` as the kernel takes it."""

    word: str
    reason: str
    x86: bool = False


PARAMETERS: tuple[Parameter, ...] = (
    Parameter("slab_nomerge", "kinds of kernel objects stay apart: an overflow reaches only its own kind"),
    Parameter("init_on_alloc=1", "no leftovers of others in new memory"),
    Parameter("init_on_free=1", "what is freed is gone"),
    Parameter("page_alloc.shuffle=1", "less predictable memory"),
    Parameter("randomize_kstack_offset=on", "less predictable kernel stacks"),
    Parameter("vsyscall=none", "a fixed address less", x86=True),
    Parameter("iommu.passthrough=0", "devices reach only the memory that is theirs"),
    Parameter("iommu.strict=1", "and lose it at once"),
)
LOCKDOWN = Parameter("lockdown=integrity", "also root changes no running kernel; unsigned modules stay out")


def wanted_parameters(x86: bool, own_module: bool) -> list[str]:
    """Lockdown is left out where the owner builds a module of his own, which no key that the kernel knows signs."""
    chosen = [parameter for parameter in PARAMETERS if x86 or not parameter.x86]
    return [parameter.word for parameter in (chosen if own_module else [*chosen, LOCKDOWN])]


def extended(line: str, words: Sequence[str]) -> str:
    """A command line with ``words`` at its end, in place of other values of the same parameters."""
    names = {word.partition("=")[0] for word in words}
    kept = [word for word in line.split() if word.partition("=")[0] not in names]
    return " ".join([*kept, *words]) + "\n"


def _want(target: Target, wishes: Wishes) -> Wanted:
    own_module = wishes.lkrg is not None or wishes.ved is not None
    words = wanted_parameters(target.x86(), own_module)
    notes = ["They count from the next start on."]
    if own_module:
        notes.append(
            "Without lockdown: it would refuse the module that you build, unless you enrol its key (MOK)."
        )
    for path in RASPBERRY:
        if target.exists(path):
            return Wanted(_edited(target, path, words), tuple(notes))
    if target.exists("/etc/default/grub"):
        return Wanted(_grub(words), tuple(notes))
    if target.exists(SYSTEMD_BOOT):
        return Wanted(_systemd_boot(target, words), tuple(notes))
    return Wanted(
        inapplicable="no GRUB, systemd-boot (/etc/kernel/cmdline) or Raspberry Pi firmware was found"
    )


def _grub(words: Sequence[str]) -> tuple[Change, ...]:
    added = " ".join(words)
    content = (
        "# Written by 'warifu host harden'; 'warifu host harden --undo' removes it.\n"
        f'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX {added}"\n'
    )
    update = ("update-grub",)
    return (
        Act((), update, "write GRUB's menu anew"),
        Write(GRUB, content.encode()),
        Act(update, (), ""),
    )


def _systemd_boot(target: Target, words: Sequence[str]) -> tuple[Change, ...]:
    """The line is copied into the boot loader's entry of each kernel that is installed."""
    versions = [
        name.removeprefix("vmlinuz-") for name in target.names("/boot") if name.startswith("vmlinuz-")
    ]
    update = [("kernel-install", "add", version, f"/boot/vmlinuz-{version}") for version in versions]
    return (
        *(Act((), command, "write the boot loader's entry anew") for command in update),
        *_edited(target, SYSTEMD_BOOT, words),
        *(Act(command, (), "") for command in update),
    )


def _edited(target: Target, path: str, words: Sequence[str]) -> tuple[Change, ...]:
    """A file whose one line is the command line. Its mode stays: a FAT file system gives all files the same."""
    state = target.state(path)
    line = target.read(path, _MAX_LINE) or ""
    return (Write(path, extended(line, words).encode(), state.mode if isinstance(state, Regular) else 0o644),)


STEP = Step(
    name="boot",
    title="Boot parameters",
    reason="protections of the kernel's memory that only a start can switch on",
    may_break="a few percent of speed (memory is cleared); drivers of one's own that no known key signs (lockdown)",
    undo="The earlier command line; it counts from the next start on.",
    source="KSPP recommended settings; kernel.org, Documentation/admin-guide/kernel-parameters",
    want=_want,
)
