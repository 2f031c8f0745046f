"""``warifu exchange watch``."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from warifu.cli.base import Command, examples, json_option, out_option, with_option
from warifu.cli.context import Setting
from warifu.cli.exchanges.asking import asking
from warifu.cli.exchanges.calls import Exchanging
from warifu.cli.exchanges.orders import pair_named
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.errors import WarifuError
from warifu.exchanges.feeds import (
    FORBIDDEN,
    FULL,
    LEAST_SECONDS,
    MOST_SECONDS,
    SILENT,
    SLOW,
    STOPPED,
    TIME,
    Hearing,
    ended_by,
)

_LOST = "watch-lost"


@examples(
    "warifu exchange watch savings coinbase BTC-USD",
    "warifu exchange watch savings coinbase BTC-USD ETH-USD --channel market_trades --seconds 3600 --json",
    "warifu exchange watch savings coinbase BTC-USD --channel user",
)
@click.command("watch", cls=Command)
@click.argument("wallet")
@click.argument("account")
@click.argument("pairs", nargs=-1, metavar="[PAIR]...")
@click.option("--channel", default="ticker", show_default=True, help="What of it: the exchange's own word.")
@click.option(
    "--account-id",
    "accounts",
    multiple=True,
    metavar="ID",
    help="For balance: an account there, as 'warifu exchange balances --json' names it (wallet).",
)
@click.option(
    "--seconds",
    type=click.IntRange(LEAST_SECONDS, MOST_SECONDS),
    default=60,
    show_default=True,
    help="For how long a device listens at most.",
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
    accounts: Sequence[str],
    seconds: int,
    out: Path | None,
    credential: str | None,
    as_json: bool,
) -> None:
    """Have a device listen to the exchange's feed, and show what comes while it comes.

    Ctrl-C ends it, at the device, too. A feed tells early and may leave something out: gaps are said. What decides
    money is asked for by request. The policy names the channels ("FEED /ticker"). With --json: one object a line,
    the last one says how it ended.
    """
    screen = Screen(as_json)
    named = tuple(pair_named(pair) for pair in pairs)
    with Exchanging.open(setting, wallet, account, screen, credential, out) as exchanging:
        feeds = exchanging.exchange.feeds
        call, hearing = feeds.watch(channel, named, seconds, tuple(accounts)), feeds.hearing(channel)

        def take(data: bytes) -> None:
            for text in hearing.take(data):
                show_text(screen, text)

        try:
            answer = asking(lambda: exchanging.listen(call, seconds, take))
        except WarifuError as error:
            again = ("warifu", "exchange", "watch", wallet, account, *pairs, "--channel", channel)
            further = (part for each in accounts for part in ("--account-id", each))
            broken_off(screen, channel, hearing, error, (*again, *further, "--seconds", str(seconds)))
            raise
    hearing.end()
    conclude(screen, channel, hearing, ended_by(answer))


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


def broken_off(
    screen: Screen, channel: str, hearing: Hearing, error: WarifuError, again: Sequence[str]
) -> None:
    """What stands of a watch whose end is lost, and by what command it is begun again. A watch that never began has its
    own reason, and none of this."""
    if not hearing.messages and error.reason != _LOST:
        return
    hearing.end()
    conclude(screen, channel, hearing, error.code)
    screen.warn(
        tr(
            "these messages stand; what came between the last of them and the next watch is lost: neither the device "
            "nor the service keeps it, and the exchange's feed does not say it again"
        )
    )
    error.remedy = f"{error.remedy} To go on: {shlex.join(again)}".strip()


def conclude(screen: Screen, channel: str, hearing: Hearing, ended: str) -> None:
    """How it ended, and what did not come."""
    for gap in hearing.gaps:
        screen.warn(tr("something is missing: {gap}", gap=gap))
    if hearing.unreadable:
        screen.warn(tr("{count} messages are of a form that is not known here", count=hearing.unreadable))
    if ended not in (TIME, STOPPED):
        screen.warn(_why(ended))
    screen.line(tr("{count} messages.", count=hearing.messages))
    if screen.json:
        told = {
            "channel": channel,
            "messages": hearing.messages,
            "gaps": hearing.gaps,
            "unreadable": hearing.unreadable,
            "ended": ended,
        }
        click.echo(json.dumps(told))


def _why(ended: str) -> str:
    """It ended before its time."""
    if ended == FULL:
        return tr("more came than one watch hands on: name fewer pairs, or watch again")
    if ended == SLOW:
        return tr("more came than this client took in time: name fewer pairs, or a quieter channel")
    if ended == SILENT:
        return tr("the exchange said nothing any more, and did not answer: watch again")
    if ended == FORBIDDEN:
        return tr("it is not allowed any more: the wallet is frozen, or its rules or the account changed")
    return tr("the feed ended before its time ({why})", why=ended)
