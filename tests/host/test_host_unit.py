"""The unit that looks as root: it reaches nothing, and looks often enough for the claims that are made of it."""

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

from warifu.host.kept import FRESH_SECONDS, PLACE

pytestmark = pytest.mark.real
UNITS = Path(__file__).resolve().parents[2] / "packaging" / "systemd"
SERVICE, TIMER = UNITS / "warifu-host.service", UNITS / "warifu-host.timer"
needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here"
)


def directives(unit: Path, section: str) -> dict[str, str]:
    parser = configparser.RawConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keep upper case, as its documentation shows
    parser.read_string(unit.read_text())
    return dict(parser[section])


def test_it_keeps_its_look_where_agents_find_it():
    service = directives(SERVICE, "Service")
    assert service["ExecStart"].endswith(f"doctor --keep {PLACE}")
    assert Path("/run", service["RuntimeDirectory"]) == PLACE.parent
    assert (service["RuntimeDirectoryMode"], service["UMask"]) == ("0755", "0022")


def test_it_looks_again_before_its_last_look_is_too_old():
    timer = directives(TIMER, "Timer")
    assert timer["OnUnitActiveSec"] == "4min"
    assert 2 * 240 + int(timer["AccuracySec"]) < FRESH_SECONDS  # one look may fail


def test_of_roots_powers_it_has_one_and_no_network():
    service = directives(SERVICE, "Service")
    assert service["CapabilityBoundingSet"] == "CAP_SYS_PTRACE"
    assert (service["PrivateNetwork"], service["NoNewPrivileges"]) == ("yes", "yes")
    assert service["ProtectSystem"] == "strict"


def test_it_may_ask_for_what_it_reports():
    """A call that the unit closes would make the look say less than the machine is."""
    service = directives(SERVICE, "Service")
    assert {"adjtimex", "landlock_create_ruleset", "memfd_secret"} <= set(service["SystemCallFilter"].split())
    assert not {"ProtectClock", "ProcSubset", "ProtectProc"} & set(service)


@needs_systemd
def test_systemd_knows_every_directive_and_finds_it_closed(tmp_path):
    unit = tmp_path / SERVICE.name
    unit.write_text(SERVICE.read_text().replace("/opt/warifu/bin/warifu", "/bin/true"))
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert not [line for line in said.stderr.splitlines() if SERVICE.name in line], said.stderr
    overall = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=19", unit],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert overall.returncode == 0, overall.stdout[-300:]
