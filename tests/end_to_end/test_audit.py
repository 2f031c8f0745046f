"""The owner audits real devices through a real service: nothing is wrong, and what somebody altered is found."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from tests.end_to_end.conftest import PASSPHRASE
from tests.support.terminal import environment, script, warifu

from warifu.demo.payments import PAYEE
from warifu.demo.scene import Scene

from .waiting import wait_until

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


# --- rehearsals, and the device's own display ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rehearsed(
    scene: Scene, paid: str, wallet: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, object]]:
    """A payment that was judged and not made: its file, and what the client showed."""
    file = tmp_path_factory.mktemp("requests") / "payment.req"
    arguments = ("send", wallet, PAYEE, "0.01 BTC", "--fee-rate", "2", "--dry-run", "--save", file)
    code, shown = script(scene.home, *arguments)
    assert code == 0, shown
    return file, shown


def journal_lengths(scene: Scene) -> list[int]:
    statuses = [script(scene.home, "signer", "status", device)[1] for device in DEVICES]
    return [status["journal_length"] for status in statuses]


def test_every_device_judges_a_saved_request_rule_by_rule_and_nothing_is_counted(scene, wallet, rehearsed):
    file, shown = rehearsed
    assert {each["device"] for each in shown["decisions"]} == set(DEVICES)
    before = journal_lengths(scene)
    code, checked = script(scene.home, "policy", "check", file)
    assert (code, checked["enough"], checked["wallet"]) == (0, True, wallet)
    for decision in checked["decisions"]:
        assert decision["allowed"] and not decision["off"]
        assert all(rule.startswith("allowed (") for rule in decision["rules"]) and decision["rules"]
    assert journal_lengths(scene) == before
    assert checked["comparison"] == shown["comparison"]


def test_the_device_itself_shows_what_it_read_with_the_same_digits_as_the_client(scene, wallet, rehearsed):
    file, shown = rehearsed
    _, checked = script(scene.home, "policy", "check", file)
    arguments = ("signer", "show", checked["request_id"], "--device-dir", scene.device("pi"))
    code, own = script(scene.home, *arguments)
    assert code == 0
    assert own["outflows"] == [{"kind": "payment", "token": "", "amount": "1000000", "to": PAYEE}]
    assert (own["fee"], own["transaction"]) == (str(shown["fee"]), shown["txid"])
    assert own["comparison"] == checked["comparison"]
    assert not own["authorized"] and own["refusal"] is None
    assert own["rules"] == next(each["rules"] for each in checked["decisions"] if each["device"] == "pi")
    code, brought = script(scene.home, "signer", "show", "--file", file, "--device-dir", scene.device("pi"))
    assert (code, brought["source"]) == (0, "asked"), "no service carried it"
    told = ("comparison", "outflows", "fee", "transaction", "rules", "refusal", "message")
    assert [brought[each] for each in told] == [own[each] for each in told]


def test_a_payment_over_the_limit_is_denied_by_every_device_and_the_exit_code_says_so(
    scene, wallet, paid, tmp_path
):
    file = tmp_path / "much.req"
    script(scene.home, "send", wallet, PAYEE, "0.21 BTC", "--fee-rate", "2", "--dry-run", "--save", file)
    code, checked = script(scene.home, "policy", "check", file)
    assert (code, checked["enough"]) == (5, False)
    for decision in checked["decisions"]:
        assert decision["refusal"]["code"] == "policy.per-transaction-limit"
        assert any(rule.startswith("DENIED (per-transaction-limit)") for rule in decision["rules"])


def test_a_transfer_at_the_service_is_judged_by_its_id(scene, wallet, paid):
    code, checked = script(scene.home, "policy", "check", paid)
    assert (code, checked["request_id"]) == (0, paid)


def test_a_rehearsed_payment_is_the_very_one_that_is_made(scene, wallet, paid):
    arguments = ("send", wallet, PAYEE, "0.011 BTC", "--fee-rate", "2", "--yes", "--rehearse")
    code, sent = script(scene.home, *arguments, passphrase=SECRET)
    assert code == 0
    shows = [
        script(scene.home, "signer", "show", "--device-dir", scene.device(device))[1] for device in DEVICES
    ]
    signers = [own for own in shows if own["request_id"] == sent["transfer"] and own["authorized"]]
    assert len(signers) >= 2
    assert {own["transaction"] for own in signers} == {sent["txid"]}


def test_what_is_no_request_is_refused(scene, wallet, tmp_path):
    file = tmp_path / "rubbish"
    file.write_text("{}")
    code, shown = script(scene.home, "policy", "check", file)
    assert (code, shown["error"]["code"]) == (2, "input.request-file")
    code, shown = script(scene.home, "policy", "check", "0" * 32)
    assert code != 0 and "error" in shown
