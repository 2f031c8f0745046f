"""The whole examination: its table, its report, and what becomes of whole machines."""

import json
import os

import msgspec
import pytest
from tests.host.recorded import NAMES, RecordedKernel, recorded

from warifu.host.check import State
from warifu.host.doctor import CHECKS, GROUPS, HostReport, examine, examine_machine, to_json
from warifu.host.machine import Machine

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def reports(tmp_path_factory) -> dict[str, HostReport]:
    return {name: examine_machine(recorded(name, tmp_path_factory.mktemp(name))) for name in NAMES}


def test_every_check_is_met_by_one_recorded_machine_and_missed_by_another(reports):
    """Without both, a check may be one that cannot fail, or one that nobody can pass."""
    never_by_files = {"ako", "kernel-hardening-checker"}  # declared or unknown; asked of a program
    for group in GROUPS:
        if group.name == "isolation":  # asked of the kernel itself: see test_checks.py
            continue
        for check in group.checks:
            if check.name not in never_by_files:
                states = {report.state(check.name) for report in reports.values()}
                assert {State.OK, State.MISSING} <= states, check.name
    assert {report.state("ako") for report in reports.values()} == {State.UNKNOWN, State.DECLARED}


def test_the_score_is_the_weight_of_what_is_ok(reports):
    hardened, careless = reports["hardened-debian"], reports["careless"]
    assert (hardened.score, hardened.count(State.MISSING)) == (100, 0)
    assert (careless.score, careless.count(State.OK)) == (0, 0)
    for report in reports.values():
        whole = sum(finding.weight for finding in report.findings)
        got = sum(finding.weight for finding in report.findings if finding.state is State.OK)
        assert report.score == 100 * got // whole


def test_what_is_declared_or_unknown_scores_nothing(reports):
    assert reports["ako-declared"].state("kernel-guard") is State.DECLARED
    assert reports["ako-declared"].score == reports["plain-debian"].score < reports["lkrg-loaded"].score


def test_a_container_that_hides_the_machine_makes_nothing_ok_but_what_its_kernel_answers(reports):
    report = reports["container"]
    seen = {finding.name for finding in report.findings if finding.state is not State.UNKNOWN}
    by_the_kernel = {"landlock", "memfd-secret", "no-new-code", "memory-lock", "time-synchronised"}
    by_the_command_line = {"mitigations-on", "page-shuffle"}
    assert seen <= by_the_kernel | by_the_command_line
    assert report.score < 10


@pytest.mark.parametrize("name", ["swap-safe", "module-signatures", "unprivileged-bpf-off", "kexec-off"])
def test_absence_where_proc_is_only_partly_shown_is_unknown(tmp_path, name):
    """ProcSubset=pid: /proc/swaps is not there, and it swaps all the same."""
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "sys").mkdir()
    assert examine_machine(Machine(tmp_path, RecordedKernel())).state(name) is State.UNKNOWN


def test_a_recorded_tree_never_asks_this_machines_kernel(tmp_path):
    report = examine(tmp_path)
    assert (report.kernel, report.measured_at) == ("", 0)
    for name in (
        "landlock",
        "memfd-secret",
        "no-new-code",
        "memory-lock",
        "time-synchronised",
        "disk-encrypted",
    ):
        assert report.state(name) is State.UNKNOWN


def test_every_check_explains_itself_and_every_gap_has_a_remedy(tmp_path):
    assert len({check.name for check in CHECKS}) == len(CHECKS) > 60
    assert all(check.reason and check.source and check.remedy and check.weight >= 0 for check in CHECKS)
    for report in (examine(tmp_path), examine("/", tmp_path)):
        assert [finding.name for finding in report.findings] == [check.name for check in CHECKS]
        assert all(finding.detail for finding in report.findings)
        assert all(bool(finding.remedy) == (finding.state is not State.OK) for finding in report.findings)


def test_this_very_machine_can_be_examined(tmp_path):
    report = examine("/", tmp_path)
    assert os.uname().release in report.kernel
    assert report.measured_at > 0
    assert report.state("seccomp") is State.OK
    with pytest.raises(KeyError):
        report.state("no-such-check")


def test_the_report_is_json_of_a_documented_form(reports):
    report = reports["plain-debian"]
    shown = json.loads(to_json(report))
    assert set(shown) == {"kernel", "measured_at", "score", "findings"}
    keys = {"name", "state", "detail", "reason", "source", "remedy", "group", "weight"}
    assert all(set(finding) == keys for finding in shown["findings"])
    assert msgspec.json.decode(to_json(report), type=HostReport) == report
