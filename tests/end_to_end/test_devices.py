"""Devices come, go, break and come back: each end says so, and nothing is lost."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest
from tests.end_to_end.conftest import PASSPHRASE
from tests.support.spying import descendants
from tests.support.terminal import script, terminal

from warifu.demo.payments import PAYEE
from warifu.demo.scene import DEVICES, Scene, free_port

from .waiting import wait_until

pytestmark = [pytest.mark.real, pytest.mark.slow]

DIGITS = r"\d{3} \d{3} \d{3}"


def connected(scene: Scene) -> set[str]:
    code, shown = script(scene.home, "signer", "list")
    return {device["name"] for device in shown["devices"] if device["connected"]} if code == 0 else set()


def start_again(scene: Scene, name: str) -> None:
    scene.processes.start(
        name,
        *("warifu.cli", "signer", "run", "--device-dir", scene.device(name)),
        *("--unlock-key", scene.unlock_key(name)),
    )


@pytest.mark.parametrize("same", [True, False])
def test_two_people_compare_the_digits_at_two_screens(scene, tmp_path, same):
    name = "guest" if same else "stranger"
    owner = terminal(scene.home, "signer", "invite", name)
    invitation = owner.until(r"warifu-invite:[A-Za-z0-9_-]+")
    device = terminal(
        tmp_path / "nobody",
        *(
            "signer",
            "join",
            invitation,
            "--new-unlock-key",
            "--unlock-key",
            scene.root / "sticks" / f"{name}.key",
        ),
        *("--device-dir", scene.root / "disks" / name),
    )
    assert owner.until(DIGITS) == device.until(DIGITS)
    owner.until("exactly these digits")
    device.until("exactly these digits")
    owner.type("y" if same else "n")
    device.type("y" if same else "n")
    ends = (owner.end(), device.end())
    assert [end.code for end in ends] == ([0, 0] if same else [3, 3]), ends
    _, shown = script(scene.home, "signer", "list")
    assert any(item["name"] == name and item["pinned"] for item in shown["devices"]) is same
    if same:
        assert script(scene.home, "signer", "remove", name, "--yes")[0] == 0
        _, shown = script(scene.home, "signer", "list")
        assert all(item["name"] != name for item in shown["devices"])


def test_a_device_is_enrolled_once(scene, wallet):
    """Even a genuine new invitation does not turn an enrolled device to another owner."""
    owner = terminal(scene.home, "signer", "invite", "again")
    invitation = owner.until(r"warifu-invite:[A-Za-z0-9_-]+")
    scene.processes.stop("pi")
    arguments = ("--unlock-key", scene.unlock_key("pi"), "--device-dir", scene.device("pi"))
    code, shown = script(scene.home, "signer", "join", invitation, *arguments)
    assert (code, shown["error"]["code"]) == (2, "input.enrolled")
    owner.interrupt()
    assert owner.end().code == 130
    start_again(scene, "pi")
    wait_until(lambda: "pi" in connected(scene), "the return of 'pi'", 30)


def test_when_the_enclave_dies_the_agent_says_so_and_ends_with_an_error(scene, wallet):
    agent = scene.processes.pids()["friend"]
    (enclave,) = descendants([agent]) - {agent}
    os.kill(enclave, signal.SIGKILL)
    running = next(process for process in scene.processes.running() if process.name == "friend")
    assert running.process.wait(20) == 10
    running.expect("enclave", 10)
    scene.processes.stop("friend")
    start_again(scene, "friend")
    wait_until(lambda: "friend" in connected(scene), "the return of 'friend'", 30)


def test_the_wrong_unlock_key_starts_nothing(scene, wallet):
    scene.processes.stop("friend")
    arguments = ("--unlock-key", scene.unlock_key("pi"), "--device-dir", scene.device("friend"))
    person = terminal(scene.home, "signer", "run", *arguments)
    shown = person.end()
    assert shown.code in (9, 10), shown.text
    start_again(scene, "friend")
    wait_until(lambda: "friend" in connected(scene), "the return of 'friend'", 30)


def test_devices_come_back_to_a_restarted_service_and_a_broken_off_transfer_goes_on(scene, wallet):
    scene.processes.stop("up")
    config = Path(scene.service) / "service.toml"
    config.write_text("signer_wait = 1\n" + config.read_text())
    scene.processes.start("up", "warifu.cli", "--home", scene.home, "up")
    wait_until(lambda: connected(scene) == set(DEVICES), "the return of every device", 60)

    scene.chain.fund(script(scene.home, "address", wallet)[1]["address"], 3_000_000)
    wait_until(
        lambda: script(scene.home, "balance", wallet)[1]["bitcoin"]["confirmed"] > 0, "the deposit", 30
    )
    scene.processes.stop("friend")
    arguments = ("send", wallet, PAYEE, "0.001 BTC", "--fee-rate", "2", "--yes", "--devices", "home,friend")
    wait_until(lambda: "friend" not in connected(scene), "the end of its connection", 20)
    code, shown = script(scene.home, *arguments, passphrase=PASSPHRASE.encode())
    assert code in (8, 13), shown
    transfer = re.search(r"[0-9a-f]{32}", shown["error"]["remedy"])
    if transfer is None:  # the device did not even give an envelope key: nothing had been handed in
        assert "friend" in shown["error"]["message"]
    start_again(scene, "friend")
    wait_until(lambda: "friend" in connected(scene), "the return of 'friend'", 30)


def test_a_service_without_a_device_of_its_own_has_its_key_in_a_file(scene, tmp_path):
    home = tmp_path / "owner"
    port = free_port()
    code, made = script(
        home,
        *("init", "--no-pin", "--network", "regtest", "--port", str(port), "--no-device"),
        *("--storage-key", tmp_path / "storage.key", "--service-dir", tmp_path / "service"),
    )
    assert code == 0, made
    up = terminal(home, "up")
    up.until("The service answers at")
    code, shown = script(home, "signer", "list")
    assert (code, shown) == (0, {"devices": []})
    up.interrupt()
    assert up.end().code == 130

    (tmp_path / "storage.key").rename(tmp_path / "moved.key")
    missing = terminal(home, "up").end()
    assert missing.code == 10, missing.text
    again = terminal(home, "up", "--storage-key", tmp_path / "moved.key")
    again.until("The service answers at")
    again.interrupt()
    assert again.end().code == 130
