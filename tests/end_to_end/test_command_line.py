"""The owner's commands against a real service, real devices and a real chain engine."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from pathlib import Path

import pytest
from tests.end_to_end.conftest import PASSPHRASE
from tests.support.terminal import environment, script, terminal, warifu

from warifu.demo.payments import PAYEE
from warifu.demo.scene import Scene

from .waiting import wait_until

pytestmark = [pytest.mark.real, pytest.mark.slow]

SECRET = PASSPHRASE.encode()


@pytest.fixture(scope="module")
def funded(scene: Scene, wallet: str) -> str:
    """The wallet with a coin more, at the address that the command line shows."""
    code, shown = script(scene.home, "address", wallet)
    assert code == 0
    scene.address = shown["address"]
    txid = scene.chain.fund(scene.address, 50_000_000)
    wait_until(lambda: txid in known_transactions(scene, wallet), "the deposit", 30)
    return wallet


def known_transactions(scene: Scene, wallet: str) -> set[str]:
    return {entry["txid"] for entry in script(scene.home, "history", wallet)[1]["transactions"]}


@pytest.fixture(scope="module")
def sent(scene: Scene, funded: str) -> str:
    """A transaction that a person sent at a terminal; still unconfirmed."""
    person = terminal(scene.home, "send", funded, PAYEE, "0.05 BTC", "--fee-rate", "2")
    person.until("This will be signed")
    person.until(PAYEE)
    person.until("0.05000000 BTC")
    person.until(r"Sign and send this\?")
    person.type("y")
    person.until("Passphrase of the wallet: ")
    person.type(PASSPHRASE)
    for step in ("Request", "Authorization", "Judgement", "Signature", "Broadcast", "Network"):
        person.until(step)
    shown = person.end()
    assert shown.code == 0, shown.text
    assert PASSPHRASE not in shown.text  # no echo
    return shown.text.split()[-1]


def test_the_devices_are_listed_as_compared_and_connected(scene):
    code, shown = script(scene.home, "signer", "list")
    assert code == 0
    assert {device["name"] for device in shown["devices"]} == {"home", "pi", "friend"}
    assert all(device["pinned"] and device["connected"] for device in shown["devices"])


def test_a_device_tells_its_status_at_its_own_door_and_through_the_service(scene):
    _, near = script(scene.home, "signer", "status", "--device-dir", scene.device("pi"))
    _, far = script(scene.home, "signer", "status", "pi")
    assert near["identity"] == far["identity"] == scene.profile.device("pi").identity.hex()
    assert near["tier"] == 0
    assert near["isolation"]["seccomp"] == "on"


def test_the_sent_transaction_is_what_was_shown_and_is_in_the_mempool(scene, sent):
    assert re.fullmatch(r"[0-9a-f]{64}", sent)
    assert scene.chain.status(sent) == (False, "")


def test_it_is_bumped_confirmed_and_told_in_the_history(scene, funded, sent):
    command = ("bump", funded, sent, "--fee-rate", "9", "--yes")
    code, tried = script(scene.home, *command, "--dry-run")
    assert (code, [each["allowed"] for each in tried["decisions"]]) == (0, [True, True, True])
    assert scene.chain.status(sent) == (False, ""), "nothing took its place by that"
    code, bumped = script(scene.home, *command, passphrase=SECRET)
    assert (code, bumped["state"]) == (0, "broadcast")
    scene.chain.mine()
    assert scene.chain.status(bumped["txid"])[0]
    code, resumed = script(scene.home, "resume", funded, bumped["transfer"], "--wait", "1")
    assert (code, resumed["state"], resumed["txid"]) == (0, "confirmed", bumped["txid"])
    assert {head["device"] for head in resumed["journal"]} <= {"home", "pi", "friend"}
    _, history = script(scene.home, "history", funded)
    spent = {entry["txid"]: entry["received"] - entry["sent"] for entry in history["transactions"]}
    assert spent[bumped["txid"]] == -5_000_000 - next(
        entry["fee"] for entry in history["transactions"] if entry["txid"] == bumped["txid"]
    )
    assert sent not in spent


def test_a_dry_run_tells_each_rule_and_signs_nothing(scene, funded):
    code, shown = script(scene.home, "send", funded, PAYEE, "0.21 BTC", "--fee-rate", "2", "--dry-run")
    assert code == 0
    assert [decision["allowed"] for decision in shown["decisions"]] == [False, False, False]
    assert shown["decisions"][0]["refusal"]["code"] == "policy.per-transaction-limit"
    assert any("per-transaction-limit" in rule for rule in shown["decisions"][0]["rules"])


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("balance", "unknown"), "input.unknown-wallet"),
        (("send", "savings", PAYEE, "5000"), "input.amount-form"),
        (("send", "savings", PAYEE, "0 sat"), "input.amount-range"),
        (("send", "savings", PAYEE[:-1] + "q", "0.1 BTC"), "input.address"),
        (("send", "savings", "bc1q34aq5drpuwy3wgl9lhup9892qp6svr8ldzyy7c", "0.1 BTC"), "input.wrong-network"),
        (("send", "savings", PAYEE, "0.1 BTC", "--fee-rate", "0"), "input.fee-rate"),
        (("send", "savings", PAYEE, "0.1 BTC", "--device", "stranger", "--yes"), "input.unknown-device"),
        (("send", "savings", PAYEE, "0.1 BTC", "--fee-rate", "2"), "input.confirmation"),
        (("resume", "savings", "../../profile.json"), "input.transfer-id"),
        (("resume", "savings", "0" * 32), "input.unknown-transfer"),
        (("signer", "join", "rubbish", "--unlock-key", "/nowhere"), "input.invitation"),
        (("no-such-command",), "input.usage"),
    ],
)
def test_mistakes_are_told_with_their_code_and_cost_nothing(scene, funded, arguments, code):
    exit_code, shown = script(scene.home, *arguments)
    assert shown["error"]["code"] == code
    assert exit_code == shown["error"]["exit_code"] == 2


def test_a_transfer_over_the_policys_limit_is_refused_by_the_devices(scene, funded):
    arguments = ("send", funded, PAYEE, "0.21 BTC", "--fee-rate", "2", "--yes")
    code, shown = script(scene.home, *arguments, passphrase=SECRET)
    assert (code, shown["error"]["code"]) == (5, "policy.per-transaction-limit")


def test_a_fee_over_the_owners_ceiling_never_leaves_the_client(scene, funded):
    arguments = ("send", funded, PAYEE, "0.1 BTC", "--fee-rate", "50", "--fee-ceiling", "100 sat", "--yes")
    code, shown = script(scene.home, *arguments, passphrase=SECRET)
    assert (code, shown["error"]["code"]) == (6, "transaction.fee-over-ceiling")


def test_an_owner_who_says_no_sends_nothing(scene, funded):
    person = terminal(scene.home, "send", funded, PAYEE, "0.01 BTC", "--fee-rate", "2")
    person.until(r"Sign and send this\?")
    person.type("n")
    assert person.end().code == 130


def test_ctrl_c_at_the_passphrase_sends_nothing_and_later_says_how_far_it_got(scene, funded):
    person = terminal(scene.home, "send", funded, PAYEE, "0.01 BTC", "--fee-rate", "2", "--wait", "1")
    person.until(r"Sign and send this\?")
    person.type("y")
    person.until("Passphrase of the wallet: ")
    person.interrupt()
    shown = person.end()
    assert shown.code == 130
    assert "Nothing was sent" in shown.text

    person = terminal(scene.home, "send", funded, PAYEE, "0.01 BTC", "--fee-rate", "2", "--wait", "1")
    person.until(r"Sign and send this\?")
    person.type("y")
    person.until("Passphrase of the wallet: ")
    person.type(PASSPHRASE)
    person.until("mempool")
    person.interrupt()
    shown = person.end()
    assert shown.code == 130
    resume = re.search(r"warifu resume savings\s+([0-9a-f]{32})", shown.text)
    assert resume is not None, shown.text
    scene.chain.mine()
    code, told = script(scene.home, "resume", funded, resume[1], "--wait", "1")
    assert (code, told["state"]) == (0, "confirmed")


def test_a_psbt_goes_out_and_decodes_to_what_was_signed(scene, funded, tmp_path):
    _, listed = script(scene.home, "history", funded, "--transfers")
    confirmed = next(item for item in listed["transfers"] if item["state"] == "confirmed")
    code, exported = script(scene.home, "wallet", "psbt", "export", confirmed["id"])
    assert code == 0
    file = tmp_path / "payment.psbt"
    file.write_bytes(base64.b64decode(exported["psbt"]))
    _, decoded = script(scene.home, "decode", file, "--wallet", funded)
    assert decoded["txid"] == confirmed["txid"]
    assert decoded["inputs"][0]["spends"]["owner"] in ("receive", "change")
    assert {output["owner"] for output in decoded["outputs"]} == {"other", "change"}


def test_addresses_are_listed_as_derived_here(scene, funded):
    code, shown = script(scene.home, "address", funded, "--list")
    assert (code, [item["index"] for item in shown["addresses"]]) == (0, [*range(len(shown["addresses"]))])
    assert scene.address in [item["address"] for item in shown["addresses"]]


def test_a_label_is_kept_and_exported(scene, funded):
    code, _ = script(scene.home, "label", funded, "addr", scene.address, "from the shop 割符")
    assert code == 0
    _, shown = script(scene.home, "label", funded, "--export")
    labels = [json.loads(line) for line in shown["labels"]]
    assert {"type": "addr", "ref": scene.address, "label": "from the shop 割符"}.items() <= labels[0].items()


def test_a_label_with_terminal_escapes_is_refused(scene, funded):
    code, shown = script(scene.home, "label", funded, "addr", scene.address, "\x1b[2Jpaid")
    assert (code, shown["error"]["code"].partition(".")[0]) == (2, "input")


def test_shares_are_refreshed_at_a_terminal_and_pay_afterwards(scene, funded):
    before = script(scene.home, "wallet", "show", funded)[1]
    person = terminal(scene.home, "wallet", "refresh", funded)
    person.until("Each of these devices gets a new share")
    person.until(r"Refresh the shares of savings\?")
    person.type("y")
    person.until("Passphrase of the wallet: ")
    person.type(PASSPHRASE)
    person.until("judged the request and entered the ceremony")
    person.until("Every device keeps its new share")
    shown = person.end()
    assert shown.code == 0, shown.text
    assert PASSPHRASE not in shown.text
    after = script(scene.home, "wallet", "show", funded)[1]
    assert (before["epoch"], after["epoch"]) == (0, 1)
    assert after["descriptors"] == before["descriptors"] and after["accounts"] == before["accounts"]
    for name in ("home", "pi", "friend"):
        _, status = script(scene.home, "signer", "status", name)
        epochs = {wallet["wallet_id"]: wallet["epoch"] for wallet in status["wallets"]}
        assert epochs[scene.born.birth.wallet_id.hex()] == 1, (
            "other tests of the household have wallets of their own"
        )
    arguments = ("send", funded, PAYEE, "0.01 BTC", "--fee-rate", "2", "--device", "pi,friend", "--yes")
    code, sent = script(scene.home, *arguments, passphrase=SECRET)
    assert (code, sent["state"]) == (0, "broadcast")
    scene.chain.mine()


def test_a_script_refreshes_only_where_it_says_yes(scene, funded):
    code, shown = script(scene.home, "wallet", "refresh", funded, passphrase=SECRET)
    assert (code, shown["error"]["code"]) == (2, "input.confirmation")
    code, shown = script(scene.home, "wallet", "refresh", "unknown", "--yes", passphrase=SECRET)
    assert (code, shown["error"]["code"]) == (2, "input.unknown-wallet")
    code, shown = script(scene.home, "wallet", "refresh", funded, "--yes", passphrase=SECRET)
    assert code == 0, shown
    assert (shown["wallet"], shown["behind"]) == (funded, [])
    assert shown["epoch"] == script(scene.home, "wallet", "show", funded)[1]["epoch"]


def test_an_api_key_may_do_what_its_scopes_say_and_is_ended(scene, wallet, tmp_path):
    code, made = script(scene.home, "api-key", "create", "dashboard", "--scope", "read")
    assert code == 0
    service = scene.profile.content.service
    other = tmp_path / "other"
    connected = subprocess.run(
        [
            *warifu(other, "connect", "--no-pin", service.url, "--fingerprint", service.fingerprint.hex()),
            *("--network", "regtest", "--json"),
        ],
        input=made["key"].encode() + b"\n",
        env=environment(other),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert connected.returncode == 0, connected.stderr
    assert script(other, "signer", "list")[0] == 0
    code, refused = script(other, "api-key", "list")
    assert (code, refused["error"]["code"].partition(".")[0]) in ((3, "authorization"), (13, "service"))
    assert script(scene.home, "api-key", "remove", "dashboard")[0] == 0
    assert script(other, "signer", "list")[0] in (3, 13)


def test_another_certificate_is_refused(scene, wallet, tmp_path):
    other = tmp_path / "other"
    connected = subprocess.run(
        warifu(other, "connect", "--no-pin", scene.profile.content.service.url, "--fingerprint", "00" * 32),
        input=b"an-api-key-of-somebody\n",
        env=environment(other),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert connected.returncode == 0
    code, shown = script(other, "signer", "list")
    assert (code, shown["error"]["code"]) == (13, "service.certificate")


def test_a_second_client_adopts_the_wallet_only_with_the_owners_credential_and_pins(scene, wallet, tmp_path):
    code, shown = script(scene.home, "wallet", "adopt", wallet)
    assert (code, shown["error"]["code"]) == (2, "input.wallet-exists")
    other = tmp_path / "stranger"
    service = scene.profile.content.service
    subprocess.run(
        [
            *warifu(other, "connect", "--no-pin", service.url, "--fingerprint", service.fingerprint.hex()),
            *("--network", "regtest"),
        ],
        input=scene.profile.api_key().encode() + b"\n",
        env=environment(other),
        capture_output=True,
        timeout=60,
        check=True,
    )
    code, shown = script(other, "wallet", "adopt", wallet)
    assert (code, shown["error"]["code"]) == (3, "authorization.unknown-credential")


def test_init_overwrites_nothing(scene, tmp_path):
    key = tmp_path / "new.key"
    code, shown = script(scene.home, "init", "--no-pin", "--network", "regtest", "--unlock-key", key)
    assert (code, shown["error"]["code"]) == (9, "store.exists")
    assert not key.exists()


def test_everything_speaks_japanese(scene, funded):
    person = terminal(
        scene.home, "send", funded, PAYEE, "0.01 BTC", "--fee-rate", "2", language="ja_JP.UTF-8"
    )
    person.until("署名されるのは次のとおりです")
    person.until("署名して送りますか")
    person.type("n")
    assert person.end().code == 130


def test_a_wrong_passphrase_is_counted_and_told(scene, funded):
    """The last one here: the devices make everybody wait after it."""
    arguments = ("send", funded, PAYEE, "0.01 BTC", "--fee-rate", "2", "--yes")
    code, shown = script(scene.home, *arguments, passphrase=b"correct horse battery stable")
    assert (code, shown["error"]["code"]) == (4, "passphrase.wrong")
    assert "stable" not in json.dumps(shown)


def test_paths_of_the_profile_are_closed_to_others(scene, wallet):
    for path in [scene.home, *Path(scene.home).rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path
