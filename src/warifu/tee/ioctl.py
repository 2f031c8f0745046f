"""Device calls (ioctl) with the kernel's numbers: the seam at which a stand-in takes a device's place in tests."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Protocol


class Ioctl(Protocol):
    """A device that can be called."""

    @property
    def descriptor(self) -> int | None:
        """The open device's; None for a stand-in."""
        ...

    def __call__(self, request: int, structure: bytearray) -> None:
        """Call it with a request number and a structure, which the device may change. Raises ``OSError``."""
        ...


_READ_WRITE = 3


def request_number(kind: int, number: int, size: int) -> int:
    """``_IOWR(kind, number, size)`` of the kernel's ``asm-generic/ioctl.h``."""
    return _READ_WRITE << 30 | size << 16 | kind << 8 | number


class Device:
    """The device at a path, opened once, before the signer shuts itself in."""

    def __init__(self, path: Path) -> None:
        """Raises ``OSError`` where it cannot be opened."""
        self.descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)

    def __call__(self, request: int, structure: bytearray) -> None:
        fcntl.ioctl(self.descriptor, request, structure, True)

    def close(self) -> None:
        os.close(self.descriptor)
