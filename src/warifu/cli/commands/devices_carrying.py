"""``warifu devices ban-carrier``: an owner lets a device carry nothing to exchanges any more."""

from __future__ import annotations

import click

from warifu.cli.approvers import own_credential, wanted
from warifu.cli.base import Command, examples, json_option, with_option
from warifu.cli.changing_shown import exit_code_of, show_told, told_object
from warifu.cli.context import Setting
from warifu.cli.exchanges.comparisons import ban_carrier
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.errors import InputRefused


@examples(
    "warifu devices ban-carrier savings friend",
    "warifu devices ban-carrier savings friend --lift",
)
@click.command("ban-carrier", cls=Command)
@click.argument("wallet")
@click.argument("device")
@click.option(
    "--lift", is_flag=True, help="Let it carry again. It takes as many owners as the largest payment."
)
@with_option
@json_option
@click.pass_obj
def ban_carrier_command(
    setting: Setting, wallet: str, device: str, lift: bool, credential: str | None, as_json: bool
) -> int:
    """Have the devices of WALLET let DEVICE carry nothing to an exchange: no call, and no step of a visit.

    For a device that another one found out ('warifu exchange compare'). What one device says of another none believes,
    or a hostile one would have the honest ones banned; so the word is yours. Your word alone is enough, it holds at
    once, and those that are away hear it when they come. It still signs for what others carry: leave it out, or
    make a new wallet, where you do not trust it at all.
    """
    screen, profile = Screen(as_json), setting.profile()
    known = profile.wallet(wallet)
    found = next((one for one in known.request.devices if one.name == device), None)
    if found is None:
        raise InputRefused(
            "unknown-device",
            f"the wallet has no device {device[:40]!r}",
            not_done="Nothing was changed.",
            remedy="See 'warifu wallet show'.",
        )
    words = (
        tr("to let this device carry to exchanges again:")
        if lift
        else tr("to let this device carry nothing to exchanges:")
    )
    with setting.client(profile) as client:
        own = own_credential(profile, screen, known, credential, wanted(known, words, device))
        told = ban_carrier(client, screen, own, known, found, lift=lift)
    show_told(screen, told)
    screen.result({"device": device, "carries": lift, **told_object(told)})
    return exit_code_of(told)
