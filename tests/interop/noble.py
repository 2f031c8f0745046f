"""noble-curves, run by node: verifiers and FROST signers that share no code with anything that Warifu uses."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).resolve().parents[2]
_PACKAGES = _ROOT / ".cache" / "noble" / "node_modules"
_SERVANT = Path(__file__).with_name("noble.mjs")


class Refused(Exception):
    """noble raised, with its own words."""


class Noble:
    """A running node. ``bytes`` in a request become hex; an answer is what ``noble.mjs`` says."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, op: str, **request: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"op": op, **request}, default=bytes.hex) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "refused" in answer:
            raise Refused(answer["refused"])
        return answer["answer"]

    def accepts(self, op: str, **request: Any) -> bool:
        """Whether a signature verifies; malformed ones, which noble raises for, do not."""
        try:
            return bool(self.ask(op, **request))
        except Refused:
            return False


@contextmanager
def running() -> Iterator[Noble]:
    """Start it; skips the calling test, with the reason, where node or the packages are not there."""
    node = shutil.which("node")
    if node is None or not (_PACKAGES / "@noble" / "curves").is_dir():
        pytest.skip("noble-curves is not here: install node 20.19 or later and run tools/fetch-noble.sh")
    with subprocess.Popen(
        [node, str(_SERVANT), str(_PACKAGES)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            yield Noble(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()  # the servant ends with its input
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
