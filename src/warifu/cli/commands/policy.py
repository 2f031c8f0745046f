"""``warifu policy``: what a wallet's signers may sign, written, looked at and changed."""

from __future__ import annotations

from pathlib import Path

import click

from warifu.cli.base import Group, examples, json_option
from warifu.cli.policy_file import policy_from
from warifu.cli.policy_shown import policy_object, show_policy
from warifu.cli.recipes import RECIPES, recipe
from warifu.cli.screen import Screen


@examples("warifu policy recipe saver > policy.toml", "warifu policy read policy.toml")
@click.group("policy", cls=Group)
def group() -> None:
    """Policies: what a wallet's devices may sign, and under which conditions."""


@examples("warifu policy recipe family > policy.toml")
@group.command("recipe")
@click.argument("name", type=click.Choice(RECIPES))
def recipe_command(name: str) -> None:
    """Print a policy to begin with: TOML that you adapt.

    No recipe names anybody: as it stands, nothing leaves but to those whom you write in or announce.
    """
    click.echo(recipe(name), nl=False)


@examples("warifu policy read policy.toml", "warifu policy read policy.toml --json | jq .hash")
@group.command("read")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@json_option
def read_command(file: Path, as_json: bool) -> None:
    """Read a policy file as a wallet would, and say every rule of it; an error names its line and field."""
    screen = Screen(as_json)
    policy = policy_from(file)
    show_policy(screen, policy)
    screen.result(policy_object(policy))
