"""The loop: which processes are ours, what was said, and what of it is an alarm.

Processes come and go (an agent that is started again has another number). A new bpftrace is then started for the new
ones, and the old one is kept until the new one watches, so that there is no moment in between.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from warifu.errors import HostUnsuitable
from warifu.host.watch.alarm import WATCH_LOST, Alarm, judge
from warifu.host.watch.lines import Event, Lost, Said, Task, Unreadable
from warifu.host.watch.processes import Rights, listener_at, rights, threads, with_children
from warifu.host.watch.program import Offered, program
from warifu.host.watch.tracer import Tracer

_LOOK_SECONDS = 1.0
_PAUSE_SECONDS = 2.0
_MOST_FAILURES = 3


class Watch:
    """Of the processes ``pids``, and of those that answer at ``doors``, with all their children."""

    def __init__(self, offered: Offered, pids: Sequence[int], doors: Sequence[Path]) -> None:
        self._offered = offered
        self._pids = tuple(pids)
        self._doors = {door: listener_at(door) for door in doors}
        self._processes: set[int] = set()
        self._ours: set[int] = set()
        self._tracers: list[Tracer] = []
        self._rights: dict[int, Rights] = {}
        self._looked = 0.0
        self._not_before = 0.0
        self._failures = 0

    @property
    def ready(self) -> bool:
        """Whether somebody is watched now."""
        return bool(self._tracers) and self._tracers[0].ready

    @property
    def processes(self) -> frozenset[int]:
        """Who is watched."""
        return frozenset(self._processes)

    def alarms(self, seconds: float) -> Iterator[Alarm]:
        """What happened within about ``seconds``. Call it again and again."""
        if time.monotonic() - self._looked >= _LOOK_SECONDS:
            self._looked = time.monotonic()
            yield from self._look()
        for tracer in tuple(self._tracers):
            for said in tracer.read(seconds / len(self._tracers)):
                yield from self._judged(said)
        if not self._tracers:
            time.sleep(seconds)

    def close(self) -> None:
        """End it."""
        for tracer in self._tracers:
            tracer.stop()
        self._tracers = []

    def _judged(self, said: Said) -> Iterator[Alarm]:
        if isinstance(said, Event):
            alarm = judge(said, self._ours, {tracer.pid for tracer in self._tracers})
            if alarm is not None:
                yield alarm
        elif isinstance(said, Task):
            (self._ours.add if said.joins else self._ours.discard)(said.task)
        elif isinstance(said, Lost):
            yield Alarm("events-lost")
        elif isinstance(said, Unreadable):
            yield Alarm("unreadable", name=said.why)

    # --- once a second ------------------------------------------------------------------------------------------------

    def _look(self) -> Iterator[Alarm]:
        yield from self._drop_lost()
        self._follow_doors()
        processes = with_children([*self._pids, *(pid for pid in self._doors.values() if pid is not None)])
        yield from self._compare_rights(processes)
        tasks = threads(processes)
        settled = all(tracer.ready for tracer in self._tracers) and time.monotonic() >= self._not_before
        if tasks - self._ours and settled:
            self._start(processes, tasks)
        self._processes = processes
        self._end_old_ones()

    def _drop_lost(self) -> Iterator[Alarm]:
        for tracer in [each for each in self._tracers if each.lost]:
            self._require_hope(tracer)
            tracer.stop()
            self._tracers.remove(tracer)
            self._ours = set()  # so that a new one is started for all
            yield Alarm(WATCH_LOST)

    def _require_hope(self, tracer: Tracer) -> None:
        """One that ends once may have been killed; one that never gets as far as watching cannot work here."""
        self._failures = 0 if tracer.ready else self._failures + 1
        if self._failures >= _MOST_FAILURES:
            raise HostUnsuitable(
                "no-watch",
                f"bpftrace cannot watch here: {tracer.complaint()}",
                not_done="Nothing is watched.",
                remedy="Needed are root, tracepoints, and a bpftrace of version 0.17 or newer.",
            )

    def _follow_doors(self) -> None:
        for door, pid in self._doors.items():
            if pid is None or not Path(f"/proc/{pid}").exists():
                self._doors[door] = listener_at(door)

    def _compare_rights(self, processes: set[int]) -> Iterator[Alarm]:
        for pid in processes:
            now = rights(pid)
            if now is None:
                continue
            before = self._rights.get(pid)
            if now.tracer and (before is None or not before.tracer):
                yield Alarm("traced", now.tracer, 0, pid)
            if before is not None and now.exceed(before):
                yield Alarm("privilege-gained", target=pid)
            self._rights[pid] = now
        self._rights = {pid: held for pid, held in self._rights.items() if pid in processes}

    def _start(self, processes: set[int], tasks: set[int]) -> None:
        self._not_before = time.monotonic() + _PAUSE_SECONDS
        self._tracers.append(Tracer(program(tasks, processes, self._offered)))
        self._ours |= tasks

    def _end_old_ones(self) -> None:
        """The newest watches everybody; once it does, the older ones may go."""
        if len(self._tracers) > 1 and self._tracers[-1].ready:
            for tracer in self._tracers[:-1]:
                tracer.stop()
            self._tracers = self._tracers[-1:]
