"""What this device signed: each request once, what counts against the daily limit, and what replaces what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec

from warifu.chains.bitcoin.payment import Payment
from warifu.chains.bitcoin.rbf import SignedPayment, check_replacement, remember
from warifu.chains.bitcoin.transaction import OutPoint
from warifu.errors import AuthorizationRefused
from warifu.protocol.encoding import Bytes32, Message, decode, encode
from warifu.protocol.request import TransferRequest
from warifu.signer import policy
from warifu.signer.store import Store
from warifu.signer.wallets import Wallets
from warifu.units import Satoshi

_MAX_SIGNED = 1024 * 1024


class _Signed(Message, frozen=True):
    """A ``SignedPayment`` as it is stored."""

    txid: Bytes32
    inputs: tuple[tuple[Bytes32, Annotated[int, msgspec.Meta(ge=0, lt=2**32)]], ...]
    paid: tuple[tuple[bytes, int], ...]
    fee: int
    vsize: int


@dataclass(frozen=True)
class Counting:
    """How a transfer counts: ``payment`` is the chain of replacements that it belongs to."""

    payment: bytes
    leaves: int
    counted: int
    spent: int
    """Satoshi that others counted in the last 24 hours."""


class Ledger:
    """The table of transfers."""

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

    def spent(self, wallet: bytes, now: int, without: bytes = b"") -> int:
        """Satoshi counted in the last 24 hours, without the request with the digest ``without``."""
        rows = self._store.execute(
            "SELECT coalesce(sum(counted), 0) FROM transfers WHERE wallet = ? AND started > ? AND request != ?",
            (wallet, now - policy.DAY, without),
        )
        return int(rows[0][0])

    def counting(self, request: TransferRequest, digest: bytes, payment: Payment, now: int) -> Counting:
        """How this payment would count now. ``TransactionRefused`` where it claims to replace what it does not.

        A request that replaces a transfer which this device did not sign counts in full.
        """
        spent = self.spent(request.wallet_id, now, without=digest)
        own = self._store.execute(
            "SELECT payment, leaves, counted FROM transfers WHERE request = ?", (digest,)
        )
        if own:
            return Counting(bytes(own[0][0]), own[0][1], own[0][2], spent)
        leaving = policy.leaves(payment)
        first = self._first_of(request)
        if first is None:
            return Counting(request.request_id, leaving, leaving, spent)
        rows = self._store.execute("SELECT signed, leaves FROM transfers WHERE payment = ?", (first,))
        check_replacement([_decoded(bytes(row[0])) for row in rows], remember(payment))
        # They exclude each other on the chain, so only the dearest of them can ever leave.
        return Counting(first, leaving, max(0, leaving - max(row[1] for row in rows)), spent)

    def start(
        self, request: TransferRequest, digest: bytes, payment: Payment, counting: Counting, now: int
    ) -> None:
        """Inside a transaction: partial signatures may leave from now on. A second time changes nothing."""
        if self.started(digest):
            return
        self._store.execute(
            "INSERT INTO transfers VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)",
            (
                digest,
                request.request_id,
                request.wallet_id,
                counting.payment,
                now,
                counting.leaves,
                counting.counted,
                _encoded(remember(payment)),
            ),
        )

    def finish(self, digest: bytes, result: bytes) -> None:
        """Inside a transaction: keep the result, unless an earlier one is kept already."""
        self._store.execute(
            "UPDATE transfers SET result = ? WHERE request = ? AND result IS NULL", (result, digest)
        )

    def _first_of(self, request: TransferRequest) -> bytes | None:
        if request.replaces is None:
            return None
        rows = self._store.execute(
            "SELECT payment FROM transfers WHERE request_id = ? AND wallet = ?",
            (request.replaces, request.wallet_id),
        )
        return bytes(rows[0][0]) if rows else None


def _encoded(signed: SignedPayment) -> bytes:
    inputs = tuple(sorted((outpoint.txid, outpoint.vout) for outpoint in signed.inputs))
    return encode(_Signed(signed.txid, inputs, signed.paid, signed.fee, signed.vsize))


def _decoded(data: bytes) -> SignedPayment:
    stored = decode(_Signed, data, _MAX_SIGNED)
    return SignedPayment(
        stored.txid,
        frozenset(OutPoint(txid, index) for txid, index in stored.inputs),
        tuple((script, Satoshi(amount)) for script, amount in stored.paid),
        Satoshi(stored.fee),
        stored.vsize,
    )
