"""The kernel's files that stand for a TEE (configfs-tsm, Gramine's ``/dev/attestation``), as plain reads and writes.

Their directory is opened once, before the signer shuts itself in, and they are reached through that descriptor only:
behind the walls no path leads there any more. A small door, so that a stand-in can take the kernel's place in tests.
What is read is bounded: a host that hands out gigabytes as a certificate table must not fill the enclave's memory.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import Protocol

_FLAGS = os.O_CLOEXEC | os.O_NOFOLLOW


class Files(Protocol):
    """Names are relative to one directory. Everything raises ``OSError`` as the kernel reports it."""

    @property
    def descriptor(self) -> int | None:
        """The directory's; None for a stand-in."""
        ...

    def read(self, name: str, limit: int) -> bytes:
        """A whole file; ``OSError`` (``EFBIG``) where it has more than ``limit`` bytes."""
        ...

    def write(self, name: str, data: bytes) -> None:
        """Write ``data`` in one call, as attributes want it; ``OSError`` (``EIO``) where less was taken."""
        ...


class KernelFiles:
    """The real ones in one directory. Links are not followed."""

    def __init__(self, directory: Path) -> None:
        """Raises ``OSError`` where it is not there."""
        self.descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | _FLAGS)

    def read(self, name: str, limit: int) -> bytes:
        descriptor = os.open(name, os.O_RDONLY | _FLAGS, dir_fd=self.descriptor)
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
        descriptor = os.open(name, os.O_WRONLY | _FLAGS, dir_fd=self.descriptor)
        try:
            if os.write(descriptor, data) != len(data):
                raise OSError(errno.EIO, "a part was not taken", name)
        finally:
            os.close(descriptor)


def configfs_entry(root: Path, name: str, owner: int | None) -> KernelFiles:
    """The configfs entry ``name`` below ``root``, made where it is not there yet. It stays until the machine ends.

    ``owner``: the user that this process is going to become; the entry's files become that user's, and nobody else's:
    whoever may write them can have evidence made for a key of his own. Raises ``OSError``.
    """
    directory = root / name
    with suppress(FileExistsError):
        directory.mkdir(mode=0o700)
    files = KernelFiles(directory)
    if owner is not None:
        for each in os.listdir(files.descriptor):  # noqa: PTH208  # by descriptor, not by path
            os.chown(each, owner, owner, dir_fd=files.descriptor, follow_symlinks=False)
        os.fchown(files.descriptor, owner, owner)
    return files
