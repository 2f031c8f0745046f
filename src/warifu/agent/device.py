"""A device's directory, as the agent knows it: to which service it belongs, and where its enclave keeps its store.

device.json    the service's address and certificate; nothing secret
platform.json  the platform that the device was set up for; absent: unsafe-software
enclave/       the enclave's own sealed store, which the agent never reads
endorsements/  documents of the maker, by which others judge this device; nothing secret, and optional
agent.sock     where ``warifu signer status`` asks the running agent (mode 0600)
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import msgspec

from warifu.agent.invitation import service_address
from warifu.errors import InputRefused, StoreDamaged
from warifu.protocol.encoding import Bytes32, Name
from warifu.signer.isolation.layer import PLATFORM_DIRECTORY, UNSAFE_SOFTWARE, PlatformChoice

_MAX_BYTES = 64 * 1024


class Enrolment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``device.json``: written once the operator compared the digits, just before the enclave is told."""

    version: Annotated[int, msgspec.Meta(ge=1, le=1)]
    name: Name
    url: Annotated[str, msgspec.Meta(max_length=512)]
    fingerprint: Bytes32


class DeviceDirectory:
    """The places in a device's directory; ``make`` creates what is missing, closed to other users."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()

    @property
    def store(self) -> Path:
        return self.path / "enclave"

    @property
    def endorsements(self) -> Path:
        return self.path / "endorsements"

    @property
    def door(self) -> Path:
        return self.path / "agent.sock"

    def make(self) -> None:
        """Create the directories, closed to other users.

        Where root starts the enclave it becomes a user of its own, which must be able to pass to its store: then the
        outer directory can be passed through (0711), but still not be listed, and what lies in it not be read.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.mkdir(mode=0o700, exist_ok=True)
            self.path.chmod(0o711 if os.geteuid() == 0 else 0o700)
            self.store.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise StoreDamaged(
                "device-directory",
                f"the device's directory {self.path} cannot be made: {error.strerror}",
                not_done="The device was not started.",
            ) from None

    def enrolment(self) -> Enrolment | None:
        """To which service this device belongs; None where it was not enrolled yet."""
        path = self.path / "device.json"
        try:
            content = path.read_bytes()[: _MAX_BYTES + 1]
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _damaged(path, error.strerror or "it cannot be read") from None
        try:
            enrolment = msgspec.json.decode(content, type=Enrolment)
            service_address(enrolment.url)
        except (msgspec.DecodeError, UnicodeDecodeError, InputRefused):
            raise _damaged(path, "it is not what this program wrote") from None
        return enrolment

    def platform(self) -> PlatformChoice:
        """What this device was set up for. Where the file is lost, nothing falls back: a store that another platform
        sealed does not open, and none is begun beside what a platform put here when it was set up."""
        path = self.path / "platform.json"
        try:
            return msgspec.json.decode(path.read_bytes()[: _MAX_BYTES + 1], type=PlatformChoice)
        except FileNotFoundError:
            if (self.store / PLATFORM_DIRECTORY).exists():
                raise _damaged(path, "it is missing, and the device was set up for a platform") from None
            return UNSAFE_SOFTWARE
        except OSError as error:
            raise _damaged(path, error.strerror or "it cannot be read") from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise _damaged(path, "it is not what this program wrote") from None

    def set_platform(self, choice: PlatformChoice) -> None:
        """Remember the platform, before the enclave's first start; ``InputRefused`` on a device that has started."""
        if any(self.store.iterdir()) and not self._only_platform_files() and choice != self.platform():
            raise InputRefused(
                "platform-chosen",
                f"this device was set up for the platform {self.platform().name} already",
                not_done="Nothing was changed.",
                remedy="Use an empty --device-dir for another device.",
            )
        self._write("platform.json", msgspec.json.encode(choice))

    def _only_platform_files(self) -> bool:
        """Whether nothing lies in the store but what a platform put there when it was set up."""
        return [path.name for path in self.store.iterdir()] == [PLATFORM_DIRECTORY]

    def set_enrolment(self, enrolment: Enrolment) -> None:
        """Remember the service, whole or not at all."""
        self._write("device.json", msgspec.json.encode(enrolment))

    def _write(self, name: str, content: bytes) -> None:
        temporary = self.path / f".{name}.new"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        temporary.rename(self.path / name)
        directory = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def _damaged(path: Path, why: str) -> StoreDamaged:
    return StoreDamaged(
        "device-directory",
        f"{path} cannot be used: {why}",
        not_done="The device was not started.",
        remedy="Restore the device's directory from its backup.",
    )
