"""``warifu exchange balances, market, buy, sell, orders, status, cancel, deposit-address, withdraw``."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from warifu.cli.base import Command, examples, json_option, require_yes, with_option, yes_option
from warifu.cli.context import Setting, now
from warifu.cli.exchange_calls import Exchanging
from warifu.cli.exchange_failures import as_error
from warifu.cli.exchange_kept import (
    Kept,
    KeptOrder,
    all_kept,
    forget,
    keep,
    kept_order,
    kept_withdrawal,
    new_identifier,
    recall,
)
from warifu.cli.exchange_orders import (
    ARRIVED,
    FINAL,
    arrival_facts,
    arrival_object,
    balance_object,
    decimal_of,
    order_facts,
    order_object,
    pair_named,
    state_facts,
    state_object,
    wanted_order,
    withdrawal_facts,
    withdrawal_object,
)
from warifu.cli.exchange_together import NotAsked
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.errors import InputRefused, WarifuError
from warifu.exchanges.adapter import OrderState, Withdrawal
from warifu.exchanges.amounts import plain
from warifu.exchanges.failures import ExchangeFailed, OutcomeUnknown
from warifu.exchanges.market import Lifetime, Order, Side

LATEST = 300
"""Seconds after a call's authorization has expired in which what was signed by it is still good (a JWT: 120), and what
the exchange took shows in its lists."""
_LIFETIMES: dict[str, Lifetime] = {"gtc": "until-cancelled", "ioc": "immediate", "fok": "whole-or-none"}


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
        found = _asking(lambda: exchanging.read_all(exchanging.exchange.balances()))
        screen.table(
            (tr("asset"), tr("free>"), tr("held>")),
            [(one.asset, plain(one.free), plain(one.held)) for one in found],
        )
        _result(exchanging, {"balances": [balance_object(one) for one in found]})


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
        found = _asking(lambda: exchanging.ask(exchanging.exchange.market(named)))
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
        _result(
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


out_option = click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where several owners must approve: a new file with what is asked, for you to hand to the others.",
)


def _order_options(function: Callable[..., None]) -> Callable[..., None]:
    for option in (
        json_option,
        with_option,
        yes_option,
        out_option,
        click.option("--dry-run", is_flag=True, help="Show the order as it fits the market; place nothing."),
        click.option("--post-only", is_flag=True, help="Refuse the order rather than take what is offered."),
        click.option(
            "--lifetime",
            type=click.Choice(tuple(_LIFETIMES)),
            default="gtc",
            show_default=True,
            help="Until cancelled, immediate or cancel, whole or none.",
        ),
        click.option("--stop", metavar="PRICE", help="Wait until the price is there; needs --limit."),
        click.option("--limit", metavar="PRICE", help="The worst price for one of what is traded."),
        click.option("--funds", metavar="AMOUNT", help="A buy at any price: how much money it spends."),
        click.option("--size", metavar="AMOUNT", help="How much of what is traded."),
    ):
        function = option(function)
    return function


@examples(
    "warifu exchange buy savings coinbase BTC-USD --size 0.01 --limit 65000",
    "warifu exchange buy savings coinbase BTC-USD --funds 500 --dry-run",
)
@click.command("buy", cls=Command)
@click.argument("wallet")
@click.argument("account")
@click.argument("pair")
@_order_options
@click.pass_obj
def buy(setting: Setting, /, wallet: str, account: str, pair: str, **options: Any) -> None:  # noqa: ANN401  # click's
    """Buy at the exchange: what PAIR names first, paid in what it names second."""
    _place(setting, wallet, account, pair, "buy", **options)


@examples("warifu exchange sell savings coinbase BTC-USD --size 0.01 --limit 70000 --post-only")
@click.command("sell", cls=Command)
@click.argument("wallet")
@click.argument("account")
@click.argument("pair")
@_order_options
@click.pass_obj
def sell(setting: Setting, /, wallet: str, account: str, pair: str, **options: Any) -> None:  # noqa: ANN401  # click's
    """Sell at the exchange: what PAIR names first, for what it names second."""
    _place(setting, wallet, account, pair, "sell", **options)


def _place(
    setting: Setting,
    wallet: str,
    account: str,
    pair: str,
    side: Side,
    *,
    size: str | None,
    funds: str | None,
    limit: str | None,
    stop: str | None,
    lifetime: str,
    post_only: bool,
    dry_run: bool,
    yes: bool,
    credential: str | None,
    out: Path | None,
    as_json: bool,
) -> None:
    screen = Screen(as_json)
    order = wanted_order(
        pair,
        side,
        size=size,
        funds=funds,
        limit=limit,
        stop=stop,
        lifetime=_LIFETIMES[lifetime],
        post_only=post_only,
    )
    if not dry_run:
        require_yes(yes, as_json)
    with Exchanging.open(setting, wallet, account, screen, credential, out) as exchanging:
        if not dry_run:
            exchanging.require_out()
        fitted = _asking(lambda: exchanging.ask(exchanging.exchange.market(order.pair))).fit(order)
        screen.facts(order_facts(fitted))
        if dry_run:
            screen.line(tr("Nothing was placed."))
            _result(exchanging, {"order": order_object(fitted), "placed": False})
            return
        seconds = exchanging.lifetime(exchanging.exchange.place(fitted))
        _confirm(yes, tr("Place this order?"))
        until = now() + seconds
        keep(setting.home, kept_order(wallet, account, exchanging.account.exchange, fitted, now(), until))
        state = _changing(
            setting,
            exchanging,
            fitted.client_id,
            lambda: exchanging.ask(exchanging.exchange.place(fitted)),
        )
        _show_order(setting, exchanging, state, fitted.client_id)


@examples("warifu exchange orders savings coinbase")
@click.command("orders", cls=Command)
@click.argument("wallet")
@click.argument("account")
@json_option
@click.pass_obj
def orders(setting: Setting, wallet: str, account: str, as_json: bool) -> None:
    """List the orders and withdrawals of ACCOUNT that this client asked for and whose end it does not know.

    Nothing is asked of the exchange: 'warifu exchange status' does.
    """
    screen = Screen(as_json)
    kept = all_kept(setting.home, wallet, account)
    screen.table((tr("identifier"), tr("what")), [(one.client_id, _words(one)) for one in kept])
    screen.result(
        {
            "kept": [
                {
                    "client_id": one.client_id,
                    "kind": "order" if isinstance(one, KeptOrder) else "withdrawal",
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
    """Ask the exchange what became of the order or withdrawal with this IDENTIFIER.

    It is the way to go on after an answer was lost. Nothing is ever sent a second time.
    """
    screen = Screen(as_json)
    kept = recall(setting.home, identifier, wallet, account)
    with Exchanging.open(setting, wallet, account, screen, credential) as exchanging:
        if isinstance(kept, KeptOrder):
            order = kept.order()
            found = _asking(lambda: exchanging.read_all(exchanging.exchange.find_order(order)))
            if found:
                _show_order(setting, exchanging, found[0], identifier)
                return
        else:
            withdrawal = kept.withdrawal()
            arrived = _asking(lambda: exchanging.read_all(exchanging.exchange.find_withdrawal(withdrawal)))
            if arrived:
                state = arrived[0]
                screen.facts(arrival_facts(state))
                if state.status in ARRIVED:
                    forget(setting.home, identifier)
                _result(exchanging, {"withdrawal": arrival_object(state), "known": True})
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
        _result(exchanging, {"client_id": identifier, "known": False, "over": over})


@examples("warifu exchange cancel savings coinbase 1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed")
@click.command("cancel", cls=Command)
@click.argument("wallet")
@click.argument("account")
@click.argument("identifier")
@out_option
@yes_option
@with_option
@json_option
@click.pass_obj
def cancel(
    setting: Setting,
    wallet: str,
    account: str,
    identifier: str,
    out: Path | None,
    yes: bool,
    credential: str | None,
    as_json: bool,
) -> None:
    """Take back what is still open of the order with this IDENTIFIER. What was traded stays traded."""
    screen = Screen(as_json)
    require_yes(yes, as_json)
    kept = recall(setting.home, identifier, wallet, account)
    if not isinstance(kept, KeptOrder):
        raise InputRefused(
            "exchange-cancel", "a withdrawal cannot be taken back", not_done="Nothing was asked."
        )
    with Exchanging.open(setting, wallet, account, screen, credential, out) as exchanging:
        exchanging.require_out()
        order = kept.order()
        found = _asking(lambda: exchanging.read_all(exchanging.exchange.find_order(order)))
        if not found:
            raise InputRefused(
                "unknown-order",
                "the exchange does not know this order now",
                not_done="Nothing was cancelled.",
                remedy="Ask again in a few minutes: warifu exchange status.",
            )
        if found[0].status not in FINAL:
            screen.facts(state_facts(found[0]))
            _confirm(yes, tr("Cancel what is open of it?"))
            _asking(lambda: exchanging.ask(exchanging.exchange.cancel(found[0])))
        after = _asking(lambda: exchanging.read_all(exchanging.exchange.find_order(order))) or found
        _show_order(setting, exchanging, after[0], identifier)


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
        found = _asking(
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
        _result(
            exchanging,
            {"asset": found.asset, "network": found.network, "address": found.address, "memo": found.memo},
        )


@examples(
    "warifu exchange withdraw savings binance BTC 0.05 --network BTC --to own --no-memo",
    "warifu exchange withdraw savings coinbase ETH 1.5 --network ethereum --to own --no-memo --yes --json",
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
    out: Path | None,
    yes: bool,
    credential: str | None,
    as_json: bool,
) -> None:
    """Bring AMOUNT of ASSET home from ACCOUNT, or to an address that the wallet's policy names.

    Every device judges the address by itself: it is the wallet's own, or in the policy, or nothing is signed.
    """
    screen = Screen(as_json)
    require_yes(yes, as_json)
    quantity = decimal_of(amount, "amount")
    with Exchanging.open(setting, wallet, account, screen, credential, out) as exchanging:
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
            _wallet_of(exchanging, symbol),
        )
        screen.facts(withdrawal_facts(withdrawal, own=own))
        seconds = exchanging.lifetime(exchanging.exchange.withdraw(withdrawal))
        _confirm(yes, tr("Withdraw this?"))
        until, exchange = now() + seconds, exchanging.account.exchange
        keep(setting.home, kept_withdrawal(wallet, account, exchange, withdrawal, now(), until))
        state = _changing(
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
        _result(
            exchanging,
            {
                "withdrawal": withdrawal_object(withdrawal, own=own),
                "state": arrival_object(state),
            },
        )


COMMANDS: tuple[click.Command, ...] = (
    balances,
    market,
    buy,
    sell,
    orders,
    status,
    cancel,
    deposit_address,
    withdraw,
)


def _asking(work: Callable[[], Any]) -> Any:  # noqa: ANN401  # whatever was asked for
    try:
        return work()
    except ExchangeFailed as failure:
        raise as_error(failure) from None


def _changing(setting: Setting, exchanging: Exchanging, identifier: str, work: Callable[[], Any]) -> Any:  # noqa: ANN401
    """As :func:`_asking`, for what was kept. Only where the exchange itself says no is it known to have an end:
    whatever else goes wrong may be the service's word alone, and leaves it to be asked for."""
    place = f"{exchanging.wallet.name} {exchanging.account.account} {identifier}"
    try:
        return work()
    except ExchangeFailed as failure:
        if not isinstance(failure, OutcomeUnknown) and failure.reason != "duplicate":
            forget(setting.home, identifier)
        raise as_error(failure, identifier=place) from None
    except NotAsked:  # this client's own word: nothing of it left
        forget(setting.home, identifier)
        raise
    except WarifuError as error:
        error.remedy = (
            f"{error.remedy} To be sure that nothing was done: warifu exchange status {place}".strip()
        )
        raise


def _confirm(yes: bool, question: str) -> None:
    if not yes and not click.confirm(question):
        raise click.Abort


def _show_order(setting: Setting, exchanging: Exchanging, state: OrderState, identifier: str) -> None:
    exchanging.screen.facts(state_facts(state))
    if state.status in FINAL:
        forget(setting.home, identifier)
    _result(exchanging, {"order": state_object(state), "known": True})


def _wallet_of(exchanging: Exchanging, asset: str) -> str:
    """The exchange's own name of the account that holds the asset, where it wants to be told."""
    call = exchanging.exchange.wallets()
    if call is None:
        return ""
    found = [one for one in _asking(lambda: exchanging.read_all(call)) if one.asset == asset]
    if not found:
        raise InputRefused(
            "no-exchange-wallet", f"the account has no {asset} at the exchange", not_done="Nothing was asked."
        )
    return str(found[0].wallet)


def _words(kept: Kept) -> str:
    if isinstance(kept, KeptOrder):
        order: Order = kept.order()
        amount: Decimal = order.size or order.funds or Decimal(0)
        return f"{tr(order.side)} {plain(amount)} {order.pair}"
    return f"{tr('Withdraw')} {plain(kept.amount)} {kept.asset}"


def _result(exchanging: Exchanging, value: dict[str, Any]) -> None:
    account = exchanging.account
    exchanging.screen.result(
        {"exchange": account.exchange, "account": account.account, "simulation": account.simulation, **value}
    )
