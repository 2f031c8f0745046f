"""The files that an appliance starts from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from warifu.errors import HostUnsuitable

KERNEL, INITRD, CMDLINE, FIRMWARE, VARIABLES = "vmlinuz", "initrd", "cmdline", "firmware.fd", "variables.fd"
_MAX_CMDLINE_BYTES = 2048


@dataclass(frozen=True)
class Image:
    """What ``tools/build-appliance.sh`` made. Open it with :meth:`at`."""

    folder: Path
    cmdline: str

    @classmethod
    def at(cls, folder: Path) -> Image:
        """The image in ``folder``; ``HostUnsuitable`` where it is not one."""
        missing = [n for n in (KERNEL, INITRD, CMDLINE, FIRMWARE, VARIABLES) if not (folder / n).is_file()]
        if missing:
            raise _no_image(f"{folder} holds no appliance image: {', '.join(missing)} missing")
        content = (folder / CMDLINE).read_bytes()
        if len(content) > _MAX_CMDLINE_BYTES or not content.isascii():
            raise _no_image(f"the kernel command line in {folder} is not one")
        return cls(folder.resolve(), content.decode("ascii").strip())

    def part(self, name: str) -> Path:
        return self.folder / name


def _no_image(message: str) -> HostUnsuitable:
    return HostUnsuitable(
        "appliance-image",
        message,
        not_done="The device was not started.",
        remedy="Build the image with tools/build-appliance.sh and give the folder that it prints.",
    )
