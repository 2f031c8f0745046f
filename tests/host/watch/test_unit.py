"""The watch's unit file says to systemd what the command line understands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from warifu.cli.main import main, run
from warifu.cli.screen import Screen

pytestmark = pytest.mark.unit

UNIT = Path(__file__).resolve().parents[3] / "packaging" / "systemd" / "warifu-watch@.service"


def commands() -> list[list[str]]:
    """The words after each ``/opt/warifu/bin/warifu``; also of the line that is there to be taken into use."""
    found = []
    for line in UNIT.read_text().splitlines():
        for words in re.findall(r"/opt/warifu/bin/warifu ([^'\n]*)", line) if "Exec" in line else []:
            found.append(shlex.split(words.replace("%S", "/var/lib").replace("%i", "pi")))
    return found


def test_it_watches_and_can_freeze_when_the_watch_was_killed():
    watch, freeze = commands()
    assert watch[:2] == ["host", "watch"] and freeze[:2] == ["signer", "freeze"]
    assert "/var/lib/warifu-signer-pi" in watch and "/var/lib/warifu-signer-pi" in freeze


@pytest.mark.parametrize("words", commands(), ids=lambda words: words[1])
def test_the_command_line_knows_these_words(words, capsys):
    assert run(main, [*words, "--no-such-option"], Screen()) == 2
    assert run(main, [*words, "--help"], Screen()) == 0
