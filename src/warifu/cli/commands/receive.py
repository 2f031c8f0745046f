"""``warifu address`` and ``balance``."""

from __future__ import annotations

from typing import Any

import click

from warifu.cli.base import Command, chain_option, examples, json_option
from warifu.cli.client import Client, segment
from warifu.cli.context import Setting
from warifu.cli.known_wallet import Wallet
from warifu.cli.screen import Screen, error_object
from warifu.cli.text import tr
from warifu.cli.wallet_keys import account_of, check_address, keys_of
from warifu.errors import PeerMisbehaved
from warifu.protocol.api import Account, Accounts, Address, Addresses, Balance, Question, error_from
from warifu.protocol.chains import BITCOIN, spoken
from warifu.units import format_bitcoin_amount, format_quantity


class _Nothing(Question, frozen=True):
    """A body without fields."""


@examples(
    "warifu address savings", "warifu address savings --chain ethereum", "warifu address savings --list"
)
@click.command("address", cls=Command)
@click.argument("wallet")
@chain_option
@click.option(
    "--list", "listed", is_flag=True, help="List the addresses that were given out, make no new one."
)
@json_option
@click.pass_obj
def address(setting: Setting, wallet: str, chain: str, listed: bool, as_json: bool) -> None:
    """Show the next address at which WALLET receives; on chains of accounts it has one.

    This client derives the address itself from the key whose birth it verified, and refuses the service's if it is
    another one.
    """
    screen, profile = Screen(as_json), setting.profile()
    known = profile.wallet(wallet)
    if chain != BITCOIN:
        account = account_of(known, chain)
        screen.exact(account)
        screen.result({"chain": chain, "address": account})
        return
    keys = keys_of(known)
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


@examples("warifu balance savings", "warifu balance savings --json | jq .bitcoin.confirmed")
@click.command("balance", cls=Command)
@click.argument("wallet")
@json_option
@click.pass_obj
def balance(setting: Setting, wallet: str, as_json: bool) -> None:
    """Show what WALLET has on every chain, as the service's backends see it."""
    screen, profile = Screen(as_json), setting.profile()
    known = profile.wallet(wallet)
    with setting.client(profile) as client:
        bitcoin = _bitcoin(client, screen, known) if "bip340" in known.request.schemes else None
        accounts = client.get(f"/wallets/{segment(wallet)}/accounts", Accounts).accounts
    screen.result({"bitcoin": bitcoin, "accounts": [_account(screen, known, told) for told in accounts]})


def _bitcoin(client: Client, screen: Screen, wallet: Wallet) -> dict[str, Any]:
    told = client.get(f"/wallets/{segment(wallet.name)}/balance", Balance)
    screen.line(spoken(BITCOIN), style="bold")
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
    return {
        "confirmed": told.confirmed,
        "pending": told.pending,
        "untrusted": told.untrusted,
        "immature": told.immature,
        "total": told.total,
        "height": told.height,
    }


def _account(screen: Screen, wallet: Wallet, told: Account) -> dict[str, Any]:
    derived = account_of(wallet, told.chain)
    if told.address != derived:
        raise PeerMisbehaved(
            "address",
            f"the service looks at {told.address} on {spoken(told.chain)}, which is not this wallet's account",
            remedy="The service is broken or hostile. Do not use addresses from it; the wallet itself is unharmed.",
            blame="service",
        )
    screen.line(f"{spoken(told.chain)}  {derived}", style="bold")
    refusal = error_from(told.refusal) if told.refusal is not None else None
    if refusal is not None:
        screen.line(f"  {refusal.message} ({refusal.code})")
    facts = [
        (asset.symbol, format_quantity(int(asset.amount), asset.decimals, "").strip())
        for asset in told.assets
    ]
    screen.facts(facts + ([(tr("at block"), str(told.height))] if told.height is not None else []))
    return {
        "chain": told.chain,
        "address": derived,
        "height": told.height,
        "assets": [
            {
                "token": asset.token,
                "symbol": asset.symbol,
                "decimals": asset.decimals,
                "amount": asset.amount,
            }
            for asset in told.assets
        ],
        "refusal": error_object(refusal) if refusal is not None else None,
    }
