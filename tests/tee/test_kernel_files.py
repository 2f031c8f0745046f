"""The door to the kernel's files: one directory, opened once; bounded, whole, and not led astray by links."""

import errno
import os
import stat
import threading

import pytest

from warifu.tee.kernel_files import KernelFiles, configfs_entry

pytestmark = pytest.mark.unit


@pytest.fixture
def files(tmp_path):
    return KernelFiles(tmp_path)


def test_an_attribute_is_written_and_read(files, tmp_path):
    (tmp_path / "attribute").touch()
    files.write("attribute", b"value")
    assert files.read("attribute", 5) == b"value"


def test_nothing_is_made_that_the_kernel_did_not_make(files, tmp_path):
    with pytest.raises(FileNotFoundError):
        files.write("attribute", b"value")
    assert not list(tmp_path.iterdir())


def test_the_directory_is_reached_after_its_path_is_gone(files, tmp_path):
    """Behind the walls there is no such path any more."""
    (tmp_path / "attribute").write_bytes(b"value")
    tmp_path.rename(tmp_path.with_name("elsewhere"))
    tmp_path.mkdir()
    assert files.read("attribute", 5) == b"value"


def test_what_is_longer_than_its_limit_is_not_read(files, tmp_path):
    (tmp_path / "blob").write_bytes(bytes(101))
    assert files.read("blob", 101) == bytes(101)
    with pytest.raises(OSError) as refusal:
        files.read("blob", 100)
    assert refusal.value.errno == errno.EFBIG


def test_an_endless_file_ends_the_reading(files, tmp_path):
    with pytest.raises(OSError) as refusal:
        KernelFiles(tmp_path.__class__("/dev")).read("zero", 100)
    assert refusal.value.errno == errno.EFBIG


def test_a_link_is_not_followed(files, tmp_path):
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "link").symlink_to("secret")
    for attempt in (lambda: files.read("link", 10), lambda: files.write("link", b"x")):
        with pytest.raises(OSError) as refusal:
            attempt()
        assert refusal.value.errno == errno.ELOOP
    (tmp_path / "directory").symlink_to(".")
    with pytest.raises(OSError):
        KernelFiles(tmp_path / "directory")


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


def test_absence_is_told_as_such(files, tmp_path):
    for attempt in (lambda: files.read("no", 1), lambda: KernelFiles(tmp_path / "no")):
        with pytest.raises(FileNotFoundError):
            attempt()


def test_a_configfs_entry_is_made_closed_to_others_and_found_again(tmp_path):
    configfs_entry(tmp_path, "entry", None)
    assert stat.S_IMODE((tmp_path / "entry").stat().st_mode) == 0o700
    (tmp_path / "entry" / "attribute").write_bytes(b"value")
    assert configfs_entry(tmp_path, "entry", None).read("attribute", 5) == b"value"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give a file to another user")
def test_an_entry_becomes_the_signers_own_users_and_nobody_elses(tmp_path):
    (tmp_path / "entry").mkdir()
    (tmp_path / "entry" / "inblob").touch(0o200)
    (tmp_path / "secret").touch()
    (tmp_path / "entry" / "link").symlink_to(tmp_path / "secret")
    configfs_entry(tmp_path, "entry", 61200)
    for path in (tmp_path / "entry", tmp_path / "entry" / "inblob"):
        assert (path.stat().st_uid, path.stat().st_gid) == (61200, 61200)
    assert stat.S_IMODE((tmp_path / "entry" / "inblob").stat().st_mode) == 0o200
    assert (tmp_path / "secret").stat().st_uid == 0
