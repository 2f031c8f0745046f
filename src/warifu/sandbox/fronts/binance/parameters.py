"""What a request names: its symbol, its amounts, and what each type of order wants and does not want."""

from __future__ import annotations

from warifu.sandbox.markets import Market
from warifu.sandbox.orders import Lifetime
from warifu.sandbox.refusal import Refusal
from warifu.sandbox.venue import Venue
from warifu.sandbox.web import Visit

LIFETIMES: dict[Lifetime, str] = {
    "until-cancelled": "GTC",
    "immediate": "IOC",
    "whole-or-none": "FOK",
}
TYPES = ("LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT")


def market_of(venue: Venue, visit: Visit) -> Market:
    """By its symbol. ``Refusal`` (``delisted``)."""
    symbol = visit.text("symbol")
    for market in venue.engine.markets.values():
        if market.base + market.quote == symbol and market.state != "delisted":
            return market
    raise Refusal("delisted", symbol)


def lifetime_of(visit: Visit) -> Lifetime:
    wanted = visit.text("timeInForce", "GTC")
    for name, shown in LIFETIMES.items():
        if shown == wanted:
            return name
    raise Refusal("missing", "timeInForce")


def require_only(visit: Visit, kind: str) -> None:
    """Each type has parameters that must be there, and others that must not."""
    needed = {
        "LIMIT": ("timeInForce", "quantity", "price"),
        "LIMIT_MAKER": ("quantity", "price"),
        "MARKET": (),
        "STOP_LOSS_LIMIT": ("timeInForce", "quantity", "price", "stopPrice"),
        "TAKE_PROFIT_LIMIT": ("timeInForce", "quantity", "price", "stopPrice"),
    }[kind]
    for name in needed:
        visit.text(name)
    allowed = {*needed, *(("quantity", "quoteOrderQty") if kind == "MARKET" else ())}
    for name in ("timeInForce", "quantity", "quoteOrderQty", "price", "stopPrice"):
        if name in visit.fields and name not in allowed:
            raise Refusal("order-form", name)
    if kind == "MARKET" and not {"quantity", "quoteOrderQty"} & visit.fields.keys():
        raise Refusal("missing", "quantity")


def span_of(visit: Visit, longest: int) -> tuple[int, int]:
    """What a list is of: from ``startTime`` to ``endTime``, no longer than so many milliseconds where both are named.
    ``Refusal`` (``form``)."""
    end = 10**15 - 1
    first, last = visit.whole("startTime", 0, end), visit.whole("endTime", end, end)
    if first and last < end and not 0 <= last - first <= longest:
        raise Refusal("form", "endTime")
    return first, last
