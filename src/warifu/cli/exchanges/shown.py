"""An account at an exchange in words, and for scripts."""

from __future__ import annotations

from typing import Any

from warifu.cli.exchanges.accounts import Listed
from warifu.cli.text import tr

KINDS = {
    "hmac": "secret, whole in one device",
    "es256": "ES256 key, whole in one device",
    "ed25519-split": "Ed25519 key, split over the devices",
    "ed25519-born": "Ed25519 key, born in the devices",
}
"""The kinds of keys; ``tr`` has them in other languages."""

WORDS = (
    "buy",
    "sell",
    "market",
    "limit",
    "stop-limit",
    "immediate",
    "whole-or-none",
    "open",
    "limit-only",
    "post-only",
    "cancel-only",
    "closed",
    "pending",
    "filled",
    "cancelled",
    "expired",
    "rejected",
    "sent",
    "done",
    "failed",
)
"""What orders, markets and withdrawals are and can be: from the exchanges' adapters, spoken as they are."""


def account_row(listed: Listed) -> tuple[str, str, str, str, str]:
    """Name, exchange, kind of the key, who has a part of it and who has not, and state."""
    account = listed.account
    exchange = f"{account.exchange} ({tr('SIMULATION')})" if account.simulation else account.exchange
    if not account.finished:
        state = tr("its API key is missing: warifu exchange finish")
    elif account.due:
        state = tr("{count} calls are not compared yet", count=len(account.due))
    elif listed.lacking:
        state = tr("incomplete")
    else:
        state = tr("ready")
    if account.successor:
        state += "; " + (
            tr("another key takes its place as soon as all devices are there")
            if account.ready
            else tr("another key waits for its API key: warifu exchange finish")
        )
    if account.travel_rule:
        state += "; " + tr("states: {fields}", fields=", ".join(account.travel_rule))
    devices = [", ".join(listed.having)]
    if listed.lacking:
        devices.append(tr("without it: {names}", names=", ".join(listed.lacking)))
    if listed.away:
        devices.append(tr("away: {names}", names=", ".join(listed.away)))
    return account.account, exchange, tr(KINDS[account.key]), "; ".join(devices), state


def what_to_do(listed: Listed, wallet: str) -> str | None:
    """What completes an account that a device lacks; None where none does."""
    account = listed.account
    if not listed.lacking:
        return None
    names = ", ".join(listed.lacking)
    if account.key == "ed25519-born" and not account.finished:
        return tr(
            "{account}: {names} have no share of its key. Do not register it yet: warifu exchange add {wallet} "
            "{account} --exchange {exchange}",
            account=account.account,
            names=names,
            wallet=wallet,
            exchange=account.exchange,
        )
    return tr(
        "{account}: {names} have no part of it. Its key cannot be completed, and takes another in its place: warifu "
        "exchange rotate {wallet} {account}. If it was removed before: warifu exchange remove {wallet} {account}",
        account=account.account,
        names=names,
        wallet=wallet,
    )


def account_object(listed: Listed) -> dict[str, Any]:
    """For scripts."""
    account = listed.account
    return {
        "account": account.account,
        "exchange": account.exchange,
        "key": account.key,
        "holders": list(account.holders),
        "seen": list(listed.having),
        "lacking": list(listed.lacking),
        "away": list(listed.away),
        "public": account.public.hex() or None,
        "finished": account.finished,
        "successor": account.successor.hex() or None,
        "successor_ready": bool(account.ready),
        "simulation": account.simulation,
        "due": [item.hex() for item in account.due],
        "since": account.since,
        "travel_rule": list(account.travel_rule),
    }
