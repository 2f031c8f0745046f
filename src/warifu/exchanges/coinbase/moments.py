"""Moments as Coinbase writes them, and what one can say of a list by them."""

from __future__ import annotations

from datetime import UTC, datetime


def written(milliseconds: int) -> str:
    """RFC 3339, in whole seconds, rounded down."""
    return datetime.fromtimestamp(milliseconds // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def milliseconds_of(said: str | None) -> int | None:
    """None where the exchange does not say it so that it can be read."""
    try:
        moment = datetime.fromisoformat(said or "")
    except ValueError:
        return None
    return None if moment.tzinfo is None else int(moment.timestamp() * 1000)


def is_between(said: str | None, first: int, last: int) -> bool:
    """Whether it can have been then (milliseconds): what does not say when it was, can."""
    moment = milliseconds_of(said)
    return moment is None or first - 1000 < moment <= last + 1000


def is_before(said: str | None, first: int) -> bool:
    """Whether it was earlier for sure, to the second that Coinbase rounds to."""
    moment = milliseconds_of(said)
    return moment is not None and moment <= first - 1000
