"""``warifu policy freeze, unfreeze``: nothing leaves a wallet, until it does again."""

from __future__ import annotations

import click

from warifu.cli.approvers import own_credential, wanted
from warifu.cli.base import Command, examples, json_option, passphrase_option, with_option
from warifu.cli.changing import freeze_request, require_some, tell, tell_sealed, unfreeze_request
from warifu.cli.changing_shown import exit_code_of, show_told, told_object
from warifu.cli.context import Setting, now
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.cli.together import lay_before
from warifu.errors import InputRefused
from warifu.protocol.request import MAX_REASON


@examples("warifu policy freeze savings", "warifu policy freeze savings --reason 'my laptop was stolen'")
@click.command("freeze", cls=Command)
@click.argument("wallet_name", metavar="WALLET")
@click.option(
    "--reason",
    default="an owner said so",
    show_default=True,
    help="Shown with every refusal until the freeze ends; at most 200 characters.",
)
@with_option
@json_option
@click.pass_obj
def freeze_command(
    setting: Setting, wallet_name: str, reason: str, credential: str | None, as_json: bool
) -> int:
    """Freeze WALLET at once on every device that hears it, and veto all that waits. No passphrase is asked."""
    screen, profile = Screen(as_json), setting.profile()
    wallet = profile.wallet(wallet_name)
    if len(reason) > MAX_REASON:
        raise InputRefused(
            "reason", f"the reason must have at most {MAX_REASON} characters", not_done="Nothing was frozen."
        )
    with setting.client(profile) as client:
        own = own_credential(profile, screen, wallet, credential, wanted(wallet, tr("to freeze it"), reason))
        told = tell(client, own, freeze_request(wallet, reason))
    profile.keep_asked(wallet.wallet_id, None)
    show_told(screen, told)
    screen.result(told_object(told))
    return exit_code_of(told)


@examples("warifu policy unfreeze savings")
@click.command("unfreeze", cls=Command)
@click.argument("wallet_name", metavar="WALLET")
@with_option
@passphrase_option
@json_option
@click.pass_obj
def unfreeze_command(
    setting: Setting, wallet_name: str, credential: str | None, passphrase_fd: int | None, as_json: bool
) -> int:
    """Ask the connected devices of WALLET to sign again. It takes the passphrase and waits as every loosening does."""
    screen, profile = Screen(as_json), setting.profile()
    wallet = profile.wallet(wallet_name)
    request = unfreeze_request(wallet)
    own = own_credential(profile, screen, wallet, credential, wanted(wallet, tr("the end of its freeze")))
    with setting.client(profile) as client:
        if wallet.rules.owners_needed > 1:
            screen.result(lay_before(client, screen, own, wallet, request, "policy"))
            return 0
        devices = require_some(client, wallet)
        told = tell_sealed(
            client, profile, own, wallet, request, devices, wallet.acceptable(now()), passphrase_fd
        )
    show_told(screen, told)
    screen.result(told_object(told))
    return exit_code_of(told)
