"""What an account made at an exchange, whoever asked for it: to be held against what devices signed for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from warifu.exchanges.calls import Call, Listed
from warifu.exchanges.market import Pair


@dataclass(frozen=True)
class Entry:
    """One order, or one thing that left."""

    kind: Literal["order", "withdrawal"]
    id: str
    """What the exchange calls it."""
    identifier: str
    """By what whoever asked for it named it; empty where nobody did, or the exchange does not say."""
    words: str
    """What it is, for a person."""
    made: int | None
    """Milliseconds; None where the exchange does not say."""


class Ledger(Protocol):
    """How to ask for all of it. What is older than ``since`` (milliseconds) may be in a list or not."""

    def orders(self, pairs: Sequence[Pair], since: int) -> tuple[Call[Listed[Entry]], ...]:
        """Those of ``pairs``; of every pair where the exchange lists them so."""

    def withdrawals(self, wallets: Sequence[str], since: int, now: int) -> tuple[Call[Listed[Entry]], ...]:
        """What left each of ``wallets``, as the exchange calls them; of the whole account where it has none."""
