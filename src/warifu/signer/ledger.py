"""What this device signed: each request once, what counts against the limits of its windows, and what replaces what.

A replacement (fee bump, cancellation) passes without counting its amounts a second time. That is only safe if at most
one of the transactions can ever happen, so it must exclude *every* transaction signed for the payment so far: sharing a
coin with the latest is not enough, because A and C of a chain A, B, C can be disjoint and pay twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec

from warifu.chains.reading import Reading
from warifu.errors import AuthorizationRefused, TransactionRefused
from warifu.protocol.encoding import Amount, Bytes32, Message, decode, encode
from warifu.protocol.policy import HOUR, WINDOWS
from warifu.protocol.request import TransferRequest
from warifu.signer.policy.facts import Amounts, leaves
from warifu.signer.store import Store
from warifu.signer.wallets import Wallets

_MAX_SIGNED = 1024 * 1024


class _Signed(Message, frozen=True):
    """What recognises a replacement of a transaction that was signed."""

    name: Bytes32
    excludes: tuple[Annotated[bytes, msgspec.Meta(max_length=64)], ...]
    paid: tuple[tuple[str, str, Amount, str], ...]
    """(kind, token, amount, to) of every outflow, sorted."""
    fee: Amount


@dataclass(frozen=True)
class Counting:
    """How a transfer counts: ``payment`` is the chain of replacements that it belongs to."""

    payment: bytes
    leaves: Amounts
    counted: Amounts
    spent: Mapping[int, Amounts]
    """What others counted in the last so many hours."""


class Ledger:
    """The tables of transfers and of what they move."""

    def __init__(self, store: Store, wallets: Wallets) -> None:
        self._store = store
        self._wallets = wallets

    def started(self, request: bytes) -> bool:
        """Whether partial signatures for the request with this digest may have left."""
        return bool(self._store.execute("SELECT 1 FROM transfers WHERE request = ?", (request,)))

    def result(self, request: bytes) -> bytes | None:
        """The kept result of the request with this digest; None where there is none (yet)."""
        rows = self._store.execute("SELECT result FROM transfers WHERE request = ?", (request,))
        return bytes(rows[0][0]) if rows and rows[0][0] is not None else None

    def refuse_reuse(self, request_id: bytes, request: bytes) -> None:
        """``AuthorizationRefused`` (``replayed``) where the id belongs to a request with another digest."""
        rows = self._store.execute("SELECT request FROM transfers WHERE request_id = ?", (request_id,))
        known = [bytes(row[0]) for row in rows]
        wallet = self._wallets.with_request_id(request_id)
        known += [wallet] if wallet is not None else []
        if any(other != request for other in known):
            raise AuthorizationRefused(
                "replayed",
                "the request's id was used before, for something else",
                remedy="Make a new request.",
            )

    def spent(self, wallet: bytes, chain: str, now: int, without: bytes = b"") -> dict[int, dict[str, int]]:
        """What was counted in the last so many hours, for each of ``WINDOWS``, without the request with the digest
        ``without``."""
        rows = self._store.execute(
            "SELECT token, counted, started FROM transfers JOIN movements USING (request)"
            " WHERE wallet = ? AND chain = ? AND started > ? AND request != ?",
            (wallet, chain, now - HOUR * max(WINDOWS), without),
        )
        return {
            hours: _summed([(row[0], row[1]) for row in rows if row[2] > now - HOUR * hours])
            for hours in WINDOWS
        }

    def chains(self, wallet: bytes) -> list[str]:
        """Those on which something was signed."""
        rows = self._store.execute(
            "SELECT DISTINCT chain FROM transfers WHERE wallet = ? ORDER BY chain", (wallet,)
        )
        return [str(row[0]) for row in rows]

    def counting(self, request: TransferRequest, digest: bytes, reading: Reading, now: int) -> Counting:
        """How this would count now. ``TransactionRefused`` where it claims to replace what it does not.

        A request that replaces a transfer which this device did not sign counts in full.
        """
        spent = self.spent(request.wallet_id, reading.chain, now, without=digest)
        own = self._store.execute("SELECT payment FROM transfers WHERE request = ?", (digest,))
        if own:
            return Counting(bytes(own[0][0]), *self._moved(digest), spent)
        leaving = leaves(reading)
        first = self._first_of(request)
        if first is None:
            return Counting(request.request_id, leaving, leaving, spent)
        rows = self._store.execute("SELECT request, signed FROM transfers WHERE payment = ?", (first,))
        check_replacement([decode(_Signed, bytes(row[1]), _MAX_SIGNED) for row in rows], reading)
        # They exclude each other on the chain, so of each asset only the dearest of them can ever leave.
        before: Counter[str] = Counter()
        for row in rows:
            before |= Counter(self._moved(bytes(row[0]))[0])
        counted = {token: max(0, amount - before[token]) for token, amount in leaving.items()}
        return Counting(first, leaving, counted, spent)

    def start(
        self, request: TransferRequest, digest: bytes, reading: Reading, counting: Counting, now: int
    ) -> None:
        """Inside a transaction: partial signatures may leave from now on. A second time changes nothing."""
        if self.started(digest):
            return
        self._store.execute(
            "INSERT INTO transfers VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
            (
                digest,
                request.request_id,
                request.wallet_id,
                reading.chain,
                counting.payment,
                now,
                encode(_remembered(reading)),
            ),
        )
        for token, amount in counting.leaves.items():
            self._store.execute(
                "INSERT INTO movements VALUES (?, ?, ?, ?)",
                (digest, token, str(amount), str(counting.counted.get(token, 0))),
            )

    def finish(self, digest: bytes, result: bytes) -> None:
        """Inside a transaction: keep the result, unless an earlier one is kept already."""
        self._store.execute(
            "UPDATE transfers SET result = ? WHERE request = ? AND result IS NULL", (result, digest)
        )

    def _moved(self, digest: bytes) -> tuple[dict[str, int], dict[str, int]]:
        """What a transfer takes of each asset, and how much of it it counted."""
        rows = self._store.execute(
            "SELECT token, leaves, counted FROM movements WHERE request = ?", (digest,)
        )
        return {row[0]: int(row[1]) for row in rows}, {row[0]: int(row[2]) for row in rows}

    def _first_of(self, request: TransferRequest) -> bytes | None:
        if request.replaces is None:
            return None
        rows = self._store.execute(
            "SELECT payment FROM transfers WHERE request_id = ? AND wallet = ? AND chain = ?",
            (request.replaces, request.wallet_id, request.chain),
        )
        return bytes(rows[0][0]) if rows else None


def check_replacement(signed: Sequence[_Signed], reading: Reading) -> None:
    """Return only if ``reading`` replaces every one of ``signed`` (all that was signed for this payment so far).

    It pays the same, or nobody (a cancellation), and excludes each of them. What pays the same costs more, because no
    node takes it otherwise. A cancellation may cost less: nodes of account chains compare the price of a unit, and it
    uses fewer units than the call of a token. ``TransactionRefused`` (``not-a-replacement``, ``fee-bump``).
    """
    new = _remembered(reading)
    for old in signed:
        same = new.paid in (old.paid, ())
        if new.name == old.name or not same or set(new.excludes).isdisjoint(old.excludes):
            raise TransactionRefused(
                "not-a-replacement",
                "the new transaction pays something else, or could happen beside one that is already signed",
                remedy="A replacement spends a coin, or takes the nonce, of each earlier version, and pays the same "
                "recipients or nobody.",
            )
        if new.paid == old.paid and int(new.fee) <= int(old.fee):
            raise TransactionRefused(
                "fee-bump", f"a fee of {new.fee} does not replace one of {old.fee} (in the smallest unit)"
            )


def _remembered(reading: Reading) -> _Signed:
    paid = sorted((str(item.kind), item.token, str(item.amount), item.to) for item in reading.outflows)
    return _Signed(reading.name, tuple(sorted(reading.excludes)), tuple(paid), str(reading.fee))


def _summed(rows: Sequence[tuple[str, str]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for token, amount in rows:
        total[token] += int(amount)
    return dict(total)
