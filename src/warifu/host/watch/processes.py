"""Which processes are a device's, and what rights they have now: from /proc, as root sees it."""

from __future__ import annotations

import os
import re
import socket
import struct
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

_CREDENTIALS = struct.Struct("iII")
_PROC = Path("/proc")
_MAX_STATUS = 64 * 1024


@dataclass(frozen=True)
class Rights:
    """Of one process: its users, its capabilities, whether it may still gain some, and who traces it."""

    users: tuple[int, ...]
    capabilities: int
    may_gain: bool
    tracer: int

    def exceed(self, before: Rights) -> bool:
        """Whether there is a right that was not there before. Root is a right by itself."""
        more = self.capabilities & ~before.capabilities
        root = 0 in self.users and 0 not in before.users
        return bool(more) or root or (self.may_gain and not before.may_gain)


def listener_at(door: Path) -> int | None:
    """The process that answers at a device's door: the kernel says who it is. None where nobody does."""
    directory = os.open(door.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(f"/proc/self/fd/{directory}/{door.name}")
            credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    except OSError:
        return None
    finally:
        os.close(directory)
    return int(_CREDENTIALS.unpack(credentials)[0]) or None


def with_children(roots: Iterable[int]) -> set[int]:
    """These processes, those that exist of them, and all their descendants."""
    parents = {pid: _parent(pid) for pid in _numbers(_PROC)}
    found = {pid for pid in roots if pid in parents}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def threads(processes: Collection[int]) -> set[int]:
    """The ids of all their threads; a process's first has the process's own."""
    return {task for pid in processes for task in _numbers(_PROC / str(pid) / "task")}


def rights(pid: int) -> Rights | None:
    """None where the process ended."""
    try:
        with (_PROC / str(pid) / "status").open("rb") as file:
            text = file.read(_MAX_STATUS).decode("utf-8", "replace")
    except OSError:
        return None
    return rights_of(text)


def rights_of(status: str) -> Rights | None:
    """Read ``/proc/PID/status``. Its first line is the process's own choice of a name; none of these is there."""
    fields = dict(
        re.findall(
            r"^(Uid|CapEff|CapPrm|NoNewPrivs|TracerPid):\s+(.+)$", status.partition("\n")[2], re.MULTILINE
        )
    )
    if len(fields) < 4 or "Uid" not in fields:
        return None
    capabilities = int(fields.get("CapEff", "0"), 16) | int(fields.get("CapPrm", "0"), 16)
    users = tuple(int(uid) for uid in fields["Uid"].split())
    return Rights(users, capabilities, fields.get("NoNewPrivs") != "1", int(fields.get("TracerPid", "0")))


def _parent(pid: int) -> int:
    try:
        stat = (_PROC / str(pid) / "stat").read_bytes()
    except OSError:
        return 0
    return int(
        stat.rpartition(b")")[2].split()[1]
    )  # the name in brackets is the process's choice, also with ")" in it


def _numbers(folder: Path) -> set[int]:
    try:
        return {int(name) for name in os.listdir(folder) if name.isascii() and name.isdigit()}  # noqa: PTH208  # names only
    except OSError:
        return set()
