"""How the Exchange API writes moments, amounts and pages, and what it calls accounts by."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TypeVar

from warifu.sandbox.people import Account
from warifu.sandbox.refusal import Refusal
from warifu.sandbox.web import Answer, Visit, said

MONEY_PLACES = 16

T = TypeVar("T")


def page(visit: Visit, numbered: Iterable[tuple[int, T]]) -> Answer:
    """The part of a list (newest first) that was asked for, and where what is older begins."""
    after, limit = visit.whole("after", 0, 10**15), visit.whole("limit", 100, 1000)
    page = [one for one in numbered if not after or one[0] < after][:limit]
    headers = [("cb-before", str(page[0][0])), ("cb-after", str(page[-1][0]))] if page else []
    return said([one for _, one in page], headers=headers)


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def iso(milliseconds: int) -> str:
    return _moment(milliseconds).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def stamp(milliseconds: int | None) -> str | None:
    """As transfers write a moment."""
    return None if milliseconds is None else _moment(milliseconds).strftime("%Y-%m-%d %H:%M:%S.%f+00")


def account_id(customer: Account, asset: str) -> str:
    return str(uuid.uuid5(uuid.UUID(customer.uuid), asset))


def asset_of(visit: Visit, customer: Account, assets: Iterable[str]) -> str:
    """The asset of the account that the path names. ``Refusal`` (``no-such``)."""
    for asset in assets:
        if visit.places["account_id"] == account_id(customer, asset):
            return asset
    raise Refusal("no-such")
