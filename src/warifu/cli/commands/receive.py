"""``warifu address`` and ``balance``."""

from __future__ import annotations

import click

from warifu.cli.base import Command, examples, json_option
from warifu.cli.client import segment
from warifu.cli.context import Setting
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.cli.wallet_keys import check_address, keys_of
from warifu.protocol.api import Address, Addresses, Balance, Question
from warifu.units import format_bitcoin_amount


class _Nothing(Question, frozen=True):
    """A body without fields."""


@examples("warifu address savings", "warifu address savings --list")
@click.command("address", cls=Command)
@click.argument("wallet")
@click.option(
    "--list", "listed", is_flag=True, help="List the addresses that were given out, make no new one."
)
@json_option
@click.pass_obj
def address(setting: Setting, wallet: str, listed: bool, as_json: bool) -> None:
    """Show the next address at which WALLET receives.

    This client derives the address itself from the key whose birth it verified, and refuses the service's if it is
    another one.
    """
    screen, profile = Screen(as_json), setting.profile()
    keys = keys_of(profile.wallet(wallet))
    path = f"/wallets/{segment(wallet)}/addresses"
    with setting.client(profile) as client:
        told = client.get(path, Addresses).addresses if listed else (client.post(path, _Nothing(), Address),)
    derived = [(item.index, check_address(keys, item.index, item.address)) for item in told]
    for index, text in derived:
        screen.exact(f"{index:>5}  {text}" if listed else text)
    if listed:
        screen.result({"addresses": [{"index": index, "address": text} for index, text in derived]})
    else:
        screen.result({"index": derived[0][0], "address": derived[0][1]})


@examples("warifu balance savings", "warifu balance savings --json | jq .confirmed")
@click.command("balance", cls=Command)
@click.argument("wallet")
@json_option
@click.pass_obj
def balance(setting: Setting, wallet: str, as_json: bool) -> None:
    """Show what WALLET has, as the service's chain backend sees it."""
    screen, profile = Screen(as_json), setting.profile()
    profile.wallet(wallet)
    with setting.client(profile) as client:
        told = client.get(f"/wallets/{segment(wallet)}/balance", Balance)
    screen.facts(
        [
            (tr("confirmed"), format_bitcoin_amount(told.confirmed)),
            (tr("own, unconfirmed"), format_bitcoin_amount(told.pending)),
            (tr("from others, unconfirmed"), format_bitcoin_amount(told.untrusted)),
            (tr("not spendable yet"), format_bitcoin_amount(told.immature)),
            (tr("total"), format_bitcoin_amount(told.total)),
            (tr("at block"), str(told.height)),
        ]
    )
    screen.result(
        {
            "confirmed": told.confirmed,
            "pending": told.pending,
            "untrusted": told.untrusted,
            "immature": told.immature,
            "total": told.total,
            "height": told.height,
        }
    )
