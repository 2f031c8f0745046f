"""The PIN of the client's key as a person meets it, and as a script hands it over."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from tests.support.terminal import Shown, environment, script, terminal, warifu

from warifu.cli.device_key import DeviceKeyFile
from warifu.errors import AuthorizationRefused

pytestmark = [pytest.mark.real, pytest.mark.slow]

PIN, OTHER = "2718 2818", "3141 5926"
CONNECT = ("connect", "https://127.0.0.1:1", "--fingerprint", "00" * 32, "--network", "regtest")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A profile whose key a person locked."""
    made = tmp_path / "owner"
    shown = typed(
        made, CONNECT, ("API key: ", "a-key-of-somebody-else"), ("New PIN", PIN), ("The same again", PIN)
    )
    assert shown.code == 0, shown.text
    assert PIN not in shown.text
    return made


def typed(home: Path, command: tuple[str, ...], *dialogue: tuple[str, str]) -> Shown:
    person = terminal(home, *command)
    for prompt, answer in dialogue:
        person.until(prompt)
        person.type(answer)
    return person.end()


def opens(home: Path, pin: str | None) -> bool:
    try:
        DeviceKeyFile(home / "credential").open(bytearray(pin.encode()) if pin is not None else None)
    except AuthorizationRefused:
        return False
    return True


def test_the_key_is_locked_from_the_first_moment(home):
    assert opens(home, PIN) and not opens(home, None) and not opens(home, OTHER)


def test_two_pins_that_differ_make_no_profile(tmp_path):
    dialogue = (("API key: ", "a-key-of-somebody-else"), ("New PIN", PIN), ("The same again", OTHER))
    shown = typed(tmp_path / "owner", CONNECT, *dialogue)
    assert shown.code == 2 and "input.pins-differ" in shown.text
    assert not (tmp_path / "owner" / "profile.json").exists()


def test_a_short_pin_is_refused(tmp_path):
    dialogue = (("API key: ", "a-key-of-somebody-else"), ("New PIN", "1234"))
    shown = typed(tmp_path / "owner", CONNECT, *dialogue)
    assert shown.code == 2 and "input.pin-weak" in shown.text


def test_a_script_says_that_it_wants_no_pin_or_gives_one(tmp_path):
    ended = subprocess.run(
        warifu(tmp_path / "owner", *CONNECT, "--json"),
        input=b"a-key-of-somebody-else\n",
        env=environment(tmp_path),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2 and b"input.no-terminal" in ended.stdout
    assert b"--pin-fd" in ended.stdout
    assert not (tmp_path / "owner" / "profile.json").exists()


def test_what_signs_nothing_asks_for_no_pin(home):
    code, listed = script(home, "credential", "list")
    assert code == 0
    code, exported = script(home, "credential", "export", "--as", "me")
    assert code == 0 and exported["digest"] == listed["credentials"][0]["digest"]


def test_the_pin_is_changed_by_who_knows_it(home):
    wrong = typed(home, ("credential", "pin"), ("PIN of this client: ", OTHER))
    assert wrong.code == 3 and "authorization.pin" in wrong.text
    changed = typed(
        home,
        ("credential", "pin"),
        ("PIN of this client: ", PIN),
        ("New PIN", OTHER),
        ("The same again", OTHER),
    )
    assert changed.code == 0, changed.text
    assert opens(home, OTHER) and not opens(home, PIN)


def test_a_script_hands_both_over_by_descriptors(home):
    ends = []
    for secret in (PIN, OTHER):
        read_end, write_end = os.pipe()
        os.write(write_end, secret.encode() + b"\n")
        os.close(write_end)
        ends.append(read_end)
    command = warifu(home, "--pin-fd", str(ends[0]), "credential", "pin", "--new-pin-fd", str(ends[1]))
    try:
        ended = subprocess.run(
            command,
            env=environment(home),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            pass_fds=ends,
            check=False,
        )
    finally:
        for end in ends:
            os.close(end)
    assert ended.returncode == 0, ended.stderr
    assert opens(home, OTHER)
