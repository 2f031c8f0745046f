"""The command line as a person uses it (at a pseudo-terminal) and as a script does."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tests.support import command_line
from tests.support.forked import ended

PATIENCE = 60.0
_SETTLING = 2.0


@dataclass(frozen=True)
class Shown:
    """What a run ended with."""

    code: int
    text: str


def environment(home: Path, language: str = "C.UTF-8") -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LANG": language,
        "COLUMNS": "200",
        "TERM": "xterm",
    }


def warifu(home: Path, *arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "warifu.cli", "--home", str(home), *map(str, arguments)]


def script(
    home: Path,
    *arguments: str | Path,
    passphrase: bytes | None = None,
    address: str | None = None,
    secrets: Mapping[str, str] = MappingProxyType({}),
) -> tuple[int, dict[str, Any]]:
    """Run a command with ``--json``, its secrets over descriptors (``secrets``: by the option that names it): exit code
    and the one object."""
    code, output, errors = _scripted(
        home, *arguments, passphrase=passphrase, address=address, secrets=secrets
    )
    try:
        answer: dict[str, Any] = json.loads(output)
    except json.JSONDecodeError:
        raise AssertionError(f"no JSON: {output!r} {errors!r}") from None
    return code, answer


def script_lines(home: Path, *arguments: str | Path) -> tuple[int, list[Any]]:
    """As :func:`script`, for a command that prints one object a line."""
    code, output, _ = _scripted(home, *arguments)
    return code, [json.loads(line) for line in output.splitlines()]


def _scripted(
    home: Path,
    *arguments: str | Path,
    passphrase: bytes | None = None,
    address: str | None = None,
    secrets: Mapping[str, str] = MappingProxyType({}),
) -> tuple[int, Any, Any]:
    """Exit code, output and errors."""
    read = [(option, secret.encode()) for option, secret in secrets.items()]
    if passphrase is not None:
        read.append(("--passphrase-fd", passphrase))
    if address is not None:
        read.append(("--address-fd", address.encode()))
    done = ended(
        command_line.run,
        ["--home", str(home), *map(str, arguments), "--json"],
        read,
        environment=environment(home),
        patience=PATIENCE,
    )
    return done.code, done.output, done.errors


class Terminal:
    """A command at a pseudo-terminal: look at its screen, type at it."""

    def __init__(self, command: Sequence[str], env: dict[str, str]) -> None:
        ours, theirs = pty.openpty()
        self._screen = ours
        self.text = ""
        self._looked = 0
        self.process = subprocess.Popen(
            command, env=env, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)

    def until(self, pattern: str) -> str:
        """Wait until ``pattern`` is on the screen, after what was looked at before; what it matched."""
        end = time.monotonic() + PATIENCE
        while True:
            match = re.compile(pattern).search(self.text, self._looked)
            if match:
                self._looked = match.end()
                return match[0]
            assert self._read(end), f"the screen never showed {pattern!r}: {self.text}"

    def type(self, text: str) -> None:
        os.write(self._screen, text.encode() + b"\n")

    def interrupt(self) -> None:
        """Once it waits for somebody to type. Between a prompt's appearing and that, a signal is noted and the wait
        begins all the same: a person presses Ctrl-C again, and a test would wait for ever."""
        end = time.monotonic() + _SETTLING
        while not self._sleeps() and time.monotonic() < end:
            time.sleep(0.01)
        self.process.send_signal(signal.SIGINT)

    def _sleeps(self) -> bool:
        time.sleep(0.05)
        stat = Path(f"/proc/{self.process.pid}/stat").read_text()
        return stat.rpartition(") ")[2].startswith("S")

    def end(self) -> Shown:
        """Wait for its end."""
        end = time.monotonic() + PATIENCE
        while self._read(end):
            pass
        code = self.process.wait(PATIENCE)
        os.close(self._screen)
        return Shown(code, self.text)

    def _read(self, end: float) -> bool:
        ready, _, _ = select.select([self._screen], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            return False
        try:
            data = os.read(self._screen, 65536)
        except OSError:  # how Linux says that the other end is closed
            return False
        self.text += data.decode("utf-8", "replace")
        return bool(data)


def terminal(home: Path, *arguments: str | Path, language: str = "C.UTF-8") -> Terminal:
    """Start a command at a terminal."""
    return Terminal(warifu(home, *arguments), environment(home, language))
