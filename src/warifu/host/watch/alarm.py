"""Which events are alarms, and in what words. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from warifu.host.watch.lines import Event

_TRACING_BPF = frozenset({2, 5, 7, 17, 24, 26, 27, 28, 29, 31})
"""Types of BPF programs that see into processes or the kernel (linux/bpf.h): kprobe, tracepoint, perf event, raw
tracepoints, tracing, struct_ops, extension, LSM, syscall. Those for packets and control groups, which systemd itself
loads at every service's start, see neither."""

WATCH_LOST = "watch-lost"
WORDS: Mapping[str, str] = {
    "ptrace": "a process attached to a watched one",
    "memory-read": "a process read the memory of a watched one",
    "memory-write": "a process wrote into the memory of a watched one",
    "opened-memory": "a process opened the memory of a watched one",
    "named-memory": "a process tried to open the memory of a watched one",
    "descriptor": "a process took a descriptor out of another one",
    "measure": "a process measures a watched one",
    "bpf": "a program that can trace was loaded into the kernel",
    "module": "somebody loads a kernel module",
    "module-loaded": "a kernel module was loaded",
    "kexec": "somebody replaces the kernel",
    "opened-device": "a process opened the machine's memory",
    "privilege": "a watched process reached for root's rights",
    "privilege-gained": "a watched process has rights that it did not have",
    "traced": "a watched process is being traced",
    "events-lost": "there were more events than the watch could carry",
    "unreadable": "the watch heard what it does not understand",
    WATCH_LOST: "the watch ended, and nobody looks any more",
}
KINDS = tuple(WORDS)


@dataclass(frozen=True)
class Alarm:
    """``pid``, ``uid``: who did it, 0 where nobody can tell. ``name``: what he calls himself, made harmless."""

    kind: str
    pid: int = 0
    uid: int = 0
    target: int = 0
    name: str = ""

    def words(self) -> str:
        """One sentence of at most 200 characters."""
        called = f", calling itself '{self.name}'" if self.name else ""
        who = f" (process {self.pid}, user {self.uid}{called})" if self.pid else ""
        return f"{WORDS[self.kind]}{who}"[:200]


def judge(event: Event, ours: Collection[int], own: Collection[int]) -> Alarm | None:
    """``ours``: the watched threads. ``own``: processes of the watch itself, which has to do some of this to watch."""
    if event.pid in own:
        return None
    if event.kind == "opened-memory":
        # Here the name is the directory's: the thread whose memory it is. A process cannot choose that.
        owner = int(event.name) if event.name.isascii() and event.name.isdigit() else 0
        return Alarm(event.kind, event.pid, event.uid, owner) if owner in ours else None
    if event.kind == "bpf" and event.detail not in _TRACING_BPF:
        return None
    return Alarm(event.kind, event.pid, event.uid, max(event.target, 0), harmless(event.name))


def harmless(text: str, limit: int = 16) -> str:
    """Foreign text as it can stand in a log and on a screen; a process's name has up to 15 bytes."""
    return "".join("?" if unicodedata.category(mark)[0] == "C" else mark for mark in text[:limit])
