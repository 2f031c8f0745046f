"""The appliance takes part like any device, and its share opens in the measured system on its own TPM and nowhere else.

Four starts of a whole virtual machine, which take a minute where the processor is emulated. The TPM is simulated:
whoever has this computer has its state. What is shown is the rule, and that it is the TPM that keeps it.
"""

from __future__ import annotations

import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.support.appliance import (
    Appliance,
    ApplianceDevice,
    MixedHousehold,
    appliance_device,
    image,
    measured,
)
from tests.support.enclaves import enclave_device
from tests.support.simulator import Household, signed

from warifu.agent.appliance.image import KERNEL
from warifu.agent.appliance.kvm import runs_by
from warifu.agent.appliance.machine import EMULATOR, prepared, tool
from warifu.errors import WarifuError
from warifu.protocol.frames import error_of
from warifu.protocol.operator import OperatorRefused

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(300)]

APPLIANCE = "device0"
NOT_IN_A_6_1_KERNEL = {"no-new-code"}


@pytest.fixture(scope="module")
def home():
    """Three devices of which one is an appliance, and their wallet, of which two sign."""
    image()
    made = []

    def device(name, directory, clock):
        kind = appliance_device if name == APPLIANCE else enclave_device
        made.append(kind(name, directory, clock))
        return made[-1]

    with tempfile.TemporaryDirectory(prefix="warifu-test-") as place:
        try:
            household = MixedHousehold(Path(place), 3, make_device=device)
            household.make_wallet(2)
            yield household
        finally:
            for each in made:
                each.close()


@pytest.fixture(scope="module")
def appliance(home) -> ApplianceDevice:
    device = home[APPLIANCE]
    assert isinstance(device, ApplianceDevice)
    return device


@pytest.fixture(scope="module")
def elsewhere(home, appliance, tmp_path_factory) -> dict[str, tuple[WarifuError, dict[int, str]]]:
    """The plug is pulled; then it is started with one kernel argument more, and its disk in another machine.

    Of each: what the agent is told, and what was measured.
    """
    appliance.crash()
    other = prepared(tmp_path_factory.mktemp("other"))
    shutil.copy(appliance.place / "disk.img", other / "disk.img")
    starts = {
        "another command line": lambda: appliance.boot(cmdline=f"{image().cmdline} audit=0"),
        "another TPM": lambda: appliance.boot(place=other),
    }
    with ThreadPoolExecutor() as both:
        told = both.map(lambda start: refusal_of(start()), starts.values())
        return dict(zip(starts, told, strict=True))


def refusal_of(started: Appliance) -> tuple[WarifuError, dict[int, str]]:
    try:
        said = started.hear()
        assert isinstance(said, OperatorRefused), said
        return error_of(said.refusal), started.pcrs()
    finally:
        started.close()


def pays(home: Household, names: list[str]) -> None:
    payment = home.pay()
    signed(payment, home.sign(payment, names))


def test_an_accelerator_counts_where_a_kernel_came_up_by_it_and_not_where_its_device_exists(tmp_path):
    emulator, kernel, nothing = tool(EMULATOR), image().part(KERNEL), tmp_path / "nothing"
    nothing.write_bytes(bytes(4096))
    assert runs_by("tcg", emulator, kernel, patience=120)
    assert not runs_by("tcg", emulator, nothing, patience=2)
    assert not runs_by("no-such-thing", emulator, kernel, patience=2)


def test_it_is_measured_as_the_image_says_it_will_be(appliance):
    found = appliance.running.pcrs()
    assert {f"pcr{number}": found[number] for number in (4, 9)} == measured()


def test_its_signer_is_isolated_like_any_other_and_says_that_its_tpm_is_a_simulated_one(appliance):
    missing = {layer for layer, state in appliance.isolation.items() if state != "on"}
    assert missing == NOT_IN_A_6_1_KERNEL
    status = appliance.status()
    assert (status.platform, status.tier) == ("tpm", 0)


def test_it_signs_with_another_device_for_the_key_that_was_born_among_the_three(home):
    pays(home, [APPLIANCE, "device1"])


def test_with_another_command_line_its_share_stays_shut(appliance, elsewhere):
    refused, found = elsewhere["another command line"]
    assert refused.code == "platform.measurements"
    right = {**found, 9: measured()["pcr9"]}
    assert found != right, "the other command line was not measured"
    assert right[4] == measured()["pcr4"]


def test_its_disk_stays_shut_in_a_machine_with_another_tpm(elsewhere):
    refused, found = elsewhere["another TPM"]
    assert refused.code == "platform.root-key"
    assert {f"pcr{number}": found[number] for number in (4, 9)} == measured(), "the boot was the right one"


def test_started_rightly_again_it_opens_what_it_sealed_and_signs(home, appliance, elsewhere):
    identity = appliance.identity
    appliance.start()
    assert appliance.identity == identity
    pays(home, [APPLIANCE, "device2"])


def test_it_ends_in_order_when_its_agent_hangs_up(appliance, elsewhere):
    appliance.close()
    assert "the signer ended with status 0" in appliance.running.console()
    assert not any(Path(f"/proc/{pid}").exists() for pid in appliance.running.machine.pids)
