"""Running totals of what left each wallet, so that a window is two look-ups, however much was signed in it.

One row for each moment at which something counted: all that was counted up to then. What counts after a moment is the
last total less the one at that moment. What is counted with an earlier moment than others, or is taken back, moves the
totals after it along; there are few, because what counts is new.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

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
    """The table of totals. Amounts in the asset's smallest unit, moments in seconds since 1970-01-01 UTC."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, wallet: bytes, chain: str, token: str, moment: int, amount: int) -> None:
        """Inside a transaction: count ``amount`` (less than 0: no longer) from ``moment`` on."""
        if not amount:
            return
        place = (wallet, chain, token)
        self._store.execute(
            "INSERT OR IGNORE INTO totals VALUES (?, ?, ?, ?, ?)",
            (*place, moment, str(self._until(wallet, chain, token, moment))),
        )
        for at, total in self._store.execute(
            "SELECT moment, total FROM totals WHERE wallet = ? AND chain = ? AND token = ? AND moment >= ?",
            (*place, moment),
        ):
            self._store.execute(
                "UPDATE totals SET total = ? WHERE wallet = ? AND chain = ? AND token = ? AND moment = ?",
                (str(int(total) + amount), *place, at),
            )

    def after(self, wallet: bytes, chain: str, token: str, moments: Sequence[int]) -> list[int]:
        """What counts after each of these moments."""
        last = self._store.execute(
            "SELECT total FROM totals WHERE wallet = ? AND chain = ? AND token = ? ORDER BY moment DESC LIMIT 1",
            (wallet, chain, token),
        )
        total = int(last[0][0]) if last else 0
        return [total - self._until(wallet, chain, token, moment) for moment in moments]

    def assets(self, wallet: bytes) -> list[tuple[str, str]]:
        """(chain, token) of everything that ever counted, ascending."""
        found: list[tuple[str, str]] = []
        while rows := self._store.execute(
            "SELECT chain, token FROM totals WHERE wallet = ? AND (chain, token) > (?, ?)"
            " ORDER BY chain, token LIMIT 1",
            (wallet, *(found[-1] if found else ("", ""))),
        ):
            found.append((str(rows[0][0]), str(rows[0][1])))
        return found

    def _until(self, wallet: bytes, chain: str, token: str, moment: int) -> int:
        rows = self._store.execute(
            "SELECT total FROM totals WHERE wallet = ? AND chain = ? AND token = ? AND moment <= ?"
            " ORDER BY moment DESC LIMIT 1",
            (wallet, chain, token, moment),
        )
        return int(rows[0][0]) if rows else 0
