"""Whether memory stays in memory."""

from __future__ import annotations

import re

from warifu.host.check import Check, Seen, missing, ok
from warifu.host.checks.isolation import running_kernel
from warifu.host.checks.storage import encrypted_below
from warifu.host.machine import Machine

_ENOUGH_BYTES = 1024 * 1024 * 1024
_MAX_CORE_PATTERN = 128


def _lockable(machine: Machine) -> Seen:
    limit = running_kernel(machine).lockable_bytes()
    if limit is None:
        return ok("no limit")
    shown = f"{limit // 1024} KiB may be locked"
    return ok(shown) if limit >= _ENOUGH_BYTES else missing(shown)


def _core_dumps(machine: Machine) -> Seen:
    pattern = machine.read("/proc/sys/kernel/core_pattern")
    if pattern is None:
        return ok("the kernel writes no core files")
    pattern = pattern.strip()[:_MAX_CORE_PATTERN]
    if re.fullmatch(r"\|\s*/(usr/)?bin/(false|true)(\s.*)?", pattern):
        return ok("crashes are thrown away")
    if pattern.startswith("|"):
        return missing(f"crashes are handed to a program: {pattern}")
    return ok(f"files named {pattern!r}, where a limit allows them; no part of Warifu allows them")


def _swap(machine: Machine) -> Seen:
    table = machine.read("/proc/swaps")
    if table is None:
        return ok("the kernel cannot swap")
    areas = [line.split()[0] for line in table.splitlines()[1:] if line.strip()]
    bare = [area for area in areas if not _safe_area(machine, area)]
    if bare:
        return missing(f"memory is swapped in clear to {', '.join(bare)}")
    return ok(f"in RAM or encrypted: {', '.join(areas)}" if areas else "no swap")


def _safe_area(machine: Machine, area: str) -> bool:
    """Compressed RAM without a disk behind it, or an encrypted block device. A swap *file* counts as bare."""
    name = area.removeprefix("/dev/")
    if re.fullmatch(r"zram\d+", name):
        return (machine.read(f"/sys/class/block/{name}/backing_dev") or "none").strip() == "none"
    return area.startswith("/dev/") and encrypted_below(machine, f"/sys/class/block/{name}")


CHECKS = (
    Check(
        name="memory-lock",
        reason="a signer that may lock its memory never has it written to swap",
        source="getrlimit(2), RLIMIT_MEMLOCK",
        remedy="LimitMEMLOCK=infinity in the systemd unit, or 'memlock unlimited' in /etc/security/limits.conf.",
        look=_lockable,
    ),
    Check(
        name="core-dumps-off",
        reason="a core handler receives the whole memory of a program that crashes",
        source="/proc/sys/kernel/core_pattern",
        remedy="sysctl kernel.core_pattern='|/bin/false'",
        look=_core_dumps,
        weight=2,
    ),
    Check(
        name="swap-safe",
        reason="what is swapped out lies on the disk in clear, keys and passphrases included",
        source="/proc/swaps and /sys/class/block",
        remedy="swapoff -a, or put swap on an encrypted device (crypttab with a random key) or zram.",
        look=_swap,
        weight=5,
    ),
)
