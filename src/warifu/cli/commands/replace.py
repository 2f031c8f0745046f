"""``warifu bump`` and ``cancel``: of a transfer and what takes its place, exactly one happens."""

from __future__ import annotations

from pathlib import Path

import click

from warifu.cli.accounts import Watching, check_replaces, draft_order, outflows_of
from warifu.cli.asked import check_rate
from warifu.cli.base import Command, chain_option, examples
from warifu.cli.commands.send import Rehearsal, order_options, parse_ceiling, rehearsal_options
from warifu.cli.context import Setting
from warifu.cli.order import Order
from warifu.cli.paying import bitcoin_order, parse_fee_rate, read_draft, recipients_of_child
from warifu.cli.screen import Screen
from warifu.cli.sent import recall
from warifu.cli.transferring import Sender
from warifu.errors import InputRefused
from warifu.protocol.api import NewAccountDraft, NewDraft
from warifu.protocol.chains import BITCOIN


@examples(
    "warifu bump savings 3f9c... --fee-rate 12",
    "warifu bump savings 3f9c... --fee-rate 12 --cpfp",
    "warifu bump savings 3f9c... --fee-rate 12 --dry-run",
    "warifu bump savings 0123456789abcdef0123456789abcdef --chain ethereum",
)
@click.command("bump", cls=Command)
@click.argument("wallet")
@click.argument("transaction")
@chain_option
@click.option("--fee-rate", metavar="RATE", help="Bitcoin: the new fee rate in sat/vB.")
@click.option(
    "--cpfp", is_flag=True, help="Bitcoin: spend an output of it at a high fee instead of replacing it."
)
@rehearsal_options
@order_options
@click.pass_obj
def bump(
    setting: Setting,
    wallet: str,
    transaction: str,
    chain: str,
    fee_rate: str | None,
    cpfp: bool,
    dry_run: bool,
    save: Path | None,
    rehearse: bool,
    fee_ceiling: str | None,
    devices: tuple[str, ...],
    confirmations: int,
    credential: str | None,
    passphrase_fd: int | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Make the unconfirmed TRANSACTION of WALLET pay a higher fee.

    On Bitcoin it is named by its txid, elsewhere by the id of its transfer ('warifu history --transfers').

    A replacement pays the same recipients the same amounts; each fee bump is a new signature, so the devices and the
    passphrase are needed again.

    One that the network refused is bumped in the same way: never pay again by another, both could be mined.
    """
    rehearsal = Rehearsal(dry_run, save, rehearse)
    with Sender.open(setting, wallet, Screen(as_json), credential) as sender:
        watching = Watching(parse_ceiling(chain, fee_ceiling), devices, confirmations)
        if chain == BITCOIN:
            order = _bitcoin_bump(sender, transaction, fee_rate, cpfp, watching)
        else:
            if fee_rate is not None or cpfp:
                raise InputRefused(
                    "bump", "--fee-rate and --cpfp are for Bitcoin", remedy="Use --fee-ceiling."
                )
            order = _account_replacement(sender, chain, transaction, watching, cancel=False)
        rehearsal.carry_out(sender, order, passphrase_fd, ask=not yes)


@examples(
    "warifu cancel savings 0123456789abcdef0123456789abcdef --chain ethereum",
    "warifu cancel savings 0123456789abcdef0123456789abcdef --chain ethereum --rehearse",
)
@click.command("cancel", cls=Command)
@click.argument("wallet")
@click.argument("transfer")
@chain_option
@rehearsal_options
@order_options
@click.pass_obj
def cancel(
    setting: Setting,
    wallet: str,
    transfer: str,
    chain: str,
    dry_run: bool,
    save: Path | None,
    rehearse: bool,
    fee_ceiling: str | None,
    devices: tuple[str, ...],
    confirmations: int,
    credential: str | None,
    passphrase_fd: int | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Take the place of an unconfirmed TRANSFER of WALLET by a transaction that pays nobody.

    Whichever of the two is executed first, the other one never is. For chains of accounts; on Bitcoin use 'bump'.
    """
    rehearsal = Rehearsal(dry_run, save, rehearse)
    with Sender.open(setting, wallet, Screen(as_json), credential) as sender:
        if chain == BITCOIN:
            raise InputRefused(
                "cancel", "a Bitcoin transfer cannot be cancelled", remedy="See 'warifu bump --help'."
            )
        watching = Watching(parse_ceiling(chain, fee_ceiling), devices, confirmations)
        order = _account_replacement(sender, chain, transfer, watching, cancel=True)
        rehearsal.carry_out(sender, order, passphrase_fd, ask=not yes)


def _bitcoin_bump(sender: Sender, txid: str, fee_rate: str | None, cpfp: bool, watching: Watching) -> Order:
    if fee_rate is None:
        raise InputRefused("fee-rate", "name the new fee rate", remedy="For example --fee-rate 12 (sat/vB).")
    rate = parse_fee_rate(fee_rate)
    question = NewDraft(cpfp=txid, fee_rate=rate) if cpfp else NewDraft(bump=txid, fee_rate=rate)
    reading = read_draft(sender.wallet, sender.draft(question))
    if cpfp:  # its fee pays for the parent as well, whose size this client does not know
        wanted = recipients_of_child(reading, txid)
    else:
        wanted = sender.recipients_of_bump(reading, txid)
        check_rate(reading.payment, rate)
    return bitcoin_order(
        sender.wallet, reading, wanted, watching.fee_ceiling, watching.devices, watching.confirmations
    )


def _account_replacement(
    sender: Sender, chain: str, transfer: str, watching: Watching, *, cancel: bool
) -> Order:
    """What it replaces is read from the transfer's own bytes, whose name this client remembers."""
    remembered = recall(sender.home, transfer, sender.wallet.wallet_id)
    replaced = sender.unsigned_of(transfer)
    question = (
        NewAccountDraft(chain=chain, cancel=transfer)
        if cancel
        else NewAccountDraft(chain=chain, bump=transfer)
    )
    wanted = () if cancel else outflows_of(sender.wallet, chain, replaced)
    order = draft_order(sender.wallet, sender.account_draft(question), wanted, watching)
    check_replaces(sender.wallet, order, replaced, remembered)
    return order
