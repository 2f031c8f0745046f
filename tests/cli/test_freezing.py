"""``warifu signer freeze`` and ``unfreeze``, at a real device's door."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.running_device import running_device
from tests.support.terminal import script, terminal

pytestmark = pytest.mark.real


@pytest.fixture
def device(tmp_path: Path):
    with running_device(tmp_path / "device", bytes(range(32))) as directory:
        yield directory


def test_frozen_at_once_and_thawed_only_by_whoever_types_its_name(tmp_path, device):
    code, said = script(tmp_path, "signer", "freeze", "--reason", "it was warm", "--device-dir", device.path)
    assert (code, said["frozen"]) == (0, "it was warm")

    mistyped = terminal(tmp_path, "signer", "unfreeze", "--device-dir", device.path)
    mistyped.until("because: it was warm")
    mistyped.until("Type the device's name")
    mistyped.type("yes")
    assert mistyped.end().code == 2
    assert script(tmp_path, "signer", "status", "--device-dir", device.path)[1]["frozen"] == "it was warm"

    typed = terminal(tmp_path, "signer", "unfreeze", "--device-dir", device.path)
    typed.until("Type the device's name")
    typed.type("unjoined")
    assert typed.end().code == 0
    assert script(tmp_path, "signer", "status", "--device-dir", device.path)[1]["frozen"] is None


def test_a_script_without_an_answer_does_not_thaw(tmp_path, device):
    script(tmp_path, "signer", "freeze", "--device-dir", device.path)
    code, _ = script(tmp_path, "signer", "status", "--device-dir", device.path)
    assert code == 0
    aborted = terminal(tmp_path, "signer", "unfreeze", "--device-dir", device.path)
    aborted.until("Type the device's name")
    aborted.interrupt()
    assert aborted.end().code == 130
    assert script(tmp_path, "signer", "status", "--device-dir", device.path)[1]["frozen"]


def test_a_reason_that_is_too_long_freezes_nothing(tmp_path, device):
    code, said = script(tmp_path, "signer", "freeze", "--reason", "x" * 201, "--device-dir", device.path)
    assert (code, said["error"]["code"]) == (2, "input.reason")
    assert script(tmp_path, "signer", "status", "--device-dir", device.path)[1]["frozen"] is None
