"""Advanced Trade: its hosts, its way to say no, and what its lists have in common."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta

from warifu.exchanges.calls import Answer, Api, Ask
from warifu.exchanges.coinbase.faults import advanced_complaint
from warifu.exchanges.fields import Cursor
from warifu.exchanges.http import HttpAnswer

HOST = "api.coinbase.com"
SANDBOX = "api-sandbox.coinbase.com"
_P = "/api/v3/brokerage"

Product = Annotated[str, Meta(pattern=r"^[A-Z0-9]{1,20}(-[A-Z0-9]{1,20}){1,3}\Z")]
"""``BTC-USD``; futures have more parts (``BIT-28JUL23-CDE``)."""
Side = Literal["BUY", "SELL"]
ProductType = Literal["SPOT", "FUTURE"]
Granularity = Literal[
    "ONE_MINUTE",
    "FIVE_MINUTE",
    "FIFTEEN_MINUTE",
    "THIRTY_MINUTE",
    "ONE_HOUR",
    "TWO_HOUR",
    "FOUR_HOUR",
    "SIX_HOUR",
    "ONE_DAY",
]


def api(host: str = HOST) -> Api:
    return Api(host, advanced_complaint)


class Value(Answer, frozen=True, kw_only=True):
    """An amount with its currency."""

    value: Decimal
    currency: str


class Paged(Ask, frozen=True, kw_only=True):
    limit: Annotated[int, Meta(ge=1, le=1000)] | None = None
    cursor: Cursor | None = None


class Page(Answer, frozen=True, kw_only=True):
    """What the lists have in common: ``cursor`` leads to the rest, unless ``has_next`` says that there is none."""

    cursor: str | None = None
    has_next: bool | None = None


P = TypeVar("P", bound=Paged)


def onward(ask: P, _: HttpAnswer, page: Page) -> P | None:
    """The page after this one. Some lists say a cursor to the end: what is empty has nothing after it."""
    values = [getattr(page, name) for name in page.__struct_fields__]
    if not page.cursor or page.has_next is False or not any(v for v in values if isinstance(v, tuple)):
        return None
    return msgspec.structs.replace(ask, cursor=page.cursor)
