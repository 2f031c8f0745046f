"""The processor's own faults, and what the kernel and its microcode do about them.

Documents: the kernel's admin-guide/hw-vuln and Documentation/ABI/testing/sysfs-devices-system-cpu.
"""

from __future__ import annotations

import re

from warifu.host.check import Check, Seen, missing, ok, unknown
from warifu.host.machine import CannotTell, Machine
from warifu.host.packages import installed

_FAULTS = "/sys/devices/system/cpu/vulnerabilities"
_MAX_FAULTS = 64
_SHOWN = 4


def _faults(machine: Machine) -> dict[str, str]:
    names = machine.names(_FAULTS)[:_MAX_FAULTS]
    if not names:
        raise CannotTell(f"{_FAULTS} is not there")
    return {name: (machine.read(f"{_FAULTS}/{name}") or "").strip() for name in names}


def _mitigated(machine: Machine) -> Seen:
    faults = _faults(machine)
    open_ones = [name for name, text in faults.items() if text.startswith("Vulnerable")]
    unclear = [
        name
        for name, text in faults.items()
        if not text.startswith(("Vulnerable", "Mitigation", "Not affect"))
    ]
    if open_ones:
        return missing(f"open: {_some(open_ones)}")
    if unclear:
        return unknown(f"the kernel cannot tell: {_some(unclear)}")
    return ok(f"{len(faults)} known faults, each mitigated or not this processor's")


def _siblings(machine: Machine) -> Seen:
    active = machine.read("/sys/devices/system/cpu/smt/active")
    if active is None:
        raise CannotTell("the kernel does not say whether cores are shared")
    if active.strip() == "0":
        return ok("one thread a core")
    leaking = [name for name, text in _faults(machine).items() if "SMT vulnerable" in text]
    return (
        missing(f"two threads share a core and leak: {_some(leaking)}")
        if leaking
        else ok("shared, no known leak")
    )


def _microcode(machine: Machine) -> Seen:
    revision = (machine.read("/sys/devices/system/cpu/cpu0/microcode/version") or "").strip()[:20]
    if not revision:
        return unknown("the processor shows no microcode (a guest, or no x86)")
    faults = _faults(machine)
    lacking = [name for name, text in faults.items() if "no microcode" in text]
    if faults.get("old_microcode", "").startswith("Vulnerable"):
        return missing(f"revision {revision} is known to be old")
    if lacking:
        return missing(f"revision {revision} is too old for {_some(lacking)}")
    if re.search(
        r"^flags\s*:.*\bhypervisor\b", machine.read("/proc/cpuinfo", 2 * 1024 * 1024) or "", re.MULTILINE
    ):
        return unknown("a guest: its host loads the microcode")
    if not {"intel-microcode", "amd64-microcode"} & set(installed(machine)):
        return missing(f"revision {revision}; no package keeps it up to date")
    return ok(f"revision {revision}, kept up to date by a package")


def _some(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


CHECKS = (
    Check(
        name="cpu-mitigated",
        reason="through these faults, another program or another guest reads what a signer computes",
        source=_FAULTS,
        remedy="Update kernel and microcode; remove mitigations=off.",
        look=_mitigated,
        weight=3,
    ),
    Check(
        name="cores-not-shared",
        reason="two programs on one core read each other's traces",
        source=f"/sys/devices/system/cpu/smt/active and {_FAULTS}",
        remedy="Add mitigations=auto,nosmt to the kernel command line.",
        look=_siblings,
    ),
    Check(
        name="microcode",
        reason="many faults of the processor are only closed by new microcode",
        source="/sys/devices/system/cpu/cpu0/microcode and the packages intel-microcode, amd64-microcode",
        remedy="Install intel-microcode or amd64-microcode (non-free-firmware), and restart.",
        look=_microcode,
        weight=2,
    ),
)
