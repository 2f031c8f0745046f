"""How Advanced Trade writes moments, amounts and pages."""

from __future__ import annotations

from datetime import UTC, datetime

from warifu.sandbox.markets import Market
from warifu.sandbox.refusal import Refusal
from warifu.sandbox.venue import Venue
from warifu.sandbox.web import Answer, Visit, said

P = "/api/v3/brokerage"


def page_of(
    visit: Visit, name: str, numbered: list[tuple[int, dict[str, object]]], extra: dict[str, object]
) -> Answer:
    """Newest first; the cursor is the number of the last one that was shown."""
    before, limit = visit.whole("cursor", 0, 10**15), visit.whole("limit", 100, 1000)
    rest = [one for one in numbered if not before or one[0] < before]
    page = rest[:limit]
    more = len(rest) > len(page)
    cursor = str(page[-1][0]) if more else ""
    return said({name: [one for _, one in page], **extra, "has_next": more, "cursor": cursor})


def iso(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def market_named(venue: Venue, name: str) -> Market:
    """``Refusal`` (``no-such``)."""
    market = venue.engine.markets.get(name)
    if market is None:
        raise Refusal("no-such", name)
    return market
