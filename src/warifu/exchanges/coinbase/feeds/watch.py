"""Whether something was left out of a feed: its messages are numbered."""

from __future__ import annotations


class FeedBroken(Exception):
    """A message is missing, came twice, or cannot be read: whatever was built from the feed is built anew."""


class Watch:
    """Numbers that go up by one, from whichever is the first."""

    def __init__(self) -> None:
        self._last: int | None = None

    def see(self, number: int) -> None:
        """FeedBroken unless this is the number after the last one."""
        if self._last is not None and number != self._last + 1:
            raise FeedBroken(f"message {number} came after {self._last}")
        self._last = number
