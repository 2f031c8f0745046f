"""Whether something was left out of a feed: its messages are numbered."""

from __future__ import annotations

from warifu.exchanges.feeds import FeedGap


class Numbers:
    """They go up by one, from whichever is the first."""

    def __init__(self) -> None:
        self._last: int | None = None

    def see(self, number: int) -> None:
        """FeedGap unless this is the number after the last one; what comes next is counted from here."""
        last, self._last = self._last, number
        if last is not None and number != last + 1:
            raise FeedGap(f"message {number} came after {last}")
