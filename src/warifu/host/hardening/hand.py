"""The one module that changes the machine. Every change is whole or not there, and durable when it is done.

A file is written beside its place under a hidden name, synced, and renamed; what a crash leaves is that hidden name,
which the next run removes. ``before`` is called ahead of each single touch: the tests die in it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from warifu.errors import HostUnsuitable
from warifu.host.hardening.changes import Command
from warifu.host.hardening.trees import digest_of

_ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
}
_PATIENCE = 1800  # a kernel module is built in it, also on a small machine


def hidden(place: Path) -> Path:
    """Where the new content of ``place`` waits. No program that reads a directory of settings reads hidden files."""
    return place.with_name(f".{place.name}.warifu-new")


@dataclass(frozen=True)
class Hand:
    """Touches files and runs commands."""

    before: Callable[[], None] = lambda: None

    def write(self, place: Path, content: bytes, mode: int, owner: tuple[int, int]) -> None:
        """Put a file at ``place``, over whatever file or link is there."""
        self.before()
        new = self._cleared(place)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            if (os.geteuid(), os.getegid()) != owner:
                os.fchown(descriptor, *owner)
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        self._rename(new, place)

    def link(self, place: Path, target: str) -> None:
        """Put a symbolic link at ``place``."""
        self.before()
        new = self._cleared(place)
        new.symlink_to(target)
        self._rename(new, place)

    def copy_tree(self, source: Path, place: Path, sha256: str) -> None:
        """Copy a tree, and measure the copy: the source may have changed since its digest was confirmed."""
        self.before()
        new = self._cleared(place)
        shutil.copytree(source, new, symlinks=True, ignore=lambda at, names: _own_history(source, at, names))
        if digest_of(new) != sha256:
            shutil.rmtree(new)
            raise HostUnsuitable(
                "source-changed",
                f"{source} is not any more what was shown and confirmed",
                not_done="The module was not installed.",
                remedy="Look at the source again, then repeat.",
            )
        for folder, folders, files in os.walk(new):
            for name in (*folders, *files):
                os.chown(Path(folder) / name, os.geteuid(), os.getegid(), follow_symlinks=False)
        os.sync()
        self._rename(new, place)

    def make_folder(self, place: Path) -> None:
        """Make a directory (mode 0755)."""
        self.before()
        with contextlib.suppress(FileExistsError):
            place.mkdir()
        place.chmod(0o755)
        sync(place.parent)

    def remove(self, place: Path) -> None:
        """Remove a file or a link."""
        self.before()
        place.unlink()
        sync(place.parent)

    def remove_folder(self, place: Path) -> bool:
        """Remove an empty directory; False where something is in it."""
        self.before()
        try:
            place.rmdir()
        except OSError:
            return False
        sync(place.parent)
        return True

    def remove_tree(self, place: Path) -> None:
        """Remove a directory with all that is in it: away at once, by a rename, and then bit by bit."""
        self.before()
        gone = self._cleared(place)
        self._rename(place, gone)
        shutil.rmtree(gone)
        sync(place.parent)

    def rename(self, old: Path, new: Path) -> None:
        """Give a directory its name."""
        self.before()
        self._rename(old, new)

    def sweep(self, place: Path) -> None:
        """Remove what a crash left beside ``place``."""
        if place.parent.is_dir():
            self._cleared(place)

    def run(self, command: Command, given: bytes = b"") -> str:
        """Run a command to its end. Empty where it went well, else what it said."""
        self.before()
        try:
            ended = subprocess.run(  # noqa: S603  # the commands of the steps, no shell
                command,
                input=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=_ENVIRONMENT,
                cwd="/",
                timeout=_PATIENCE,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"{command[0]}: {getattr(error, 'strerror', None) or 'it did not end'}"
        if ended.returncode == 0:
            return ""
        said = ended.stdout.decode("utf-8", "replace").strip()[-500:]
        return f"{command[0]} ended with {ended.returncode}: {said}"

    def _cleared(self, place: Path) -> Path:
        new = hidden(place)
        if new.is_dir() and not new.is_symlink():
            shutil.rmtree(new)
        else:
            new.unlink(missing_ok=True)
        return new

    def _rename(self, old: Path, new: Path) -> None:
        self.before()
        old.rename(new)
        sync(new.parent)


def sync(folder: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _own_history(source: Path, folder: str, names: list[str]) -> list[str]:
    """``.git`` of the tree itself is neither measured nor copied."""
    return [".git"] if Path(folder) == source and ".git" in names else []
