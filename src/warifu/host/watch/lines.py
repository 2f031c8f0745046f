"""What bpftrace says, read strictly: one JSON object a line, numbers first, a foreign name at the very end.

A process may call itself anything, also ``x\\n{"type": "printf", ...``: bpftrace escapes it inside its JSON string, so
it begins no line; and the name is the last thing of its text, so it begins no field. What is not exactly of a known
form is ``Unreadable``, which is an alarm: a watch that does not understand must not keep silent.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

MAX_LINE_BYTES = 4096
_MAX_NAME = 64
KINDS = (
    "ptrace",
    "memory-read",
    "memory-write",
    "opened-memory",
    "named-memory",
    "descriptor",
    "measure",
    "bpf",
    "module",
    "module-loaded",
    "kexec",
    "opened-device",
    "privilege",
)
_EVENT = re.compile(
    rf"({'|'.join(KINDS)}) (\d{{1,10}}) (\d{{1,10}}) (-?\d{{1,10}}) (-?\d{{1,20}}) (.*)\Z", re.DOTALL
)
_TASK = re.compile(r"(joins|leaves) (\d{1,10})\Z")
_BEGINS = re.compile(r"begins (\d{1,10})\Z")
_ALIVE = re.compile(r"alive (\d{1,19})\Z")


@dataclass(frozen=True)
class Event:
    """Somebody did something. ``name``: what he calls himself, or the directory that he opened; chosen by him."""

    kind: str
    pid: int
    uid: int
    target: int
    detail: int
    name: str


@dataclass(frozen=True)
class Task:
    """A watched process has one thread or child more, or less."""

    joins: bool
    task: int


@dataclass(frozen=True)
class Begins:
    """bpftrace's own number as the kernel knows it, which a container's processes do not know."""

    pid: int


@dataclass(frozen=True)
class Alive:
    """All probes are attached, and bpftrace runs."""


@dataclass(frozen=True)
class Lost:
    """Events that bpftrace could not deliver: somebody makes more of them than it can carry."""

    count: int


@dataclass(frozen=True)
class Nothing:
    """A line about bpftrace itself."""


@dataclass(frozen=True)
class Unreadable:
    """Not a line of a form that is known."""

    why: str


Said = Event | Task | Begins | Alive | Lost | Nothing | Unreadable


def read_line(line: bytes) -> Said:
    """What one line says."""
    if len(line) > MAX_LINE_BYTES:
        return Unreadable("a line is too long")
    if not line.strip():
        return Nothing()
    try:
        said = json.loads(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return Unreadable("a line is no JSON")
    if not isinstance(said, dict) or set(said) != {"type", "data"}:
        return Unreadable("a line is no object of bpftrace's")
    kind, data = said["type"], said["data"]
    if kind == "printf" and isinstance(data, str):
        return _printed(data)
    if kind == "lost_events" and isinstance(data, dict) and type(data.get("events")) is int:
        return Lost(data["events"])
    if kind in ("attached_probes", "map"):
        return Nothing()
    return Unreadable("a line is of a kind that is not known")


def _printed(text: str) -> Said:
    event = _EVENT.match(text)
    if event is not None:
        pid, uid, target, detail = (int(event[field]) for field in range(2, 6))
        return Event(event[1], pid, uid, target, detail, event[6][:_MAX_NAME])
    task = _TASK.match(text)
    if task is not None:
        return Task(task[1] == "joins", int(task[2]))
    begins = _BEGINS.match(text)
    if begins is not None:
        return Begins(int(begins[1]))
    if _ALIVE.match(text):
        return Alive()
    return Unreadable("an event is of a form that is not known")
