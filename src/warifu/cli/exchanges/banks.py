"""Money of a country at an exchange, for a command: which bank, what the policy must have, what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import msgspec

from warifu.cli.context import Setting
from warifu.cli.exchanges.asking import asking, show_result
from warifu.cli.exchanges.calls import WHOLE, Exchanging
from warifu.cli.exchanges.kept import KeptTransfer, forget, keep_anew
from warifu.cli.text import tr
from warifu.errors import InputRefused, PolicyDenied
from warifu.exchanges.amounts import plain
from warifu.exchanges.banking import Bank, Banking, BankTransfer, BankTransferState, Direction
from warifu.exchanges.banks import BANKING
from warifu.exchanges.calls import Unsigned
from warifu.protocol.policy import ExchangeRules
from warifu.signer.policy.exchanges import matches

FINAL = frozenset({"done", "cancelled"})
_EARLIER = 60
"""Seconds that the exchange's clock may be behind this machine's."""


def banking_of(exchanging: Exchanging) -> Banking:
    """``InputRefused`` (``no-bank``); ``PolicyDenied`` (``not-comparable``) where the account's key is shared."""
    found = BANKING.get(exchanging.account.exchange)
    if found is None:
        raise InputRefused(
            "no-bank",
            f"{exchanging.account.exchange} moves no money of a country here",
            not_done="Nothing was asked.",
            remedy="Coinbase does: an account at 'coinbase' or 'coinbase-exchange'.",
        )
    return found


def require_whole(exchanging: Exchanging) -> None:
    """``PolicyDenied`` (``not-comparable``) where the account's key is shared: no device signs it then."""
    if exchanging.account.key not in WHOLE:
        raise PolicyDenied(
            "not-comparable",
            "with a shared key no device signs a bank transfer: its carrier could change bank and amount under the "
            "same token, and two alike cannot be told apart afterwards",
            not_done="Nothing was asked.",
            remedy="Add an account with an ES256 CDP key, which is whole in one device ('warifu exchange add').",
        )


def require_rules(exchanging: Exchanging, asked: Sequence[Unsigned], inside: str = "") -> None:
    """As devices judge, before anything is asked of them: what the policy lacks is said in its own lines, all at once.
    ``PolicyDenied`` (``endpoint``, ``destination``; ``exchange`` where it has no rules for this one)."""
    name, rules = exchanging.account.exchange, rules_of(exchanging)
    wanted = dict.fromkeys(
        f"{each.method} {_general(each.path)}"
        for each in asked
        if not any(matches(pattern, each.method, each.path) for pattern in rules.endpoints)
    )
    lacks = [f'endpoints: "{line}"' for line in wanted]
    if inside and inside not in rules.inside:
        lacks.append(f'inside = ["{inside}"]')
    if lacks:
        raise PolicyDenied(
            "endpoint" if wanted else "destination",
            f"the wallet's policy does not allow this at {name}: it lacks {'; '.join(lacks)}",
            not_done="Nothing was asked.",
            remedy="Add that to the policy ('warifu policy change'). 'inside' names the banks that money may go to: "
            "look at the name first ('warifu exchange bank list').",
        )


def rules_of(exchanging: Exchanging) -> ExchangeRules:
    """The policy's for this exchange. ``PolicyDenied`` (``exchange``) where it has none."""
    name = exchanging.account.exchange
    rules = exchanging.wallet.rules.policy.rules_at(name)
    if rules is None:
        raise PolicyDenied(
            "exchange", f"the wallet's policy has no rules for {name}", not_done="Nothing was asked."
        )
    return rules


def _general(path: str) -> str:
    """The path of any account."""
    parts = path.split("/")
    return "/".join("*" if before == "accounts" else part for before, part in pairwise(["", *parts]))


def chosen(banks: Sequence[Bank], direction: Direction, named: str | None) -> Bank:
    """The one of this name or identifier; the only one where none is named. ``InputRefused`` (``which-bank``)."""
    able = [bank for bank in banks if bank.takes(direction)]
    found = [bank for bank in able if named is None or named in (bank.id, bank.name)]
    if len(found) == 1:
        return found[0]
    raise InputRefused(
        "which-bank",
        f"{len(found)} of the banks that are linked fit"
        if named is None
        else f"{len(found)} of the banks that are linked are called {named[:60]!r}",
        not_done="Nothing was asked.",
        remedy="Name one by its identifier (--bank): " + (", ".join(each.id for each in able) or "none can"),
    )


def transfer_facts(bank: Bank, wanted: BankTransfer) -> list[tuple[str, str]]:
    """What is to happen, before the owner says yes."""
    from_bank = wanted.direction == "deposit"
    return [
        (tr("From bank") if from_bank else tr("To bank"), f"{bank.name} ({bank.kind})"),
        (tr("Identifier"), bank.id),
        (tr("Amount"), f"{plain(wanted.amount)} {wanted.currency}"),
        (tr("Fee"), tr("the exchange says it with its answer, and not before")),
    ]


def bank_object(bank: Bank) -> dict[str, Any]:
    """For scripts."""
    return {
        "id": bank.id,
        "name": bank.name,
        "kind": bank.kind,
        "currency": bank.currency,
        "deposits": bank.deposits,
        "withdraws": bank.withdraws,
        "inside": bank.place,
    }


def transfer_object(bank: str, wanted: BankTransfer) -> dict[str, Any]:
    """For scripts."""
    return {
        "direction": wanted.direction,
        "bank": bank,
        "amount": plain(wanted.amount),
        "currency": wanted.currency,
    }


def state_facts(state: BankTransferState) -> list[tuple[str, str]]:
    """What the exchange says of one."""
    facts = [(tr("Transfer"), state.id), (tr("State"), tr(state.status))]
    if state.fee is not None:
        facts.append((tr("Fee"), plain(state.fee)))
    if state.made:
        facts.append((tr("Made"), state.made))
    if state.arrives:
        facts.append((tr("Paid out"), state.arrives))
    return facts


def state_object(state: BankTransferState) -> dict[str, Any]:
    """The same for scripts."""
    return {
        "id": state.id,
        "status": state.status,
        "amount": None if state.amount is None else plain(state.amount),
        "fee": None if state.fee is None else plain(state.fee),
        "made": state.made,
        "arrives": state.arrives,
    }


def listed_since(
    exchanging: Exchanging, wanted: BankTransfer, first: int, last: int
) -> list[BankTransferState]:
    """Of the same bank, direction and amount, the newest first; moments in seconds."""
    banking = banking_of(exchanging)
    return asking(lambda: exchanging.read_all(banking.alike(wanted, 1000 * first, 1000 * last)))


def show_transfer(setting: Setting, exchanging: Exchanging, kept: KeptTransfer, last: int) -> bool:
    """What became of it; whether the exchange knows it. ``last``: until when it can have been made, in seconds."""
    listed = listed_since(exchanging, kept.wanted(), kept.made - _EARLIER, last)
    if kept.transfer:
        found = [one for one in listed if one.id == kept.transfer]
    else:
        found = [one for one in listed if one.id not in kept.alike]
    if not found and not kept.transfer:
        return False
    if not found:
        exchanging.screen.warn(
            tr("the exchange took it as {name} and does not list it now: ask again", name=kept.transfer)
        )
    if len(found) > 1:
        exchanging.screen.warn(
            tr(
                "{count} transfers of this amount with this bank were made since: which of them this one is cannot be "
                "told, and none is made again",
                count=len(found),
            )
        )
    for one in found:
        exchanging.screen.facts(state_facts(one))
    if found and all(one.status in FINAL for one in found):
        forget(setting.home, kept.client_id)
    elif len(found) == 1 and not kept.transfer:
        keep_anew(setting.home, msgspec.structs.replace(kept, transfer=found[0].id))
    show_result(
        exchanging,
        {
            "transfer": transfer_object(kept.bank, kept.wanted()),
            "found": [state_object(one) for one in found],
            "known": True,
        },
    )
    return True
