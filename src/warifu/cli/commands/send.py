"""``warifu send``, ``bump`` and ``resume``: money leaves only by what this client has read and shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from warifu.cli.asked import check_rate
from warifu.cli.base import (
    Command,
    device_option,
    examples,
    json_option,
    passphrase_option,
    yes_option,
)
from warifu.cli.client import segment
from warifu.cli.context import Setting
from warifu.cli.paying import parse_fee_rate, read_draft, recipient, recipients_of, recipients_of_child
from warifu.cli.screen import Screen
from warifu.cli.sent import recall
from warifu.cli.text import tr
from warifu.cli.transferring import Order, Sender
from warifu.errors import InputRefused
from warifu.protocol.api import Draft, DraftRecipient, NewDraft, NewPsbt
from warifu.protocol.request import Recipient
from warifu.units import parse_bitcoin_amount

MAX_PSBT_BYTES = 1024 * 1024


def watch_options(function: Callable[..., None]) -> Callable[..., None]:
    """The options of every command that watches a transfer."""
    for option in (
        json_option,
        passphrase_option,
        click.option(
            "--wait",
            "confirmations",
            type=click.IntRange(0, 100),
            default=0,
            metavar="N",
            help="Stay until the transaction has N confirmations.",
        ),
        device_option("Let this device sign (repeat; default: those that are connected)."),
    ):
        function = option(function)
    return function


def order_options(function: Callable[..., None]) -> Callable[..., None]:
    """The options of every command with which money leaves."""
    ceiling = click.option(
        "--fee-ceiling",
        metavar="AMOUNT",
        help="Most that may be paid in fees (default: exactly the fee that is shown).",
    )
    return ceiling(watch_options(yes_option(function)))


@examples(
    "warifu send savings bc1p... '0.015 BTC'",
    "warifu send savings bc1p... '250000 sat' --fee-rate 2.5 --wait 1",
    "warifu send savings bc1p... all --dry-run",
    "warifu send savings bc1p... '0.015 BTC' --yes --json --passphrase-fd 3 3<passphrase-file",
)
@click.command("send", cls=Command)
@click.argument("wallet")
@click.argument("address")
@click.argument("amount")
@click.option("--fee-rate", metavar="RATE", help="In sat/vB (default: what the backends suggest).")
@click.option("--dry-run", is_flag=True, help="Ask the devices whether they would sign; sign nothing.")
@order_options
@click.pass_obj
def send(
    setting: Setting,
    wallet: str,
    address: str,
    amount: str,
    fee_rate: str | None,
    dry_run: bool,
    fee_ceiling: str | None,
    devices: tuple[str, ...],
    confirmations: int,
    passphrase_fd: int | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Pay AMOUNT from WALLET to ADDRESS.

    AMOUNT has its unit ('0.015 BTC', '1500 sat'), or is 'all' for everything that the wallet has.

    The transaction is shown as this client reads it, then the passphrase is asked for, then the eight steps are shown
    as they happen. Ctrl-C is safe at any time and says how far it got.
    """
    with Sender.open(setting, wallet, Screen(as_json)) as sender:
        rate = parse_fee_rate(fee_rate) if fee_rate else None
        if amount == "all":
            place = recipient(sender.wallet, address, "1 sat").address
            draft = sender.draft(NewDraft(sweep_to=place, fee_rate=rate))
            reading = read_draft(sender.wallet, draft)
            wanted: tuple[Recipient, ...] = recipients_of(reading.payment)
            if [to.address for to in wanted] != [place] or reading.payment.change:
                raise InputRefused(
                    "sweep", "the service's draft is not a payment of everything to that address"
                )
        else:
            wanted = (recipient(sender.wallet, address, amount),)
            question = NewDraft(
                recipients=tuple(DraftRecipient(address=to.address, amount=to.amount) for to in wanted),
                fee_rate=rate,
            )
            reading = read_draft(sender.wallet, sender.draft(question))
        if rate is not None:
            check_rate(reading.payment, rate)
        order = Order(reading, wanted, parse_ceiling(fee_ceiling), devices, confirmations)
        if dry_run:
            sender.dry_run(order)
        else:
            sender.send(order, passphrase_fd, ask=not yes)


@examples("warifu bump savings 3f9c... --fee-rate 12", "warifu bump savings 3f9c... --fee-rate 12 --cpfp")
@click.command("bump", cls=Command)
@click.argument("wallet")
@click.argument("txid")
@click.option("--fee-rate", metavar="RATE", required=True, help="The new fee rate in sat/vB.")
@click.option("--cpfp", is_flag=True, help="Spend an output of it at a high fee instead of replacing it.")
@order_options
@click.pass_obj
def bump(
    setting: Setting,
    wallet: str,
    txid: str,
    fee_rate: str,
    cpfp: bool,
    fee_ceiling: str | None,
    devices: tuple[str, ...],
    confirmations: int,
    passphrase_fd: int | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Make the unconfirmed transaction TXID of WALLET pay a higher fee.

    A replacement pays the same recipients the same amounts; each fee bump is a new signature, so the devices and the
    passphrase are needed again.
    """
    with Sender.open(setting, wallet, Screen(as_json)) as sender:
        rate = parse_fee_rate(fee_rate)
        question = NewDraft(cpfp=txid, fee_rate=rate) if cpfp else NewDraft(bump=txid, fee_rate=rate)
        reading = read_draft(sender.wallet, sender.draft(question))
        if cpfp:  # its fee pays for the parent as well, whose size this client does not know
            wanted = recipients_of_child(reading, txid)
        else:
            wanted = sender.recipients_of_bump(reading, txid)
            check_rate(reading.payment, rate)
        order = Order(reading, wanted, parse_ceiling(fee_ceiling), devices, confirmations)
        sender.send(order, passphrase_fd, ask=not yes)


@examples("warifu resume savings 0123456789abcdef0123456789abcdef")
@click.command("resume", cls=Command)
@click.argument("wallet")
@click.argument("transfer")
@watch_options
@click.pass_obj
def resume(
    setting: Setting,
    wallet: str,
    transfer: str,
    devices: tuple[str, ...],
    confirmations: int,
    passphrase_fd: int | None,
    as_json: bool,
) -> None:
    """Watch the TRANSFER of WALLET again, and authorize it again where the service needs that.

    The same request names the same transaction: authorized twice, it is still one payment.
    """
    with Sender.open(setting, wallet, Screen(as_json)) as sender:
        sender.follow(recall(setting.home, transfer), devices, confirmations, passphrase_fd)


def imported(sender: Sender, psbt: bytes) -> Draft:
    """A PSBT that another program made, as a draft of the wallet."""
    path = f"/wallets/{segment(sender.wallet.name)}/psbts"
    return sender.client.post(path, NewPsbt(psbt=psbt), Draft)


def read_file(path: Path) -> bytes:
    """A PSBT file of at most 1 MiB; ``InputRefused`` where it cannot be read."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_PSBT_BYTES + 1)
    except OSError as error:
        raise InputRefused("file", f"{path} cannot be read: {error.strerror}") from None
    if not 0 < len(data) <= MAX_PSBT_BYTES:
        raise InputRefused("file", tr("a PSBT has 1 byte to 1 MiB"))
    return data


def parse_ceiling(text: str | None) -> int | None:
    """The fee ceiling that the owner typed, in satoshi; None where he typed none."""
    return parse_bitcoin_amount(text) if text else None
