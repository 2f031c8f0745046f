"""What a start of an appliance will be measured as: ``measure.py IMAGE`` prints it as JSON.

PCR 4 and 9 (SHA-256) are computed and not copied from a start: what the firmware and the kernel's EFI stub do is done
here once more. TCG PC Client Platform Firmware Profile, section 3.3.4; Microsoft's "Windows Authenticode Portable
Executable Signature Format"; kernel: drivers/firmware/efi/libstub.

* PCR 4: the kernel as an EFI program, the step from firmware to it, a separator. QEMU writes into the kernel's header
  where it puts the initial RAM file system and the command line, so its size and the machine's memory count, too.
* PCR 9: the command line, to which OVMF adds the name of the initial RAM file system; then that file system.
"""

from __future__ import annotations

import hashlib
import json
import struct
import sys
from pathlib import Path

from warifu.agent.appliance.image import CMDLINE, FIRMWARE, INITRD, KERNEL, VARIABLES, Image
from warifu.agent.appliance.machine import MEMORY_MIB

_SEPARATOR, _TO_THE_KERNEL = bytes(4), b"Calling EFI Application from Boot Option"
_ADDED = " initrd=initrd\0"

# QEMU's hw/i386/x86.c, the kernel's Documentation/x86/boot.rst
_COMMAND_LINE_AT, _REAL_MODE_AT, _ACPI_ROOM, _PAGE = 0x20000, 0x10000, 0x28000, 4096
_QEMU, _CAN_USE_HEAP, _HEAP_END_MARGIN = 0xB0, 0x80, 0x200


def expected(image: Image, cmdline: str | None = None) -> dict[str, str]:
    """``pcr4`` and ``pcr9``, in hexadecimal, of a start with this command line (the image's own, if None)."""
    initrd = image.part(INITRD).read_bytes()
    kernel = _as_loaded(image.part(KERNEL).read_bytes(), len(initrd))
    line = (cmdline or image.cmdline) + _ADDED
    return {
        "pcr4": _extended(authenticode(kernel), _sha256(_TO_THE_KERNEL), _sha256(_SEPARATOR)),
        "pcr9": _extended(_sha256(line.encode("utf-16-le")), _sha256(initrd)),
    }


def authenticode(program: bytes) -> bytes:
    """SHA-256 of a PE32+ file without its checksum, its signature, and the entry that says where that is."""
    (start,) = struct.unpack_from("<I", program, 0x3C)
    sections, optional = struct.unpack_from("<2xH12xH", program, start + 4)[0], start + 24
    optional_size = struct.unpack_from("<H", program, start + 20)[0]
    checksum, directory = optional + 64, optional + 112 + 4 * 8
    headers = struct.unpack_from("<I", program, optional + 60)[0]
    signature = struct.unpack_from("<I", program, directory + 4)[0]
    state = hashlib.sha256(program[:checksum])
    state.update(program[checksum + 4 : directory])
    state.update(program[directory + 8 : headers])
    table = optional + optional_size
    raw = sorted(
        struct.unpack_from("<II", program, table + number * 40 + 16)[::-1] for number in range(sections)
    )
    end = headers
    for at, size in raw:
        state.update(program[at : at + size] if size else b"")
        end += size
    state.update(program[end : len(program) - signature])
    return state.digest()


def _as_loaded(kernel: bytes, initrd_bytes: int) -> bytes:
    """The kernel as QEMU hands it to the firmware."""
    changed = bytearray(kernel)
    top = MEMORY_MIB * 1024 * 1024 - _ACPI_ROOM - 1
    initrd_at = (top - initrd_bytes) & ~(_PAGE - 1)
    changed[0x210] = _QEMU
    changed[0x211] |= _CAN_USE_HEAP
    struct.pack_into("<H", changed, 0x224, _COMMAND_LINE_AT - _REAL_MODE_AT - _HEAP_END_MARGIN)
    struct.pack_into("<II", changed, 0x218, initrd_at, initrd_bytes)
    struct.pack_into("<I", changed, 0x228, _COMMAND_LINE_AT)
    return bytes(changed)


def _extended(*digests: bytes) -> str:
    value = bytes(32)
    for each in digests:
        value = _sha256(value + each)
    return value.hex()


def _sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def main(folder: Path) -> int:
    image = Image.at(folder)
    told: dict[str, object] = {
        f"{name.split('.')[0]}_sha256": _sha256(image.part(name).read_bytes()).hex()
        for name in (KERNEL, INITRD, FIRMWARE, VARIABLES)
    }
    told |= {CMDLINE: image.cmdline, **expected(image)}
    told["release"] = image.part("release").read_text(encoding="ascii").strip()
    sys.stdout.write(json.dumps(told, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
