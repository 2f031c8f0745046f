"""The owner's profile: private, written whole, read strictly, and never overwriting what was pinned."""

import json
import os

import pytest

from warifu.cli.files import private_directory, read_private, write_private
from warifu.cli.profile import Profile
from warifu.cli.profile_records import WalletRecord
from warifu.errors import InputRefused, StoreDamaged
from warifu.protocol.identity import DeviceRef

pytestmark = pytest.mark.unit

URL = "https://127.0.0.1:8443"


@pytest.fixture
def profile(tmp_path):
    return Profile.create(tmp_path / "home", "regtest", URL, bytes(32))


def test_what_was_written_is_read_back(profile):
    profile.pin_device(DeviceRef("pi", b"i" * 32))
    profile.set_api_key("key")
    again = Profile.load(profile.home)
    assert again.content == profile.content
    assert again.api_key() == "key"
    assert again.credential().public == profile.credential().public
    assert again.device("pi") == DeviceRef("pi", b"i" * 32)


def test_everything_is_closed_to_other_users(profile):
    profile.set_api_key("key")
    assert profile.home.stat().st_mode & 0o777 == 0o700
    for file in profile.home.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600, file


def test_an_existing_profile_is_never_overwritten(profile):
    before = profile.credential().public
    with pytest.raises(StoreDamaged) as caught:
        Profile.create(profile.home, "bitcoin", URL, bytes(32))
    assert caught.value.code == "store.exists"
    assert Profile.load(profile.home).credential().public == before


@pytest.mark.parametrize("name", ["profile.json", "credential", "api-key"])
def test_a_file_that_others_can_read_is_refused(profile, name):
    profile.set_api_key("key")
    (profile.home / name).chmod(0o640)
    with pytest.raises(StoreDamaged) as caught:
        loaded = Profile.load(profile.home)
        loaded.credential()
        loaded.api_key()
    assert "chmod 600" in caught.value.remedy


def test_a_link_in_the_place_of_a_file_is_refused(profile, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    (profile.home / "credential").rename(elsewhere)
    (profile.home / "credential").symlink_to(elsewhere)
    with pytest.raises(StoreDamaged):
        profile.credential()


def test_a_directory_that_others_can_enter_is_refused(tmp_path):
    (tmp_path / "open").mkdir(mode=0o755)
    with pytest.raises(StoreDamaged):
        private_directory(tmp_path / "open")


@pytest.mark.parametrize(
    "change",
    [
        {"version": 3},
        {"network": "dogecoin"},
        {"surprise": 1},
        {"service": {"url": "http://plain", "fingerprint": ""}},
        {"devices": [{"name": "../x", "identity": ""}]},
        {"wallets": "none"},
    ],
)
def test_a_profile_that_is_not_exactly_one_is_refused(profile, change):
    content = json.loads((profile.home / "profile.json").read_text())
    write_private(profile.home / "profile.json", json.dumps(content | change).encode())
    with pytest.raises(StoreDamaged):
        Profile.load(profile.home)


@pytest.mark.parametrize("content", [b"", b"{", b"null", b"\xff\xfe", b"[" * 5000])
def test_rubbish_is_refused(profile, content):
    write_private(profile.home / "profile.json", content)
    with pytest.raises(StoreDamaged):
        Profile.load(profile.home)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"00" * 32,
        b"{}",
        b"[" * 4000,
        b'{"public":"' + b"A" * 43 + b'="}',
        b'{"public":"' + b"A" * 43 + b'=","seed":"' + b"A" * 42 + b'=="}',
        b'{"public":"' + b"A" * 43 + b'=","seed":"' + b"A" * 43 + b'=","more":1}',
        b'{"public":"' + b"A" * 43 + b'=","seed":"' + b"A" * 43 + b'="}',
    ],
)
def test_a_damaged_credential_is_refused_and_not_repeated(profile, content):
    write_private(profile.home / "credential", content)
    with pytest.raises(StoreDamaged) as caught:
        profile.credential()
    assert not content or content.decode() not in str(caught.value)


def test_a_file_over_its_limit_is_refused(tmp_path):
    write_private(tmp_path / "file", b"x" * 11)
    with pytest.raises(StoreDamaged):
        read_private(tmp_path / "file", 10)


def test_an_interrupted_write_leaves_the_old_content(tmp_path, monkeypatch):
    write_private(tmp_path / "file", b"old")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreDamaged):
        write_private(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    "second", [DeviceRef("pi", b"j" * 32), DeviceRef("other", b"i" * 32)], ids=["same name", "same identity"]
)
def test_a_pinned_device_is_never_replaced_silently(profile, second):
    first = DeviceRef("pi", b"i" * 32)
    profile.pin_device(first)
    profile.pin_device(first)  # the same again changes nothing
    with pytest.raises(InputRefused):
        profile.pin_device(second)
    assert profile.device("pi") == first


def test_unknown_names_are_told_with_the_known_ones(profile):
    profile.pin_device(DeviceRef("pi", b"i" * 32))
    with pytest.raises(InputRefused) as caught:
        profile.device("po")
    assert "pi" in caught.value.remedy
    with pytest.raises(InputRefused):
        profile.wallet("savings")


def test_a_damaged_wallet_record_is_reported_as_damage(profile):
    profile.add_wallet(WalletRecord("savings", b"\x00", b"\x00", (b"",)))
    with pytest.raises(StoreDamaged):
        profile.wallet("savings")


def test_a_wallets_name_is_used_once(profile):
    profile.add_wallet(WalletRecord("savings", b"a", b"b", (b"",)))
    with pytest.raises(InputRefused):
        profile.add_wallet(WalletRecord("savings", b"c", b"d", (b"",)))
