"""The rules of a wallet change: by real commands, a real service, and devices that are isolated processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.end_to_end.conftest import PASSPHRASE
from tests.support.terminal import script, terminal

from warifu.cli.profile import Profile
from warifu.demo.payments import PAYEE
from warifu.demo.scene import Scene
from warifu.protocol.policy import Policy
from warifu.protocol.policy_writing import write_policy

from .waiting import wait_until

pytestmark = [pytest.mark.real, pytest.mark.slow]

SECRET = PASSPHRASE.encode()
WALLET = "changing"
DEVICES = {"home", "pi", "friend"}


@pytest.fixture(scope="module")
def policy_of_wallet(scene: Scene, policy: Path) -> Policy:
    """That of a wallet of this module's own: what is frozen here is frozen nowhere else."""
    code, shown = script(
        scene.home,
        *("wallet", "create", WALLET, "--threshold", "2", "--memory-mib", "64", "--passes", "3"),
        *("--device", "home,pi", "--device", "friend", "--policy", policy),
        passphrase=SECRET,
    )
    assert code == 0, shown
    return Profile.load(scene.home).wallet(WALLET).rules.policy


def written(folder: Path, policy: Policy) -> Path:
    file = folder / "policy.toml"
    file.write_text(write_policy(policy))
    return file


def states(told: dict[str, Any]) -> set[str]:
    return {device["state"] for device in told["devices"]}


def waiting(scene: Scene) -> dict[str, int]:
    """How much waits on each device, as it says."""
    _, shown = script(scene.home, "policy", "pending", WALLET)
    return {device["device"]: len(device["pending"]) for device in shown["devices"]}


def test_what_tightens_holds_at_once_and_what_loosens_is_vetoed_at_a_device(
    scene, policy_of_wallet, tmp_path
):
    tight = msgspec.structs.replace(policy_of_wallet, passphrase_tries=policy_of_wallet.passphrase_tries - 1)
    person = terminal(scene.home, "policy", "change", WALLET, written(tmp_path, tight))
    person.until("tightens: wrong passphrases before a device locks")
    person.until("It is in force at once")
    person.until(rf"Change the rules of {WALLET}\?")
    person.type("y")
    assert person.end().code == 0
    assert Profile.load(scene.home).wallet(WALLET).rules.revision == 2

    loose = written(tmp_path, policy_of_wallet)
    code, told = script(scene.home, "policy", "change", WALLET, loose, "--yes", passphrase=SECRET)
    assert (code, told["waits"], states(told)) == (0, True, {"waits"})
    assert waiting(scene) == dict.fromkeys(DEVICES, 1)
    code, shown = script(scene.home, "signer", "veto", told["id"][:10], "--device-dir", scene.device("pi"))
    assert code == 0, shown
    wait_until(lambda: not any(waiting(scene).values()), "the device's veto", 30)
    code, again = script(scene.home, "policy", "change", WALLET, loose, "--yes", passphrase=SECRET)
    assert (code, again["error"]["code"]) == (5, "policy.change-waits"), "this client still hopes"
    code, vetoed = script(scene.home, "policy", "veto", WALLET, told["id"][:10])
    assert (code, states(vetoed)) == (0, {"done"})
    code, again = script(scene.home, "policy", "change", WALLET, loose, "--yes", passphrase=SECRET)
    assert (code, states(again)) == (0, {"waits"})


def test_a_frozen_wallet_pays_nobody(scene, policy_of_wallet):
    code, told = script(scene.home, "policy", "freeze", WALLET, "--reason", "a test")
    assert (code, states(told)) == (0, {"done"})
    address = script(scene.home, "address", WALLET)[1]["address"]
    scene.chain.fund(address, 10_000_000)
    wait_until(
        lambda: script(scene.home, "balance", WALLET)[1]["bitcoin"]["confirmed"] >= 10_000_000,
        "the deposit",
        30,
    )
    pay = ("send", WALLET, PAYEE, "0.01 BTC", "--fee-rate", "2", "--yes")
    code, refused = script(scene.home, *pay, passphrase=SECRET)
    assert (code, refused["error"]["code"]) == (5, "policy.frozen-wallet"), refused
    code, told = script(scene.home, "policy", "unfreeze", WALLET, passphrase=SECRET)
    assert (code, states(told)) == (0, {"waits"})
    code, refused = script(scene.home, *pay, passphrase=SECRET)
    assert code == 5


def test_the_audit_of_a_wallet_whose_rules_changed_finds_nothing_wrong(scene, policy_of_wallet):
    code, shown = script(scene.home, "audit", "verify", WALLET)
    assert (code, shown["ok"]) == (0, True), shown["findings"]
