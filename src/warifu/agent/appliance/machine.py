"""The virtual machine of an appliance and its virtual TPM: two processes of this computer, started and ended together.

The machine gets its doors as descriptors, so that no other program can connect to them: frames to the signer, and the
TPM. It has no network device, no shared folder, no monitor, no display and no console that reads. What its kernel and
its first process write goes to a file.

Beside what every device has, the device's directory holds ``appliance/``:

disk.img       the disk with the signer's sealed store
tpm/           the state of the virtual TPM, encrypted under the unlock key
console.log    what the kernel and the first process of the last start wrote; emulator.log: what QEMU complained of
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

from nacl.bindings import crypto_generichash_blake2b_salt_personal

from warifu.agent.appliance.image import FIRMWARE, INITRD, KERNEL, VARIABLES, Image
from warifu.agent.appliance.port import PORT, Begin
from warifu.errors import HostUnsuitable

EMULATOR = "qemu-system-x86_64"
_CHIP_STATE = "tpm2-00.permall"
_DISK_BYTES = 64 * 1024 * 1024
MEMORY_MIB = 1024
_ENDING = 15.0
"""Seconds in which a machine whose host hung up switches itself off."""


class Machine:
    """Both processes of a running appliance."""

    def __init__(self, emulator: subprocess.Popen[bytes], chip: subprocess.Popen[bytes]) -> None:
        self._emulator = emulator
        self._chip = chip

    @property
    def pids(self) -> tuple[int, int]:
        return self._emulator.pid, self._chip.pid

    def stop(self, patience: float = _ENDING) -> None:
        """Wait until it switched itself off, or make it. The TPM ends with the machine that it belongs to."""
        _end(self._emulator, patience)
        _end(self._chip, 5.0)

    def kill(self) -> None:
        """Pull the plug."""
        self.stop(0)


def prepared(device: Path) -> Path:
    """The appliance's folder in a device's directory, with an empty disk where it had none."""
    place = device / "appliance"
    (place / "tpm").mkdir(mode=0o700, parents=True, exist_ok=True)
    place.chmod(0o700)
    disk, new = place / "disk.img", place / "disk.new"
    if not disk.exists():
        new.unlink(missing_ok=True)
        with new.open("xb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.truncate(_DISK_BYTES)
        subprocess.run((tool("mkfs.ext4"), "-q", "-F", "-m", "0", str(new)), check=True)  # noqa: S603
        new.rename(disk)
    return place


def boot(
    place: Path, image: Image, begin: Begin, *, by: str, cmdline: str | None = None
) -> tuple[Machine, socket.socket]:
    """Start the machine of ``place`` and hand over ``begin``; returns it with our end of its connection.

    ``begin`` is the caller's to wipe. ``by``: ``kvm`` or ``tcg``. ``cmdline``: another one than the image's own. Raises
    ``HostUnsuitable``, ``InputRefused``, ``OSError``.
    """
    sent = begin.packed()
    ours, port = socket.socketpair()
    chip_end, machine_end = socket.socketpair()
    try:
        with port, chip_end, machine_end:
            chip = _started_chip(place / "tpm", chip_end, begin.unlock_key)
            try:
                arguments = _arguments(place, image, by, cmdline or image.cmdline, port, machine_end)
                with (place / "emulator.log").open("wb") as log:
                    emulator = _started(arguments, port.fileno(), machine_end.fileno(), log=log.fileno())
            except BaseException:
                _end(chip, 0)
                raise
        ours.sendall(sent)
    except BaseException:
        ours.close()
        raise
    finally:
        sent[:] = bytes(len(sent))
    return Machine(emulator, chip), ours


def tool(name: str) -> str:
    """The path of a program of this computer; ``HostUnsuitable`` where it is missing."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        raise HostUnsuitable(
            "appliance-tools",
            f"the program {name}, which the appliance needs, is not installed here",
            not_done="The device was not started.",
            remedy="Install it: tools/setup-appliance.sh, or apt-get install qemu-system-x86 swtpm e2fsprogs.",
        )
    return found


def _arguments(
    place: Path, image: Image, by: str, cmdline: str, port: socket.socket, chip: socket.socket
) -> list[str]:
    def file_drive(options: str, path: Path) -> tuple[str, str]:
        return "-drive", f"{options},format=raw,file={str(path).replace(',', ',,')}"

    return [
        *(tool(EMULATOR), "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-nic", "none"),
        *("-name", "warifu-appliance", "-machine", f"q35,accel={by}", "-smp", "1", "-m", str(MEMORY_MIB)),
        *("-cpu", "host" if by == "kvm" else "max"),
        *("-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"),
        *file_drive("if=pflash,readonly=on", image.part(FIRMWARE)),
        # Its variables are empty at each start and forgotten at each end: they cannot change what is started.
        *file_drive("if=pflash,snapshot=on", image.part(VARIABLES)),
        *("-kernel", str(image.part(KERNEL)), "-initrd", str(image.part(INITRD)), "-append", cmdline),
        *("-chardev", f"socket,id=chip,fd={chip.fileno()}", "-tpmdev", "emulator,id=tpm,chardev=chip"),
        *("-device", "tpm-crb,tpmdev=tpm"),
        *file_drive("if=none,id=store", place / "disk.img"),
        *("-device", "virtio-blk-pci,drive=store"),
        *("-chardev", f"socket,id=signer,fd={port.fileno()}", "-device", "virtio-serial-pci"),
        *("-device", f"virtserialport,chardev=signer,name={PORT}"),
        *("-serial", f"file:{place / 'console.log'}"),
    ]


def _started_chip(state: Path, connection: socket.socket, unlock_key: bytearray) -> subprocess.Popen[bytes]:
    """The virtual TPM, made first where there was none. Its file on the disk opens with the unlock key alone."""
    with _chip_key(unlock_key) as key:
        if not (state / _CHIP_STATE).exists():
            _make_chip(state, f"/proc/{os.getpid()}/fd/{key}")
        os.lseek(key, 0, os.SEEK_SET)
        return _started(
            [
                *(tool("swtpm"), "socket", "--tpm2", "--tpmstate", f"dir={state},mode=0600"),
                *("--ctrl", f"type=unixio,clientfd={connection.fileno()}", "--terminate"),
                *("--key", f"fd={key},mode=aes-256-cbc,format=hex"),
            ],
            connection.fileno(),
            key,
        )


def _make_chip(state: Path, key: str) -> None:
    """One bank of PCRs, of SHA-256: with each further one the firmware hashes the whole image once more."""
    made = _started(
        [
            *(tool("swtpm_setup"), "--tpm2", "--tpm-state", str(state), "--pcr-banks", "sha256"),
            *("--keyfile", key, "--cipher", "aes-256-cbc"),
        ]
    )
    if _end(made, _ENDING) != 0:
        raise HostUnsuitable(
            "appliance-tpm",
            "the appliance's virtual TPM could not be made",
            not_done="The device was not started.",
            remedy="See whether 'swtpm_setup --tpm2 --tpm-state FOLDER' works here (Debian: swtpm-tools).",
        )


@contextlib.contextmanager
def _chip_key(unlock_key: bytearray) -> Iterator[int]:
    """A file in memory with the key of the TPM's state; whoever inherits it keeps it."""
    key = crypto_generichash_blake2b_salt_personal(
        b"", digest_size=32, key=bytes(unlock_key), person=b"warifu/vtpm/v1"
    )
    descriptor = os.memfd_create("key")
    try:
        os.write(descriptor, key.hex().encode())
        yield descriptor
    finally:
        os.close(descriptor)


def _started(
    arguments: list[str], *descriptors: int, log: int = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  # our own arguments
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=log,  # never a pipe: a program that outlives its starter's patience would keep it waiting
        env={},
        pass_fds=descriptors,
        start_new_session=True,
    )


def _end(process: subprocess.Popen[bytes], patience: float) -> int:
    """Its exit status, once it ended; it is made to after ``patience`` seconds."""
    try:
        return process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
