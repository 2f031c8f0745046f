"""The appliance's first process: it prepares the machine, starts the signer, and carries bytes to it and back.

What runs here was measured before it ran: kernel, command line, and the initial RAM file system that holds this file
and all that the signer imports. The appliance has no shell, no network device and no console that reads; its doors are
one virtio-serial port and one disk. Both belong to the host and are hostile: from the port comes first the handover,
of a fixed length, and then frames that the signer parses; the disk holds the signer's sealed store and no program.

The signer is started as on any machine, with all layers of its isolation and as a user of its own. This process never
looks into a frame. When either side ends, the machine is switched off.
"""

from __future__ import annotations

import ctypes
import os
import select
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from warifu.agent.appliance import boots
from warifu.agent.appliance.port import BEGIN_BYTES, MAX_QUESTION_BYTES, PORT, Begin, Purpose
from warifu.errors import HostUnsuitable, InputRefused, WarifuError
from warifu.protocol.encoding import decode, encode
from warifu.protocol.frames import refusal_of
from warifu.protocol.framing import Origin, frame
from warifu.protocol.operator import OperatorRefused
from warifu.signer.isolation.kernel import call, syscall
from warifu.signer.isolation.layer import PLATFORM_DIRECTORY
from warifu.signer.isolation.spawn import spawn
from warifu.tee.tpm.policy import Approval

T = TypeVar("T")
SIGNER = "warifu.signer.process"
_MODULES = Path("/usr/lib/warifu/modules")
_PORTS = Path("/sys/class/virtio-ports")
_DISK = Path("/dev/vda")
_SYSTEM = Path("/system")
_STORE = Path("/store")
_DEVICES_AFTER = 20.0
"""Seconds in which the devices of a virtual machine must have appeared."""
_LAST_WORDS = 10.0
"""Seconds in which a signer whose connection ended has closed its store."""
_HEADER_BYTES = 5
_CHUNK = 64 * 1024

_FINIT_MODULE = 313  # x86_64, for which the appliance is built
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REMOUNT = 1, 2, 4, 8, 32
_MS_BIND, _MS_MOVE = 4096, 8192
_CLOSED = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC
_SHOWN_PCRS = (0, 2, 4, 7, 9)
_POWER_OFF = 0x4321FEDC  # linux/reboot.h


def main() -> int:
    """Work until the host hangs up or the signer ends, then switch the machine off. Ending is a kernel panic, which
    stops the machine too."""
    try:
        _enter_own_root()
        _mount_kernel_files()
        _load_modules()
        _say_measurements()
        port = _opened_port()
        try:
            _serve(port)
        except WarifuError as error:
            _say(f"{error.code}: {error}")
            _write_all(port, frame(Origin.OPERATOR, encode(OperatorRefused(refusal_of(error)))))
            _drain(port)
    except Exception as error:  # noqa: BLE001  # there is nobody above to tell, and a traceback could show secrets
        _say(f"the appliance ended by an unforeseen {type(error).__name__}")
    _switch_off()
    return 70


def _serve(port: int) -> None:
    begin = Begin.unpacked(_read_exactly(port, BEGIN_BYTES))
    try:
        _mount_store()
        directory = _signer_directory()
        if begin.purpose is not Purpose.WORK:
            _have_boot_approved(port, begin, directory / PLATFORM_DIRECTORY)
        ours, theirs = socket.socketpair()
        process = spawn(
            SIGNER,
            theirs,
            directory,
            begin.unlock_key,
            platform=boots.CHOICE,
            on_log=lambda line: _say(f"signer: {line}"),
        )
    finally:
        begin.wipe()
    theirs.close()
    _say("the signer was started")
    _carry(port, ours)
    try:
        process.wait(_LAST_WORDS)
    except TimeoutError:
        process.stop()
    _say(f"the signer ended with status {process.returncode}")
    call("umount2", str(_STORE).encode(), ctypes.c_int(0))


def _have_boot_approved(port: int, begin: Begin, directory: Path) -> None:
    """One question and one answer. A host that hangs up instead approves nothing."""
    request = boots.prepare(begin, directory)
    _write_all(port, frame(Origin.OPERATOR, encode(request)))
    header = _read_exactly(port, _HEADER_BYTES)
    length = int.from_bytes(header[:4], "big") - 1
    if not 0 < length <= MAX_QUESTION_BYTES or header[4] != Origin.OPERATOR:
        raise InputRefused("framing", "the host's answer is no frame of its operator")
    answer = bytes(_read_exactly(port, length))
    boots.keep(begin, directory, decode(Approval, answer, MAX_QUESTION_BYTES))
    _say("the owner's approval of this boot is kept")


def _carry(port: int, signer: socket.socket) -> None:
    """Bytes in both directions until one side ends. Two threads, because each side may wait for the other to read."""
    ended = threading.Event()

    def one_way(receive: Callable[[], bytes], send: Callable[[bytes], None]) -> None:
        try:
            while data := receive():
                send(data)
        except OSError as error:
            _say(f"a connection broke: {error.strerror}")
        finally:
            ended.set()

    ways = (
        (lambda: os.read(port, _CHUNK), signer.sendall),
        (lambda: signer.recv(_CHUNK), lambda data: _write_all(port, data)),
    )
    for receive, send in ways:
        threading.Thread(target=one_way, args=(receive, send), daemon=True).start()
    ended.wait()
    signer.shutdown(
        socket.SHUT_WR
    )  # the signer sees that its connection ended, and closes its store in order


def _enter_own_root() -> None:
    """Make the file system that the kernel unpacked an ordinary mount: the kernel's very first one can never be left
    behind, and leaving it is a layer of the signer's isolation."""
    _mount("/", str(_SYSTEM), "", _MS_BIND)
    os.chdir(_SYSTEM)
    _mount(".", "/", "", _MS_MOVE)
    os.chroot(".")


def _mount_kernel_files() -> None:
    for kind, place in (
        ("proc", "/proc"),
        ("sysfs", "/sys"),
        ("devtmpfs", "/dev"),
        ("securityfs", "/sys/kernel/security"),
    ):
        _mount(kind, place, kind, _CLOSED & ~_MS_NODEV if kind == "devtmpfs" else _CLOSED)


def _load_modules() -> None:
    """In the order of their names; after them the kernel takes no more."""
    for path in sorted(_MODULES.iterdir()):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            syscall(_FINIT_MODULE, descriptor, ctypes.c_char_p(b""), 0)
        finally:
            os.close(descriptor)
    Path("/proc/sys/kernel/modules_disabled").write_text("1", encoding="ascii")


def _say_measurements() -> None:
    """On the console, for whoever compares them with a release's reference value or wonders why nothing opens."""
    for number in _SHOWN_PCRS:
        value = Path(f"/sys/class/tpm/tpm0/pcr-sha256/{number}").read_text(encoding="ascii").strip()
        _say(f"PCR {number} {value.lower()}")


def _opened_port() -> int:
    """The descriptor of the signer's port, once the host is at its other end."""
    name = _awaited(_port_name)
    port = os.open(Path("/dev") / name, os.O_RDWR | os.O_CLOEXEC)
    _awaited(lambda: None if _hung_up(port) else True)
    return port


def _port_name() -> str | None:
    if not _PORTS.is_dir():
        return None
    named = (entry for entry in _PORTS.iterdir() if (entry / "name").exists())
    return next((entry.name for entry in named if (entry / "name").read_text().strip() == PORT), None)


def _hung_up(port: int) -> bool:
    poll = select.poll()
    poll.register(port, select.POLLIN)
    return any(events & select.POLLHUP for _, events in poll.poll(0))


def _mount_store() -> None:
    """The one disk; then nothing but it can be written. Its owner at each start is the signer's own user."""
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


def _signer_directory() -> Path:
    place = _STORE / "signer"
    place.mkdir(mode=0o700, exist_ok=True)
    return place


def _mount(source: str, target: str, kind: str, flags: int) -> None:
    call("mount", source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), None)


def _read_exactly(port: int, length: int) -> bytearray:
    received = bytearray()
    while len(received) < length:
        part = os.read(port, length - len(received))
        if not part:
            raise ConnectionError
        received += part
    return received


def _write_all(port: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(port, rest) :]


def _drain(port: int) -> None:
    """Until the host hangs up (or for a while): switching off at once could lose what was just written."""
    end = time.monotonic() + _DEVICES_AFTER
    while time.monotonic() < end and os.read(port, _CHUNK):
        pass


def _awaited(look: Callable[[], T | None]) -> T:
    """What ``look`` finds, as soon as it does: devices appear a moment after their driver."""
    end = time.monotonic() + _DEVICES_AFTER
    while (found := look()) is None:
        if time.monotonic() > end:
            raise TimeoutError("a device of the virtual machine is missing")
        time.sleep(0.02)
    return found


def _say(line: str) -> None:
    sys.stderr.write(f"appliance: {line}\n")
    sys.stderr.flush()


def _switch_off() -> None:
    os.sync()
    call("reboot", ctypes.c_int(_POWER_OFF))
