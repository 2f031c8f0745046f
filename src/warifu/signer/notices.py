"""What owners announced: payments, each of which a notice allows once, and destinations, which stay known.

A notice counts from the moment at which this device heard it, by its own clock. That of a payment is used up by the
payment that it was for, in the transaction in which that starts; what replaces the payment (a fee bump) goes on by it.
One that nobody used lapses. A destination stays known until its notice is vetoed: what has to wait is what is new.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from warifu.chains.reading import Reading
from warifu.errors import PolicyDenied
from warifu.protocol.encoding import decode, digest, encode
from warifu.protocol.policy import DAY, MAX_DELAY
from warifu.protocol.request import MAX_REQUEST_BYTES, NoticeRequest, Outflow, TransferRequest
from warifu.signer.store import Store

LIFETIME = 14 * DAY
"""Seconds after its wait within which a notice of a payment can be used."""
MAX_NOTICES = 256
"""Of one wallet, at a time."""


@dataclass(frozen=True)
class Notice:
    """One that was heard."""

    request: NoticeRequest
    digest: bytes
    since: int


class Notices:
    """The tables of notices and of announced destinations. Changes are made inside a transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def heard(self, request: bytes) -> bool:
        """Whether the notice with this digest is known already, used or not."""
        return bool(self._store.execute("SELECT 1 FROM notices WHERE request = ?", (request,)))

    def take(self, request: NoticeRequest, named: bytes, now: int) -> None:
        """Remember it from now on. ``PolicyDenied`` (``too-many-notices``)."""
        self._forget(now)
        count = self._store.execute("SELECT count(*) FROM notices WHERE wallet = ?", (request.wallet_id,))
        if count[0][0] >= MAX_NOTICES:
            raise PolicyDenied(
                "too-many-notices",
                f"{MAX_NOTICES} notices of this wallet are known already",
                not_done="Nothing was announced.",
                remedy="Veto those that are not needed any more ('warifu policy pending', 'warifu policy veto').",
            )
        outflows = _named(request.chain, request.outflows) if request.outflows else None
        self._store.execute(
            "INSERT INTO notices VALUES (?, ?, ?, ?, ?, ?, NULL)",
            (named, request.wallet_id, request.chain, outflows, encode(request), now),
        )
        for destination in request.destinations:
            self._store.execute(
                "INSERT INTO announced VALUES (?, ?, ?, ?, ?)",
                (request.wallet_id, request.chain, destination, named, now),
            )

    def veto(self, wallet: bytes, named: bytes) -> bool:
        """Forget it, with its destinations. Whether there was such a notice that had not been used up."""
        known = self._store.execute(
            "SELECT payment FROM notices WHERE request = ? AND wallet = ?", (named, wallet)
        )
        if not known:
            return False
        destinations = self._store.execute("DELETE FROM announced WHERE notice = ? RETURNING 1", (named,))
        self._store.execute("DELETE FROM notices WHERE request = ?", (named,))
        return known[0][0] is None or bool(destinations)

    def known(self, wallet: bytes, reading: Reading) -> dict[str, int]:
        """The moment at which each destination of ``reading`` was first announced, where it was."""
        found: dict[str, int] = {}
        for to in {outflow.to for outflow in reading.outflows}:
            rows = self._store.execute(
                "SELECT min(since) FROM announced WHERE wallet = ? AND chain = ? AND destination = ?",
                (wallet, reading.chain, to),
            )
            if rows[0][0] is not None:
                found[to] = int(rows[0][0])
        return found

    def of(self, wallet: bytes, reading: Reading, payment: bytes, delay: int, now: int) -> Notice | None:
        """The oldest notice of exactly what leaves by ``reading`` that has not lapsed, and was used for nothing or for
        this ``payment`` (the digest of the first request of a chain of replacements). ``delay``: its wait."""
        found = self._store.execute(
            "SELECT payment IS NULL, since, request FROM notices WHERE wallet = ? AND outflows = ? AND since > ?"
            " AND (payment IS NULL OR payment = ?)",
            (
                wallet,
                _named(reading.chain, _as_authorized(reading)),
                now - delay - LIFETIME,
                payment,
            ),
        )
        if not found:  # as of nearly every payment; sorting by SQLite takes five times as long as looking
            return None
        _unused, since, request = min(found)
        body = self._store.execute("SELECT body FROM notices WHERE request = ?", (request,))[0][0]
        return _notice(request, body, since)

    def use_up(self, notice: Notice, payment: bytes) -> None:
        """It was for this payment, and is for no other."""
        self._store.execute("UPDATE notices SET payment = ? WHERE request = ?", (payment, notice.digest))

    def used_elsewhere(self, request: TransferRequest, payment: bytes) -> None:
        """Another device told that it may have signed this: what announced it is used up here as well."""
        self._store.execute(
            "UPDATE notices SET payment = ? WHERE request = (SELECT request FROM notices WHERE wallet = ?"
            " AND outflows = ? AND (payment IS NULL OR payment = ?) ORDER BY payment IS NULL, since, request LIMIT 1)",
            (payment, request.wallet_id, _named(request.chain, request.outflows), payment),
        )

    def open(self, wallet: bytes) -> list[Notice]:
        """Those that can still be vetoed: not used up, or with destinations; the newest first."""
        rows = self._store.execute(
            "SELECT request, body, since FROM notices WHERE wallet = ? AND (payment IS NULL OR EXISTS"
            " (SELECT 1 FROM announced WHERE notice = request)) ORDER BY since DESC, request",
            (wallet,),
        )
        return [_notice(*row) for row in rows]

    def _forget(self, now: int) -> None:
        """What allows nothing any more, and whose request is too old to be heard again."""
        self._store.execute(
            "DELETE FROM notices WHERE NOT EXISTS (SELECT 1 FROM announced WHERE notice = request)"
            " AND since < ?",
            (now - MAX_DELAY - LIFETIME,),
        )


def _named(chain: str, outflows: Sequence[Outflow]) -> bytes:
    """32 bytes that name exactly these, in whatever order."""
    return digest("notice/outflows", chain.encode(), *sorted(map(encode, outflows)))


def _as_authorized(reading: Reading) -> list[Outflow]:
    return [Outflow(item.kind.value, item.token, str(item.amount), item.to) for item in reading.outflows]


def _notice(named: bytes, body: bytes, since: int) -> Notice:
    return Notice(decode(NoticeRequest, bytes(body), MAX_REQUEST_BYTES), bytes(named), since)
