"""What the signer's isolation is made of."""

from __future__ import annotations

from warifu.host.check import Check, Seen, missing, ok
from warifu.host.kernel import Kernel
from warifu.host.machine import CannotTell, Machine

_WANTED_ACTIONS = {"errno", "kill_process", "allow"}
_NEWER = "Use a newer kernel (Debian 12 or later)."


def running_kernel(machine: Machine) -> Kernel:
    """``CannotTell`` where only recorded files are looked at."""
    if not isinstance(machine.kernel, Kernel):
        raise CannotTell("only the running kernel can answer")
    return machine.kernel


def _seccomp(machine: Machine) -> Seen:
    actions = machine.read("/proc/sys/kernel/seccomp/actions_avail")
    if actions is None:
        return missing("the kernel cannot filter system calls")
    lacking = _WANTED_ACTIONS - set(actions.split())
    return missing(f"filters cannot answer: {', '.join(sorted(lacking))}") if lacking else ok(actions.strip())


def _landlock(machine: Machine) -> Seen:
    abi = running_kernel(machine).landlock_abi()
    if abi is None:
        return missing("not built in, or switched off")
    return ok(f"ABI {abi}" if abi >= 4 else f"ABI {abi}: files only; TCP rules begin with ABI 4")


def _memfd_secret(machine: Machine) -> Seen:
    if running_kernel(machine).memfd_secret():
        return ok("available")
    return missing("the kernel does not offer it or has it switched off")


def _new_code(machine: Machine) -> Seen:
    if running_kernel(machine).refuses_new_code():
        return ok("available")
    return missing("PR_SET_MDWE is not known (kernel before 6.3)")


CHECKS = (
    Check(
        name="seccomp",
        reason="keeps a signer that was taken over from opening connections and running programs",
        source="/proc/sys/kernel/seccomp/actions_avail",
        remedy=f"A signer does not start without it by default. {_NEWER}",
        look=_seccomp,
    ),
    Check(
        name="landlock",
        reason="keeps a signer that was taken over from every file but its own store",
        source="landlock_create_ruleset(2)",
        remedy=f"{_NEWER} Where it is only switched off, add landlock to lsm= on the kernel command line.",
        look=_landlock,
    ),
    Check(
        name="memfd-secret",
        reason="memory that even the kernel does not map makes reading it through kernel bugs harder",
        source="memfd_secret(2)",
        remedy="Add secretmem.enable=1 to the kernel command line, or use kernel 6.5 or later.",
        look=_memfd_secret,
    ),
    Check(
        name="no-new-code",
        reason="bytes that an attacker writes into memory cannot be made into a program",
        source="prctl(2), PR_GET_MDWE",
        remedy="Use kernel 6.3 or later; until then the system-call filter refuses most of it.",
        look=_new_code,
    ),
)
