"""How far a step of a visit is in a list that comes in pages, each in a session of its own.

It is in memory alone: a device that is restarted begins anew. So it does where the first page is too old: what moves
from an account on a later page to one on an earlier page in between would be seen in neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MOST_PAGES = 16
TOGETHER = 120
"""Seconds within which all pages of a list are read."""
_MOST_LISTS = 16
"""That are between two pages."""


@dataclass(frozen=True)
class Page:
    """One page that is to be asked for."""

    after: str = ""
    """Where it begins; empty: the first."""
    items: tuple[Any, ...] = ()
    """Of those before it."""
    number: int = 0
    since: int = 0
    """When the first one was read, in seconds; 0 for the first one."""


FIRST = Page()


class Pages:
    """Which page each list of this device's visits is at."""

    def __init__(self) -> None:
        self._at: dict[tuple[bytes, str], Page] = {}

    def page(self, visit: bytes, step: str, now: int) -> Page:
        """The one that is to be asked for."""
        found = self._at.get((visit, step), FIRST)
        return found if found is FIRST or now <= found.since + TOGETHER else FIRST

    def goes_on(self, visit: bytes, step: str, page: Page | None) -> None:
        """With this one; None: the list begins anew."""
        self._at.pop((visit, step), None)
        if page is None:
            return
        if len(self._at) >= _MOST_LISTS:
            self._at.pop(next(iter(self._at)))
        self._at[visit, step] = page
