"""kernel-hardening-checker is run from the system's folders, within bounds, and what it says is read strictly."""

import dataclasses
import json
import os
import time
from pathlib import Path

import pytest
from tests.host.recorded import built

from warifu.host.doctor import examine_machine
from warifu.host.programs import ProgramFailed, Programs


@pytest.fixture
def installed(tmp_path):
    """Puts a program of this text in the place of kernel-hardening-checker."""

    def put(text, seconds=20.0):
        program = tmp_path / "bin/kernel-hardening-checker"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
        return Programs((program.parent,), seconds, 64 * 1024)

    return put


def seen(tmp_path, programs):
    machine = dataclasses.replace(built(tmp_path / "tree", {}), programs=programs)
    finding = next(
        finding for finding in examine_machine(machine).findings if finding.name == "kernel-hardening-checker"
    )
    return finding.state.value, finding.detail


def option(name, good):
    """One object of its list, in the form of version 0.6.17 and before."""
    return {
        "option_name": name,
        "type": "sysctl",
        "reason": "self_protection",
        "decision": "kspp",
        "desired_val": "2",
        "check_result": "OK" if good else 'FAIL: "0"',
        "check_result_bool": good,
    }


@pytest.mark.real
@pytest.mark.parametrize(
    ("output", "state", "words"),
    [
        ([option("a", True), option("b", True)], "ok", "all 2 in order"),
        ([option("a", True), option("b", False)], "missing", "1 of 2 fail: b"),
        (
            [option(f"o{number}", False) for number in range(9)],
            "missing",
            "9 of 9 fail: o0, o1, o2, o3, o4 ...",
        ),
        ([], "unknown", "said nothing"),
        ({"a": 1}, "unknown", "something else"),
        ([{"option_name": "a"}], "unknown", "something else"),
        ([{**option("a", True), "check_result_bool": "true"}], "unknown", "something else"),
        ([option("a", True)] * 4097, "unknown", "64 KiB"),
    ],
)
def test_what_it_says(tmp_path, installed, output, state, words):
    (tmp_path / "said").write_text(json.dumps(output))
    found, detail = seen(tmp_path, installed(f"cat {tmp_path}/said"))
    assert (found, words in detail) == (state, True), detail


@pytest.mark.real
def test_warnings_before_its_json_are_passed_over(tmp_path, installed):
    (tmp_path / "said").write_text(
        f"[!] WARNING: sysctl command returned 1\n{json.dumps([option('a', True)])}\n"
    )
    assert seen(tmp_path, installed(f"cat {tmp_path}/said"))[0] == "ok"


@pytest.mark.real
@pytest.mark.parametrize(
    ("text", "words"),
    [("exit 3", "code 3"), ("echo nonsense", "something else"), ("exec cat /dev/zero", "more than 64 KiB")],
)
def test_a_program_that_fails_is_unknown(tmp_path, installed, text, words):
    state, detail = seen(tmp_path, installed(text))
    assert (state, words in detail) == ("unknown", True), detail


@pytest.mark.real
def test_a_program_that_never_ends_is_stopped_with_its_children(tmp_path, installed):
    programs = installed(f"sleep 600 & echo $! > {tmp_path}/child\nsleep 600", seconds=0.5)
    with pytest.raises(ProgramFailed, match=r"longer than 0\.5 seconds"):
        programs.hardening_checker()
    assert _ends(int((tmp_path / "child").read_text()))


@pytest.mark.real
def test_a_child_that_keeps_the_pipe_does_not_keep_us(tmp_path, installed):
    programs = installed(f"sleep 600 & echo $! > {tmp_path}/child\necho '[]'", seconds=0.5)
    with pytest.raises(ProgramFailed, match="longer"):
        programs.hardening_checker()
    assert _ends(int((tmp_path / "child").read_text()))


@pytest.mark.real
def test_it_gets_neither_our_environment_nor_our_input(tmp_path, installed, monkeypatch):
    monkeypatch.setenv("WARIFU_SECRET", "x")
    programs = installed('env; cat; echo "$@"')
    said = programs.hardening_checker().decode()
    assert "WARIFU" not in said
    assert said.endswith("-m json -a\n")


@pytest.mark.unit
def test_path_is_not_searched(tmp_path, installed, monkeypatch):
    installed("echo '[]'")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin")
    assert Programs((tmp_path / "elsewhere",)).hardening_checker() is None
    assert all(folder.is_absolute() for folder in Programs().folders)


def _ends(process: int) -> bool:
    """A killed grandchild is nobody's to wait for: look until it is gone, or a zombie."""
    for _ in range(200):
        try:
            os.kill(process, 0)
            if Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.02)
    return False
