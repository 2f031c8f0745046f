"""What hardening sets is what the doctor asks for: one of them cannot move without the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from warifu.host.check import State
from warifu.host.checks import privileges, settings
from warifu.host.hardening.steps.sysctl import SETTINGS
from warifu.host.kernel import NoKernel
from warifu.host.machine import CannotTell, Machine

pytestmark = pytest.mark.unit

PRIVILEGES = ("yama", "unprivileged-bpf-off")


def machine(root: Path, values: dict[str, str]) -> Machine:
    for key, value in values.items():
        place = root / "proc/sys" / key.replace(".", "/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"{value}\n")
    return Machine(root, NoKernel())


def states(seen: Machine) -> dict[str, State]:
    found = {}
    for check in (*settings.CHECKS, *privileges.CHECKS):
        if check in settings.CHECKS or check.name in PRIVILEGES:
            try:
                found[check.name] = check.look(seen).state
            except CannotTell:
                found[check.name] = State.UNKNOWN
    return found


def test_a_hardened_machine_has_every_setting_that_the_doctor_looks_at(tmp_path):
    found = states(machine(tmp_path, {setting.key: setting.value for setting in SETTINGS}))
    assert set(PRIVILEGES) <= set(found)
    assert {name: state for name, state in found.items() if state is not State.OK} == {}


def test_a_machine_that_nobody_hardened_has_not(tmp_path):
    found = states(machine(tmp_path, {setting.key: "0" for setting in SETTINGS if setting.value.isdigit()}))
    assert State.MISSING in found.values()
