"""The owner audits real devices through a real service: nothing is wrong, and what somebody altered is found."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from tests.end_to_end.conftest import PASSPHRASE
from tests.support.terminal import environment, script, warifu

from warifu.demo.payments import PAYEE
from warifu.demo.scene import Scene, wait_until

pytestmark = [pytest.mark.real, pytest.mark.slow]

SECRET = PASSPHRASE.encode()
DEVICES = ("home", "pi", "friend")


@pytest.fixture(scope="module")
def paid(scene: Scene, wallet: str) -> str:
    """A wallet that sent a payment, which is in a block."""
    address = script(scene.home, "address", wallet)[1]["address"]
    scene.chain.fund(address, 30_000_000)
    wait_until(
        lambda: script(scene.home, "balance", wallet)[1]["bitcoin"]["confirmed"] >= 30_000_000,
        "the deposit",
        30,
    )
    code, shown = script(
        scene.home, "send", wallet, PAYEE, "0.03 BTC", "--fee-rate", "2", "--yes", passphrase=SECRET
    )
    assert code == 0, shown
    return str(shown["transfer"])


@pytest.fixture(scope="module")
def files(scene: Scene, paid: str, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Each device's own journal, written on the device."""
    folder = tmp_path_factory.mktemp("journals")
    written = []
    for device in DEVICES:
        file = folder / f"{device}.jsonl"
        command = warifu(
            scene.home, "signer", "journal", "--device-dir", scene.device(device), "--output", file
        )
        subprocess.run(command, env=environment(scene.home), check=True, timeout=60)
        written.append(file)
    return written


def test_an_honest_wallet_has_nothing_wrong(scene, wallet, paid):
    code, shown = script(scene.home, "audit", "verify", wallet)
    assert (code, shown["ok"]) == (0, True), shown["findings"]
    assert {device["device"] for device in shown["devices"]} == set(DEVICES)
    assert all(device["entries"] > 0 for device in shown["devices"])
    assert shown["transfers"] >= 1
    assert {finding["level"] for finding in shown["findings"]} <= {"note", "open"}


def test_the_export_is_what_an_audit_without_the_service_reads(scene, wallet, paid, tmp_path):
    file = tmp_path / "savings.jsonl"
    code, _ = script(scene.home, "audit", "export", wallet, "--format", "jsonl", "--output", file)
    assert code == 0
    code, shown = script(scene.home, "audit", "verify", wallet, "--offline", file)
    assert code == 0, shown["findings"]
    assert [finding["code"] for finding in shown["findings"] if finding["level"] == "note"] == ["offline"]
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    started = [line for line in lines if line.get("kind") == "started"]
    assert any(line["event"]["request_id"] == paid for line in started)
    assert all(line["by"]["kind"] == "owner" for line in started)


def test_an_export_writes_over_nothing_unless_it_is_told_to(scene, wallet, paid, tmp_path):
    file = tmp_path / "report.md"
    file.write_text("mine")
    arguments = ("audit", "export", wallet, "--format", "report", "--output", file)
    code, shown = script(scene.home, *arguments)
    assert (code, shown["error"]["code"]) == (9, "store.exists")
    assert file.read_text() == "mine"
    assert script(scene.home, *arguments, "--force")[0] == 0
    text = file.read_text()
    assert PAYEE in text and "owner 1" in text and "Nothing is wrong." in text


def test_the_devices_own_files_agree_and_one_altered_line_is_found(scene, wallet, files, tmp_path):
    code, shown = script(scene.home, "audit", "verify", wallet, "--offline", *files)
    assert code == 0, shown["findings"]
    lines = files[0].read_text().splitlines(keepends=True)
    altered = tmp_path / "home.jsonl"
    altered.write_text("".join(lines[:4] + lines[5:]))
    code, shown = script(scene.home, "audit", "verify", wallet, "--offline", altered, *files[1:])
    assert code == 7
    assert [
        (each["code"], each["device"], each["entry"])
        for each in shown["findings"]
        if each["level"] == "wrong"
    ] == [("entry-missing", "home", 4)]


def test_a_device_whose_file_is_not_there_makes_the_audit_incomplete(scene, wallet, files):
    code, shown = script(scene.home, "audit", "verify", wallet, "--offline", *files[:2])
    assert code == 13
    assert ("not-read", "friend") in {(each["code"], each["device"]) for each in shown["findings"]}


def test_a_file_that_is_no_journal_is_refused(scene, wallet, tmp_path):
    file = tmp_path / "rubbish"
    file.write_text("{}\n")
    code, shown = script(scene.home, "audit", "verify", wallet, "--offline", file)
    assert (code, shown["error"]["code"]) == (2, "input.journal-file")
