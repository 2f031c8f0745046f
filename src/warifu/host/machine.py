"""The one door through which checks look at a machine: files below a root, and questions to the running kernel.

Tests put a recorded tree in the place of ``/`` and recorded answers in the place of the kernel's.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from warifu.host.kernel import Kernel, NoKernel

MAX_FILE_BYTES = 256 * 1024


class CannotTell(Exception):
    """A check cannot see what it needs; the message says why, in plain words."""


@dataclass(frozen=True)
class Machine:
    """``root``: where the machine's files are. ``store``: the device's data directory, as the machine names it."""

    root: Path
    kernel: Kernel | NoKernel
    store: Path | None = None

    def read(self, path: str) -> str | None:
        """The text of a file (at most 256 KiB); None where there is none. ``CannotTell`` where it cannot be seen."""
        data = self.read_bytes(path)
        return None if data is None else data.decode("utf-8", "replace")

    def read_bytes(self, path: str) -> bytes | None:
        try:
            with self._below(path).open("rb") as file:
                return file.read(MAX_FILE_BYTES)
        except (FileNotFoundError, NotADirectoryError):
            self._visible(path)
            return None
        except OSError as error:
            raise CannotTell(f"{path} cannot be read: {error.strerror}") from None

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

    def names(self, path: str) -> list[str]:
        """The names in a directory; empty where there is none. ``CannotTell`` where it cannot be seen."""
        try:
            return sorted(os.listdir(self._below(path)))  # noqa: PTH208  # names, not paths
        except (FileNotFoundError, NotADirectoryError):
            self._visible(path)
            return []
        except OSError as error:
            raise CannotTell(f"{path} cannot be listed: {error.strerror}") from None

    def _below(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def _visible(self, path: str) -> None:
        """Absence under a hidden /proc/sys or /sys (a container, ProcSubset=pid) says nothing about the machine."""
        for top in ("/proc/sys", "/sys", "/proc"):
            if path.startswith(f"{top}/"):
                if not self._below(top).is_dir():
                    raise CannotTell(f"{top} is hidden from this process")
                return
