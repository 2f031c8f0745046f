"""Logs and PCR values of two real boots, of one firmware and kernel, with command lines that differ by one letter."""

import json
from pathlib import Path
from typing import Any

import pytest

from warifu.attestation.tpm.event_log import check_event_log, describe, read_event_log
from warifu.attestation.verifier import CheckFailed

pytestmark = pytest.mark.unit

BOOTS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "ovmf_boots.json").read_text(encoding="utf-8")
)["boots"]


def values(boot: dict[str, Any]) -> dict[int, bytes]:
    return {int(pcr): bytes.fromhex(value) for pcr, value in boot["pcrs"].items()}


@pytest.mark.parametrize("boot", BOOTS, ids=["one", "other"])
def test_the_log_explains_all_that_firmware_and_kernel_measured(boot):
    log = read_event_log(bytes.fromhex(boot["log"]))
    explained = check_event_log(log, values(boot))
    assert set(range(16)) - set(explained) == {10}, "PCR 10 is of IMA, whose log is another one"
    assert describe(log, explained)["secure boot"] == "off"


@pytest.mark.parametrize(("shown", "booted"), [(0, 1), (1, 0)])
def test_the_log_of_another_boot_does_not(shown, booted):
    log = read_event_log(bytes.fromhex(BOOTS[shown]["log"]))
    with pytest.raises(CheckFailed, match="PCR 9") as failure:
        check_event_log(log, values(BOOTS[booted]))
    assert failure.value.check == "event-log"


def test_no_event_of_a_real_log_can_be_cut_off_its_end():
    boot = BOOTS[0]
    whole = bytes.fromhex(boot["log"])
    for length in range(1, len(whole)):
        with pytest.raises(CheckFailed):
            check_event_log(read_event_log(whole[:length]), values(boot))
