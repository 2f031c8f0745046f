"""``warifu tpm``: a device's set-up, interrupted and gone on with, and its undoing, on a real (simulated) TPM."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.support.swtpm import Maker, Swtpm

from warifu.agent.device import DeviceDirectory
from warifu.cli.boot_approval import write_update_key
from warifu.cli.commands.tpm import _pcrs
from warifu.cli.tpm_set_up import opened, set_up, undo
from warifu.errors import InputRefused, PlatformRefused
from warifu.signer.isolation.layer import PlatformChoice

SECRET = bytes(range(32))
KEY = bytes(32)


@pytest.mark.unit
def test_pcrs_are_a_list_of_numbers():
    assert _pcrs(None) == (0, 2, 4, 7, 8, 9)
    assert _pcrs("7,0, 4") == (0, 4, 7)
    for text in ("", "seven", "0;2", "0,,2"):
        with pytest.raises(InputRefused):
            _pcrs(text)


@pytest.fixture(scope="module")
def maker() -> Iterator[Maker]:
    pytest.importorskip("tpm2_pytss", reason="tools/setup-tpm.sh brings the TPM's library")
    made = Maker()
    yield made
    made.close()


@pytest.fixture
def tpm(maker: Maker) -> Iterator[Swtpm]:
    made = maker.new()
    yield made
    made.stop()


def point() -> bytes:
    from warifu.cli.boot_approval import read_update_key

    return read_update_key(write_update_key(ec.generate_private_key(ec.SECP256R1())))


def choice(tpm: Swtpm) -> PlatformChoice:
    return PlatformChoice(name="tpm", device=tpm.device, development=True)


@pytest.mark.real
@pytest.mark.slow
def test_a_set_up_that_lost_its_files_goes_on_with_the_secret_that_it_showed(tpm, tmp_path):
    """The chip has the lockout secret; the device's directory is gone, as after a crash between the two."""
    update_key = point()
    first = DeviceDirectory(tmp_path / "first")
    set_up(first, bytearray(KEY), choice(tpm), update_key, bytearray(SECRET))
    again = DeviceDirectory(tmp_path / "again")
    with pytest.raises(PlatformRefused) as refused:
        set_up(again, bytearray(KEY), choice(tpm), update_key, bytearray(b"other" * 6 + b"!!"))
    assert refused.value.code == "platform.lockout-auth"
    set_up(again, bytearray(KEY), choice(tpm), update_key, bytearray(SECRET), (0, 7), secret_is_set=True)
    with opened(again, bytearray(KEY)) as platform:
        assert platform.approval_request().pcrs == (0, 7)


@pytest.mark.real
@pytest.mark.slow
def test_undone_it_can_be_set_up_anew(tpm, tmp_path):
    directory = DeviceDirectory(tmp_path / "device")
    set_up(directory, bytearray(KEY), choice(tpm), point(), bytearray(SECRET))
    undo(directory, bytearray(KEY), bytearray(SECRET))
    with pytest.raises(PlatformRefused), opened(directory, bytearray(KEY)):
        pass
    set_up(directory, bytearray(KEY), choice(tpm), point(), bytearray(SECRET))
    with opened(directory, bytearray(KEY)) as platform:
        assert platform.approval_request().version >= 1


@pytest.mark.real
@pytest.mark.slow
def test_pcrs_that_anybody_resets_are_refused_before_anything_is_changed(tpm, tmp_path):
    directory = DeviceDirectory(tmp_path / "device")
    with pytest.raises(InputRefused):
        set_up(directory, bytearray(KEY), choice(tpm), point(), bytearray(SECRET), (0, 16))
    set_up(directory, bytearray(KEY), choice(tpm), point(), bytearray(SECRET))


@pytest.mark.unit
def test_a_device_without_a_tpm_has_nothing_to_undo(tmp_path: Path):
    directory = DeviceDirectory(tmp_path / "device")
    directory.make()
    with pytest.raises(PlatformRefused) as refused:
        undo(directory, bytearray(KEY), bytearray(SECRET))
    assert refused.value.code == "platform.not-provisioned"
