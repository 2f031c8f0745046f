"""The one door through which checks look at a machine: files below a root, and questions to the running kernel.

Tests put a recorded tree in the place of ``/`` and recorded answers in the place of the kernel's. The files may be
hostile: a FIFO in the place of a file must not hang the doctor, a huge file must not fill memory or be taken for
its beginning, and a symbolic link in a recorded tree must not lead to the machine that looks.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path

from warifu.host.kernel import Kernel, NoKernel
from warifu.host.programs import NoPrograms, Programs

MAX_FILE_BYTES = 256 * 1024
MAX_NAMES = 16 * 1024
_MAX_LINK_CHARACTERS = 4096
_READING = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class CannotTell(Exception):
    """A check cannot see what it needs; the message says why, in plain words."""


@dataclass(frozen=True)
class Machine:
    """``root``: where the machine's files are. ``store``: the device's data directory, as the machine names it."""

    root: Path
    kernel: Kernel | NoKernel
    store: Path | None = None
    now: int | None = None
    """Unix time of the look; without it nothing can be told to be out of date."""
    programs: Programs | NoPrograms = field(default_factory=NoPrograms)

    def read(self, path: str, limit: int = MAX_FILE_BYTES) -> str | None:
        """The text of a file; None where there is none. ``CannotTell`` where it cannot be seen or is too long."""
        data = self.read_bytes(path, limit)
        return None if data is None else data.decode("utf-8", "replace")

    def read_bytes(self, path: str, limit: int = MAX_FILE_BYTES) -> bytes | None:
        """The whole file. A file of more than ``limit`` bytes is not judged by its beginning."""
        try:
            data = _whole_file(self._below(path), limit)
        except (FileNotFoundError, NotADirectoryError):
            self._visible(path)
            return None
        except OSError as error:
            raise CannotTell(f"{path} cannot be read: {error.strerror}") from None
        if data is None:
            raise CannotTell(f"{path} cannot be read: it is not a file")
        if len(data) > limit:
            raise CannotTell(f"{path} cannot be read: it is longer than {limit // 1024} KiB")
        return data

    def exists(self, path: str) -> bool:
        """Whether there is such a file or directory. ``CannotTell`` where it cannot be seen."""
        try:
            self._below(path).lstat()
        except (FileNotFoundError, NotADirectoryError):
            self._visible(path)
            return False
        except OSError as error:
            raise CannotTell(f"{path} cannot be seen: {error.strerror}") from None
        return True

    def writable_by_all(self, path: str) -> bool:
        """Whether any user may change the file. ``CannotTell`` where it cannot be seen."""
        try:
            return bool(self._below(path).stat().st_mode & stat.S_IWOTH)
        except OSError as error:
            raise CannotTell(f"{path} cannot be seen: {error.strerror}") from None

    def link(self, path: str) -> str | None:
        """Where a symbolic link points, as it is written; None where there is none."""
        try:
            return str(self._below(path).readlink())[:_MAX_LINK_CHARACTERS]
        except (FileNotFoundError, NotADirectoryError):
            self._visible(path)
            return None
        except OSError as error:
            raise CannotTell(f"{path} cannot be read: {error.strerror}") from None

    def names(self, path: str) -> list[str]:
        """The names in a directory; empty where there is none. ``CannotTell`` where it cannot be seen."""
        names: list[str] = []
        try:
            with os.scandir(self._below(path)) as entries:
                for entry in entries:
                    if len(names) == MAX_NAMES:
                        raise CannotTell(f"{path} has more than {MAX_NAMES} entries")
                    names.append(entry.name)
        except (FileNotFoundError, NotADirectoryError):
            self._visible(path)
            return []
        except OSError as error:
            raise CannotTell(f"{path} cannot be listed: {error.strerror}") from None
        return sorted(names)

    def _below(self, path: str) -> Path:
        place = self.root / path.lstrip("/")
        if self.root != Path("/") and not _inside(place, self.root):
            raise CannotTell(f"{path} leads out of the recorded tree")
        return place

    def _visible(self, path: str) -> None:
        """Absence under a hidden /proc/sys or /sys (a container, ProcSubset=pid) says nothing about the machine."""
        top = _whole_only_with(path)
        if top and not self._below(top).is_dir():
            raise CannotTell(f"{top} is hidden from this process")


def _whole_only_with(path: str) -> str:
    """The folder without which absence of ``path`` proves nothing; empty outside of /proc and /sys."""
    if re.match(r"/proc/(self|\d+)(/|$)", path):
        return "/proc"
    if path.startswith("/proc/"):
        return "/proc/sys"
    return "/sys" if path.startswith("/sys/") else ""


def _whole_file(place: Path, limit: int) -> bytes | None:
    """Up to ``limit`` + 1 bytes; None for what is not a plain file. Opening without waiting: a FIFO has no end."""
    descriptor = os.open(place, _READING)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        data = bytearray()
        while len(data) <= limit and (part := file.read(limit + 1 - len(data))):
            data += part
        return bytes(data)


def _inside(place: Path, root: Path) -> bool:
    return Path(os.path.realpath(place)).is_relative_to(os.path.realpath(root))
