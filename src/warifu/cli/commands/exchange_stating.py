"""``warifu exchange travel-rule``: what you state about who is paid, where an exchange has to ask."""

from __future__ import annotations

from pathlib import Path

import click

from warifu.cli.approvers import own_credential, wanted
from warifu.cli.base import Command, confirm, examples, json_option, require_yes, with_option, yes_option
from warifu.cli.context import Setting
from warifu.cli.exchanges.stating import Stating, read_statement
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.errors import InputRefused


@examples(
    "warifu exchange travel-rule savings coinbase --file me.json",
    "warifu exchange travel-rule savings coinbase --forget",
)
@click.command("travel-rule", cls=Command)
@click.argument("wallet")
@click.argument("account")
@click.option(
    "--file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="JSON in the exchange's own form. It may be removed afterwards.",
)
@click.option("--forget", is_flag=True, help="Have the devices forget what you stated.")
@with_option
@yes_option
@json_option
@click.pass_obj
def travel_rule(
    setting: Setting,
    wallet: str,
    account: str,
    file: Path | None,
    forget: bool,
    credential: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    """State for ACCOUNT's exchange who is paid by what comes home, where it has to ask that (the travel rule).

    It goes sealed to the devices that hold the account, and into every withdrawal that brings a visit home; the
    service never sees it. Devices show which fields you stated, and not what you stated.
    """
    screen, profile = Screen(as_json), setting.profile()
    require_yes(yes, as_json)
    if (file is None) != forget:
        raise InputRefused("usage", "it is either --file or --forget", not_done="Nothing was changed.")
    text = "" if file is None else read_statement(file)
    known = profile.wallet(wallet)
    with setting.client(profile) as client:
        stating = Stating.of(client, profile, known, account)
        fields = stating.fields(text)
        screen.facts(
            [
                (tr("account"), f"{account} ({stating.account.exchange})"),
                (tr("devices"), ", ".join(stating.account.holders)),
                (tr("states"), ", ".join(fields) or tr("nothing any more")),
            ]
        )
        confirm(yes, tr("Have the devices keep that?"))
        own = own_credential(profile, screen, known, credential, wanted(known, account))
        stating.tell(own, text)
    screen.line(
        tr("Every device that holds the account keeps it. Visits that were stuck are tried again soon.")
    )
    screen.result({"account": account, "fields": list(fields)})
