"""``warifu send`` and ``resume``: money leaves only by what this client has read and shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from warifu.cli.accounts import (
    Watching,
    asset_named,
    canonical,
    parse_amount,
    payment_order,
)
from warifu.cli.asked import check_new, check_rate
from warifu.cli.base import (
    Command,
    chain_option,
    device_option,
    examples,
    json_option,
    passphrase_option,
    with_option,
    yes_option,
)
from warifu.cli.client import segment
from warifu.cli.context import Setting
from warifu.cli.order import Order
from warifu.cli.paying import (
    Recipient,
    bitcoin_order,
    parse_fee_rate,
    read_draft,
    recipient,
    recipients_of,
)
from warifu.cli.screen import Screen
from warifu.cli.sent import recall
from warifu.cli.transferring import Sender
from warifu.errors import InputRefused
from warifu.protocol.api import AccountPayment, Draft, DraftRecipient, NewAccountDraft, NewDraft, NewPsbt
from warifu.protocol.chains import BITCOIN, coin_units
from warifu.units import parse_quantity


def watch_options(function: Callable[..., None]) -> Callable[..., None]:
    """The options of every command that watches a transfer."""
    for option in (
        json_option,
        passphrase_option,
        with_option,
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
        help="Most that may be paid in fees (default: exactly the fee that is shown). To be named with --yes where "
        "nothing is paid in the chain's own coin: for tokens, cancellations, 'wallet prepare'.",
    )
    return ceiling(watch_options(yes_option(function)))


@dataclass(frozen=True)
class Rehearsal:
    """Whether the devices are asked before the owner is, and whether that is all."""

    dry_run: bool
    save: Path | None
    rehearse: bool

    def __post_init__(self) -> None:
        if self.save is not None and not self.dry_run:
            raise InputRefused("usage", "--save keeps what a --dry-run made", not_done="Nothing was sent.")

    def carry_out(self, sender: Sender, order: Order, passphrase_fd: int | None, *, ask: bool) -> None:
        """Have ``order`` judged and no more, or send it."""
        if self.dry_run:
            sender.dry_run(order, self.save)
        else:
            sender.send(order, passphrase_fd, ask=ask, rehearse=self.rehearse)


def rehearsal_options(function: Callable[..., None]) -> Callable[..., None]:
    """The options of every command whose order can be judged before it is given."""
    for option in (
        click.option(
            "--rehearse",
            is_flag=True,
            help="Have every device judge the request before you say yes; each can show it itself ('warifu signer "
            "show').",
        ),
        click.option(
            "--save",
            type=click.Path(path_type=Path, dir_okay=False),
            help="With --dry-run: keep the request in this new file, for 'warifu policy check' and 'warifu signer "
            "show'.",
        ),
        click.option(
            "--dry-run", is_flag=True, help="Ask the devices whether they would sign; sign nothing."
        ),
    ):
        function = option(function)
    return function


@examples(
    "warifu send savings bc1p... '0.015 BTC'",
    "warifu send savings bc1p... '250000 sat' --fee-rate 2.5 --wait 1",
    "warifu send savings bc1p... all --dry-run",
    "warifu send savings bc1p... '2 BTC' --rehearse",
    "warifu send savings 0x... '0.2 ETH' --chain ethereum",
    "warifu send savings 0x... '25 USDC' --chain base --token USDC",
    "warifu send savings 9xQe... '1.5 SOL' --chain solana",
    "warifu send savings bc1p... '0.015 BTC' --yes --json --passphrase-fd 3 3<passphrase-file",
)
@click.command("send", cls=Command)
@click.argument("wallet")
@click.argument("address")
@click.argument("amount")
@chain_option
@click.option(
    "--token", metavar="TOKEN", help="Pay this token of the wallet's policy: its symbol or address."
)
@click.option("--fee-rate", metavar="RATE", help="Bitcoin: in sat/vB (default: what the backends suggest).")
@rehearsal_options
@order_options
@click.pass_obj
def send(
    setting: Setting,
    wallet: str,
    address: str,
    amount: str,
    chain: str,
    token: str | None,
    fee_rate: str | None,
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
    """Pay AMOUNT from WALLET to ADDRESS.

    AMOUNT has its unit ('0.015 BTC', '1500 sat', '0.2 ETH', '25 USDC'), or is, on Bitcoin, 'all' for everything that
    the wallet has.

    The transaction is shown as this client reads it, then the passphrase is asked for, then the eight steps are shown
    as they happen. Ctrl-C is safe at any time and says how far it got.
    """
    rehearsal = Rehearsal(dry_run, save, rehearse)
    with Sender.open(setting, wallet, Screen(as_json), credential) as sender:
        watching = Watching(parse_ceiling(chain, fee_ceiling), devices, confirmations)
        order = payment(sender, chain, address, amount, token, fee_rate, watching)
        rehearsal.carry_out(sender, order, passphrase_fd, ask=not yes)


def payment(
    sender: Sender,
    chain: str,
    address: str,
    amount: str,
    token: str | None,
    fee_rate: str | None,
    watching: Watching,
) -> Order:
    """A payment of ``amount`` (with its unit) to ``address``, as the service drafts it and this client reads it.

    ``token``: its symbol or address; None for the chain's coin. ``InputRefused``, ``PeerMisbehaved``."""
    if chain == BITCOIN:
        if token is not None:
            raise InputRefused(
                "token", "Bitcoin has no tokens", remedy="Name the token's chain with --chain."
            )
        return _bitcoin_payment(sender, address, amount, fee_rate, watching)
    if fee_rate is not None:
        raise InputRefused("fee-rate", "a fee rate in sat/vB is for Bitcoin", remedy="Use --fee-ceiling.")
    return _account_payment(sender, chain, address, amount, token, watching)


def _bitcoin_payment(
    sender: Sender, address: str, amount: str, fee_rate: str | None, watching: Watching
) -> Order:
    rate = parse_fee_rate(fee_rate) if fee_rate else None
    if amount == "all":
        place = recipient(sender.wallet, address, "1 sat").address
        reading = read_draft(sender.wallet, sender.draft(NewDraft(sweep_to=place, fee_rate=rate)))
        wanted: tuple[Recipient, ...] = recipients_of(reading.payment)
        if [to.address for to in wanted] != [place] or reading.payment.change:
            raise InputRefused("sweep", "the service's draft is not a payment of everything to that address")
    else:
        wanted = (recipient(sender.wallet, address, amount),)
        question = NewDraft(
            recipients=tuple(DraftRecipient(address=to.address, amount=to.amount) for to in wanted),
            fee_rate=rate,
        )
        reading = read_draft(sender.wallet, sender.draft(question))
    check_new(reading.replaces)
    if rate is not None:
        check_rate(reading.payment, rate)
    return bitcoin_order(
        sender.wallet, reading, wanted, watching.fee_ceiling, watching.devices, watching.confirmations
    )


def _account_payment(
    sender: Sender, chain: str, address: str, amount: str, token: str | None, watching: Watching
) -> Order:
    asset = asset_named(sender.wallet, chain, token)
    to, value = canonical(chain, address), parse_amount(chain, asset, amount)
    payment = AccountPayment(to=to, amount=str(value), token=asset.token)
    draft = sender.account_draft(NewAccountDraft(chain=chain, payment=payment))
    return payment_order(sender.wallet, draft, to, value, asset, watching)


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
    credential: str | None,
    passphrase_fd: int | None,
    as_json: bool,
) -> None:
    """Watch the TRANSFER of WALLET again, and authorize it again where the service needs that.

    The same request names the same transaction: authorized twice, it is still one payment.
    """
    with Sender.open(setting, wallet, Screen(as_json), credential) as sender:
        request = recall(setting.home, transfer, sender.wallet.wallet_id)
        sender.follow(request, devices, confirmations, passphrase_fd)


def imported(sender: Sender, psbt: bytes) -> Draft:
    """A PSBT that another program made, as a draft of the wallet."""
    path = f"/wallets/{segment(sender.wallet.name)}/psbts"
    return sender.client.post(path, NewPsbt(psbt=psbt), Draft)


def parse_ceiling(chain: str, text: str | None) -> int | None:
    """The fee ceiling that the owner typed, in the coin's smallest unit; None where he typed none."""
    return parse_quantity(text, coin_units(chain)) if text else None
