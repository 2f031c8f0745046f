"""``warifu exchange``: accounts at exchanges, whose credentials only the devices have."""

from __future__ import annotations

from contextlib import suppress

import click

from warifu.cli.approvers import own_credential, wanted
from warifu.cli.base import Group, confirm, examples, json_option, require_yes, with_option, yes_option
from warifu.cli.commands import (
    exchange_add,
    exchange_bank,
    exchange_comparing,
    exchange_looking,
    exchange_stating,
    exchange_trading,
    exchange_transferring,
    exchange_watching,
)
from warifu.cli.context import Setting
from warifu.cli.exchanges.accounts import list_accounts, removal_of, remove_account, require_known
from warifu.cli.exchanges.calls import Exchanging
from warifu.cli.exchanges.permissions import show_permissions
from warifu.cli.exchanges.shown import account_object, account_row, what_to_do
from warifu.cli.exchanges.visits import look, together
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.errors import WarifuError


@examples("warifu exchange list savings", "warifu exchange balances savings coinbase")
@click.group("exchange", cls=Group)
def group() -> None:
    """Accounts at exchanges: trade there, and bring home what is yours.

    Credentials are in the devices alone. What is asked and answered passes the service sealed.
    """


for command in exchange_add.COMMANDS:
    group.add_command(command)


@examples("warifu exchange list savings")
@group.command("list")
@click.argument("wallet")
@json_option
@click.pass_obj
def list_command(setting: Setting, wallet: str, as_json: bool) -> None:
    """List WALLET's accounts at exchanges, as its connected devices tell: who has a part of each, and who has not."""
    screen, profile = Screen(as_json), setting.profile()
    known = profile.wallet(wallet)
    with setting.client(profile) as client:
        accounts = list_accounts(client, known)
    screen.table(
        (tr("name"), tr("exchange"), tr("key"), tr("devices"), tr("state")),
        map(account_row, accounts),
    )
    if any(listed.account.simulation for listed in accounts):
        screen.warn(tr("an account marked SIMULATION is no exchange: there is no money"))
    for listed in accounts:
        if (todo := what_to_do(listed, known.name)) is not None:
            screen.warn(todo)
    screen.result({"accounts": list(map(account_object, accounts))})


@examples("warifu exchange permissions savings coinbase")
@group.command("permissions")
@click.argument("wallet")
@click.argument("account")
@with_option
@json_option
@click.pass_obj
def permissions(setting: Setting, wallet: str, account: str, credential: str | None, as_json: bool) -> None:
    """Ask the exchange what ACCOUNT's key may do there. The least is best."""
    screen = Screen(as_json)
    with Exchanging.open(setting, wallet, account, screen, credential) as exchanging:
        screen.result(show_permissions(exchanging))


@examples("warifu exchange remove savings coinbase")
@group.command("remove")
@click.argument("wallet")
@click.argument("account")
@with_option
@yes_option
@json_option
@click.pass_obj
def remove(
    setting: Setting, wallet: str, account: str, credential: str | None, yes: bool, as_json: bool
) -> None:
    """Have the devices forget ACCOUNT and its credential. What you have at the exchange stays there.

    Revoke the key at the exchange, too: whoever copied it before could still use it.
    """
    screen, profile = Screen(as_json), setting.profile()
    require_yes(yes, as_json)
    known = profile.wallet(wallet)
    with setting.client(profile) as client:
        require_known(client, known, account)
        screen.line(
            tr("The devices forget the key of {account}; nothing moves at the exchange.", account=account)
        )
        with suppress(WarifuError):  # whatever keeps it from being seen keeps nobody from removing
            if any(seen.stays_with(account) for seen in together(look(client, known))):
                screen.warn(
                    tr("a visit with {account} is not at home: it will not come by itself", account=account)
                )
        confirm(yes, tr("Forget it?"))
        own = own_credential(profile, screen, known, credential, wanted(known, account))
        away = remove_account(client, own.approve, known, removal_of(known, account))
    if away:
        screen.warn(
            tr(
                "these devices are away and still have it: {names}. They forget it when they come, within a day; after "
                "that run this again.",
                names=", ".join(away),
            )
        )
    else:
        screen.line(tr("By the service's word no device has it any more. Revoke it at the exchange, too."))
    screen.result({"account": account, "away": list(away)})


for command in (
    exchange_looking.balances,
    exchange_looking.market,
    exchange_trading.buy,
    exchange_trading.sell,
    exchange_looking.orders,
    exchange_looking.status,
    exchange_trading.cancel,
    exchange_transferring.deposit_address,
    exchange_transferring.withdraw,
    exchange_bank.group,
    exchange_watching.watch,
    exchange_comparing.compare,
    exchange_stating.travel_rule,
):
    group.add_command(command)
