"""How the App writes moments, amounts and pages, and whose wallet a path names."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from warifu.sandbox.amounts import fixed
from warifu.sandbox.bank import MONEY, Transfer
from warifu.sandbox.refusal import Refusal
from warifu.sandbox.venue import AppAccount
from warifu.sandbox.web import Answer, Part, Visit, said


def account_of(part: Part, visit: Visit) -> AppAccount:
    """The account that the path names. ``Refusal`` (``no-such``)."""
    return part.venue.app_account(part.customer(visit), visit.places["account_id"])


def asset_of(part: Part, visit: Visit) -> str:
    """The asset of the wallet that the path names. ``Refusal`` (``no-such``)."""
    return account_of(part, visit).asset


def page(visit: Visit, everything: list[dict[str, Any]]) -> Answer:
    """The part of a list after the one that ``starting_after`` names."""
    after, limit = visit.text("starting_after", ""), visit.whole("limit", 25, 300)
    ids = [one["id"] for one in everything]
    if after and after not in ids:
        raise Refusal("form", "starting_after")
    rest = everything[ids.index(after) + 1 :] if after else everything
    shown = rest[:limit]
    following = shown[-1]["id"] if len(rest) > len(shown) else None
    pagination = {
        "ending_before": None,
        "starting_after": after or None,
        "next_starting_after": following,
        "previous_ending_before": None,
        "limit": limit,
        "order": "desc",
        "previous_uri": None,
        "next_uri": f"{visit.request.path}?starting_after={following}" if following else None,
    }
    return said({"pagination": pagination, "data": shown})


def iso(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def money(amount: Decimal, asset: str) -> dict[str, str]:
    return {"amount": fixed(amount, 2 if asset == MONEY else 8), "currency": asset}


def transaction_of(transfer: Transfer) -> str:
    """What the transaction of a transfer from the bank, or to it, is called."""
    return str(uuid.uuid5(uuid.UUID(transfer.uuid), "transaction"))
