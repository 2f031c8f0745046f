"""``warifu exchange buy, sell, cancel``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

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
from warifu.cli.exchanges.asking import asking, changing, rehearsed, show_order, show_result
from warifu.cli.exchanges.calls import Exchanging
from warifu.cli.exchanges.kept import KeptOrder, keep, kept_order, recall
from warifu.cli.exchanges.orders import FINAL, order_facts, order_object, state_facts, wanted_order
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.errors import InputRefused
from warifu.exchanges.market import Lifetime, Side

_LIFETIMES: dict[str, Lifetime] = {"gtc": "until-cancelled", "ioc": "immediate", "fok": "whole-or-none"}


def _order_options(function: Callable[..., None]) -> Callable[..., None]:
    for option in (
        json_option,
        with_option,
        yes_option,
        out_option,
        click.option(
            "--dry-run",
            is_flag=True,
            help="Show the order as it fits the market, and what each device says of it; place nothing.",
        ),
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
        fitted = asking(lambda: exchanging.ask(exchanging.exchange.market(order.pair))).fit(order)
        screen.facts(order_facts(fitted))
        if dry_run:
            decisions = rehearsed(exchanging, exchanging.exchange.place(fitted))
            screen.line(tr("Nothing was placed."))
            show_result(exchanging, {"order": order_object(fitted), "placed": False, "decisions": decisions})
            return
        seconds = exchanging.lifetime(exchanging.exchange.place(fitted))
        confirm(yes, tr("Place this order?"))
        until = now() + seconds
        keep(setting.home, kept_order(wallet, account, exchanging.account.exchange, fitted, now(), until))
        state = changing(
            setting,
            exchanging,
            fitted.client_id,
            lambda: exchanging.ask(exchanging.exchange.place(fitted)),
        )
        show_order(setting, exchanging, state, fitted.client_id)


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
        found = asking(lambda: exchanging.read_all(exchanging.exchange.find_order(order)))
        if not found:
            raise InputRefused(
                "unknown-order",
                "the exchange does not know this order now",
                not_done="Nothing was cancelled.",
                remedy="Ask again in a few minutes: warifu exchange status.",
            )
        if found[0].status not in FINAL:
            screen.facts(state_facts(found[0]))
            confirm(yes, tr("Cancel what is open of it?"))
            asking(lambda: exchanging.ask(exchanging.exchange.cancel(found[0])))
        after = asking(lambda: exchanging.read_all(exchanging.exchange.find_order(order))) or found
        show_order(setting, exchanging, after[0], identifier)
