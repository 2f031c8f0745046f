"""``warifu platform``: an owner names the platform; nothing is chosen, and what is not there is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from warifu.agent.device import DeviceDirectory
from warifu.cli.commands import platform
from warifu.errors import WarifuError
from warifu.signer.isolation.layer import UNSAFE_SOFTWARE, PlatformChoice
from warifu.tee.detection import Offer

pytestmark = pytest.mark.unit

HERE = (
    Offer("tpm", True, False, "a TPM 2.0"),
    Offer("sev-snp", True, False, "an SEV-SNP guest"),
    Offer("tdx", True, False, "a TDX guest"),
    Offer("sgx", True, True, "a simulated enclave"),
    Offer("nitro", False, False, "no sign of a Nitro enclave"),
    Offer("unsafe-software", True, False, "always there"),
)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Runs the command on a machine with these offers; returns its result, with the error that it ended by."""
    monkeypatch.setattr(platform, "offers_here", lambda: HERE)

    def run(*arguments: str):
        return CliRunner().invoke(platform.command, [*arguments, "--device-dir", str(tmp_path / "device")])

    return run


def chosen(tmp_path: Path) -> PlatformChoice:
    return DeviceDirectory(tmp_path / "device").platform()


def test_a_device_is_set_up_for_what_its_owner_names(run, tmp_path):
    result = run("sev-snp", "--reach", "vmpl:2", "--json")
    assert result.exit_code == 0, result.exception
    assert json.loads(result.stdout)["platform"]["platform"] == "sev-snp"
    assert chosen(tmp_path) == PlatformChoice(name="sev-snp", device="vmpl:2")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("nitro", "platform.not-offered"),
        ("sgx", "platform.simulator"),
        ("tdx", "input.platform"),
        ("tpm", "input.platform"),
        ("made-up", "platform.not-offered"),
    ],
)
def test_what_is_not_there_or_needs_more_is_refused_and_nothing_is_changed(run, tmp_path, name, code):
    result = run(name)
    assert isinstance(result.exception, WarifuError)
    assert result.exception.code == code
    assert result.exception.remedy
    assert not (tmp_path / "device").exists() or chosen(tmp_path) == UNSAFE_SOFTWARE


def test_a_simulator_is_accepted_for_development_and_remembered_as_that(run, tmp_path):
    assert run("sgx", "--development").exit_code == 0
    assert chosen(tmp_path) == PlatformChoice(name="sgx", development=True)


def test_without_a_name_nothing_is_chosen(run, tmp_path):
    result = run("--json")
    assert {entry["platform"] for entry in json.loads(result.stdout)["platforms"]} >= {
        "tpm",
        "unsafe-software",
    }
    assert not (tmp_path / "device").exists()
