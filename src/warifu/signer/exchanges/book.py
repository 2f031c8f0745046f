"""What this device remembers of calls at exchanges, so that none is signed or sent twice, and limits hold.

A call is in here from the moment at which its signature share may leave, or, at its carrier, the call itself. A carrier
that was interrupted then knows one thing of it: that it may have happened. It says so whenever it is asked, and
nothing in here lets it be sent once more.

Amounts are counted in units of 10^-36 of a whole one: a policy can change in what unit it counts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from warifu.errors import AuthorizationRefused, SessionAborted
from warifu.protocol.encoding import decode, encode
from warifu.protocol.exchange_answers import CallResult, Cosigned, Told, seal_told
from warifu.protocol.exchange_requests import MAX_CALL_BYTES, CallRequest, ExchangeCall
from warifu.protocol.identity import IdentityKey
from warifu.protocol.policy import HOUR, WINDOWS, ExchangeLimits
from warifu.signer.exchanges.sweeps import SETTLE
from warifu.signer.ledger import LONGEST
from warifu.signer.policy.facts import Amounts
from warifu.signer.store import Store
from warifu.signer.totals import Totals

LOOKS_PER_HOUR = 120
"""Questions that this device signs for another one that compares. No owner asks for these."""
_FINEST = 36
_MAX_GIVES = 64 * 1024
_KEPT = 24 * HOUR
"""Seconds after a request's expiry for which its result is kept. Nobody hears of the request again after it expired."""


@dataclass(frozen=True)
class Made:
    """A call whose signature leaves it to its carrier what it asks for, or how often, and that gives something away."""

    request: bytes
    """Digest of the ``CallRequest``."""
    wallet: bytes
    account: str
    call: ExchangeCall
    """What was signed for."""
    stamp: int
    dead_after: int
    """When what was signed cannot be taken any more. Both in milliseconds on the exchange's clock."""
    carrier: bytes


@dataclass(frozen=True)
class NotedCall:
    """A call that another device told of."""

    named: bytes
    """Digest of the ``CallRequest``."""
    account: str
    call: ExchangeCall
    created: int
    """Of the request, in seconds; 0 where it was told of before this was written down."""
    expires: int


@dataclass(frozen=True)
class Kept:
    """A comparison that is not settled."""

    made: Made
    state: Literal["owed", "found", "differs"]
    words: tuple[str, ...]
    """In what it differs."""


def settles_at(made: Made) -> int:
    """The moment (seconds) from which on nothing can come of its signature that was not there before."""
    return made.dead_after // 1000 + SETTLE + 1


MOST_PAGES = 16
"""Of the exchange's list that one comparison goes through."""
_MOST_PROGRESS = 8
"""Comparisons that are between two pages."""


@dataclass(frozen=True)
class Progress:
    """How far a comparison is in the exchange's list. It begins anew after a restart."""

    after: str = ""
    """Where the next page begins."""
    pages: int = 0
    """Those that were read."""
    there: bool = False
    """Whether one of them had what was signed for, wholly."""
    ids: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Of each identifier that is known here, what the exchange calls the things that bear it."""

    def of(self, identifier: str) -> frozenset[str]:
        """What the pages before had under this identifier."""
        return self.ids.get(identifier, frozenset())


class Book:
    """The tables of calls. What is written, is written inside a transaction of the caller's."""

    def __init__(self, store: Store, identity: IdentityKey) -> None:
        self._store = store
        self._identity = identity
        self._totals = Totals.at_exchanges(store)
        self._under_way: set[bytes] = set()
        """Of this run: what this device has sent and still listens for."""
        self._looks: dict[bytes, deque[int]] = {}
        """Moments of the last questions that this device signed for comparisons of each other device: one of them
        that asks without end keeps nobody else from comparing."""
        self._progress: dict[bytes, Progress] = {}

    # --- once, or not at all --------------------------------------------------------------------------------------

    def refuse_reuse(self, request_id: bytes, request: bytes) -> None:
        """``AuthorizationRefused``: the id is of a request with another digest (``replayed``), or this very request was
        signed or sent before (``call-made``)."""
        rows = self._store.execute("SELECT request FROM calls WHERE request_id = ?", (request_id,))
        if not rows:
            return
        if bytes(rows[0][0]) != request:
            raise AuthorizationRefused(
                "replayed",
                "the request's id was used before, for something else",
                remedy="Make a new request.",
            )
        raise AuthorizationRefused(
            "call-made",
            "this device signed or sent this very call before",
            remedy="Ask its carrier what came of it. If it did not happen, make a new request of it.",
        )

    def start(self, request: CallRequest, named: bytes) -> None:
        """From now on the share, or at its carrier the call, may leave."""
        carries = request.carrier == self._identity.public
        self._store.execute(
            "INSERT INTO calls VALUES (?, ?, ?, ?, ?, ?, NULL)",
            (named, request.request_id, request.wallet_id, request.reader, int(carries), request.expires),
        )
        if carries:
            self._under_way.add(named)

    def finish(self, named: bytes, result: bytes) -> None:
        """What the carrier heard."""
        self._store.execute(
            "UPDATE calls SET result = ? WHERE request = ? AND result IS NULL", (result, named)
        )

    def leave(self, named: bytes) -> None:
        """Nobody listens for its answer any more."""
        self._under_way.discard(named)

    def started(self, named: bytes) -> bool:
        """Whether the share, or the call, may have left."""
        return bool(self._store.execute("SELECT 1 FROM calls WHERE request = ?", (named,)))

    def result(self, named: bytes) -> bytes | None:
        """The encoded ``CallResult``, or at a co-signer ``Cosigned``; None where there is none (yet)."""
        rows = self._store.execute("SELECT carries, reader, result FROM calls WHERE request = ?", (named,))
        if not rows or named in self._under_way:
            return None
        carries, reader, result = rows[0]
        if not carries:
            return encode(Cosigned(named))
        return bytes(result) if result is not None else self._interrupted(named, bytes(reader))

    def _interrupted(self, named: bytes, reader: bytes) -> bytes:
        """It was about to be sent, or was, and then this device was stopped."""
        told = Told(named, "unknown", "no-answer", 0, None)
        sealed = seal_told(told, reader, self._identity)
        return encode(CallResult(named, told.outcome, told.reason, told.retry_after, sealed))

    def forget(self, now: int) -> None:
        """Drop what nobody asks for any more: what it gave away is in the totals. What has to be compared stays, and
        what it is told from."""
        self._store.execute("DELETE FROM calls WHERE expires < ?", (now - _KEPT,))
        self._store.execute("DELETE FROM noted_calls WHERE expires < ?", (now - LONGEST,))
        self._store.execute("DELETE FROM counted_calls WHERE expires < ?", (now - LONGEST,))
        self._store.execute(
            "DELETE FROM comparisons WHERE owed = ? AND dead_after < ? AND (wallet, account) NOT IN"
            " (SELECT wallet, account FROM comparisons WHERE owed IN (?, ?))",
            (_SETTLED, 1000 * (now - _KEPT), _OWED, _FOUND),
        )

    # --- windows --------------------------------------------------------------------------------------------------

    def count(
        self,
        named: bytes,
        wallet: bytes,
        exchange: str,
        amounts: Amounts,
        limits: Sequence[ExchangeLimits],
        moment: int,
        expires: int,
    ) -> None:
        """The call with this request's digest counts, from ``moment`` on: once, whoever told of it first. ``amounts``:
        in the units of ``limits``; ``expires``: of the request."""
        if self.counts(named):
            return
        decimals = {each.symbol: each.decimals for each in limits}
        fine = {symbol: amount * 10 ** (_FINEST - decimals[symbol]) for symbol, amount in amounts.items()}
        for symbol, amount in fine.items():
            self._totals.add(wallet, exchange, symbol, moment, amount)
        gives = encode({symbol: str(amount) for symbol, amount in fine.items()})
        self._store.execute(
            "INSERT INTO counted_calls VALUES (?, ?, ?, ?, ?, 0)", (named, wallet, exchange, gives, expires)
        )

    def spent(
        self, wallet: bytes, exchange: str, limits: Sequence[ExchangeLimits], now: int, beside: bytes = b""
    ) -> Mapping[int, Amounts]:
        """What calls gave away there in each window, in the units of ``limits``, rounded up; ``beside``: without the
        call of the request with this digest, which may count already."""
        moments = [now - HOUR * hours for hours in WINDOWS]
        spent: dict[int, dict[str, int]] = {hours: {} for hours in WINDOWS}
        own = self._own(beside)
        for each in limits:
            unit = 10 ** (_FINEST - each.decimals)
            found = self._totals.after(wallet, exchange, each.symbol, moments)
            for hours, fine in zip(WINDOWS, found, strict=True):
                spent[hours][each.symbol] = -(-(fine - own.get(each.symbol, 0)) // unit)
        return spent

    def _own(self, named: bytes) -> dict[str, int]:
        """What the call of that request counts for: from the end of its request on, so in each window while it is in
        time. Once this device signed it, nobody judges it again."""
        rows = self._store.execute("SELECT gives FROM counted_calls WHERE request = ?", (named,))
        gives = decode(dict[str, str], bytes(rows[0][0]), _MAX_GIVES) if rows else {}
        return {symbol: int(amount) for symbol, amount in gives.items()}

    def counts(self, named: bytes) -> bool:
        """Whether the call of the request with this digest is in the totals."""
        return bool(self._store.execute("SELECT 1 FROM counted_calls WHERE request = ?", (named,)))

    def exchange_of(self, wallet: bytes, named: bytes) -> str | None:
        """At which the call of that request counts; None where it does not."""
        rows = self._store.execute(
            "SELECT exchange FROM counted_calls WHERE wallet = ? AND request = ?", (wallet, named)
        )
        return str(rows[0][0]) if rows else None

    def since(self, wallet: bytes, exchange: str, moment: int) -> list[bytes]:
        """Digests of the requests whose calls count there and expired after that moment, or are in time."""
        rows = self._store.execute(
            "SELECT request FROM counted_calls WHERE wallet = ? AND exchange = ? AND expires > ?",
            (wallet, exchange, moment),
        )
        return [bytes(row[0]) for row in rows]

    # --- for the others (strict wallets) ---------------------------------------------------------------------------

    def acknowledge(self, wallet: bytes, named: bytes, request: CallRequest, call: bytes) -> None:
        """This device judged the call for the others; it counts already. It is kept, so that this device can take part
        in it later, though what it was sealed to is used up."""
        if not self._noted(named):
            self._keep_noted(wallet, named, request, call, counted=True)
        self._store.execute("UPDATE counted_calls SET acknowledged = 1 WHERE request = ?", (named,))

    def acknowledged(self, named: bytes) -> ExchangeCall | None:
        """The call that this device judged for the others; None where it did not."""
        rows = self._store.execute(
            "SELECT call FROM noted_calls JOIN counted_calls USING (request) WHERE request = ? AND acknowledged = 1",
            (named,),
        )
        return decode(ExchangeCall, bytes(rows[0][0]), MAX_CALL_BYTES) if rows else None

    # --- what other devices told of ---------------------------------------------------------------------------------

    def knows(self, named: bytes) -> bool:
        """Whether this device counts that call, or will as soon as it has read it."""
        return self._noted(named) or self.started(named)

    def _noted(self, named: bytes) -> bool:
        return bool(self._store.execute("SELECT 1 FROM noted_calls WHERE request = ?", (named,)))

    def note(self, wallet: bytes, named: bytes, request: CallRequest, call: bytes) -> None:
        """Another device told of it."""
        self._keep_noted(wallet, named, request, call, counted=False)

    def _keep_noted(
        self, wallet: bytes, named: bytes, request: CallRequest, call: bytes, *, counted: bool
    ) -> None:
        self._store.execute(
            "INSERT INTO noted_calls VALUES (?, ?, ?, ?, ?, ?, ?)",
            (named, wallet, request.account, call, request.expires, counted, request.created),
        )

    def unread(self, wallet: bytes) -> list[NotedCall]:
        """What was told and is not counted yet."""
        rows = self._store.execute(
            "SELECT request, account, call, created, expires FROM noted_calls"
            " WHERE wallet = ? AND counted = 0",
            (wallet,),
        )
        return [
            NotedCall(
                bytes(named), account, decode(ExchangeCall, bytes(call), MAX_CALL_BYTES), created, expires
            )
            for named, account, call, created, expires in rows
        ]

    def noted(self, wallet: bytes, account: str) -> list[ExchangeCall]:
        """All calls with the account that others told of, and some window can still see."""
        rows = self._store.execute(
            "SELECT call FROM noted_calls WHERE wallet = ? AND account = ?", (wallet, account)
        )
        return [decode(ExchangeCall, bytes(call), MAX_CALL_BYTES) for (call,) in rows]

    def read(self, named: bytes) -> None:
        """It is counted."""
        self._store.execute("UPDATE noted_calls SET counted = 1 WHERE request = ?", (named,))

    # --- comparisons ----------------------------------------------------------------------------------------------

    def remember(self, made: Made, *, owed: bool) -> None:
        """This device took part in it. ``owed``: it has to see what its carrier made of it."""
        self._store.execute(
            "INSERT INTO comparisons VALUES (?, ?, ?, ?, ?, ?, ?, ?, '')",
            (
                made.request,
                made.wallet,
                made.account,
                encode(made.call),
                made.stamp,
                made.dead_after,
                _OWED if owed else _SETTLED,
                made.carrier,
            ),
        )

    def owed(self, request: bytes) -> Made | None:
        """What has to be compared of the request with this digest, or once more; None where nothing has (any more)."""
        rows = self._store.execute(f"{_MADE} WHERE request = ? AND owed IN (?, ?)", (request, _OWED, _FOUND))
        return _made(rows[0]) if rows else None

    def beside(self, made: Made) -> list[Made]:
        """What else this device took part in lately, with the same account."""
        rows = self._store.execute(
            f"{_MADE} WHERE wallet = ? AND account = ? AND request != ?",
            (made.wallet, made.account, made.request),
        )
        return [_made(row) for row in rows]

    def due(self, wallet: bytes, account: str, now: int) -> list[bytes]:
        """What this device has to compare of an account before it signs anything there that gives something away: what
        it has not found yet, and what it found while the same signature was still good for more."""
        rows = self._store.execute(
            "SELECT request FROM comparisons WHERE wallet = ? AND account = ?"
            " AND (owed = ? OR owed = ? AND dead_after < ?) ORDER BY stamp",
            (wallet, account, _OWED, _FOUND, 1000 * (now - SETTLE)),
        )
        return [bytes(row[0]) for row in rows]

    def admit_look(self, carrier: bytes, now: int) -> None:
        """``SessionAborted`` (``busy``) where that device compared too much lately."""
        looks = self._looks.setdefault(carrier, deque(maxlen=LOOKS_PER_HOUR))
        if len(looks) == LOOKS_PER_HOUR and now - looks[0] < HOUR:
            raise SessionAborted(
                "busy",
                f"this device helped that one to compare {LOOKS_PER_HOUR} times in the last hour",
                remedy="Ask again later.",
                retry_after=HOUR - (now - looks[0]),
            )
        looks.append(now)

    def progress(self, request: bytes) -> Progress:
        """How far its comparison is."""
        return self._progress.get(request, Progress())

    def goes_on(self, request: bytes, progress: Progress | None) -> None:
        """It is so far now; None: it begins anew."""
        self._progress.pop(request, None)
        if progress is not None:
            self._progress[request] = progress
            while len(self._progress) > _MOST_PROGRESS:
                del self._progress[next(iter(self._progress))]

    def settle(self, request: bytes) -> None:
        """It was compared."""
        self._compared(request, _SETTLED)

    def found(self, request: bytes) -> None:
        """It is there as it was signed. Once its signature is dead it is looked at whether anything else came by it."""
        self._compared(request, _FOUND)

    def differed(self, request: bytes, words: Sequence[str]) -> None:
        """Its carrier made something else of it. That is not forgotten. ``words``: what, for the owner."""
        self._compared(request, _DIFFERED)
        self._store.execute("UPDATE comparisons SET words = ? WHERE request = ?", ("\n".join(words), request))

    def found_out(self, wallet: bytes) -> tuple[bytes, ...]:
        """Devices that made something else of what this one signed."""
        rows = self._store.execute(
            "SELECT DISTINCT carrier FROM comparisons WHERE wallet = ? AND owed = ? ORDER BY carrier",
            (wallet, _DIFFERED),
        )
        return tuple(bytes(row[0]) for row in rows)

    def unsettled(self, wallet: bytes) -> list[Kept]:
        """What this device has to compare yet, once more, or found to be something else: the oldest first."""
        rows = self._store.execute(
            "SELECT request, wallet, account, call, stamp, dead_after, carrier, owed, words FROM comparisons"
            " WHERE wallet = ? AND owed != ? ORDER BY stamp, request",
            (wallet, _SETTLED),
        )
        return [Kept(_made(row[:7]), _STATES[row[7]], tuple(row[8].splitlines())) for row in rows]

    def carrier_bans(self, wallet: bytes) -> tuple[bytes, ...]:
        """Devices that owners let carry nothing."""
        rows = self._store.execute(
            "SELECT identity FROM carrier_bans WHERE wallet = ? AND banned = 1 ORDER BY identity", (wallet,)
        )
        return tuple(bytes(row[0]) for row in rows)

    def ban_carrier(self, wallet: bytes, identity: bytes, created: int, *, banned: bool) -> bool:
        """It carries nothing any more, or may again. Whether that is news. ``AuthorizationRefused`` (``replayed``): a
        later word about it was heard; a service could hold the end of an old ban back until after a new one."""
        rows = self._store.execute(
            "SELECT created FROM carrier_bans WHERE wallet = ? AND identity = ?", (wallet, identity)
        )
        if rows and created <= rows[0][0]:
            raise AuthorizationRefused(
                "replayed",
                "a later word about that device was heard before this one",
                not_done="Nothing was changed.",
                remedy="If it is wanted all the same, ask for it anew.",
            )
        news = (identity in self.carrier_bans(wallet)) != banned
        self._store.execute(
            "INSERT OR REPLACE INTO carrier_bans VALUES (?, ?, ?, ?)",
            (wallet, identity, int(banned), created),
        )
        return news

    def _compared(self, request: bytes, owed: Literal[0, 1, 2, 3]) -> None:
        self._store.execute("UPDATE comparisons SET owed = ? WHERE request = ?", (owed, request))


_SETTLED: Literal[0] = 0
_OWED: Literal[1] = 1
_FOUND: Literal[2] = 2
_DIFFERED: Literal[3] = 3
_STATES: Mapping[int, Literal["owed", "found", "differs"]] = {
    _OWED: "owed",
    _FOUND: "found",
    _DIFFERED: "differs",
}
_MADE = "SELECT request, wallet, account, call, stamp, dead_after, carrier FROM comparisons"


def _made(row: tuple[Any, ...]) -> Made:
    request, wallet, account, call, stamp, dead_after, carrier = row
    read = decode(ExchangeCall, bytes(call), MAX_CALL_BYTES)
    return Made(bytes(request), bytes(wallet), account, read, stamp, dead_after, bytes(carrier))
