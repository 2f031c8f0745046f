"""The kernel's files that stand for a TEE (configfs-tsm, Gramine's ``/dev/attestation``), as plain reads and writes.

One small door, so that the root can be another one and a stand-in can take the kernel's place in tests. What is read is
bounded: a host that hands out gigabytes as a certificate table must not fill the enclave's memory.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Protocol

_FLAGS = os.O_CLOEXEC | os.O_NOFOLLOW


class Files(Protocol):
    """Names are relative to a root. Everything raises ``OSError`` as the kernel reports it."""

    def make(self, name: str) -> None:
        """Make a directory: in configfs, an entry with its attributes."""
        ...

    def remove(self, name: str) -> None:
        """Remove a directory, which in configfs takes its attributes along."""
        ...

    def read(self, name: str, limit: int) -> bytes:
        """A whole file; ``OSError`` (``EFBIG``) where it has more than ``limit`` bytes."""
        ...

    def write(self, name: str, data: bytes) -> None:
        """Write ``data`` in one call, as attributes want it; ``OSError`` (``EIO``) where less was taken."""
        ...


class KernelFiles:
    """The real ones below ``root``. Links are not followed."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def make(self, name: str) -> None:
        (self._root / name).mkdir(mode=0o700)

    def remove(self, name: str) -> None:
        (self._root / name).rmdir()

    def read(self, name: str, limit: int) -> bytes:
        descriptor = os.open(self._root / name, os.O_RDONLY | _FLAGS)
        parts, length = [], 0
        try:
            while part := os.read(descriptor, limit + 1 - length):
                parts.append(part)
                length += len(part)
                if length > limit:
                    raise OSError(errno.EFBIG, f"more than {limit} bytes", name)
        finally:
            os.close(descriptor)
        return b"".join(parts)

    def write(self, name: str, data: bytes) -> None:
        descriptor = os.open(self._root / name, os.O_WRONLY | _FLAGS)
        try:
            if os.write(descriptor, data) != len(data):
                raise OSError(errno.EIO, "a part was not taken", name)
        finally:
            os.close(descriptor)
