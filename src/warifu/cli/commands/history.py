"""``warifu history`` and ``label``."""

from __future__ import annotations

import datetime

import click
import msgspec

from warifu.cli.base import Command, examples, json_option
from warifu.cli.client import segment
from warifu.cli.context import Setting
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.errors import InputRefused
from warifu.protocol.api import History, HistoryEntry, Labels, NewLabels, Transfers
from warifu.units import format_bitcoin_amount

MAX_LABEL_CHARACTERS = 255


@examples("warifu history savings", "warifu history savings --transfers")
@click.command("history", cls=Command)
@click.argument("wallet")
@click.option(
    "--transfers", "show_transfers", is_flag=True, help="Show the transfers and their states instead."
)
@json_option
@click.pass_obj
def history(setting: Setting, wallet: str, show_transfers: bool, as_json: bool) -> None:
    """Show the transactions of WALLET, newest first."""
    screen, profile = Screen(as_json), setting.profile()
    profile.wallet(wallet)
    with setting.client(profile) as client:
        if show_transfers:
            _transfers(screen, client.get("/transfers", Transfers, wallet=wallet))
        else:
            _transactions(screen, client.get(f"/wallets/{segment(wallet)}/transactions", History))


@examples(
    "warifu label savings tx 3f9c... 'rent, november'",
    "warifu label savings addr bc1p... 'from the shop'",
    "warifu label savings --export > labels.jsonl",
)
@click.command("label", cls=Command)
@click.argument("wallet")
@click.argument("kind", type=click.Choice(["tx", "addr"]), required=False)
@click.argument("reference", required=False)
@click.argument("text", required=False)
@click.option("--export", is_flag=True, help="Write all labels as BIP-329 lines.")
@json_option
@click.pass_obj
def label(
    setting: Setting,
    wallet: str,
    kind: str | None,
    reference: str | None,
    text: str | None,
    export: bool,
    as_json: bool,
) -> None:
    """Give a transaction or an address of WALLET a label; an empty TEXT removes it."""
    screen, profile = Screen(as_json), setting.profile()
    profile.wallet(wallet)
    path = f"/wallets/{segment(wallet)}/labels"
    with setting.client(profile) as client:
        if export:
            labels = client.get(path, Labels).labels
            for line in labels.splitlines():
                screen.exact(line)
        else:
            labels = client.put(path, NewLabels(labels=_line(kind, reference, text)), Labels).labels
            screen.line(tr("The label is kept."))
    screen.result({"labels": [line for line in labels.splitlines() if line]})


def _line(kind: str | None, reference: str | None, text: str | None) -> str:
    if kind is None or reference is None or text is None:
        raise InputRefused(
            "usage", "a label needs KIND, REFERENCE and TEXT", remedy="See 'warifu label --help'."
        )
    if len(text) > MAX_LABEL_CHARACTERS:
        raise InputRefused("label", f"a label has at most {MAX_LABEL_CHARACTERS} characters")
    return msgspec.json.encode({"type": kind, "ref": reference, "label": text}).decode() + "\n"


def _transactions(screen: Screen, told: History) -> None:
    for entry in told.transactions:
        fee = f"  {tr('fee')} {format_bitcoin_amount(entry.fee)}" if entry.fee is not None else ""
        amount = format_bitcoin_amount(entry.received - entry.sent)
        depth = f"  {tr('confirmations')} {_depth(entry, told.height)}"
        screen.line(f"{_when(entry.time):<16}  {amount:>20}{fee}{depth}", style="bold")
        screen.exact(f"    {entry.txid}")
        if entry.label:
            screen.line(f"    {entry.label}")
    screen.result(
        {
            "height": told.height,
            "transactions": [
                {
                    "txid": entry.txid,
                    "received": entry.received,
                    "sent": entry.sent,
                    "fee": entry.fee,
                    "height": entry.height,
                    "time": entry.time,
                    "label": entry.label,
                    "transfer": entry.transfer,
                }
                for entry in told.transactions
            ],
        }
    )


def _transfers(screen: Screen, told: Transfers) -> None:
    for item in told.transfers:
        depth = f"  {tr('confirmations')} {item.confirmations}" if item.confirmations else ""
        screen.line(f"{_when(item.created):<16}  {item.state}{depth}", style="bold")
        screen.exact(f"    {tr('transfer')} {item.id}")
        screen.exact(f"    {item.txid}")
    screen.result(
        {
            "transfers": [
                {
                    "id": item.id,
                    "txid": item.txid,
                    "state": item.state,
                    "settled": item.settled,
                    "confirmations": item.confirmations,
                    "created": item.created,
                    "replaced_by": item.replaced_by,
                }
                for item in told.transfers
            ]
        }
    )


def _when(moment: int | None) -> str:
    if moment is None:
        return ""
    return datetime.datetime.fromtimestamp(moment, datetime.UTC).astimezone().strftime("%Y-%m-%d %H:%M")


def _depth(entry: HistoryEntry, height: int) -> str:
    return str(max(0, height - entry.height + 1)) if entry.height is not None else "0"
