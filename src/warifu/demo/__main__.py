"""``python -m warifu.demo``: what ``warifu demo`` becomes."""

from __future__ import annotations

import sys

import click

from warifu.cli.main import run
from warifu.cli.screen import Screen
from warifu.cli.text import LANGUAGES, speak
from warifu.demo.main import play


@click.command()
@click.option("--keep", is_flag=True)
@click.option("--json", "as_json", is_flag=True)
@click.option("--lang", type=click.Choice(LANGUAGES), default="en")
def main(keep: bool, as_json: bool, lang: str) -> None:
    """Play the demo; see ``warifu demo --help``."""
    speak(lang)
    play(Screen(as_json), keep=keep)


if __name__ == "__main__":
    sys.exit(run(main, sys.argv[1:], Screen("--json" in sys.argv)))
