"""What the appliance's first process asks of its kernel: file systems, modules, the two devices, and the end."""

from __future__ import annotations

import ctypes
import os
import select
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from warifu.agent.appliance.port import PORT
from warifu.errors import HostUnsuitable
from warifu.signer.isolation.kernel import call, syscall

T = TypeVar("T")
_MODULES = Path("/usr/lib/warifu/modules")
_PORTS = Path("/sys/class/virtio-ports")
_DISK = Path("/dev/vda")
_SYSTEM = Path("/system")
_STORE = Path("/store")
_DEVICES_AFTER = 20.0
"""Seconds in which the devices of a virtual machine must have appeared."""

_FINIT_MODULE = 313  # x86_64, for which the appliance is built
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REMOUNT = 1, 2, 4, 8, 32
_MS_BIND, _MS_MOVE = 4096, 8192
_CLOSED = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC
_SHOWN_PCRS = (0, 2, 4, 7, 9)
_POWER_OFF = 0x4321FEDC  # linux/reboot.h


def enter_own_root() -> None:
    """Make the file system that the kernel unpacked an ordinary mount: the kernel's very first one can never be left
    behind, and leaving it is a layer of the signer's isolation."""
    _mount("/", str(_SYSTEM), "", _MS_BIND)
    os.chdir(_SYSTEM)
    _mount(".", "/", "", _MS_MOVE)
    os.chroot(".")


def mount_kernel_files() -> None:
    for kind, place in (
        ("proc", "/proc"),
        ("sysfs", "/sys"),
        ("devtmpfs", "/dev"),
        ("securityfs", "/sys/kernel/security"),
    ):
        _mount(kind, place, kind, _CLOSED & ~_MS_NODEV if kind == "devtmpfs" else _CLOSED)


def load_modules() -> None:
    """In the order of their names; after them the kernel takes no more."""
    for path in sorted(_MODULES.iterdir()):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            syscall(_FINIT_MODULE, descriptor, ctypes.c_char_p(b""), 0)
        finally:
            os.close(descriptor)
    Path("/proc/sys/kernel/modules_disabled").write_text("1", encoding="ascii")


def say_measurements() -> None:
    """On the console, for whoever compares them with a release's reference value or wonders why nothing opens."""
    for number in _SHOWN_PCRS:
        value = Path(f"/sys/class/tpm/tpm0/pcr-sha256/{number}").read_text(encoding="ascii").strip()
        say(f"PCR {number} {value.lower()}")


def opened_port() -> int:
    """The descriptor of the signer's port, once the host is at its other end."""
    name = _awaited(_port_name)
    port = os.open(Path("/dev") / name, os.O_RDWR | os.O_CLOEXEC)
    _awaited(lambda: None if _hung_up(port) else True)
    return port


def mounted_store() -> Path:
    """Where the one disk is now; nothing but it can be written from here on."""
    _awaited(lambda: True if _DISK.exists() else None)
    try:
        _mount(str(_DISK), str(_STORE), "ext4", _CLOSED)
    except OSError as error:
        raise HostUnsuitable(
            "appliance-disk",
            f"the appliance's disk holds no file system that can be used: {error.strerror}",
            not_done="The signer was not started.",
            remedy="Restore the disk of the appliance from its backup, or begin with a new one.",
        ) from None
    _mount("", "/", "", _MS_REMOUNT | _MS_RDONLY)
    return _STORE


def unmount(place: Path) -> None:
    """In order: what was written is on the disk."""
    call("umount2", str(place).encode(), ctypes.c_int(0))


def switch_off() -> None:
    """At once, after everything was written."""
    os.sync()
    call("reboot", ctypes.c_int(_POWER_OFF))


def say(line: str) -> None:
    """On the console, which the host keeps in a file."""
    sys.stderr.write(f"appliance: {line}\n")
    sys.stderr.flush()


def _port_name() -> str | None:
    if not _PORTS.is_dir():
        return None
    named = (entry for entry in _PORTS.iterdir() if (entry / "name").exists())
    return next((entry.name for entry in named if (entry / "name").read_text().strip() == PORT), None)


def _hung_up(port: int) -> bool:
    poll = select.poll()
    poll.register(port, select.POLLIN)
    return any(events & select.POLLHUP for _, events in poll.poll(0))


def _awaited(look: Callable[[], T | None]) -> T:
    """What ``look`` finds, as soon as it does: devices appear a moment after their driver."""
    end = time.monotonic() + _DEVICES_AFTER
    while (found := look()) is None:
        if time.monotonic() > end:
            raise TimeoutError("a device of the virtual machine is missing")
        time.sleep(0.02)
    return found


def _mount(source: str, target: str, kind: str, flags: int) -> None:
    call("mount", source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), None)
