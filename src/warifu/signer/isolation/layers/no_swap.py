"""Nothing of this process is ever written to a swap device, whichever way that is ensured."""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar

from warifu.signer.isolation.layer import IsolationProfile, Unavailable
from warifu.signer.isolation.layers.locked_memory import everything_is_locked, of_status

_HIDDEN = "what cannot be seen here"
_IN_RAM = re.compile(r"/dev/zram\d+\Z")


class NoSwap:
    """There is nothing to apply. It holds where all memory is locked, where the machine has no swap but compressed RAM,
    or where the control group may not swap (``MemorySwapMax=0`` in the unit)."""

    name: ClassVar[str] = "no-swap"
    reason: ClassVar[str] = (
        "a swap device keeps what was written to it: copies of a passphrase would outlive the machine's power"
    )

    def apply(self, _profile: IsolationProfile) -> None:
        if everything_is_locked() or not swap_devices(Path("/")) or group_may_not_swap(Path("/")):
            return
        raise Unavailable(
            f"memory is not locked as a whole, and the machine swaps to {', '.join(swap_devices(Path('/')))}"
        )

    def probe(self, _profile: IsolationProfile) -> str | None:
        swapped = of_status("VmSwap")
        return f"{swapped // 1024} KiB of it lie in swap" if swapped else None


def swap_devices(root: Path) -> list[str]:
    """Where the machine below ``root`` swaps to; without compressed RAM. Where that is hidden, it is taken to swap."""
    try:
        lines = (root / "proc/swaps").read_text().splitlines()[1:]
    except FileNotFoundError:
        return [] if (root / "proc/sys").is_dir() else [_HIDDEN]  # a kernel without swap, or ProcSubset=pid
    return [name for name in (line.split()[0] for line in lines if line.strip()) if not _IN_RAM.match(name)]


def group_may_not_swap(root: Path) -> bool:
    """Whether this process's control group (version 2), or one above it, has no swap at all."""
    try:
        memberships = (root / "proc/self/cgroup").read_text().splitlines()
    except FileNotFoundError:
        return False
    own = next((line[3:] for line in memberships if line.startswith("0::/")), None)
    if own is None:
        return False
    top = root / "sys/fs/cgroup"
    group = top / own.lstrip("/")
    return any(_swap_limit(folder) == "0" for folder in (group, *group.parents) if folder.is_relative_to(top))


def _swap_limit(group: Path) -> str | None:
    try:
        return (group / "memory.swap.max").read_text().strip()
    except OSError:
        return None
