"""``warifu policy``: what a wallet's signers may sign, written, looked at and changed."""

from __future__ import annotations

from pathlib import Path

import click

from warifu.cli.base import Group, examples, json_option
from warifu.cli.checking import find_request, wallet_of_request
from warifu.cli.commands.policy_changes import change_command, owners_command
from warifu.cli.commands.policy_freezing import freeze_command, unfreeze_command
from warifu.cli.commands.policy_record import show_command, sync_command
from warifu.cli.commands.policy_together import carry_command
from warifu.cli.commands.policy_waiting import announce_command, pending_command, veto_command
from warifu.cli.context import Setting
from warifu.cli.dry_run import decisions_of, exit_code_of, show_decisions
from warifu.cli.policy_file import policy_from
from warifu.cli.policy_shown import policy_object, show_policy
from warifu.cli.recipes import RECIPES, recipe
from warifu.cli.screen import Screen
from warifu.protocol.policy_writing import write_policy


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


@examples("warifu policy text savings > policy.toml")
@group.command("text")
@click.argument("wallet")
@click.pass_obj
def text_command(setting: Setting, wallet: str) -> None:
    """Print the policy of WALLET as TOML, to be changed: what is printed is read as the very policy in force.

    Limits that were stated in money are printed as the money that they came to, which is a little less than what was
    typed; comments are not kept.
    """
    click.echo(write_policy(setting.profile().wallet(wallet).rules.policy), nl=False)


@examples("warifu policy check payment.req", "warifu policy check 0123456789abcdef0123456789abcdef --json")
@group.command("check")
@click.argument("request")
@json_option
@click.pass_obj
def check_command(setting: Setting, request: str, as_json: bool) -> int:
    """Ask every device of the wallet whether it would sign REQUEST, rule by rule; nothing is signed or counted.

    REQUEST is a file that 'warifu send --dry-run --save' wrote, or the id of a transfer at the service, which may wait
    for other owners: what they approved so far counts.

    The exit code is 0 where enough devices would sign; else it is that of the first refusal (5: the policy), or 13
    where too many devices are off.
    """
    screen, profile = Screen(as_json), setting.profile()
    with setting.client(profile) as client:
        found = find_request(client, request)
        wallet = wallet_of_request(profile, found.request)
        told = decisions_of(client, found.request, found.unsigned, wallet.request.devices, found.approvals)
    shown = show_decisions(screen, found.request, told)
    code = exit_code_of(told, wallet.request.threshold)
    screen.result(
        {
            "wallet": wallet.name,
            "request_id": found.request.request_id.hex(),
            "approvals": len(found.approvals),
            "threshold": wallet.request.threshold,
            "enough": code == 0,
            **shown,
        }
    )
    return code


for _command in (
    show_command,
    change_command,
    owners_command,
    pending_command,
    veto_command,
    announce_command,
    freeze_command,
    unfreeze_command,
    sync_command,
    carry_command,
):
    group.add_command(_command)
