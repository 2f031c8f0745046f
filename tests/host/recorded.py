"""Machines as recorded below ``machines/`` (see its README), with the kernel's answers; and builders of small ones."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from warifu.host.kernel import Kernel
from warifu.host.machine import Machine

TREES = Path(__file__).parent / "machines"
NAMES = sorted(tree.name for tree in TREES.iterdir() if tree.is_dir())
ALL_IN_ORDER = {"landlock": 7, "secret": True, "mdwe": True, "lockable": None, "synchronised": True}
NOW = 1_763_600_000  # 20 November 2025: within the validity of the recorded package lists
_NOT_FILES = ("REMOVED", "kernel.json")


class RecordedKernel(Kernel):
    """Answers as recorded."""

    def __init__(self, **answers):
        self.answers = {**ALL_IN_ORDER, **answers}

    def release(self):
        return "recorded"

    def landlock_abi(self):
        return self.answers["landlock"]

    def memfd_secret(self):
        return self.answers["secret"]

    def refuses_new_code(self):
        return self.answers["mdwe"]

    def lockable_bytes(self):
        return self.answers["lockable"]

    def clock_synchronised(self):
        return self.answers["synchronised"]


def recorded(name: str, place: Path, store: str = "/var/lib/device", now: int | None = NOW) -> Machine:
    """The machine ``name``, laid out in ``place``."""
    _lay_over("plain-debian", place)
    if name != "plain-debian":
        _lay_over(name, place)
    answers = next(
        tree / "kernel.json"
        for tree in (TREES / name, TREES / "plain-debian")
        if (tree / "kernel.json").exists()
    )
    return Machine(place, RecordedKernel(**json.loads(answers.read_text())), Path(store), now)


def _lay_over(name: str, place: Path) -> None:
    tree = TREES / name
    removed = tree / "REMOVED"
    for path in removed.read_text().split() if removed.exists() else ():
        if path == "*":
            shutil.rmtree(place)
        elif (place / path).is_dir():
            shutil.rmtree(place / path)
        else:
            (place / path).unlink()
    for source in sorted(tree.rglob("*")):
        if source.name in _NOT_FILES or (source.is_dir() and not source.is_symlink()):
            continue
        target = place / source.relative_to(tree)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        shutil.copyfile(source, target, follow_symlinks=False)


def sees_everything(place: Path) -> bool:
    """Whether modes of files mean nothing to this process: then no file can be made unreadable for it."""
    closed = place / "closed"
    closed.touch(0)
    return os.access(closed, os.R_OK)


def built(
    place: Path, files: Mapping[str, str | bytes | None], kernel=None, now: int | None = NOW
) -> Machine:
    """A machine from {path: content}; a content of None makes a folder."""
    for path, content in {"/proc/sys/kernel/x": "", "/sys/x": "", **files}.items():
        target = place / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            target.mkdir(exist_ok=True)
        else:
            target.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Machine(place, kernel or RecordedKernel(), Path("/var/lib/device"), now)
