"""Running totals of what left each wallet, so that a window is two look-ups, however much was signed in it.

One row for each moment at which something counted: all that was counted up to then. What counts after a moment is the
last total less the one at that moment. What is counted with an earlier moment than others, or is taken back, moves the
totals after it along; there are few, because what counts is new.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from warifu.signer.store import Store


@dataclass(frozen=True)
class Row:
    """One known request of a payment: from what moment it counts, and what it takes of each asset."""

    request: bytes
    payment: bytes
    counts: int
    leaves: Counter[str]


def dearest(rows: Sequence[Row], since: int) -> Counter[str]:
    """What counts after ``since``: of each payment, whose transactions exclude each other, the dearest."""
    payments: dict[bytes, Counter[str]] = {}
    for row in rows:
        if row.counts > since:
            payments[row.payment] = payments.get(row.payment, Counter()) | row.leaves
    total: Counter[str] = Counter()
    for taken in payments.values():
        total.update(taken)
    return total


def parts(rows: Sequence[Row]) -> dict[tuple[str, int], int]:
    """By token and moment, so that the parts after any moment come to what ``dearest`` finds after it: of a payment the
    latest counts whole, an earlier one by how much it is dearer than those after it."""
    found: Counter[tuple[str, int]] = Counter()
    later: dict[bytes, Counter[str]] = {}
    for row in sorted(rows, key=lambda row: row.counts, reverse=True):
        known = later.setdefault(row.payment, Counter())
        for token, amount in row.leaves.items():
            found[token, row.counts] += max(0, amount - known[token])
            known[token] = max(known[token], amount)
    return dict(found)


class Totals:
    """A table of totals. Amounts in a smallest unit, moments in seconds since 1970-01-01 UTC.

    ``chain`` and ``token``: what the assets are known by. Of what calls give away at exchanges that is the exchange and
    its symbol, in a table of its own (``Totals.at_exchanges``)."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._table, self._place, self._asset = "totals", "chain", "token"

    @classmethod
    def at_exchanges(cls, store: Store) -> Totals:
        """Of calls."""
        totals = cls(store)
        totals._table, totals._place, totals._asset = "call_totals", "exchange", "symbol"
        return totals

    def _execute(self, query: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        """``query`` with the names of the table and of its columns, which are the program's own."""
        return self._store.execute(
            query.format(table=self._table, chain=self._place, token=self._asset), values
        )

    def add(self, wallet: bytes, chain: str, token: str, moment: int, amount: int) -> None:
        """Inside a transaction: count ``amount`` (less than 0: no longer) from ``moment`` on."""
        if not amount:
            return
        place = (wallet, chain, token)
        self._execute(
            "INSERT OR IGNORE INTO {table} VALUES (?, ?, ?, ?, ?)",
            (*place, moment, str(self._until(wallet, chain, token, moment))),
        )
        for at, total in self._execute(
            "SELECT moment, total FROM {table} WHERE wallet = ? AND {chain} = ? AND {token} = ? AND moment >= ?",
            (*place, moment),
        ):
            self._execute(
                "UPDATE {table} SET total = ? WHERE wallet = ? AND {chain} = ? AND {token} = ? AND moment = ?",
                (str(int(total) + amount), *place, at),
            )

    def after(self, wallet: bytes, chain: str, token: str, moments: Sequence[int]) -> list[int]:
        """What counts after each of these moments."""
        last = self._execute(
            "SELECT total FROM {table} WHERE wallet = ? AND {chain} = ? AND {token} = ? ORDER BY moment DESC LIMIT 1",
            (wallet, chain, token),
        )
        total = int(last[0][0]) if last else 0
        return [total - self._until(wallet, chain, token, moment) for moment in moments]

    def assets(self, wallet: bytes) -> list[tuple[str, str]]:
        """(chain, token) of everything that ever counted, ascending."""
        found: list[tuple[str, str]] = []
        while rows := self._execute(
            "SELECT {chain}, {token} FROM {table} WHERE wallet = ? AND ({chain}, {token}) > (?, ?)"
            " ORDER BY {chain}, {token} LIMIT 1",
            (wallet, *(found[-1] if found else ("", ""))),
        ):
            found.append((str(rows[0][0]), str(rows[0][1])))
        return found

    def _until(self, wallet: bytes, chain: str, token: str, moment: int) -> int:
        rows = self._execute(
            "SELECT total FROM {table} WHERE wallet = ? AND {chain} = ? AND {token} = ? AND moment <= ?"
            " ORDER BY moment DESC LIMIT 1",
            (wallet, chain, token, moment),
        )
        return int(rows[0][0]) if rows else 0
