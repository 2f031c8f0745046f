"""``warifu exchange balances, market, orders, status``: what changes nothing at the exchange."""

from __future__ import annotations

from decimal import Decimal

import click

from warifu.cli.base import Command, examples, json_option, with_option
from warifu.cli.context import Setting, now
from warifu.cli.exchanges.asking import asking, show_order, show_result
from warifu.cli.exchanges.banks import show_transfer
from warifu.cli.exchanges.calls import Exchanging
from warifu.cli.exchanges.kept import Kept, KeptOrder, KeptTransfer, all_kept, forget, recall
from warifu.cli.exchanges.orders import ARRIVED, arrival_facts, arrival_object, balance_object, pair_named
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.exchanges.amounts import plain
from warifu.exchanges.market import Order

LATEST = 300
"""Seconds after a call's authorization has expired in which what was signed by it is still good (a JWT: 120), and what
the exchange took shows in its lists."""


@examples("warifu exchange balances savings coinbase")
@click.command("balances", cls=Command)
@click.argument("wallet")
@click.argument("account")
@with_option
@json_option
@click.pass_obj
def balances(setting: Setting, wallet: str, account: str, credential: str | None, as_json: bool) -> None:
    """Show what ACCOUNT of WALLET has at the exchange."""
    screen = Screen(as_json)
    with Exchanging.open(setting, wallet, account, screen, credential) as exchanging:
        found = asking(lambda: exchanging.read_all(exchanging.exchange.balances()))
        screen.table(
            (tr("asset"), tr("free>"), tr("held>")),
            [(one.asset, plain(one.free), plain(one.held)) for one in found],
        )
        show_result(exchanging, {"balances": [balance_object(one) for one in found]})


@examples("warifu exchange market savings coinbase BTC-USD")
@click.command("market", cls=Command)
@click.argument("wallet")
@click.argument("account")
@click.argument("pair")
@with_option
@json_option
@click.pass_obj
def market(
    setting: Setting, wallet: str, account: str, pair: str, credential: str | None, as_json: bool
) -> None:
    """Show the steps and bounds of PAIR at the exchange, such as BTC-USD."""
    screen, named = Screen(as_json), pair_named(pair)
    with Exchanging.open(setting, wallet, account, screen, credential) as exchanging:
        found = asking(lambda: exchanging.ask(exchanging.exchange.market(named)))
        screen.facts(
            [
                (tr("Pair"), str(found.pair)),
                (tr("State"), tr(found.state)),
                (tr("Least size"), f"{plain(found.least_size)} {named.base}"),
                (tr("Step of the size"), f"{plain(found.size_step)} {named.base}"),
                (tr("Step of the price"), f"{plain(found.price_step)} {named.quote}"),
                (tr("Least amount"), f"{plain(found.least_funds)} {named.quote}"),
            ]
        )
        show_result(
            exchanging,
            {
                "pair": str(found.pair),
                "state": found.state,
                "least_size": plain(found.least_size),
                "size_step": plain(found.size_step),
                "price_step": plain(found.price_step),
                "least_funds": plain(found.least_funds),
            },
        )


@examples("warifu exchange orders savings coinbase")
@click.command("orders", cls=Command)
@click.argument("wallet")
@click.argument("account")
@json_option
@click.pass_obj
def orders(setting: Setting, wallet: str, account: str, as_json: bool) -> None:
    """List what of ACCOUNT this client asked for and does not know the end of: orders, withdrawals, bank transfers.

    Nothing is asked of the exchange: 'warifu exchange status' does.
    """
    screen = Screen(as_json)
    setting.profile().wallet(wallet)  # an empty list of a wallet that nobody has would hide what there is
    kept = all_kept(setting.home, wallet, account)
    screen.table((tr("identifier"), tr("what")), [(one.client_id, _words(one)) for one in kept])
    screen.result(
        {
            "kept": [
                {
                    "client_id": one.client_id,
                    "kind": _kind(one),
                    "made": one.made,
                }
                for one in kept
            ]
        }
    )


@examples("warifu exchange status savings coinbase 1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed")
@click.command("status", cls=Command)
@click.argument("wallet")
@click.argument("account")
@click.argument("identifier")
@with_option
@json_option
@click.pass_obj
def status(
    setting: Setting, wallet: str, account: str, identifier: str, credential: str | None, as_json: bool
) -> None:
    """Ask the exchange what became of the order, withdrawal or bank transfer with this IDENTIFIER.

    It is the way to go on after an answer was lost. Nothing is ever sent a second time. A bank transfer is found by
    bank, amount and time: where two are alike, both are shown.
    """
    screen = Screen(as_json)
    kept = recall(setting.home, identifier, wallet, account)
    with Exchanging.open(setting, wallet, account, screen, credential) as exchanging:
        if isinstance(kept, KeptOrder):
            order = kept.order()
            found = asking(lambda: exchanging.read_all(exchanging.exchange.find_order(order)))
            if found:
                show_order(setting, exchanging, found[0], identifier)
                return
        elif isinstance(kept, KeptTransfer):
            if show_transfer(setting, exchanging, kept, kept.until + LATEST):
                return
        else:
            withdrawal = kept.withdrawal()
            arrived = asking(lambda: exchanging.read_all(exchanging.exchange.find_withdrawal(withdrawal)))
            if arrived:
                state = arrived[0]
                screen.facts(arrival_facts(state))
                if state.status in ARRIVED:
                    forget(setting.home, identifier)
                show_result(exchanging, {"withdrawal": arrival_object(state), "known": True})
                return
        over = now() > kept.until + LATEST
        if over:
            forget(setting.home, identifier)
            screen.line(tr("The exchange does not know it, and it can not come any more: it never happened."))
        else:
            screen.line(
                tr(
                    "The exchange does not know it now. What was sent may still be under way: ask again in ten minutes."
                )
            )
        show_result(exchanging, {"client_id": identifier, "known": False, "over": over})


def _kind(kept: Kept) -> str:
    if isinstance(kept, KeptTransfer):
        return f"bank-{kept.direction}"
    return "order" if isinstance(kept, KeptOrder) else "withdrawal"


def _words(kept: Kept) -> str:
    if isinstance(kept, KeptTransfer):
        direction = tr("From bank") if kept.direction == "deposit" else tr("To bank")
        return f"{direction} {kept.bank_name}: {plain(kept.amount)} {kept.currency}"
    if isinstance(kept, KeptOrder):
        order: Order = kept.order()
        amount: Decimal = order.size or order.funds or Decimal(0)
        return f"{tr(order.side)} {plain(amount)} {order.pair}"
    return f"{tr('Withdraw')} {plain(kept.amount)} {kept.asset}"
