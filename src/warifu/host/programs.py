"""The one other program that the doctor may run: kernel-hardening-checker, where it is installed.

It is taken from the system's own folders and never from PATH, which belongs to whoever started the doctor. It gets
no input and an empty environment, and is stopped, with all it started, when it takes too long or says too much.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_FOLDERS = (Path("/usr/bin"), Path("/usr/local/bin"))
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
_CHUNK = 64 * 1024


class ProgramFailed(Exception):
    """It ran too long, said too much, or ended with an error; the message says which."""


@dataclass(frozen=True)
class Programs:
    """The programs of the running machine."""

    folders: Sequence[Path] = _FOLDERS
    seconds: float = 20.0
    max_bytes: int = 1024 * 1024

    def hardening_checker(self) -> bytes | None:
        """What ``kernel-hardening-checker -m json -a`` prints; None where it is not installed."""
        for folder in self.folders:
            program = folder / "kernel-hardening-checker"
            if program.is_file() and os.access(program, os.X_OK):
                return self._run([str(program), "-m", "json", "-a"])
        return None

    def _run(self, command: list[str]) -> bytes:
        try:
            process = subprocess.Popen(  # noqa: S603  # one of two fixed paths, no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_ENVIRONMENT,
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            raise ProgramFailed(f"cannot be started: {error.strerror}") from None
        with process:
            try:
                return self._collect(process)
            finally:
                # Its whole session ends with it: a grandchild that holds the pipe would keep us waiting.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    def _collect(self, process: subprocess.Popen[bytes]) -> bytes:
        assert process.stdout is not None
        output, deadline = bytearray(), time.monotonic() + self.seconds
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while selector.select(max(0.0, deadline - time.monotonic())):
                part = os.read(process.stdout.fileno(), _CHUNK)
                output += part
                if len(output) > self.max_bytes:
                    raise ProgramFailed(f"said more than {self.max_bytes // 1024} KiB")
                if not part:
                    return self._ended(process, output, deadline)
        raise ProgramFailed(f"took longer than {self.seconds:g} seconds")

    def _ended(self, process: subprocess.Popen[bytes], output: bytearray, deadline: float) -> bytes:
        try:
            status = process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise ProgramFailed(f"took longer than {self.seconds:g} seconds") from None
        if status != 0:
            raise ProgramFailed(f"ended with code {status}")
        return bytes(output)


class NoPrograms:
    """In the place of :class:`Programs` where nothing may be run."""
