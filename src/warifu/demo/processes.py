"""The processes that the demo starts, and that it ends: by their ids, and only these."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path

from warifu.errors import SessionAborted

_KEPT_LINES = 40
_GRACE = 8.0


class Running:
    """One started process, its lines, and what may be typed to it."""

    def __init__(self, name: str, process: subprocess.Popen[bytes]) -> None:
        self.name = name
        self.process = process
        self.lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._queue: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def expect(self, pattern: str, timeout: float) -> re.Match[str]:
        """The first match in a line that has not been looked at yet; ``SessionAborted`` where none comes in time."""
        end = time.monotonic() + timeout
        while True:
            try:
                line = self._queue.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise self._failed(f"said nothing that was waited for within {timeout:.0f} seconds") from None
            if line is None:
                raise self._failed("ended early")
            match = re.search(pattern, line)
            if match:
                return match

    def type(self, text: str) -> None:
        """Type a line at it."""
        assert self.process.stdin is not None, "it was started with a standard input"
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()

    def stop(self) -> int:
        """Ask it to end, then make it; its exit status."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                self.process.kill()
        status = self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        return status

    def _read(self) -> None:
        assert self.process.stdout is not None, "it was started with a pipe"
        with contextlib.suppress(ValueError, OSError):
            for raw in self.process.stdout:
                line = raw.decode("utf-8", "replace").rstrip("\n")
                self.lines.append(line)
                self._queue.put(line)
        self._queue.put(None)

    def _failed(self, what: str) -> SessionAborted:
        tail = " | ".join(list(self.lines)[-6:])
        return SessionAborted(
            "demo",
            f"the process '{self.name}' {what}: {tail[:900]}",
            not_done="The demo did not go on.",
            remedy="Run 'warifu doctor'; with --keep the files stay for a look.",
        )


class Processes:
    """All of them. Leaving the context ends every one, also after an error or Ctrl-C."""

    def __init__(self) -> None:
        self._running: dict[str, Running] = {}

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_: object) -> None:
        for name in reversed(list(self._running)):
            self.stop(name)

    def start(self, name: str, *arguments: str | Path) -> Running:
        """Start ``python -m arguments``, in a session of its own, so that a Ctrl-C at the terminal reaches the demo
        alone and things end in order."""
        process = subprocess.Popen(  # noqa: S603  # our own interpreter, and arguments made here
            [sys.executable, "-P", "-m", *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=_environment(),
        )
        running = Running(name, process)
        self._running[name] = running
        return running

    def stop(self, name: str) -> int:
        """End one; its exit status."""
        return self._running.pop(name).stop()

    def running(self) -> list[Running]:
        """Those that run."""
        return list(self._running.values())

    def pids(self) -> dict[str, int]:
        """The process ids of those that run, by name."""
        return {name: running.process.pid for name, running in self._running.items()}


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LD_LIBRARY_PATH")}
    return kept | {"LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1", "COLUMNS": "200"}
