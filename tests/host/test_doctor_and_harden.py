"""What ``warifu host harden`` sets, ``warifu doctor`` calls in order: the two tables were written apart."""

import pytest
from tests.host.recorded import built

from warifu.host.check import State
from warifu.host.checks import boot_settings, privileges, settings
from warifu.host.hardening.steps.boot import wanted_parameters
from warifu.host.hardening.steps.sysctl import SETTINGS

pytestmark = pytest.mark.unit

LEFT_TO_THE_OWNER = {"modules-closed"}  # only after everything is loaded, which no plan can know


@pytest.fixture
def hardened(tmp_path):
    files = {f"/proc/sys/{setting.key.replace('.', '/')}": f"{setting.value}\n" for setting in SETTINGS}
    return built(
        tmp_path, {**files, "/proc/cmdline": " ".join(wanted_parameters(x86=True, own_module=False))}
    )


@pytest.mark.parametrize("setting", settings.SETTINGS, ids=lambda setting: setting.name)
def test_each_setting_that_the_doctor_wants_is_set(hardened, setting):
    if setting.name in LEFT_TO_THE_OWNER:
        assert setting.key not in {one.key for one in SETTINGS}
    else:
        assert setting.look(hardened).state is State.OK


@pytest.mark.parametrize("name", ["yama", "unprivileged-bpf-off"])
def test_each_privilege_that_the_doctor_wants_closed_is_closed(hardened, name):
    check = next(check for check in privileges.CHECKS if check.name == name)
    assert check.look(hardened).state is State.OK


def test_parameters_that_are_set_are_in_order(hardened):
    """Where the doctor wants more of them, it says so; none that is set may be judged wrong."""
    named = {word.partition("=")[0] for word in wanted_parameters(x86=True, own_module=False)}
    both = [parameter for parameter in boot_settings.PARAMETERS if parameter.parameter in named]
    assert len(both) >= 7
    assert {parameter.look(hardened).state for parameter in both} == {State.OK}
