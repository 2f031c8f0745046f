"""The client's own key at rest: without its PIN it is nothing but a public key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from warifu.cli.device_key import DeviceKeyFile
from warifu.cli.files import write_private
from warifu.cli.profile import Profile
from warifu.errors import AuthorizationRefused, InputRefused, StoreDamaged
from warifu.protocol.credential import DeviceKey
from warifu.protocol.identity import IdentityKey

pytestmark = [pytest.mark.unit, pytest.mark.slow]

KEY = IdentityKey(bytes([5]) * 32)
PIN = b"2718 2818"


@pytest.fixture
def file(tmp_path: Path) -> DeviceKeyFile:
    made = DeviceKeyFile(tmp_path / "credential")
    made.write(KEY, bytearray(PIN), replace=False, memory_mib=8, passes=1)
    return made


def test_the_pin_opens_it(file):
    assert file.locked
    assert file.open(bytearray(PIN)).seed() == KEY.seed()


def test_neither_the_key_nor_the_pin_is_in_the_file(file, tmp_path):
    kept = (tmp_path / "credential").read_bytes()
    texts = [KEY.seed(), KEY.seed().hex().encode(), PIN]
    assert not any(text in kept for text in texts)
    assert KEY.seed() not in b"".join(
        msgspec.convert(value, bytes)
        for value in msgspec.json.decode(kept)["locked"].values()
        if isinstance(value, str)
    )


def test_its_public_half_is_known_without_the_pin(file):
    assert file.public == DeviceKey(KEY.public)


@pytest.mark.parametrize("pin", [b"2718 2819", b"", b"2718 2818 ", None])
def test_no_other_pin_opens_it(file, pin):
    with pytest.raises(AuthorizationRefused) as refused:
        file.open(bytearray(pin) if pin is not None else None)
    assert refused.value.code == "authorization.pin"


def test_another_public_half_in_the_file_is_noticed(file, tmp_path):
    """Otherwise whoever can write the file would have the owner enrol a key of his own with the next device."""
    path = tmp_path / "credential"
    content = msgspec.json.decode(path.read_bytes())
    other = msgspec.to_builtins(IdentityKey.generate().public, builtin_types=())
    write_private(path, msgspec.json.encode(content | {"public": other}))
    with pytest.raises(StoreDamaged):
        file.open(bytearray(PIN))


def asked(pin: bytes, times: list[int]):
    @contextmanager
    def ask() -> Iterator[bytearray]:
        times.append(1)
        yield bytearray(pin)

    return ask


def test_a_profile_asks_once_and_only_to_sign(tmp_path):
    Profile.create(tmp_path / "home", "regtest", "https://127.0.0.1:1", bytes(32), bytearray(PIN))
    times: list[int] = []
    profile = Profile.load(tmp_path / "home", asked(PIN, times))
    assert profile.device_key.public
    assert times == []
    assert profile.credential().public == profile.credential().public == profile.device_key.public
    assert times == [1]


def test_a_passphrase_that_is_the_pin_is_refused(tmp_path):
    Profile.create(tmp_path / "home", "regtest", "https://127.0.0.1:1", bytes(32), bytearray(PIN))
    profile = Profile.load(tmp_path / "home", asked(PIN, []))
    profile.refuse_pin_as_passphrase(bytearray(b"correct horse battery"))
    with pytest.raises(InputRefused) as refused:
        profile.refuse_pin_as_passphrase(bytearray(PIN))
    assert refused.value.code == "input.passphrase-is-pin"


def test_who_says_yes_with_a_passkey_is_not_asked_for_the_pin_and_it_is_no_passphrase_either(tmp_path):
    Profile.create(tmp_path / "home", "regtest", "https://127.0.0.1:1", bytes(32), bytearray(PIN))
    times: list[int] = []
    profile = Profile.load(tmp_path / "home", asked(PIN, times))
    profile.refuse_pin_as_passphrase(bytearray(b"correct horse battery"))
    with pytest.raises(InputRefused) as refused:
        profile.refuse_pin_as_passphrase(bytearray(PIN))
    assert refused.value.code == "input.passphrase-is-pin"
    assert times == []


def test_another_pin_takes_the_place_of_the_first(tmp_path):
    home = tmp_path / "home"
    made = Profile.create(home, "regtest", "https://127.0.0.1:1", bytes(32))
    made.set_pin(bytearray(PIN))
    with pytest.raises(AuthorizationRefused):
        Profile.load(home, asked(b"1414 2135", [])).credential()
    opened = Profile.load(home, asked(PIN, []))
    assert opened.credential().public == made.device_key.public
    opened.set_pin(None)
    assert Profile.load(home, asked(b"", [])).credential().public == made.device_key.public
