"""A device's directory keeps what the device was set up for, whatever becomes of the power or of a file."""

import os
from pathlib import Path

import pytest

from warifu.agent.device import DeviceDirectory
from warifu.errors import InputRefused, StoreDamaged
from warifu.signer.isolation.layer import PLATFORM_DIRECTORY, UNSAFE_SOFTWARE, PlatformChoice

pytestmark = pytest.mark.unit
TPM = PlatformChoice(name="tpm", device="device:/dev/tpmrm0")


@pytest.fixture
def directory(tmp_path: Path) -> DeviceDirectory:
    made = DeviceDirectory(tmp_path / "device")
    made.make()
    return made


def set_up(directory: DeviceDirectory) -> None:
    """As a TPM's set-up does it."""
    directory.set_platform(TPM)
    (directory.store / PLATFORM_DIRECTORY).mkdir()


def test_a_device_that_was_set_up_for_nothing_runs_on_software(directory):
    assert directory.platform() == UNSAFE_SOFTWARE


def test_a_device_whose_choice_is_lost_does_not_begin_on_something_weaker(directory):
    set_up(directory)
    assert directory.platform() == TPM
    (directory.path / "platform.json").unlink()
    with pytest.raises(StoreDamaged):
        directory.platform()
    directory.set_platform(TPM)  # nothing was begun: it can be set up again
    assert directory.platform() == TPM


def test_a_device_that_has_started_keeps_its_platform(directory):
    set_up(directory)
    (directory.store / "store").mkdir()
    with pytest.raises(InputRefused):
        directory.set_platform(PlatformChoice(name="sev-snp"))
    directory.set_platform(TPM)
    assert directory.platform() == TPM


def test_what_was_chosen_outlives_a_power_failure(directory, monkeypatch):
    """A renamed file is there after a power failure once its directory was written, and not before."""
    synced: list[tuple[str, bool]] = []

    def sync(descriptor: int) -> None:
        renamed = (directory.path / "platform.json").exists()
        synced.append((str(Path(f"/proc/self/fd/{descriptor}").readlink()), renamed))

    monkeypatch.setattr(os, "fsync", sync)
    directory.set_platform(TPM)
    assert synced == [(str(directory.path / ".platform.json.new"), False), (str(directory.path), True)]
