"""What somebody sees who looks at processes from outside: their tree, arguments, environment and memory."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

_AREA = re.compile(r"([0-9a-f]+)-([0-9a-f]+) rw")
_PIECE = 16 * 1024 * 1024


def descendants(pids: Iterable[int]) -> set[int]:
    """These processes and all below them."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                status = (entry / "stat").read_text()
            except OSError:
                continue
            parents[int(entry.name)] = int(status.rpartition(")")[2].split()[1])
    found = set(pids)
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def arguments_and_environment(pid: int) -> bytes:
    """What ``ps`` and ``/proc`` show of a process."""
    return Path(f"/proc/{pid}/cmdline").read_bytes() + Path(f"/proc/{pid}/environ").read_bytes()


def in_memory(pid: int, wanted: dict[str, bytes]) -> set[str]:
    """Which of ``wanted`` occur in the writable memory of a process."""
    found: set[str] = set()
    overlap = max(map(len, wanted.values())) - 1
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            area = _AREA.match(line)
            if area is None or "[vvar" in line:
                continue
            start, end = int(area[1], 16), int(area[2], 16)
            for position in range(start, end, _PIECE):
                try:
                    memory.seek(position)
                    content = memory.read(min(_PIECE + overlap, end - position))
                except (OSError, ValueError):
                    continue
                found |= {name for name, value in wanted.items() if value in content}
    return found
