"""A request as a device read it itself, on the device's own screen."""

from __future__ import annotations

import datetime
from typing import Any

from warifu.chains.bitcoin.transaction import display_hash
from warifu.cli.order import format_coin
from warifu.cli.screen import Screen, error_object
from warifu.cli.text import tr
from warifu.protocol.chains import BITCOIN, spoken
from warifu.protocol.comparing import comparison_digits
from warifu.protocol.frames import error_of
from warifu.protocol.operator import Judged, ShowJudged
from warifu.protocol.request import Outflow


def show_judged(screen: Screen, shown: ShowJudged) -> None:
    """What would be signed, what each rule says, and the digits to compare."""
    judged = shown.judged
    screen.line(tr("What this device read in the bytes that it would sign:"), style="bold")
    facts = [(tr("Chain"), spoken(judged.chain))]
    for outflow in judged.outflows:
        facts += [(_WORDS[outflow.kind](), outflow.to or "-"), (tr("Amount"), _amount(judged.chain, outflow))]
    if not judged.outflows:
        facts.append((tr("To"), tr("nobody")))
    facts += judged.message
    facts.append((tr("Most in fees"), format_coin(judged.chain, int(judged.fee))))
    if judged.replaces is not None:
        facts.append((tr("Replaces"), judged.replaces.hex()))
    facts += [
        (tr("Transaction"), _name(judged)),
        (tr("Wallet"), f"{judged.wallet.hex()[:16]} ({', '.join(judged.devices)})"),
        (tr("Signed from") if judged.source == "journal" else tr("Judged"), _when(judged.time)),
        (tr("Authorized"), _authorized(judged)),
    ]
    screen.facts(facts)
    if judged.left_out:
        screen.warn(
            tr(
                "{count} lines of the message are not shown, or not whole: look at all of it elsewhere, or do not sign "
                "it",
                count=judged.left_out,
            )
        )
    for rule in judged.rules:
        screen.line(f"  {rule}")
    _show_verdict(screen, judged)
    screen.line(
        tr("Compare with the client: {digits}", digits=comparison_digits(judged.request)), style="bold"
    )
    for other in shown.others:
        kind = tr("by its owner") if other.authorized else tr("by nobody: a dry run")
        screen.line(
            tr(
                "also judged: {id} ({when}; authorized {kind})",
                id=other.request_id.hex(),
                when=_when(other.time),
                kind=kind,
            ),
            style="dim",
        )


def _show_verdict(screen: Screen, judged: Judged) -> None:
    refusal = error_of(judged.refusal) if judged.refusal is not None else None
    if judged.source == "journal":
        screen.line(
            tr(
                "This device let it be signed: so says its journal. It was started since; what each rule said, until "
                "when the request was in time, and the text of a message are not known here any more."
            ),
            style="bold",
        )
    elif refusal is None:
        screen.line(tr("By its rules this device would sign."), style="bold")
    else:
        screen.line(tr("This device would refuse: {message}", message=refusal.message), style="red")


def _authorized(judged: Judged) -> str:
    if judged.source == "asked":
        return tr("nobody was asked: you brought it here yourself")
    return tr("by its owner") if judged.authorized else tr("by nobody: a dry run")


def describe_judged(shown: ShowJudged) -> dict[str, Any]:
    """The same for scripts."""
    judged = shown.judged
    return {
        "source": judged.source,
        "request_id": judged.request_id.hex(),
        "request": judged.request.hex(),
        "comparison": comparison_digits(judged.request),
        "wallet": judged.wallet.hex(),
        "authorized": judged.authorized,
        "time": judged.time,
        "chain": judged.chain,
        "transaction": _name(judged),
        "outflows": [
            {"kind": each.kind, "token": each.token, "amount": each.amount, "to": each.to}
            for each in judged.outflows
        ],
        "fee": judged.fee,
        "replaces": judged.replaces.hex() if judged.replaces is not None else None,
        "expires": judged.expires or None,
        "message": [{"name": name, "value": value} for name, value in judged.message],
        "left_out": judged.left_out,
        "rules": list(judged.rules),
        "refusal": error_object(error_of(judged.refusal)) if judged.refusal is not None else None,
        "others": [
            {"request_id": each.request_id.hex(), "authorized": each.authorized, "time": each.time}
            for each in shown.others
        ],
    }


_WORDS = {
    "payment": lambda: tr("To"),
    "approval": lambda: tr("May take from now on"),
    "call": lambda: tr("Calls, not understood"),
    "message": lambda: tr("Message for"),
}


def _amount(chain: str, outflow: Outflow) -> str:
    """A device's screen has no list of tokens: the smallest unit, and the token's own address."""
    if not outflow.token:
        return format_coin(chain, int(outflow.amount))
    return f"{outflow.amount}  [{outflow.token}]"


def _name(judged: Judged) -> str:
    return display_hash(judged.transaction) if judged.chain == BITCOIN else judged.transaction.hex()


def _when(moment: int) -> str:
    return datetime.datetime.fromtimestamp(moment, datetime.UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
