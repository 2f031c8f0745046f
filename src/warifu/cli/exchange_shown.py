"""An account at an exchange in words, and for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from warifu.cli.text import tr
from warifu.protocol.exchange_answers import AccountStatus

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


def account_row(account: AccountStatus, seen: Sequence[str]) -> tuple[str, str, str, str, str]:
    """Name, exchange, kind of the key, the devices that say they have it, and state."""
    exchange = f"{account.exchange} ({tr('SIMULATION')})" if account.simulation else account.exchange
    if not account.finished:
        state = tr("its API key is missing: warifu exchange finish")
    elif account.due:
        state = tr("{count} calls are not compared yet", count=len(account.due))
    else:
        state = tr("ready")
    if account.travel_rule:
        state += "; " + tr("states: {fields}", fields=", ".join(account.travel_rule))
    devices = ", ".join(name if name in seen else f"({name})" for name in account.holders)
    return account.account, exchange, tr(KINDS[account.key]), devices, state


def account_object(account: AccountStatus, seen: Sequence[str]) -> dict[str, Any]:
    """For scripts."""
    return {
        "account": account.account,
        "exchange": account.exchange,
        "key": account.key,
        "holders": list(account.holders),
        "seen": list(seen),
        "public": account.public.hex() or None,
        "finished": account.finished,
        "simulation": account.simulation,
        "due": [item.hex() for item in account.due],
        "since": account.since,
        "travel_rule": list(account.travel_rule),
    }
