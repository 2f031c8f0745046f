"""Requests and approvals of a boot, as they are carried from screen to screen, and the key that signs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from warifu.cli.boot_approval import (
    read_approval,
    read_request,
    read_update_key,
    update_key,
    write_approval,
    write_request,
    write_update_key,
)
from warifu.errors import InputRefused, StoreDamaged
from warifu.tee.tpm.policy import ApprovalRequest, approve, is_approved

pytestmark = pytest.mark.unit
ASKED = ApprovalRequest(b"\0\x0b" + b"s" * 32, b"\0\x0b" + b"c" * 32, 1, (0, 7, 9), b"v" * 32)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path


def test_what_is_asked_and_answered_survives_the_way_over_two_screens(home):
    key = update_key(home, make=True)
    asked = read_request("\n  ".join(write_request(ASKED).partition("boot:")))  # a terminal wrapped it
    assert asked == ASKED
    approval = read_approval(write_approval(approve(key, asked)))
    assert is_approved(read_update_key(write_update_key(key)), ASKED, approval.signature)


def test_the_key_is_made_once(home):
    first = write_update_key(update_key(home, make=True))
    assert write_update_key(update_key(home, make=True)) == first
    assert write_update_key(update_key(home, make=False)) == first
    assert (home / "update-key").stat().st_mode & 0o077 == 0


def test_an_owner_without_an_update_key_is_told_how_to_have_one(home):
    with pytest.raises(StoreDamaged) as refused:
        update_key(home, make=False)
    assert "warifu tpm update-key" in refused.value.remedy


@pytest.mark.parametrize("content", [b"", b"no key", bytes(4096)])
def test_a_damaged_key_is_never_replaced_by_another(home, content):
    (home / "update-key").write_bytes(content)
    (home / "update-key").chmod(0o600)
    for make in (False, True):
        with pytest.raises(StoreDamaged):
            update_key(home, make=make)
    assert (home / "update-key").read_bytes() == content


def test_one_is_not_taken_for_the_other_nor_half_of_it_for_the_whole(home):
    text = write_request(ASKED)
    for wrong in (text[:-4], text.removeprefix("warifu-boot:"), text + "=", text * 40, "warifu-boot:", ""):
        with pytest.raises(InputRefused):
            read_request(wrong)
    for read in (read_approval, read_update_key):
        with pytest.raises(InputRefused):
            read(text)
