"""bpftrace as a child process: started with a program, read line by line, and never trusted to be alive."""

from __future__ import annotations

import os
import selectors
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from warifu.errors import HostUnsuitable
from warifu.host.watch.alarm import harmless
from warifu.host.watch.lines import MAX_LINE_BYTES, Alive, Begins, Said, Unreadable, read_line
from warifu.host.watch.program import Offered

_EVENTS = ("/sys/kernel/tracing/events", "/sys/kernel/debug/tracing/events")
_TYPES = "/sys/kernel/btf/vmlinux"
_GROUPS = ("syscalls", "module")
_STARTING = 60.0
_SILENCE = 6.0
"""Seconds without a heartbeat (it beats twice a second) after which bpftrace counts as lost."""
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}


def offered() -> Offered:
    """What this kernel offers. ``HostUnsuitable``: ``not-root``, ``no-bpftrace``, ``no-tracepoints``."""
    if os.geteuid() != 0:
        raise _unsuitable(
            "not-root", "only root can watch a machine", "Run it as root (sudo), or by its systemd unit."
        )
    if shutil.which("bpftrace", path=_ENVIRONMENT["PATH"]) is None:
        raise _unsuitable("no-bpftrace", "bpftrace is not installed", "apt-get install bpftrace")
    names: set[str] = set()
    for events in map(Path, _EVENTS):
        for group in _GROUPS:
            if (events / group).is_dir():
                names |= {place.name for place in (events / group).iterdir()}
    if "sys_enter_ptrace" not in names:
        raise _unsuitable(
            "no-tracepoints",
            "the kernel's tracepoints cannot be seen",
            "mount -t tracefs tracefs /sys/kernel/tracing (systemd does it by sys-kernel-tracing.mount).",
        )
    return Offered(frozenset(names), Path(_TYPES).exists())


class Tracer:
    """One running bpftrace."""

    def __init__(self, program: str) -> None:
        """Start it. It watches from the moment at which ``ready`` is true."""
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115  # as long as bpftrace runs
        path = shutil.which("bpftrace", path=_ENVIRONMENT["PATH"]) or "bpftrace"
        self._process = subprocess.Popen(  # noqa: S603  # a program that was made here, of numbers
            [path, "-B", "line", "-f", "json", "-e", program],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            env=_ENVIRONMENT,
        )
        assert self._process.stdout is not None, "it was asked for"
        self._output = self._process.stdout
        os.set_blocking(self._output.fileno(), False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._output, selectors.EVENT_READ)
        self._rest = b""
        self._last_beat = time.monotonic()
        self.ready = False

    @property
    def pid(self) -> int:
        """Of bpftrace itself."""
        return self._process.pid

    @property
    def lost(self) -> bool:
        """Whether it ended, or gives no sign of life."""
        silent = time.monotonic() - self._last_beat
        return self._process.poll() is not None or silent > (_SILENCE if self.ready else _STARTING)

    def read(self, seconds: float) -> Iterator[Said]:
        """What it says within ``seconds``; returns earlier, once something was said."""
        if not self._selector.select(seconds):
            return
        try:
            data = self._output.read(256 * 1024)
        except BlockingIOError:
            return
        if not data:
            time.sleep(min(seconds, 0.1))  # its end; ``lost`` says so
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            yield self._heard(read_line(line))
        if len(self._rest) > MAX_LINE_BYTES:
            self._rest = b""
            yield Unreadable("a line has no end")

    def stop(self) -> None:
        """End it."""
        self._selector.close()
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)
        self._output.close()
        self._complaints.close()

    def complaint(self) -> str:
        """The end of what it said on its standard error."""
        size = self._complaints.seek(0, os.SEEK_END)
        self._complaints.seek(max(0, size - 500))
        return harmless(self._complaints.read().decode("utf-8", "replace"), 500)

    def _heard(self, said: Said) -> Said:
        if isinstance(said, Alive):
            self._last_beat = time.monotonic()
            self.ready = True
        if isinstance(said, Begins) and said.pid != self.pid:
            raise _unsuitable(
                "pid-namespace",
                "processes have other numbers here than the kernel gives them (a container?)",
                "Watch from the machine itself.",
            )
        return said


def _unsuitable(reason: str, message: str, remedy: str) -> HostUnsuitable:
    return HostUnsuitable(reason, message, not_done="Nothing is watched.", remedy=remedy)
