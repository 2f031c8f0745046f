"""The unlock key of a device on this machine: read from its medium, typed, or made."""

from __future__ import annotations

import getpass
import hashlib
import hmac
from collections.abc import Callable
from pathlib import Path

from warifu.agent.device import DeviceDirectory
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.errors import PlatformRefused
from warifu.tee.unlock_key import create_unlock_key, on_same_filesystem, parse_unlock_key, read_unlock_key


def unlock_key(file: Path, directory: DeviceDirectory) -> bytearray:
    """The 32 bytes, for the caller to wipe. ``file`` ``-``: typed without echo. Raises ``PlatformRefused``."""
    if str(file) == "-":
        return parse_unlock_key(getpass.getpass(tr("Unlock key of this device: ")))
    return read_unlock_key(file, directory.path)


def key_once_more(file: Path, directory: DeviceDirectory, key: bytearray) -> Callable[[], bytearray] | None:
    """Reads the file again, for the caller to wipe what it gives; None where ``key`` was typed.

    ``PlatformRefused`` where the file is not there any more, or holds another key by now: of the first one nothing is
    kept but its digest.
    """
    if str(file) == "-":
        return None
    known = hashlib.sha256(key).digest()

    def once_more() -> bytearray:
        found = read_unlock_key(file, directory.path)
        if not hmac.compare_digest(hashlib.sha256(found).digest(), known):
            found[:] = bytes(len(found))
            raise PlatformRefused("unlock-key", f"{file} holds another key than this device was started with")
        return found

    return once_more


def new_unlock_key(file: Path, directory: DeviceDirectory, screen: Screen) -> None:
    """Make the key file, and say so where one pulled disk would hold both lock and key."""
    directory.make()
    create_unlock_key(file, directory.path)
    if on_same_filesystem(file, directory.path):
        screen.warn(
            tr(
                "the unlock key {file} lies on the same disk as the device's store: whoever takes the disk takes both. "
                "Move it to a USB stick or a systemd credential.",
                file=file,
            )
        )
