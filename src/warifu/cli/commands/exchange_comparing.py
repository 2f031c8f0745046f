"""``warifu exchange compare``: what devices found at the exchange of calls that another one carried."""

from __future__ import annotations

import click

from warifu.cli.approvers import own_credential, wanted
from warifu.cli.base import Command, confirm, examples, json_option, require_yes, with_option, yes_option
from warifu.cli.changing_shown import exit_code_of, show_told
from warifu.cli.changing_shown import told_object as instructed_object
from warifu.cli.context import Setting
from warifu.cli.exchanges.comparisons import ask_devices, open_calls, settle, show, told_object
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.errors import InputRefused


@examples(
    "warifu exchange compare savings",
    "warifu exchange compare savings coinbase --accept",
    "warifu exchange compare savings coinbase --accept --call 3f2a",
)
@click.command("compare", cls=Command)
@click.argument("wallet")
@click.argument("account", required=False)
@click.option("--accept", is_flag=True, help="I looked at the exchange myself: settle what is not settled.")
@click.option("--call", "calls", multiple=True, metavar="ID", help="With --accept: this one alone (repeat).")
@with_option
@yes_option
@json_option
@click.pass_obj
def compare(
    setting: Setting,
    wallet: str,
    account: str | None,
    accept: bool,
    calls: tuple[str, ...],
    credential: str | None,
    yes: bool,
    as_json: bool,
) -> int:
    """Show what each device of WALLET has to compare at the exchange, and in what it found something else.

    A device that signed an order or a withdrawal which another one carried looks afterwards what was made of it, and
    signs no further one before. What differs freezes the wallet. Each device tells it to you alone, sealed and signed:
    the service does not see it, and no device believes another.

    With --accept you say that you looked at ACCOUNT yourself, at the exchange, and that all is right there: an order
    that you placed by hand, a list that does not come to an end. It takes as many owners as the largest payment. Then
    end the freeze ('warifu policy unfreeze'). What a carrier changed, you do not accept: 'warifu devices ban-carrier'
    first.
    """
    screen, profile = Screen(as_json), setting.profile()
    if accept and account is None:
        raise InputRefused(
            "usage", "name the account whose calls you looked at", not_done="Nothing was settled."
        )
    if accept:
        require_yes(yes, as_json)
    known = profile.wallet(wallet)
    with setting.client(profile) as client:
        own = own_credential(profile, screen, known, credential, wanted(known, account or tr("comparisons")))
        with screen.waiting(tr("asking the devices")):
            told = ask_devices(client, own, known)
        show(screen, known, told, account)
        if not accept or account is None:
            screen.result({"devices": told_object(told, account)})
            return 0
        about = open_calls(told, account, calls)
        screen.warn(
            tr(
                "{count} calls are taken for right on your word: no device looks at them any more.",
                count=len(about),
            )
        )
        confirm(yes, tr("Did you see at the exchange itself that they are?"))
        answered = settle(client, screen, own, known, account, about)
    show_told(screen, answered)
    screen.line(
        tr("Where the wallet is frozen, end that: warifu policy unfreeze {wallet}", wallet=known.name)
    )
    settled = {"settled": [each.hex() for each in about]}
    screen.result({**settled, **instructed_object(answered), "devices_before": told_object(told, account)})
    return exit_code_of(answered)
