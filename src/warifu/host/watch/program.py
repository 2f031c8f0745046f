"""The bpftrace program, made from its template for certain processes and for what this kernel offers. Pure.

Only whole numbers go into it, each turned into digits here: nothing that anybody can choose (a name, a path) ever does.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from importlib import resources

from warifu.errors import InputRefused

MAX_TASKS = 512
MAX_NAMED = 32
"""Processes whose memory is also watched by its name in /proc, so that refused tries are seen: each costs a comparison
at every open."""
_MAX_PID = 2**22
_EITHER = frozenset({"opened", "named"})


@dataclass(frozen=True)
class Offered:
    """What this kernel has: names of tracepoints (without their group), and its types (BTF)."""

    tracepoints: frozenset[str]
    types: bool


def template() -> str:
    """As it is shipped."""
    return resources.files("warifu.host.watch").joinpath("watch.bt").read_text(encoding="utf-8")


def program(tasks: Collection[int], processes: Collection[int], offered: Offered) -> str:
    """``tasks``: every thread to be watched; ``processes``: those whose memory has a name in /proc.

    ``InputRefused`` (``pids``) for no process, too many, or what is no process id.
    """
    seeds = "\n".join(f"\t@ours[(uint64){_number(task)}] = (uint64)1;" for task in sorted(tasks))
    if not 0 < len(tasks) <= MAX_TASKS or not processes:
        raise _refused(f"{len(tasks)} threads; from 1 to {MAX_TASKS} can be watched")
    named = " || ".join(f'$name == "/proc/{_number(pid)}/mem"' for pid in sorted(processes)[:MAX_NAMED])
    parts = [part for title, part in _sections() if _wanted(title, offered)]
    return "".join(_filled(*part, seeds, named) for part in _with_probes(parts, offered))


def unwatched(offered: Offered) -> list[str]:
    """What this kernel gives no way to see, by the tracepoint that is missing (a kernel without modules has none)."""
    missing = [title[0] for title, _ in _sections() if title[0] not in ("always", *_EITHER)]
    return [name for name in missing if name not in offered.tracepoints] + (
        [] if offered.types else ["opened"]
    )


Titled = tuple[tuple[str, ...], str]


def _sections() -> list[Titled]:
    """(words after ``//::``, text) of each section; the head is one that is always there."""
    head, *rest = template().split("//:: ")
    return [(("always",), head)] + [
        (tuple(part.split("\n", 1)[0].split()), part.split("\n", 1)[1]) for part in rest
    ]


def _wanted(title: tuple[str, ...], offered: Offered) -> bool:
    if title[0] == "always":
        return True
    if title[0] in _EITHER:
        return bool(offered.tracepoints & set(title[1:])) and (offered.types or title[0] == "named")
    return title[0] in offered.tracepoints


def _with_probes(parts: list[str], offered: Offered) -> list[tuple[str, str]]:
    """Each part with the list of the opens that this kernel has (32-bit ARM has ``open``, 64-bit has not)."""
    filled = []
    for part in parts:
        way = "sys_exit_" if "args->ret" in part else "sys_enter_"
        names = [f"{way}{name}" for name in ("open", "openat", "openat2")]
        probes = ",\n".join(f"tracepoint:syscalls:{name}" for name in names if name in offered.tracepoints)
        filled.append((part, probes))
    return filled


def _filled(part: str, probes: str, seeds: str, named: str) -> str:
    return part.replace("@SEEDS@", seeds).replace("@PROBES@", probes).replace("@MEMORY_NAMES@", named)


def _number(pid: int) -> str:
    if type(pid) is not int or not 0 < pid <= _MAX_PID:
        raise _refused(f"{str(pid)[:32]!r} is no process id")
    return str(pid)


def _refused(why: str) -> InputRefused:
    return InputRefused("pids", f"these processes cannot be watched: {why}", not_done="Nothing is watched.")
