"""The unlock key file: made once, closed to others, never beside what it unlocks."""

import os
import stat
import struct
from pathlib import Path

import pytest

from warifu.errors import InputRefused, PlatformRefused
from warifu.tee.unlock_key import (
    create_unlock_key,
    on_same_filesystem,
    parse_unlock_key,
    read_unlock_key,
)

pytestmark = pytest.mark.unit


@pytest.fixture
def data(tmp_path):
    directory = tmp_path / "device"
    directory.mkdir()
    return directory


@pytest.fixture
def key_file(tmp_path, data):
    path = tmp_path / "stick" / "unlock.key"
    path.parent.mkdir()
    create_unlock_key(path, data)
    return path


def test_its_place_is_on_the_disk_before_anything_is_sealed_with_it(tmp_path, data, monkeypatch):
    synced: list[str] = []
    monkeypatch.setattr(
        os, "fsync", lambda descriptor: synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
    )
    create_unlock_key(tmp_path / "key", data)
    assert synced == [str(tmp_path / "key"), str(tmp_path)]


def test_created_then_read_it_is_32_bytes_in_a_buffer(key_file, data):
    key = read_unlock_key(key_file, data)
    assert isinstance(key, bytearray)
    assert len(key) == 32
    assert key.hex() == key_file.read_text().strip()


def test_it_is_closed_to_others_whatever_the_umask(tmp_path, data):
    before = os.umask(0)
    try:
        create_unlock_key(tmp_path / "key", data)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


def test_two_keys_differ(tmp_path, data, key_file):
    create_unlock_key(tmp_path / "other", data)
    assert read_unlock_key(tmp_path / "other", data) != read_unlock_key(key_file, data)


def test_an_existing_file_is_never_overwritten(key_file, data):
    before = key_file.read_bytes()
    with pytest.raises(PlatformRefused, match="cannot be created"):
        create_unlock_key(key_file, data)
    assert key_file.read_bytes() == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o610, 0o666])
def test_a_file_open_to_others_is_refused(key_file, data, mode):
    key_file.chmod(mode)
    with pytest.raises(PlatformRefused, match="can be read by other users") as refusal:
        read_unlock_key(key_file, data)
    assert refusal.value.code == "platform.unlock-key"


@pytest.mark.parametrize("where", ["key", "deep/down/key"])
def test_a_key_inside_the_data_it_locks_is_refused(data, where):
    path = data / where
    path.parent.mkdir(parents=True, exist_ok=True)
    with pytest.raises(PlatformRefused, match="inside the device's own data"):
        create_unlock_key(path, data)
    assert not path.exists()
    path.write_text("00" * 32)
    with pytest.raises(PlatformRefused, match="inside the device's own data"):
        read_unlock_key(path, data)


def test_a_way_round_through_dots_or_a_linked_folder_is_seen(tmp_path, data):
    (tmp_path / "elsewhere").symlink_to(data)
    for path in (tmp_path / "elsewhere" / "key", data / ".." / "device" / "key"):
        with pytest.raises(PlatformRefused, match="inside"):
            create_unlock_key(path, data)


def test_a_link_is_not_followed(tmp_path, key_file, data):
    (tmp_path / "link").symlink_to(key_file)
    with pytest.raises(PlatformRefused):
        read_unlock_key(tmp_path / "link", data)


def test_a_pipe_or_a_folder_is_not_a_key_and_does_not_hang(tmp_path, data):
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(PlatformRefused, match="not a regular file"):
        read_unlock_key(tmp_path / "pipe", data)
    (tmp_path / "folder").mkdir(0o700)
    with pytest.raises(PlatformRefused, match="not a regular file"):
        read_unlock_key(tmp_path / "folder", data)


def test_a_missing_medium_says_what_to_do(tmp_path, data):
    with pytest.raises(PlatformRefused) as refusal:
        read_unlock_key(tmp_path / "absent", data)
    assert "medium" in refusal.value.remedy


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give a file to another user")
def test_a_file_of_another_user_is_refused(key_file, data):
    os.chown(key_file, 12345, 12345)
    with pytest.raises(PlatformRefused, match="another user"):
        read_unlock_key(key_file, data)


@pytest.mark.parametrize(
    "content",
    [b"", b"00", b"00" * 31, b"00" * 33, b"00" * 32 + b"\n\n", b"zz" * 32, b"\xff" * 64, b"0x" + b"0" * 62],
)
def test_what_is_not_a_key_is_refused_without_repeating_it(tmp_path, data, content):
    path = tmp_path / "bad"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(PlatformRefused, match="does not hold a key") as refusal:
        read_unlock_key(path, data)
    assert refusal.value.__cause__ is None
    assert len(content) < 10 or content.decode("latin-1") not in str(refusal.value)


def test_a_typed_key_may_have_spaces():
    typed = " ".join(["00112233"] * 8)
    assert parse_unlock_key(typed) == bytes.fromhex("00112233" * 8)
    for bad in ("", "00", "g" * 64, "é" * 32, typed + " 00"):
        with pytest.raises(InputRefused) as refusal:
            parse_unlock_key(bad)
        assert len(bad) < 3 or bad not in str(refusal.value)


def test_key_and_data_on_one_filesystem_are_noticed(key_file, data):
    assert on_same_filesystem(key_file, data)


def acl(*entries: tuple[int, int, int]) -> bytes:
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


ME, NOBODY_IN_PARTICULAR = os.geteuid(), 0xFFFFFFFF


@pytest.mark.parametrize(
    ("user", "group_permission", "accepted"),
    [(ME, 0, True), (ME + 4242, 0, False), (ME, 4, False)],
    ids=["opened to this user alone (a systemd credential)", "opened to someone else", "opened to a group"],
)
def test_an_access_list_is_accepted_only_where_it_names_this_user_alone(
    key_file, data, user, group_permission, accepted
):
    entries = acl(
        (0x01, 4, NOBODY_IN_PARTICULAR),
        (0x02, 4, user),
        (0x04, group_permission, NOBODY_IN_PARTICULAR),
        (0x10, 4, NOBODY_IN_PARTICULAR),
        (0x20, 0, NOBODY_IN_PARTICULAR),
    )
    try:
        os.setxattr(key_file, "system.posix_acl_access", entries)
    except OSError as error:
        pytest.skip(f"this filesystem has no access lists: {error.strerror}")
    assert stat.S_IMODE(key_file.stat().st_mode) & 0o040, "the mask shows as group permission"
    if accepted:
        assert len(read_unlock_key(key_file, data)) == 32
    else:
        with pytest.raises(PlatformRefused, match="other users"):
            read_unlock_key(key_file, data)
