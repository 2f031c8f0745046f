"""``warifu doctor``: the summary first, gaps one line each, everything with --all, one object with --json."""

import json
import stat

import click.testing
import pytest
from tests.host.recorded import recorded

from warifu.cli.commands import doctor
from warifu.host.check import State
from warifu.host.doctor import CHECKS, GROUPS, examine_machine, to_json

pytestmark = pytest.mark.unit


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs the command on a recorded machine; trying the layers of isolation has tests of its own."""

    def run(tree, *arguments, change=lambda _root: None):
        machine = recorded(tree, tmp_path / tree)
        change(machine.root)
        report = examine_machine(machine)
        monkeypatch.setattr(doctor, "examine", lambda _root, _store, *, checker: report)
        monkeypatch.setattr(doctor, "show_layers", lambda _screen, _directory: [{"name": "seccomp"}])
        monkeypatch.setenv("COLUMNS", "100")
        return click.testing.CliRunner().invoke(doctor.command, arguments)

    return run


@pytest.fixture
def plain(tmp_path):
    return examine_machine(recorded("plain-debian", tmp_path / "plain"))


def test_the_summary_comes_first_and_what_is_in_order_takes_one_line_a_group(run, plain):
    lines = run("plain-debian").output.splitlines()
    assert plain.count(State.OK) > 20 < plain.count(State.MISSING)
    assert lines[:3] == [
        "Kernel: recorded",
        f"{plain.count(State.OK)} in order, {plain.count(State.MISSING)} missing, 0 unknown",
        f"Score: {plain.score} of 100 (for information only)",
    ]
    assert "  + in order: core-dumps-off" in lines
    assert not [line for line in lines if line.startswith("  + ") and "in order" not in line]
    assert len(lines) < 2 * len(CHECKS)
    assert max(map(len, lines)) <= 100


def test_a_gap_is_shown_with_what_to_do(run):
    output = run("plain-debian").output
    assert (
        "  - swap-safe                memory is swapped in clear to /dev/sda3\n      what to do: swapoff"
        in output
    )
    assert "  - pointers-hidden          kernel.kptr_restrict=0, wanted 2\n  - bpf-jit" in output


def test_one_of_several_guards_is_not_reported_as_a_gap(run):
    output = run("lkrg-loaded").output
    assert "  - ved" not in output
    assert "in order: kernel-guard, lkrg" in output


def test_everything_is_shown_with_all(run):
    output = run("lkrg-loaded", "--all").output
    assert all(f" {check.name} " in output for check in CHECKS)
    assert output.count("why: ") == len(CHECKS)


def test_a_declaration_is_shown_as_one(run):
    assert "  ! kernel-guard             AKO: by the owner:" in run("ako-declared").output


def test_control_characters_of_a_hostile_machine_do_not_reach_the_terminal(run):
    def change(root):
        (root / "proc/sys/kernel/core_pattern").write_text("|/evil\x1b[2J\x1b[32mok\n")

    output = run("plain-debian", change=change).output
    assert "/evil" in output
    assert "\x1b" not in output


def test_strict_fails_where_anything_is_missing_and_only_there(run, plain):
    ended = run("plain-debian", "--strict")
    assert ended.exit_code != 0
    assert f"{plain.count(State.MISSING)} things" in str(ended.exception)
    assert run("hardened-debian", "--strict").exit_code == 0


def test_json_has_the_documented_form(run):
    shown = json.loads(run("ako-declared", "--json").output)
    assert set(shown) == {"kernel", "measured_at", "score", "findings", "counts", "layers", "platforms"}
    weighed = [finding["state"] for finding in shown["findings"] if finding["weight"]]
    assert shown["counts"] == {
        state: weighed.count(state) for state in ("ok", "missing", "unknown", "declared")
    }
    assert shown["counts"]["declared"] == 1
    assert [finding["name"] for finding in shown["findings"]] == [check.name for check in CHECKS]
    assert shown["layers"] == [{"name": "seccomp"}]
    assert {finding["group"] for finding in shown["findings"]} == {group.name for group in GROUPS}


def test_the_report_can_be_kept_for_others_to_read(run, plain, tmp_path):
    place = tmp_path / "host.json"
    assert run("plain-debian", "--keep", str(place)).exit_code == 0
    assert place.read_bytes() == to_json(plain)
    assert stat.S_IMODE(place.stat().st_mode) == 0o644
