"""Device calls: the kernel's numbers, and the one door to a device, tried on a device that every machine has."""

import stat
import struct

import pytest

from warifu.tee.ioctl import Device, request_number

pytestmark = pytest.mark.unit

RNDGETENTCNT = 0x80045200  # _IOR('R', 0x00, int), linux/random.h


def test_numbers_are_made_as_the_kernels_header_makes_them():
    """As compiled from linux/sev-guest.h and linux/nsm.h on x86-64."""
    assert request_number(ord("S"), 0x0, 32) == 0xC0205300
    assert request_number(ord("S"), 0x1, 32) == 0xC0205301
    assert request_number(0x0A, 0x0, 32) == 0xC0200A00


def test_a_device_changes_the_structure_that_it_is_called_with(tmp_path):
    device = Device(tmp_path.__class__("/dev/urandom"))
    structure = bytearray(struct.pack("<i", -1))
    device(RNDGETENTCNT, structure)
    assert struct.unpack("<i", structure)[0] >= 0
    device.close()


def test_a_call_that_the_device_does_not_know_is_refused(tmp_path):
    device = Device(tmp_path.__class__("/dev/urandom"))
    with pytest.raises(OSError):
        device(request_number(0x0A, 0, 32), bytearray(32))
    device.close()


def test_a_link_is_no_device(tmp_path):
    (tmp_path / "device").symlink_to("/dev/urandom")
    with pytest.raises(OSError):
        Device(tmp_path / "device")
    assert stat.S_ISLNK((tmp_path / "device").lstat().st_mode)
