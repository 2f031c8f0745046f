"""What devices show of themselves, over the whole road: a simulated TPM, its maker's certificate, and a new kernel.

The tests are one story, in order. 'friend' has a TPM whose maker is certified by an authority of the test's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.swtpm import Maker
from tests.support.terminal import script, terminal

from warifu.chains.bitcoin_embedded.chain import EmbeddedChain as BitcoinInProcess
from warifu.chains.bitcoin_embedded.server import serving
from warifu.cli.screen import Screen
from warifu.demo import simulated_tpm
from warifu.demo.chain import EmbeddedChain
from warifu.demo.opening import give_birth, start_everybody
from warifu.demo.payments import PAYEE
from warifu.demo.processes import Processes
from warifu.demo.scene import WALLET, Scene
from warifu.demo.telling import Telling
from warifu.errors import EvidenceRefused

from .waiting import wait_until

pytestmark = [pytest.mark.real, pytest.mark.slow]


class OfAKnownMaker:
    """In place of the demo's TPM, whose maker nobody knows."""

    def __init__(self, maker: Maker) -> None:
        self._tpm = maker.new()
        self.address = self._tpm.device
        # As root, the enclave that speaks to it is a user of its own.
        self._tpm.state.parent.chmod(0o711)
        self._tpm.state.chmod(0o711)
        self._tpm.socket.chmod(0o777)

    def power_cycle(self) -> None:
        self._tpm.restart()
        self._tpm.socket.chmod(0o777)

    def stop(self) -> None:
        self._tpm.stop()


@pytest.fixture(scope="module")
def maker() -> Iterator[Maker]:
    pytest.importorskip("tpm2_pytss", reason="tools/setup-tpm.sh brings the TPM's library")
    made = Maker()
    yield made
    made.close()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, maker: Maker) -> Iterator[Scene]:
    root = tmp_path_factory.mktemp("stage")
    for folder in (root.parent, root.parent.parent):
        folder.chmod(0o711)
    with (
        serving(BitcoinInProcess(root / "chain")) as url,
        Processes() as processes,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(simulated_tpm, "SimulatedTpm", lambda: OfAKnownMaker(maker))
        scene = Scene(root, processes, Telling(Screen(json=True)))
        scene.play_on(EmbeddedChain(url))
        try:
            start_everybody(scene)
            give_birth(scene)
            yield scene
        finally:
            scene.close()


def owner(stage: Scene, *arguments: str | Path, succeeds: bool = True) -> dict[str, Any]:
    secret = (
        bytes(stage.passphrase)
        if arguments[:2] in (("devices", "accept"),) or arguments[0] == "send"
        else None
    )
    code, shown = script(stage.home, *arguments, passphrase=secret)
    assert (code == 0) is succeeds, shown
    return shown


def devices(stage: Scene) -> dict[str, dict[str, Any]]:
    code, shown = script(stage.home, "devices")
    found = {device["name"]: device for device in shown["devices"]}
    assert code == (
        EvidenceRefused.exit_code if any(device.get("changed") for device in found.values()) else 0
    )
    return found


def send(stage: Scene, *, succeeds: bool = True) -> dict[str, Any]:
    return owner(
        stage,
        "send",
        WALLET,
        PAYEE,
        "0.001",
        "--yes",
        "--device",
        "home",
        "--device",
        "friend",
        succeeds=succeeds,
    )


def refresh(stage: Scene) -> tuple[int, dict[str, Any]]:
    """New shares for all devices, of which 'friend' is one."""
    return script(stage.home, "wallet", "refresh", WALLET, "--yes", passphrase=bytes(stage.passphrase))


def test_a_chip_that_nobody_vouches_for_is_the_same_chip_and_counts_as_tier_0(stage):
    seen = devices(stage)
    assert {name: device["kind"] for name, device in seen.items()} == {
        "home": "unsafe-software",
        "pi": "unsafe-software",
        "friend": "tpm",
    }
    assert {device["tier"] for device in seen.values()} == {0}
    assert all(device["affirmed"] and device["changed"] is None for device in seen.values())
    assert "pcr9" in seen["friend"]["measurements"]
    assert seen["pi"]["isolation"]["seccomp"] == "on"
    assert seen["pi"]["host"]["claims"]["seccomp"] == "ok"
    assert len({device["release"] for device in seen.values()}) == 1
    send(stage)


def test_its_makers_certificate_says_that_it_is_a_simulator(stage, maker, tmp_path):
    """The challenge is solved by the chip that the certificate names; and a simulator stays one."""
    files = []
    for number, certificate in enumerate(maker.certificates):
        files.append(tmp_path / f"maker{number}.pem")
        files[-1].write_bytes(certificate)
    roots = [part for file in files for part in ("--root", str(file))]
    person = terminal(stage.home, "devices", "accept", "friend", *roots)
    person.until("is a simulator")
    person.until("is this now")
    person.type("y")
    # It is what the wallet's devices hold it to: nobody has to be told.
    person.until("is accepted as what it is")
    assert person.end().code == 0
    assert devices(stage)["friend"]["tier"] == 0
    assert devices(stage)["friend"]["changed"] is None
    send(stage)


def test_a_wrong_makers_certificate_vouches_for_nothing(stage, tmp_path):
    other = Maker()
    try:
        other.new().stop()
        root = tmp_path / "other.pem"
        root.write_bytes(other.certificates[1])
        person = terminal(stage.home, "devices", "accept", "friend", "--root", root)
        person.until("nobody vouches for the TPM")
        person.until("is this now")
        person.type("n")
        assert person.end().code != 0
    finally:
        other.close()
    assert devices(stage)["friend"]["changed"] is None


def test_after_a_new_kernel_the_share_stays_shut_until_the_owner_approves_and_accepts(stage):
    directory, key = stage.device("friend"), stage.unlock_key("friend")
    places = ("--device-dir", directory, "--unlock-key", key)
    stage.processes.stop("friend")
    simulated_tpm.boot_something_else(directory)
    shut = stage.processes.start("friend", "warifu.cli", "signer", "run", *places)
    shut.expect("platform.measurements", 60)
    stage.processes.stop("friend")

    _, asked = script(stage.root / "nobody", "tpm", "request", *places)
    approval = owner(stage, "tpm", "approve", asked["request"], "--yes")["approval"]
    code, taken = script(stage.root / "nobody", "tpm", "take", approval, *places)
    assert code == 0, taken
    stage.processes.start("friend", "warifu.cli", "signer", "run", *places)
    wait_until(lambda: devices(stage)["friend"]["looked_at"], "the connection of 'friend'", 60)

    assert devices(stage)["friend"]["changed"] == "reference-measurement"
    refused = send(stage, succeeds=False)
    assert (refused["error"]["code"], refused["error"]["blame"]) == ("peer.evidence", "friend")
    code, refused = refresh(stage)
    assert code != 0 and refused["error"]["blame"] == "friend", refused
    assert "reference-measurement" in refused["error"]["message"]
    told = owner(stage, "devices", "accept", "friend", "--yes")["told"]
    assert all(item["refusal"] is None for item in told), told
    assert devices(stage)["friend"]["changed"] is None
    send(stage)
    code, refreshed = refresh(stage)
    assert (code, refreshed["epoch"]) == (0, 1), refreshed
    send(stage)


def test_an_approval_for_another_device_is_refused(stage):
    """Of the request of one TPM, the owner's signature is no use to another; altered, it is none."""
    directory, key = stage.device("friend"), stage.unlock_key("friend")
    places = ("--device-dir", directory, "--unlock-key", key)
    stage.processes.stop("friend")
    _, asked = script(stage.root / "nobody", "tpm", "request", *places)
    approval = owner(stage, "tpm", "approve", asked["request"], "--yes")["approval"]
    altered = approval[:-6] + ("A" if approval[-6] != "A" else "B") + approval[-5:]
    code, refused = script(stage.root / "nobody", "tpm", "take", altered, *places)
    assert code != 0 and refused["error"]["code"] in ("authorization.approval", "input.boot-approval")
    code, refused = script(stage.root / "nobody", "tpm", "take", asked["request"], *places)
    assert (code, refused["error"]["code"]) == (2, "input.boot-approval")
