"""Does KVM run a guest here? Found out by running one: /dev/kvm can be opened on machines where nothing boots by it.

The guest is the appliance's own kernel without any file system. It comes up, finds no first process, panics and so
ends QEMU, which takes a second even where the processor is emulated; a KVM that is not through by then is no help.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_PATIENCE = 5.0


def accelerator(emulator: str, kernel: Path) -> str:
    """``kvm`` where it runs ``kernel``, otherwise ``tcg``, which emulates the processor. Takes some seconds."""
    usable = os.access("/dev/kvm", os.R_OK | os.W_OK)
    return "kvm" if usable and runs_by("kvm", emulator, kernel) else "tcg"


def runs_by(name: str, emulator: str, kernel: Path, patience: float = _PATIENCE) -> bool:
    """Whether ``kernel`` comes up and ends within ``patience`` seconds."""
    arguments = (
        *(emulator, "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-m", "256"),
        *(
            "-machine",
            f"q35,accel={name}",
            "-cpu",
            "max",
            "-kernel",
            str(kernel),
            "-append",
            "quiet panic=-1",
        ),
    )
    try:
        done = subprocess.run(  # noqa: S603  # our own arguments
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=patience,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
