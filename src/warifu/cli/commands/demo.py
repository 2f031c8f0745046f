"""``warifu demo``: the main job, end to end, on this machine."""

from __future__ import annotations

import click

from warifu.cli.base import Command, examples, json_option
from warifu.cli.screen import Screen


@examples("warifu demo", "warifu demo --json | jq .checks")
@click.command("demo", cls=Command)
@click.option("--keep", is_flag=True, help="Keep the temporary directory for a look.")
@json_option
def command(keep: bool, as_json: bool) -> None:
    """Play the eight steps of a transfer with three devices on a local chain, and what must not work.

    It takes less than two minutes, uses real processes and real roads, and leaves nothing behind.
    """
    from warifu.demo.main import play  # not before it is asked for: it needs what a signer's machine may lack

    play(Screen(as_json), keep=keep)
