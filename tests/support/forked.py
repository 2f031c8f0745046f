"""Processes of their own that are forked from one which has imported what they need, and did nothing else.

Importing, and what is worked out at the first use of what was imported, takes longer than most of them live. The
process that they are forked from is multiprocessing's fork server.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

PROCESSES = get_context("forkserver")
PROCESSES.set_forkserver_preload(
    ["tests.support.command_line", "tests.support.service_process", "tests.support.known"]
)


@dataclass(frozen=True)
class Ended:
    """How a process ended, and what it wrote to standard output and standard error."""

    code: int
    output: bytes
    errors: bytes


def ended(
    work: Callable[..., None], *arguments: object, environment: Mapping[str, str], patience: float
) -> Ended:
    """``work(*arguments)`` in a process with this environment and nothing to read, once it ended."""
    with tempfile.TemporaryDirectory() as place:
        written = [str(Path(place) / name) for name in ("output", "errors")]
        process = PROCESSES.Process(target=_begin, args=(written, dict(environment), work, arguments))
        process.start()
        process.join(patience)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise TimeoutError(f"{arguments} did not end: {[Path(file).read_bytes() for file in written]}")
        code = process.exitcode
        process.close()
        return Ended(code, *(Path(file).read_bytes() for file in written))


def _begin(
    written: list[str], environment: dict[str, str], work: Callable[..., None], arguments: tuple[object, ...]
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    write_to(*written)
    work(*arguments)


def write_to(output: str, errors: str) -> None:
    """From now on this process writes to these files."""
    for stream, name in ((1, output), (2, errors)):
        file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(file, stream)
        os.close(file)
