"""``warifu exchange deposit-address, withdraw``: what comes to an exchange, and what comes home from it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import click

from warifu.cli.base import (
    Command,
    confirm,
    examples,
    json_option,
    out_option,
    require_yes,
    with_option,
    yes_option,
)
from warifu.cli.context import Setting, now
from warifu.cli.exchanges.asking import asking, changing, rehearsed, show_result
from warifu.cli.exchanges.calls import Exchanging
from warifu.cli.exchanges.kept import keep, kept_withdrawal, new_identifier
from warifu.cli.exchanges.orders import (
    arrival_facts,
    arrival_object,
    decimal_of,
    stated_facts,
    withdrawal_facts,
    withdrawal_object,
)
from warifu.cli.exchanges.stating import read_statement
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.errors import InputRefused
from warifu.exchanges.adapter import Withdrawal


@examples("warifu exchange deposit-address savings binance BTC --network BTC")
@click.command("deposit-address", cls=Command)
@click.argument("wallet")
@click.argument("account")
@click.argument("asset")
@click.option("--network", required=True, metavar="NAME", help="As the exchange calls it.")
@with_option
@json_option
@click.pass_obj
def deposit_address(
    setting: Setting,
    wallet: str,
    account: str,
    asset: str,
    network: str,
    credential: str | None,
    as_json: bool,
) -> None:
    """Show where ASSET is to be sent so that ACCOUNT is credited, as one device was told it over its own TLS."""
    screen = Screen(as_json)
    with Exchanging.open(setting, wallet, account, screen, credential) as exchanging:
        source = _wallet_of(exchanging, asset.upper())
        found = asking(
            lambda: exchanging.ask(exchanging.exchange.deposit_address(asset.upper(), network, source))
        )
        screen.facts(
            [
                (tr("Asset"), found.asset),
                (tr("Network"), found.network),
                (tr("Memo"), found.memo or tr("none")),
            ]
        )
        screen.exact(found.address)
        show_result(
            exchanging,
            {"asset": found.asset, "network": found.network, "address": found.address, "memo": found.memo},
        )


@examples(
    "warifu exchange withdraw savings binance BTC 0.05 --network BTC --to own --no-memo",
    "warifu exchange withdraw savings coinbase ETH 1.5 --network ethereum --to own --no-memo --yes --json",
    "warifu exchange withdraw savings binance BTC 0.05 --network BTC --no-memo --travel-rule me.json",
    "warifu exchange withdraw savings binance BTC 0.05 --network BTC --no-memo --dry-run",
)
@click.command("withdraw", cls=Command)
@click.argument("wallet")
@click.argument("account")
@click.argument("asset")
@click.argument("amount")
@click.option("--network", required=True, metavar="NAME", help="As the exchange calls it.")
@click.option(
    "--to",
    "destination",
    default="own",
    show_default=True,
    metavar="ADDRESS",
    help="'own': an address of this wallet. Another one must be in its policy.",
)
@click.option("--memo", metavar="TEXT", help="What the receiver wants with it.")
@click.option("--no-memo", is_flag=True, help="Say that there is none, where the network knows memos.")
@click.option(
    "--travel-rule",
    "statement",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="JSON in the exchange's own form: who is paid, where it has to ask that.",
)
@click.option("--dry-run", is_flag=True, help="Show what each device says of it; withdraw nothing.")
@out_option
@yes_option
@with_option
@json_option
@click.pass_obj
def withdraw(
    setting: Setting,
    wallet: str,
    account: str,
    asset: str,
    amount: str,
    network: str,
    destination: str,
    memo: str | None,
    no_memo: bool,
    statement: Path | None,
    dry_run: bool,
    out: Path | None,
    yes: bool,
    credential: str | None,
    as_json: bool,
) -> None:
    """Bring AMOUNT of ASSET home from ACCOUNT, or to an address that the wallet's policy names.

    Every device judges the address by itself: it is the wallet's own, or in the policy, or nothing is signed.

    What the devices keep of who is paid ('warifu exchange travel-rule') goes into what they bring home by themselves
    alone. Say it here with --travel-rule: it goes inside of the sealed call, which the service cannot read, and stays
    in no file of this client but the one that other owners need (--out).
    """
    screen = Screen(as_json)
    if not dry_run:
        require_yes(yes, as_json)
    quantity = decimal_of(amount, "amount")
    with Exchanging.open(setting, wallet, account, screen, credential, out) as exchanging:
        if not dry_run:
            exchanging.require_out()
        symbol = asset.upper()
        own = destination == "own"
        address = exchanging.own_address(symbol, network) if own else destination
        withdrawal = Withdrawal(
            new_identifier(),
            symbol,
            network,
            address,
            quantity,
            memo,
            no_memo,
            _wallet_of(exchanging, symbol, quantity),
            "" if statement is None else read_statement(statement),
        )
        stated = exchanging.exchange.travel_rule(withdrawal.travel_rule) if withdrawal.travel_rule else ()
        if not stated and exchanging.account.travel_rule:
            screen.warn(
                tr(
                    "the devices keep who is paid for what they bring home by themselves; this withdrawal does not say "
                    "it, and the exchange may refuse it (--travel-rule FILE says it)"
                )
            )
        screen.facts([*withdrawal_facts(withdrawal, own=own), *stated_facts(stated)])
        shown = withdrawal_object(withdrawal, own=own) | {"travel_rule": list(stated)}
        if dry_run:
            decisions = rehearsed(exchanging, exchanging.exchange.withdraw(withdrawal))
            screen.line(tr("Nothing was withdrawn."))
            show_result(exchanging, {"withdrawal": shown, "asked": False, "decisions": decisions})
            return
        seconds = exchanging.lifetime(exchanging.exchange.withdraw(withdrawal))
        confirm(yes, tr("Withdraw this?"))
        until, exchange = now() + seconds, exchanging.account.exchange
        keep(setting.home, kept_withdrawal(wallet, account, exchange, withdrawal, now(), until))
        state = changing(
            setting,
            exchanging,
            withdrawal.client_id,
            lambda: exchanging.ask(exchanging.exchange.withdraw(withdrawal)),
        )
        screen.facts(arrival_facts(state))
        screen.line(
            tr(
                "How far it is: warifu exchange status {wallet} {account} {identifier}",
                wallet=wallet,
                account=account,
                identifier=withdrawal.client_id,
            )
        )
        show_result(exchanging, {"withdrawal": shown, "state": arrival_object(state)})


def _wallet_of(exchanging: Exchanging, asset: str, least: Decimal = Decimal(0)) -> str:
    """The exchange's own name of the account that holds the asset, where it wants to be told. Of several the first that
    a key sends from and that has so much, or the fullest: what is in another one is asked for by itself."""
    call = exchanging.exchange.wallets()
    if call is None:
        return ""
    listed = asking(lambda: exchanging.read_all(call))
    found = [one for one in listed if one.asset == asset and one.sends]
    if not found:
        raise InputRefused(
            "no-exchange-wallet",
            f"the account has no {asset} at the exchange that a key sends from",
            not_done="Nothing was asked.",
        )
    enough = [one for one in found if one.free >= least]
    return str((enough[0] if enough else max(found, key=lambda one: one.free)).wallet)
