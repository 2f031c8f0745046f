"""What the kernel is told when it starts, and how it was built: the rest of the Kernel Self-Protection Project's list.

A parameter on the command line counts before the default that was built in. Where a parameter is not given and the
configuration cannot be read, the outcome is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass

from warifu.host.check import Check, Seen, missing, ok
from warifu.host.configuration import options, parameters
from warifu.host.machine import Machine

_ON = ("1", "on", "y", "yes", "true")
_OFF = ("0", "off", "n", "no", "false")


@dataclass(frozen=True)
class Parameter:
    """A parameter of the command line, and the build option that is its default."""

    name: str
    parameter: str
    good: tuple[str, ...]
    """Values that are well; ``("",)`` for a word without a value."""
    built_in: tuple[str, str] | None
    """Option and value which make it well where the command line is silent; the value "" means: not set."""
    reason: str
    x86_only: bool = False

    def look(self, machine: Machine) -> Seen:
        """The command line first, then the configuration."""
        given = parameters(machine).get(self.parameter)
        if given is not None:
            shown = f"{self.parameter}={given}" if given else self.parameter
            return (
                ok(shown)
                if any(part in self.good for part in given.split(","))
                else missing(f"{shown} was given")
            )
        if self.built_in is None:
            return missing(f"{self.wanted} was not given")
        built = options(machine)
        if self.x86_only and "CONFIG_X86" not in built:
            return ok("does not concern this processor")
        option, value = self.built_in
        return ok("built in") if built.get(option, "") == value else missing(f"{self.wanted} was not given")

    @property
    def wanted(self) -> str:
        return f"{self.parameter}={self.good[0]}" if self.good[0] else self.parameter

    def check(self) -> Check:
        return Check(
            name=self.name,
            reason=self.reason,
            source=f"/proc/cmdline{f' and {self.built_in[0]}' if self.built_in else ''}",
            remedy=f"Add {self.wanted} to the kernel command line.",
            look=self.look,
        )


@dataclass(frozen=True)
class BuildOption:
    """Something that only the build of the kernel decides."""

    name: str
    option: str
    value: str
    """"" means: not set."""
    reason: str

    def look(self, machine: Machine) -> Seen:
        """What the configuration says."""
        found = options(machine).get(self.option, "")
        shown = f"{self.option}={found}" if found else f"{self.option} is not set"
        return ok(shown) if found == self.value else missing(shown)

    def check(self) -> Check:
        return Check(
            name=self.name,
            reason=self.reason,
            source=f"{self.option} in /proc/config.gz or /boot/config-RELEASE",
            remedy="Use a kernel that was built so; Debian's is, but for a few.",
            look=self.look,
        )


PARAMETERS = (
    Parameter(
        "slab-nomerge",
        "slab_nomerge",
        ("", *_ON),
        ("CONFIG_SLAB_MERGE_DEFAULT", ""),
        "keeps an overflow in one kind of object from reaching another kind",
    ),
    Parameter(
        "init-on-alloc",
        "init_on_alloc",
        _ON,
        ("CONFIG_INIT_ON_ALLOC_DEFAULT_ON", "y"),
        "memory of the kernel that is used anew shows nothing of its last owner",
    ),
    Parameter(
        "init-on-free",
        "init_on_free",
        _ON,
        ("CONFIG_INIT_ON_FREE_DEFAULT_ON", "y"),
        "memory that a signer gave back is wiped at once",
    ),
    Parameter(
        "page-shuffle",
        "page_alloc.shuffle",
        _ON,
        None,
        "makes it harder to guess which pages lie beside each other",
    ),
    Parameter(
        "kernel-stack-random",
        "randomize_kstack_offset",
        ("on", *_ON),
        ("CONFIG_RANDOMIZE_KSTACK_OFFSET_DEFAULT", "y"),
        "the kernel's stack begins elsewhere at each call",
    ),
    Parameter(
        "vsyscall-off",
        "vsyscall",
        ("none",),
        ("CONFIG_LEGACY_VSYSCALL_NONE", "y"),
        "code at one known address in every program helps an exploit",
        x86_only=True,
    ),
    Parameter(
        "debugfs-off",
        "debugfs",
        ("off", "no-mount"),
        ("CONFIG_DEBUG_FS", ""),
        "debugging files of drivers lead into kernel memory",
    ),
    Parameter(
        "iommu-strict",
        "iommu.strict",
        _ON,
        ("CONFIG_IOMMU_DEFAULT_DMA_STRICT", "y"),
        "a device on Thunderbolt or PCIe must not keep access to memory that was taken back from it",
    ),
    Parameter(
        "early-dma-off",
        "efi",
        ("disable_early_pci_dma",),
        ("CONFIG_EFI_DISABLE_PCI_DMA", "y"),
        "closes the moment in the start when a device reads memory freely",
    ),
    Parameter(
        "process-memory-closed",
        "proc_mem.force_override",
        ("never",),
        ("CONFIG_PROC_MEM_NO_FORCE", "y"),
        "/proc/PID/mem writes even where a process may only read (kernel 6.12 and later can refuse)",
    ),
    Parameter(
        "usercopy-checked",
        "hardened_usercopy",
        _ON,
        ("CONFIG_HARDENED_USERCOPY", "y"),
        "copies between kernel and programs stay inside the object that was meant",
    ),
)


def _mitigations(machine: Machine) -> Seen:
    """Whether the start switched off what the processor's faults need, or where the kernel lies."""
    told = parameters(machine)
    switched_off = [name for name in ("mitigations", "pti", "spectre_v2", "mds") if told.get(name) in _OFF]
    switched_off += [
        name for name in ("nopti", "nospectre_v1", "nospectre_v2", "nokaslr", "nosmap") if name in told
    ]
    return (
        missing(f"switched off: {', '.join(switched_off)}") if switched_off else ok("nothing is switched off")
    )


OPTIONS = (
    BuildOption(
        "kernel-place-random", "CONFIG_RANDOMIZE_BASE", "y", "an exploit must not know where the kernel lies"
    ),
    BuildOption(
        "kernel-read-only",
        "CONFIG_STRICT_KERNEL_RWX",
        "y",
        "code of the kernel cannot be written, data cannot be run",
    ),
    BuildOption(
        "stack-guarded", "CONFIG_STACKPROTECTOR_STRONG", "y", "an overflow on the kernel's stack is noticed"
    ),
    BuildOption(
        "stack-mapped", "CONFIG_VMAP_STACK", "y", "a stack that grows too far meets a hole, not its neighbour"
    ),
    BuildOption("copies-bounded", "CONFIG_FORTIFY_SOURCE", "y", "overflows in common functions are noticed"),
    BuildOption(
        "freelist-hardened", "CONFIG_SLAB_FREELIST_HARDENED", "y", "lists of free memory cannot be bent"
    ),
    BuildOption(
        "freelist-random", "CONFIG_SLAB_FREELIST_RANDOM", "y", "the next free object cannot be guessed"
    ),
    BuildOption(
        "damage-stops", "CONFIG_BUG_ON_DATA_CORRUPTION", "y", "a bent list ends the program that bent it"
    ),
    BuildOption("memory-device-off", "CONFIG_DEVMEM", "", "/dev/mem is all memory in one file"),
)

CHECKS = (
    Check(
        name="mitigations-on",
        reason="without them, any program on the machine may read what others compute",
        source="/proc/cmdline",
        remedy="Take mitigations=off and its kin off the kernel command line.",
        look=_mitigations,
        weight=3,
    ),
    *(parameter.check() for parameter in PARAMETERS),
    *(option.check() for option in OPTIONS),
)
