"""``warifu exchange bank list, deposit, withdraw``: money of a country."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec

from warifu.cli.base import (
    Command,
    Group,
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
from warifu.cli.exchanges.banks import (
    bank_object,
    banking_of,
    chosen,
    listed_since,
    require_rules,
    require_whole,
    state_facts,
    state_object,
    transfer_facts,
    transfer_object,
)
from warifu.cli.exchanges.calls import Exchanging
from warifu.cli.exchanges.kept import MOST_ALIKE, KeptTransfer, keep, keep_anew, new_identifier
from warifu.cli.exchanges.orders import decimal_of
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.errors import InputRefused
from warifu.exchanges.banking import Bank, Banking, BankTransfer, Direction

_DAY = 24 * 3600


@examples("warifu exchange bank list savings coinbase")
@click.group("bank", cls=Group)
def group() -> None:
    """Money of a country, from your bank to an exchange and back.

    It takes a key that is whole in one device, and the policy's word: a withdrawal goes to the banks alone that it
    names (inside = ["payment-method:ID"]), and what is taken from a bank counts with what leaves the exchange.
    """


@examples("warifu exchange bank list savings coinbase")
@group.command("list")
@click.argument("wallet")
@click.argument("account")
@with_option
@json_option
@click.pass_obj
def list_command(setting: Setting, wallet: str, account: str, credential: str | None, as_json: bool) -> None:
    """List the banks that are linked to ACCOUNT at the exchange, and what a policy calls each."""
    screen = Screen(as_json)
    with Exchanging.open(setting, wallet, account, screen, credential) as exchanging:
        found = _banks(exchanging, banking_of(exchanging))
        screen.table(
            (tr("bank"), tr("kind"), tr("currency"), tr("takes"), tr("in the policy")),
            [(one.name, one.kind, one.currency, _takes(one), one.place) for one in found],
        )
        show_result(exchanging, {"banks": [bank_object(one) for one in found]})


def _options(function: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.pass_obj,
        json_option,
        with_option,
        yes_option,
        out_option,
        click.option(
            "--dry-run",
            is_flag=True,
            help="Show the transfer, what the policy lacks and what each device says of it; move nothing.",
        ),
        click.option(
            "--bank",
            "named",
            metavar="ID",
            help="Which one, where several are linked: its identifier, or its name.",
        ),
        click.argument("amount"),
        click.argument("account"),
        click.argument("wallet"),
    ):
        function = option(function)
    return function


@examples(
    "warifu exchange bank deposit savings coinbase 500 --dry-run",
    "warifu exchange bank deposit savings pro 500 --bank 83562370-3e5c-51db-87da-752af5ab9559 --yes --json",
)
@group.command("deposit", cls=Command)
@_options
def deposit(setting: Setting, /, **options: Any) -> None:  # noqa: ANN401  # click's
    """Take AMOUNT from a bank to ACCOUNT, in the bank's currency.

    It counts with what leaves the exchange, by the policy's limits. No exchange lets it have an identifier of ours, so
    nothing makes it happen once: where no answer comes, 'warifu exchange status' finds it by bank, amount and time.
    """
    _move(setting, "deposit", **options)


@examples(
    "warifu exchange bank withdraw savings coinbase 250.25 --dry-run",
    "warifu exchange bank withdraw savings coinbase 250.25 --bank 83562370-3e5c-51db-87da-752af5ab9559",
)
@group.command("withdraw", cls=Command)
@_options
def withdraw(setting: Setting, /, **options: Any) -> None:  # noqa: ANN401  # click's
    """Bring AMOUNT from ACCOUNT to a bank that the wallet's policy names, in the bank's currency.

    Which bank, each device judges by itself: it is among the policy's inside = ["payment-method:ID"] ('warifu exchange
    bank list' shows the line), or nothing is signed. Nothing makes it happen once: where no answer comes, 'warifu
    exchange status' finds it by bank, amount and time.
    """
    _move(setting, "withdrawal", **options)


def _move(
    setting: Setting,
    direction: Direction,
    *,
    wallet: str,
    account: str,
    amount: str,
    named: str | None,
    dry_run: bool,
    out: Path | None,
    yes: bool,
    credential: str | None,
    as_json: bool,
) -> None:
    screen = Screen(as_json)
    if not dry_run:
        require_yes(yes, as_json)
    quantity = decimal_of(amount, "amount")
    with Exchanging.open(setting, wallet, account, screen, credential, out) as exchanging:
        banking = banking_of(exchanging)
        require_whole(exchanging)
        if not dry_run:
            exchanging.require_out()
        bank = chosen(_banks(exchanging, banking), direction, named)
        source = _account_of(exchanging, bank.currency) if banking.wants_wallet else ""
        wanted = BankTransfer(direction, bank.id, quantity, bank.currency, source)
        call, moment = banking.transfer(wanted), now()
        looks = banking.alike(wanted, 0, 0).unsigned
        inside = bank.place if direction == "withdrawal" else ""
        require_rules(exchanging, (call.unsigned, looks), inside)
        alike = listed_since(exchanging, wanted, moment - _DAY, moment + _DAY)
        screen.facts(transfer_facts(bank, wanted))
        if alike:
            screen.warn(
                tr(
                    "{count} of this amount with this bank in the last 24 hours: {ids}. This is a further one",
                    count=len(alike),
                    ids=", ".join(one.id for one in alike[:4]),
                )
            )
        said = {
            **transfer_object(bank.id, wanted),
            "bank_name": bank.name,
            "alike": [one.id for one in alike],
        }
        if dry_run:
            decisions = rehearsed(exchanging, call)
            screen.line(tr("Nothing was moved."))
            show_result(exchanging, {"transfer": said, "moved": False, "decisions": decisions})
            return
        seconds = exchanging.lifetime(call)
        confirm(
            yes, tr("Take this from the bank?") if direction == "deposit" else tr("Pay this to the bank?")
        )
        kept = KeptTransfer(
            wallet=wallet,
            account=account,
            exchange=exchanging.account.exchange,
            made=now(),
            until=now() + seconds,
            client_id=new_identifier(),
            direction=direction,
            bank=bank.id,
            bank_name=bank.name[:256],
            amount=quantity,
            currency=bank.currency,
            source=source,
            alike=tuple(one.id for one in alike[:MOST_ALIKE]),
        )
        keep(setting.home, kept)
        state = changing(setting, exchanging, kept.client_id, lambda: exchanging.ask(call))
        keep_anew(setting.home, msgspec.structs.replace(kept, transfer=state.id[:256]))
        screen.facts(state_facts(state))
        screen.line(
            tr(
                "How far it is: warifu exchange status {wallet} {account} {identifier}",
                wallet=wallet,
                account=account,
                identifier=kept.client_id,
            )
        )
        show_result(
            exchanging,
            {"transfer": said, "client_id": kept.client_id, "state": state_object(state), "moved": True},
        )


def _banks(exchanging: Exchanging, banking: Banking) -> list[Bank]:
    call = banking.banks()
    require_rules(exchanging, (call.unsigned,))
    return asking(lambda: exchanging.read_all(call))


def _account_of(exchanging: Exchanging, currency: str) -> str:
    """The exchange's own name of the account that has this money. ``InputRefused`` (``no-exchange-wallet``)."""
    call = exchanging.exchange.wallets()
    assert call is not None, "who wants to be told which account says how they are called"
    require_rules(exchanging, (call.unsigned,))
    found = [one for one in asking(lambda: exchanging.read_all(call)) if one.asset == currency and one.sends]
    if not found:
        raise InputRefused(
            "no-exchange-wallet",
            f"the account has no {currency} at the exchange",
            not_done="Nothing was asked.",
        )
    return found[0].wallet


def _takes(bank: Bank) -> str:
    words = [tr("deposits")] if bank.deposits else []
    return ", ".join(words + ([tr("withdrawals")] if bank.withdraws else [])) or "-"
