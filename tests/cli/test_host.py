"""``warifu host harden`` as a person and as a script use it, on a small tree."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.host.hardening.trees import debian, everything

from warifu.cli.commands import host
from warifu.cli.main import main, run
from warifu.cli.screen import Screen
from warifu.host.hardening.trees import digest_of

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def as_root(monkeypatch):
    monkeypatch.setattr("warifu.host.hardening.run.require_root", lambda: None)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return debian(tmp_path / "image", {"/etc/default/grub": ""}).root


def json_of(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, Any]:
    code = run(main, ["host", "harden", *map(str, arguments), "--json"], Screen(json=True))
    return code, json.loads(capsys.readouterr().out)


def test_the_plan_shows_each_change_with_what_it_is_for_and_changes_nothing(image, capsys):
    before = everything(image)
    code, said = json_of(capsys, "--root", image, "--plan")
    assert code == 0 and everything(image) == before
    steps = {step["name"]: step for step in said["steps"]}
    assert steps["firewall"]["state"] == "not applicable"
    (change,) = steps["modules"]["changes"]
    assert (
        change["path"] == "/etc/modprobe.d/90-warifu.conf"
        and "+install dccp /bin/false" in change["difference"]
    )
    assert all(steps["modules"][word] for word in ("reason", "may_break", "undo", "source"))


def test_a_person_sees_the_plan_and_may_say_no(image):
    before = everything(image)
    said = CliRunner().invoke(host.group, ["harden", "--root", str(image)], input="n\n")
    assert said.exit_code == 1 and "slab_nomerge" in said.output and "may break" in said.output
    assert everything(image) == before


def test_a_person_says_yes_and_later_undo(image):
    before = everything(image)
    assert CliRunner().invoke(host.group, ["harden", "--root", str(image)], input="y\n").exit_code == 0
    assert (image / "etc/sysctl.d/99-warifu.conf").exists()
    again = CliRunner().invoke(host.group, ["harden", "--root", str(image)])
    assert again.exit_code == 0 and "nothing to do" in again.output
    assert (
        CliRunner().invoke(host.group, ["harden", "--root", str(image), "--undo"], input="y\n").exit_code == 0
    )
    assert everything(image) == before


def test_what_could_not_be_done_is_an_error_with_its_reason(image, capsys):
    json_of(capsys, "--root", image, "--yes")
    (image / "etc/modprobe.d/90-warifu.conf").write_text("mine")
    code, said = json_of(capsys, "--root", image, "--undo", "--yes")
    assert (code, said["error"]["code"]) == (14, "host.hardening")
    assert "/etc/modprobe.d/90-warifu.conf" in said["error"]["message"]


def test_without_root_there_is_a_plan_and_nothing_else(image, capsys, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr("warifu.host.hardening.run.os.geteuid", lambda: 1000)
    before = everything(image)
    assert json_of(capsys, "--root", image, "--plan")[0] == 0
    for arguments in (["--yes"], ["--undo", "--yes"]):
        code, said = json_of(capsys, "--root", image, *arguments)
        assert (code, said["error"]["code"]) == (14, "host.not-root")
    assert everything(image) == before


@pytest.mark.parametrize("port", ["0", "65536", "22/icmp", "ssh", "22; drop", "22\n", "-1"])
def test_what_is_no_port_never_reaches_the_rules(image, capsys, port):
    code, said = json_of(capsys, "--root", image, "--plan", f"--open={port}")
    assert (code, said["error"]["code"]) == (2, "input.usage")


@pytest.mark.parametrize("option", ["--only", "--skip"])
def test_a_step_that_is_none_is_refused(image, capsys, option):
    code, said = json_of(capsys, "--root", image, "--yes", option, "everything")
    assert (code, said["error"]["code"]) == (2, "input.step")


class TestSources:
    @pytest.fixture
    def source(self, tmp_path: Path, image: Path) -> Path:
        place = tmp_path / "lkrg"
        place.mkdir()
        (place / "dkms.conf").write_text(
            'PACKAGE_NAME="lkrg"\nPACKAGE_VERSION="1"\nBUILT_MODULE_NAME[0]="lkrg"\n'
        )
        (image / "usr/sbin").mkdir()
        (image / "usr/sbin/dkms").write_text("")
        return place

    def test_the_digest_is_shown_in_the_plan(self, image, source, capsys):
        _, said = json_of(capsys, "--root", image, "--plan", "--only", "lkrg", "--lkrg-source", source)
        assert said["steps"][0]["changes"][0]["sha256"] == digest_of(source)

    def test_without_the_owners_word_for_the_digest_nothing_is_installed(self, image, source, capsys):
        code, said = json_of(capsys, "--root", image, "--yes", "--only", "lkrg", "--lkrg-source", source)
        assert (code, said["error"]["code"]) == (2, "input.source-digest")
        refused = CliRunner().invoke(
            host.group,
            ["harden", "--root", str(image), "--only", "lkrg", "--lkrg-source", str(source)],
            input="n\n",
        )
        assert digest_of(source) in refused.output.replace("\n", "").replace(" ", "")
        assert not (image / "usr/src").exists()

    def test_another_digest_is_refused_and_the_right_one_is_taken(self, image, source, capsys):
        command = ("--root", image, "--yes", "--only", "lkrg", "--lkrg-source", source, "--lkrg-sha256")
        code, said = json_of(capsys, *command, "0" * 64)
        assert (code, said["error"]["code"]) == (2, "input.source-digest")
        assert json_of(capsys, *command, digest_of(source).upper())[0] == 0
        assert (image / "usr/src/lkrg-1/dkms.conf").exists()


def test_the_port_of_this_session_is_the_last_word_of_what_sshd_says():
    assert host._session_port("192.0.2.1 51000 192.0.2.2 2222") == 2222
    for nothing in ("", "a b c", "a b c d", "192.0.2.1 51000 192.0.2.2 22 1", "a b c 123456"):
        assert host._session_port(nothing) is None
