"""Device calls (ioctl) with the kernel's numbers: the seam at which a stand-in takes a device's place in tests."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

Ioctl = Callable[[int, bytearray], None]
"""Call the device with a request number and a structure, which the device may change. Raises ``OSError``."""

_READ_WRITE = 3


def request_number(kind: int, number: int, size: int) -> int:
    """``_IOWR(kind, number, size)`` of the kernel's ``asm-generic/ioctl.h``."""
    return _READ_WRITE << 30 | size << 16 | kind << 8 | number


def device(path: Path) -> Ioctl:
    """Calls of the device at ``path``, which is opened for each."""

    def call(request: int, structure: bytearray) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            fcntl.ioctl(descriptor, request, structure, True)
        finally:
            os.close(descriptor)

    return call
