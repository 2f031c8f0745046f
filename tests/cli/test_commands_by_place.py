"""A command is imported when it is called for, and only it: nobody waits for what he did not ask for."""

import subprocess
import sys

import click
import pytest

from warifu.cli.base import CommandsByPlace
from warifu.cli.commands import COMMANDS

PLACES = {"label": "history.label", "sandbox": "sandbox.command"}


def by_place() -> CommandsByPlace:
    return CommandsByPlace("warifu.cli.commands", PLACES)


def modules_after(statements: str) -> set[str]:
    """What is imported in a process of its own."""
    program = f"import sys\n{statements}\nprint('imported', *sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    return set(done.stderr.rpartition("imported ")[2].split())


@pytest.mark.real
def test_one_command_does_not_import_the_others():
    imported = modules_after(
        "from warifu.cli.main import main\n"
        "main.main(['label', '--help'], prog_name='warifu', standalone_mode=False)"
    )
    assert "warifu.cli.commands.history" in imported
    ours = {name for name in imported if name.startswith("warifu.cli.commands.")}
    assert ours == {"warifu.cli.commands.history"}
    assert not imported & {"numpy", "solders", "websockets", "warifu.agent.agent", "warifu.tee.registry"}


@pytest.mark.real
def test_what_starts_the_service_has_nothing_of_it_in_its_memory():
    """It stays: as the agent of this machine's device."""
    imported = modules_after("import warifu.cli.serving")
    assert "warifu.agent.agent" in imported
    ours = {name for name in imported if name.startswith("warifu.service")}
    assert ours == set()
    assert not imported & {"dbos", "litestar", "sqlalchemy", "uvicorn", "bdkpython"}


@pytest.mark.unit
def test_every_command_is_where_the_table_says():
    for name in COMMANDS:
        assert COMMANDS[name].name == name


@pytest.mark.unit
def test_a_table_that_calls_a_command_by_another_name_is_found_out():
    with pytest.raises(AssertionError, match="is called label"):
        CommandsByPlace("warifu.cli.commands", {"tag": "history.label"})["tag"]
    with pytest.raises(AssertionError, match="is no command"):
        CommandsByPlace("warifu.cli.commands", {"screen": "history.Screen"})["screen"]


@pytest.mark.unit
def test_names_are_known_in_their_order_before_anything_is_imported():
    assert list(by_place()) == ["label", "sandbox"]
    assert len(by_place()) == 2
    assert "send" not in by_place()
    assert by_place().get("send") is None


@pytest.mark.unit
def test_a_command_can_be_put_in_and_taken_out():
    commands, own = by_place(), click.Command("own")
    commands["own"] = own
    assert commands["own"] is own
    assert list(commands) == ["label", "sandbox", "own"]
    del commands["own"], commands["label"]
    assert list(commands) == ["sandbox"]


@pytest.mark.unit
def test_what_is_imported_later_is_prepared_as_what_was_imported_before():
    commands = by_place()
    before = commands["label"]
    seen: list[str | None] = []
    commands.prepare(lambda command: seen.append(command.name))
    assert seen == ["label"]
    assert commands["sandbox"] is commands["sandbox"]
    assert commands["label"] is before
    assert seen == ["label", "sandbox"]


@pytest.mark.real
def test_help_that_is_imported_later_is_in_the_language_spoken():
    program = "from warifu.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "--lang", "ja", "label", "--help"],
        capture_output=True,
        check=True,
        text=True,
    )
    assert any("\u3040" <= letter <= "\u30ff" for letter in done.stdout)  # hiragana and katakana
