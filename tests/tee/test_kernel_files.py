"""The door to the kernel's files: bounded, whole, and not led astray by links."""

import errno
import os
import threading

import pytest

from warifu.tee.kernel_files import KernelFiles

pytestmark = pytest.mark.unit


@pytest.fixture
def files(tmp_path):
    return KernelFiles(tmp_path)


def test_an_entry_is_made_written_read_and_removed(files, tmp_path):
    files.make("entry")
    assert (tmp_path / "entry").stat().st_mode & 0o077 == 0
    (tmp_path / "attribute").touch()
    files.write("attribute", b"value")
    assert files.read("attribute", 5) == b"value"
    files.remove("entry")
    assert not (tmp_path / "entry").exists()


def test_what_is_longer_than_its_limit_is_not_read(files, tmp_path):
    (tmp_path / "blob").write_bytes(bytes(101))
    assert files.read("blob", 101) == bytes(101)
    with pytest.raises(OSError) as refusal:
        files.read("blob", 100)
    assert refusal.value.errno == errno.EFBIG


def test_an_endless_file_ends_the_reading(files, tmp_path):
    (tmp_path / "zero").symlink_to("/dev/zero")
    with pytest.raises(OSError) as refusal:
        files.read("zero", 100)
    assert refusal.value.errno == errno.ELOOP, "a link is not followed"
    with pytest.raises(OSError) as refusal:
        KernelFiles(tmp_path.__class__("/dev")).read("zero", 100)
    assert refusal.value.errno == errno.EFBIG


def test_what_comes_in_pieces_is_read_whole(files, tmp_path):
    os.mkfifo(tmp_path / "pieces")

    def give() -> None:
        descriptor = os.open(tmp_path / "pieces", os.O_WRONLY)
        for piece in (b"one ", b"two ", b"three"):
            os.write(descriptor, piece)
        os.close(descriptor)

    giver = threading.Thread(target=give)
    giver.start()
    assert files.read("pieces", 100) == b"one two three"
    giver.join()


def test_absence_is_told_as_such(files):
    for attempt in (lambda: files.read("no", 1), lambda: files.write("no", b""), lambda: files.remove("no")):
        with pytest.raises(FileNotFoundError):
            attempt()
