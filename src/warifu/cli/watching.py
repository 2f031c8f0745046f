"""What becomes of an alarm: a line in a log, a word on the screen, and a device that signs nothing any more."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from warifu.agent.door import ask_at_door
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.errors import StoreDamaged, WarifuError
from warifu.host.watch.alarm import WATCH_LOST, Alarm
from warifu.host.watch.watch import Watch
from warifu.protocol.operator import FreezeDevice

_STEP_SECONDS = 0.5
_AGAIN_SECONDS = 1.0
_LINES_PER_MINUTE = 120


class AlarmLog:
    """Lines of JSON, appended and synced. Whoever causes alarms without end fills no disk: of more, only the number."""

    def __init__(self, path: Path) -> None:
        """``StoreDamaged`` (``log``) where it cannot be written."""
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            self._file = os.open(path, flags, 0o600)
        except OSError as error:
            raise StoreDamaged(
                "log", f"the log {path} cannot be written: {error.strerror}", not_done="Nothing is watched."
            ) from None
        self._minute, self._lines, self._left_out = 0, 0, 0

    def write(self, what: dict[str, Any]) -> None:
        """One line. Of those that were too many in a minute, or that the disk refused, a later one says the number."""
        now = int(time.time())
        if now // 60 != self._minute:
            self._minute, self._lines = now // 60, 0
        self._lines += 1
        if self._lines > _LINES_PER_MINUTE:
            self._left_out += 1
            return
        line = {"time": now, **what, **({"left_out": self._left_out} if self._left_out else {})}
        try:
            os.write(self._file, msgspec.json.encode(line) + b"\n")
            os.fsync(self._file)
        except OSError:  # whoever fills the disk must not end the watch by it
            self._left_out += 1
        else:
            self._left_out = 0

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


class Guard:
    """Hears alarms: a line, a word, and a freeze."""

    def __init__(
        self, screen: Screen, log: AlarmLog, doors: Sequence[Path], only_log: Collection[str]
    ) -> None:
        """``doors``: of the devices that it freezes. ``only_log``: kinds of alarms that freeze nothing."""
        self._screen = screen
        self._log = log
        self._doors = tuple(doors)
        self._only_log = frozenset(only_log)
        self._waiting: dict[Path, str] = {}
        self._refused: set[Path] = set()
        self._frozen_at: dict[Path, float] = {}

    def hear(self, alarm: Alarm) -> None:
        """Write it down, show it, and freeze what was not frozen within the last second: one attack, many alarms."""
        words = alarm.words()
        said = {
            "kind": alarm.kind,
            "pid": alarm.pid,
            "uid": alarm.uid,
            "target": alarm.target,
            "name": alarm.name,
        }
        self._tell({**said, "words": words}, f"{alarm.kind}: {words}")
        if alarm.kind in self._only_log:
            return
        for door in self._doors:
            if time.monotonic() - self._frozen_at.get(door, -_AGAIN_SECONDS) >= _AGAIN_SECONDS:
                self._waiting.setdefault(door, words)
        self.freeze()

    def freeze(self) -> None:
        """Have every device freeze that has to and did not yet; tried each time anew until it says that it is."""
        for door, why in tuple(self._waiting.items()):
            try:
                status = asyncio.run(ask_at_door(door, FreezeDevice(why)))
            except WarifuError as error:
                if door not in self._refused:
                    self._refused.add(door)
                    self._tell(
                        {"kind": "not-frozen", "device": str(door.parent)}, f"not-frozen: {error.message}"
                    )
                continue
            del self._waiting[door]
            self._refused.discard(door)
            self._frozen_at[door] = time.monotonic()
            frozen = tr("The device {name} is frozen: it signs nothing.", name=status.name)
            if status.frozen == why:  # else it was frozen before
                self._tell({"kind": "frozen", "device": str(door.parent), "words": why}, frozen)

    def watching(self, processes: Collection[int]) -> None:
        """It watches, from now on, or others than before."""
        if self._screen.json:
            click.echo(msgspec.json.encode({"kind": "watching", "processes": sorted(processes)}).decode())
        self._screen.line(tr("Watching {count} processes.", count=len(processes)), style="green")

    def _tell(self, what: dict[str, Any], line: str) -> None:
        """Nobody may be listening any more; the freeze must come all the same."""
        self._log.write(what)
        with contextlib.suppress(OSError):
            if self._screen.json:
                click.echo(msgspec.json.encode(what).decode())
            self._screen.line(line, style="bold red")


def watch_on(watch: Watch, guard: Guard, ended: threading.Event) -> None:
    """Until ``ended``. Says that it watches when it begins to, after it was lost, and when the processes changed."""
    told: frozenset[int] | None = None
    while not ended.is_set():
        for alarm in watch.alarms(_STEP_SECONDS):
            guard.hear(alarm)
            if alarm.kind == WATCH_LOST:  # another bpftrace may be there already, and nobody would be told
                told = None
        guard.freeze()
        if not watch.ready:
            told = None
        elif watch.processes != told:
            told = watch.processes
            guard.watching(told)
