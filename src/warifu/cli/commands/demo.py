"""``warifu demo``: the main job, end to end, on this machine. A program of its own (``python -m warifu.demo``)."""

from __future__ import annotations

import os
import sys

import click

from warifu.cli.base import Command, examples, json_option
from warifu.cli.text import spoken


@examples("warifu demo", "warifu demo --json | jq .checks")
@click.command("demo", cls=Command)
@click.option("--keep", is_flag=True, help="Keep the temporary directory for a look.")
@json_option
def command(keep: bool, as_json: bool) -> None:
    """Play the eight steps of a transfer with three devices on a local chain, and what must not work.

    It takes less than two minutes, uses real processes and real roads, and leaves nothing behind.
    """
    options = [*(["--keep"] if keep else []), *(["--json"] if as_json else [])]
    # This process becomes the demo, so that its signals and its exit code are the demo's own.
    os.execv(sys.executable, [sys.executable, "-P", "-m", "warifu.demo", "--lang", spoken(), *options])  # noqa: S606  # our own interpreter and module
