"""Whether a device's signer runs in an appliance, and from which image: ``appliance.json`` in its directory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import msgspec

from warifu.errors import StoreDamaged

_FILE, _MAX_BYTES = "appliance.json", 16 * 1024


class Setting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing secret, and nothing that opens anything: another image is measured as another."""

    version: Annotated[int, msgspec.Meta(ge=1, le=1)]
    image: Annotated[str, msgspec.Meta(min_length=2, max_length=4096, pattern=r"^/[^\x00]+\Z")]
    """The folder that ``tools/build-appliance.sh`` made."""


def image_folder(device: Path) -> Path | None:
    """Of the device in this directory; None where its signer is a process of this machine."""
    path = device / _FILE
    try:
        return Path(msgspec.json.decode(path.read_bytes()[: _MAX_BYTES + 1], type=Setting).image)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        raise StoreDamaged(
            "device-directory",
            f"{path} cannot be used: it is not what this program wrote",
            not_done="The device was not started.",
            remedy="Restore the device's directory from its backup.",
        ) from None


def set_image_folder(device: Path, image: Path) -> None:
    """Remember it, whole or not at all."""
    new = device / f".{_FILE}.new"
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(Setting(1, str(image))))
        file.flush()
        os.fsync(descriptor)
    new.rename(device / _FILE)
