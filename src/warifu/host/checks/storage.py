"""Whether the disk under the device's store is encrypted: best effort, for what the kernel itself can say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from warifu.host.check import Check, Seen, missing, ok, unknown
from warifu.host.machine import CannotTell, Machine

_MAX_DEVICES = 256
_IN_RAM = {"tmpfs", "ramfs"}
_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True)
class Mount:
    """One line of /proc/self/mountinfo (proc(5))."""

    device: str
    """major:minor"""
    point: PurePosixPath
    kind: str


def encrypted_below(machine: Machine, block: str, known: dict[str, bool] | None = None) -> bool:
    """Whether the block device (its folder in /sys) or all devices that carry it are dm-crypt.

    Each device is looked at once, so that devices that carry each other in a circle, or by many ways, end too.
    """
    known = {} if known is None else known
    if block not in known:
        if len(known) == _MAX_DEVICES:
            raise CannotTell(f"more than {_MAX_DEVICES} devices carry it")
        known[block] = False
        known[block] = _is_crypt(machine, block) or _carried_by_crypt(machine, block, known)
    return known[block]


def _is_crypt(machine: Machine, block: str) -> bool:
    return (machine.read(f"{block}/dm/uuid") or "").startswith("CRYPT-")


def _carried_by_crypt(machine: Machine, block: str, known: dict[str, bool]) -> bool:
    carriers = machine.names(f"{block}/slaves")
    return bool(carriers) and all(
        encrypted_below(machine, f"/sys/class/block/{carrier}", known) for carrier in carriers
    )


def _store_encryption(machine: Machine) -> Seen:
    if machine.store is None:
        return unknown("no device directory was named")
    mount = _mount_of(machine, PurePosixPath(machine.store))
    if mount.kind in _IN_RAM:
        return ok(f"{mount.point} is in RAM")
    if mount.device.startswith("0:"):
        return unknown(f"{mount.kind} on {mount.point} does not say which disks carry it")
    if encrypted_below(machine, f"/sys/dev/block/{mount.device}"):
        return ok(f"{mount.point} lies on an encrypted device")
    return missing(f"{mount.point} ({mount.kind}) lies on a device that the kernel does not encrypt")


def _mount_of(machine: Machine, path: PurePosixPath) -> Mount:
    table = machine.read("/proc/self/mountinfo")
    mounts = [_parse(line) for line in (table or "").splitlines()]
    above = [mount for mount in mounts if mount is not None and path.is_relative_to(mount.point)]
    if not above:
        raise CannotTell("/proc/self/mountinfo does not show what is mounted there")
    # Later lines lie on top of earlier ones.
    return max(enumerate(above), key=lambda pair: (len(pair[1].point.parts), pair[0]))[1]


def _parse(line: str) -> Mount | None:
    before, _, after = line.partition(" - ")
    fields, kind = before.split(), after.split()
    if len(fields) < 5 or not kind:
        return None
    point = _OCTAL.sub(lambda found: chr(int(found[1], 8)), fields[4])
    return Mount(fields[2], PurePosixPath(point), kind[0])


CHECKS = (
    Check(
        name="disk-encrypted",
        reason="the store is sealed by itself; an encrypted disk also hides sizes, times and the rest of the machine",
        source="/proc/self/mountinfo and /sys/dev/block (dm-crypt; a self-encrypting disk cannot be seen)",
        remedy="Put the device's data on a LUKS volume.",
        look=_store_encryption,
        weight=5,
    ),
)
