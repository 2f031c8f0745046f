"""What the wallet signed as far as this device knows: each request once, what counts against the limits of its windows,
and what replaces what.

A transfer is known in one of three ways. *Started*: this device's share may have left. *Acknowledged*: a strict
wallet's device judged it for the others. Of both it read the transaction's bytes. *Noted*: another device told of it;
then what the owner authorized is counted, the fee ceiling included, which is never less than the transaction takes, and
until the request has expired and the window has passed: nothing depends on what a hostile device says of when and how
much.

A replacement (fee bump, cancellation) does not count beside what it replaces: of one payment's transactions within a
window the dearest counts. That is only safe if at most one of them can ever happen, so it must exclude *every*
transaction known of the payment so far: sharing a coin with the latest is not enough, because A and C of a chain
A, B, C can be disjoint and pay twice. Each counts from the moment at which this device's share left last: where the
first session broke off, what is signed once more can happen only then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from warifu.chains.reading import COIN, Reading
from warifu.errors import AuthorizationRefused, TransactionRefused
from warifu.protocol.encoding import Amount, Bytes32, Message, decode, encode
from warifu.protocol.policy import HOUR, WINDOWS
from warifu.protocol.request import TransferRequest
from warifu.signer.policy.facts import Amounts, leaves
from warifu.signer.store import Store
from warifu.signer.totals import Row, Totals, dearest, parts
from warifu.signer.wallets import Wallets

_MAX_SIGNED = 1024 * 1024
LONGEST = HOUR * max(WINDOWS)
"""Seconds of the longest window: what expired before it counts nowhere any more."""
How = Literal["started", "acknowledged", "noted"]
"""By which a device knows of a transfer."""


class Signed(Message, frozen=True):
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
    adds: Amounts
    """Of these, what its payment had not come to before."""
    spent: Mapping[int, Amounts]
    """What counts beside it in the last so many hours."""


@dataclass(frozen=True)
class _Own:
    """What the table says of a request that is known."""

    how: How
    payment: bytes
    counts: int
    signed: bytes
    """Empty where the bytes were not seen."""
    result: bytes | None


class Ledger:
    """The tables of transfers and of what they move."""

    def __init__(self, store: Store, wallets: Wallets) -> None:
        self._store = store
        self._wallets = wallets
        self._totals = Totals(store)

    def started(self, request: bytes) -> bool:
        """Whether partial signatures for the request with this digest may have left here."""
        return self.known(request) == "started"

    def known(self, request: bytes) -> How | None:
        """By which this device knows of the request with this digest; None where it does not."""
        rows = self._store.execute("SELECT how FROM transfers WHERE request = ?", (request,))
        return rows[0][0] if rows else None

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

    def spent(self, wallet: bytes, now: int, hours: int) -> list[tuple[str, str, int]]:
        """What counts in the last so many hours: (chain, token, amount) of everything that does, ascending."""
        spent = []
        for chain, token in self._totals.assets(wallet):
            (amount,) = self._totals.after(wallet, chain, token, [now - HOUR * hours])
            spent += [(chain, token, amount)] if amount else []
        return spent

    def chain_of(self, wallet: bytes, request: bytes) -> str | None:
        """Of the request with this digest; None where this device does not count it."""
        rows = self._store.execute(
            "SELECT chain FROM transfers WHERE wallet = ? AND request = ?", (wallet, request)
        )
        return str(rows[0][0]) if rows else None

    def since(self, wallet: bytes, chain: str, moment: int) -> list[bytes]:
        """Digests of the requests that count from a moment after that one."""
        rows = self._store.execute(
            "SELECT request FROM transfers WHERE wallet = ? AND chain = ? AND counts > ?",
            (wallet, chain, moment),
        )
        return [bytes(row[0]) for row in rows]

    def counting(self, request: TransferRequest, digest: bytes, reading: Reading, now: int) -> Counting:
        """How this would count now. ``TransactionRefused`` where it claims to replace what it does not.

        A request that replaces a transfer whose bytes this device did not read counts in full, beside that one.
        """
        own = self._own(digest)
        payment, others = self._payment_of(request, digest, own, _signed(reading))
        leaving = Counter(leaves(reading))
        before: Counter[str] = Counter()
        for other in others:
            before |= self._moved(other)
        this = Row(digest, payment, now, leaving)
        tokens = {COIN, *(outflow.token for outflow in reading.outflows)}
        return Counting(
            payment,
            leaving,
            {token: max(0, amount - before[token]) for token, amount in leaving.items()},
            self._beside(this, own, request, tokens),
        )

    def _beside(
        self, this: Row, own: _Own | None, request: TransferRequest, tokens: Collection[str]
    ) -> dict[int, Amounts]:
        """What counts beside ``this`` in each window; of its own payment, what that comes to beyond it."""
        kept = self._rows({this.payment} if own is None else {this.payment, own.payment})
        others = [row for row in kept if row.request != this.request]
        windows = [this.counts - HOUR * hours for hours in WINDOWS]
        beside: list[dict[str, int]] = [{} for _ in windows]
        for token in tokens:
            totals = self._totals.after(request.wallet_id, request.chain, token, windows)
            for place, (since, total) in enumerate(zip(windows, totals, strict=True)):
                without = total - dearest(kept, since)[token]
                beside[place][token] = without + dearest([this, *others], since)[token] - this.leaves[token]
        return dict(zip(WINDOWS, beside, strict=True))

    def count(
        self,
        request: TransferRequest,
        digest: bytes,
        reading: Reading,
        counting: Counting,
        how: Literal["started", "acknowledged"],
        moment: int,
    ) -> None:
        """Inside a transaction: partial signatures may leave from now on, here or where this is acknowledged to. It
        counts from ``moment``, and from no earlier one than it did before."""
        own = self._own(digest)
        known, counts, result = (how, moment, None) if own is None else (own.how, own.counts, own.result)
        self._put(
            request,
            digest,
            own,
            counting.payment,
            "started" if known == "started" else how,
            moment if known == "noted" else max(moment, counts),
            encode(_signed(reading)),
            result,
            counting.leaves,
        )

    def note(self, request: TransferRequest, digest: bytes, reading: Reading | None) -> bool:
        """Inside a transaction: another device told of this. Whether that was news.

        ``reading``: of the transaction's bytes, where they came with it. They bear the name that the owner authorized,
        so it is known for sure what they exclude; what they cost is not looked at, because a name does not cover the
        amounts of the coins that are spent.
        """
        own = self._own(digest)
        if own is not None and (own.how != "noted" or own.signed or reading is None):
            return False
        signed = None
        if reading is not None and reading.excludes:
            signed = msgspec.structs.replace(_signed(reading), fee="0")
        payment = digest
        if signed is not None:
            try:
                payment = self._payment_of(request, digest, own, signed)[0]
            except TransactionRefused:
                payment = digest
        self._put(
            request,
            digest,
            own,
            payment,
            "noted",
            request.expires,
            encode(signed) if signed is not None else b"",
            None,
            most(request, reading),
        )
        return own is None

    def payment(self, digest: bytes) -> bytes:
        """The payment that a transfer which is known belongs to: the digest of its first request."""
        return bytes(self._store.execute("SELECT payment FROM transfers WHERE request = ?", (digest,))[0][0])

    def finish(self, digest: bytes, result: bytes) -> None:
        """Inside a transaction: keep the result, unless an earlier one is kept already."""
        self._store.execute(
            "UPDATE transfers SET result = ? WHERE request = ? AND result IS NULL", (result, digest)
        )

    def _put(
        self,
        request: TransferRequest,
        digest: bytes,
        own: _Own | None,
        payment: bytes,
        how: How,
        counts: int,
        signed: bytes,
        result: bytes | None,
        moves: Amounts,
    ) -> None:
        payments = {payment} if own is None else {payment, own.payment}
        self._total(request, payments, -1)
        if own is not None:
            self._store.execute("DELETE FROM movements WHERE request = ?", (digest,))
            self._store.execute("DELETE FROM transfers WHERE request = ?", (digest,))
        self._store.execute(
            "INSERT INTO transfers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                digest,
                request.request_id,
                request.wallet_id,
                request.chain,
                payment,
                how,
                counts,
                signed,
                result,
            ),
        )
        for token, amount in moves.items():
            self._store.execute("INSERT INTO movements VALUES (?, ?, ?)", (digest, token, str(amount)))
        self._total(request, payments, 1)

    def _total(self, request: TransferRequest, payments: Collection[bytes], sign: Literal[1, -1]) -> None:
        """Take what these payments come to out of the totals, or put it in."""
        for (token, moment), amount in parts(self._rows(payments)).items():
            self._totals.add(request.wallet_id, request.chain, token, moment, sign * amount)

    def _own(self, digest: bytes) -> _Own | None:
        """What is in the table of the request with this digest."""
        rows = self._store.execute(
            "SELECT how, payment, counts, signed, result FROM transfers WHERE request = ?", (digest,)
        )
        if not rows:
            return None
        how, payment, counts, signed, result = rows[0]
        return _Own(how, bytes(payment), counts, bytes(signed), None if result is None else bytes(result))

    def _payment_of(
        self, request: TransferRequest, digest: bytes, own: _Own | None, signed: Signed
    ) -> tuple[bytes, list[bytes]]:
        """The payment that it belongs to, named by the digest of its first request, and the payment's other requests.

        ``TransactionRefused`` where it replaces what it could happen beside."""
        if own is not None and own.how != "noted":
            return own.payment, [name for name, _ in self._members(own.payment) if name != digest]
        if request.replaces is None:
            return digest, []
        rows = self._store.execute(
            "SELECT payment FROM transfers WHERE request_id = ? AND wallet = ? AND chain = ? AND request != ?",
            (request.replaces, request.wallet_id, request.chain, digest),
        )
        if not rows:
            return digest, []
        payment = bytes(rows[0][0])
        members = [(name, kept) for name, kept in self._members(payment) if name != digest]
        if not all(kept for _, kept in members):
            return digest, []  # of one of them nobody showed this device what it excludes
        check_replacement([decode(Signed, kept, _MAX_SIGNED) for _, kept in members], signed)
        return payment, [name for name, _ in members]

    def _members(self, payment: bytes) -> list[tuple[bytes, bytes]]:
        rows = self._store.execute("SELECT request, signed FROM transfers WHERE payment = ?", (payment,))
        return [(bytes(row[0]), bytes(row[1])) for row in rows]

    def _moved(self, digest: bytes) -> Counter[str]:
        """What a transfer takes of each asset."""
        rows = self._store.execute("SELECT token, leaves FROM movements WHERE request = ?", (digest,))
        return Counter({row[0]: int(row[1]) for row in rows})

    def _rows(self, payments: Collection[bytes]) -> list[Row]:
        """All that is known of these payments."""
        found: dict[bytes, Row] = {}
        for payment in payments:
            for request, counts, token, amount in self._store.execute(
                "SELECT request, counts, token, leaves FROM transfers JOIN movements USING (request)"
                " WHERE payment = ?",
                (payment,),
            ):
                row = found.setdefault(bytes(request), Row(bytes(request), payment, counts, Counter()))
                row.leaves[token] = int(amount)
        return list(found.values())


def most(request: TransferRequest, reading: Reading | None) -> dict[str, int]:
    """The most that the transaction of this request can take of each asset. In its bytes (``reading``) can be seen that
    a part of what was authorized stays in the wallet; a name covers what is paid, as it does not cover the fee."""
    taken = Counter({COIN: int(request.fee_ceiling)})
    for outflow in request.outflows if reading is None else reading.outflows:
        taken[outflow.token] += int(outflow.amount)
    return {token: amount for token, amount in taken.items() if amount}


def check_replacement(signed: Sequence[Signed], new: Signed) -> None:
    """Return only if ``new`` replaces every one of ``signed`` (all that is known of this payment so far).

    It pays the same, or nobody (a cancellation), and excludes each of them. What pays the same costs more, because no
    node takes it otherwise. A cancellation may cost less: nodes of account chains compare the price of a unit, and it
    uses fewer units than the call of a token. ``TransactionRefused`` (``not-a-replacement``, ``fee-bump``).
    """
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


def _signed(reading: Reading) -> Signed:
    paid = sorted((str(item.kind), item.token, str(item.amount), item.to) for item in reading.outflows)
    return Signed(reading.name, tuple(sorted(reading.excludes)), tuple(paid), str(reading.fee))
