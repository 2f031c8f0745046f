"""What both feeds of Coinbase have in common: how they say no, and how they write a moment."""

from __future__ import annotations

from datetime import UTC, datetime

from warifu.sandbox.market_feed import MarketFeed
from warifu.sandbox.refusal import Refusal

_WORDS = {
    "authentication": "authentication failure",
    "signature": "authentication failure",
    "passphrase": "authentication failure",
    "clock": "request timestamp expired",
    "rate-limit": "rate limit exceeded",
}


class CoinbaseFeed(MarketFeed):
    """One connection."""

    def _refused(self, refusal: Refusal) -> object:
        said = _WORDS.get(refusal.reason, f"failure to subscribe: {refusal.detail or refusal.reason}")
        return {"type": "error", "message": said}


def iso(moment: int) -> str:
    return datetime.fromtimestamp(moment / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
