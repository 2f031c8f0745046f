"""``warifu exchange watch``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from warifu.cli.base import Command, examples, json_option, with_option
from warifu.cli.commands.exchange_trading import out_option
from warifu.cli.context import Setting
from warifu.cli.exchange_calls import Exchanging
from warifu.cli.exchange_failures import as_error
from warifu.cli.exchange_orders import pair_named
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.errors import InputRefused
from warifu.exchanges.failures import ExchangeFailed
from warifu.exchanges.feeds import FULL, LEAST_SECONDS, MOST_SECONDS, TIME, Watched


@examples(
    "warifu exchange watch savings coinbase BTC-USD",
    "warifu exchange watch savings coinbase BTC-USD ETH-USD --channel market_trades --seconds 50 --json",
    "warifu exchange watch savings coinbase BTC-USD --channel user",
)
@click.command("watch", cls=Command)
@click.argument("wallet")
@click.argument("account")
@click.argument("pairs", nargs=-1, metavar="[PAIR]...")
@click.option("--channel", default="ticker", show_default=True, help="What of it: the exchange's own word.")
@click.option(
    "--seconds",
    type=click.IntRange(LEAST_SECONDS, MOST_SECONDS),
    default=20,
    show_default=True,
    help="For how long a device listens.",
)
@out_option
@with_option
@json_option
@click.pass_obj
def watch(
    setting: Setting,
    wallet: str,
    account: str,
    pairs: Sequence[str],
    channel: str,
    seconds: int,
    out: Path | None,
    credential: str | None,
    as_json: bool,
) -> None:
    """Have a device listen to the exchange's feed for a while, and show what came.

    A feed tells early and may leave something out: gaps are said. What decides money is asked for by request. The
    policy names the channels ("FEED /ticker"). With --json: one object a line, the last one says how it ended.
    """
    screen = Screen(as_json)
    named = tuple(pair_named(pair) for pair in pairs)
    with Exchanging.open(setting, wallet, account, screen, credential, out) as exchanging:
        feeds = exchanging.exchange.feeds
        if feeds is None:
            raise InputRefused(
                "exchange-feed",
                f"no feed of {exchanging.account.exchange} is known here",
                not_done="Nothing was asked.",
            )
        call = feeds.watch(channel, named, seconds)
        try:
            watched = exchanging.ask(call)
        except ExchangeFailed as failure:
            raise as_error(failure) from None
    for text in watched.texts:
        show_text(screen, text)
    conclude(screen, channel, watched)


def show_text(screen: Screen, text: bytes) -> None:
    """One message, as the exchange wrote it."""
    if screen.json:
        try:
            said: dict[str, Any] = {"message": msgspec.json.Decoder(float_hook=str).decode(text)}
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            said = {"unreadable": text.decode("utf-8", "replace")}
        click.echo(json.dumps(said))  # in ASCII: what came is another's, and this may be a terminal
        return
    screen.exact(text.decode("utf-8", "replace"))


def conclude(screen: Screen, channel: str, watched: Watched) -> None:
    """How it ended, and what did not come."""
    for gap in watched.gaps:
        screen.warn(tr("something is missing: {gap}", gap=gap))
    if watched.unreadable:
        screen.warn(tr("{count} messages are of a form that is not known here", count=watched.unreadable))
    if watched.ended == FULL:
        screen.warn(tr("more came than can be handed on: name fewer pairs, or listen for a shorter time"))
    elif watched.ended != TIME:
        screen.warn(tr("the feed ended before its time ({why})", why=watched.ended))
    screen.line(tr("{count} messages.", count=len(watched.texts)))
    if screen.json:
        ended = {
            "channel": channel,
            "messages": len(watched.texts),
            "gaps": list(watched.gaps),
            "unreadable": watched.unreadable,
            "ended": watched.ended,
        }
        click.echo(json.dumps(ended))
