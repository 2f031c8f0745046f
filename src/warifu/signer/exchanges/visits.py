"""A visit as one device knows it: funds that an owner let be at an exchange for a while, and how they come home.

A value with transitions; ``visit_book`` keeps it. Invariants:

1. Funds go there only by an owner's transfer, to a deposit address that this very device fetched, after it saw for
   itself that the credential may withdraw; up to the visit's amount, while the visit is open.
2. They come home without an owner: at any time, to the wallet's own address and to no other.
3. Of one asset one withdrawal at a time can be out: the next round is signed only when the one before is dead, however
   long somebody held it back, and has had its time to show in the exchange's lists. So it sends what is still there,
   and nothing twice.
4. What one device saw, it says; it believes no other one's word about the exchange.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from warifu.errors import InputRefused, PolicyDenied
from warifu.protocol.encoding import Amount, Bytes32, Message, Name, Seconds
from warifu.protocol.exchange_requests import VisitAsset, VisitRequest
from warifu.protocol.exchange_visits import (
    MAX_BANNED,
    Missing,
    Step,
    SweepState,
    There,
    VisitShown,
    VisitState,
    Why,
)
from warifu.protocol.policy import DAY
from warifu.signer.exchanges.gauge import Gauge, Gone, Holding
from warifu.signer.exchanges.holdings import (
    MOST_ACCOUNTS,
    Part,
    Wallets,
    counted,
    is_known,
    is_locked,
    least,
    part_of,
    plain,
)
from warifu.signer.exchanges.sweeps import (
    SETTLE,
    Sweep,
    fee_of,
    kept_with,
    less_fee,
    refused_in_a_row,
    rounds_of,
    shown_of,
)
from warifu.signer.policy.visits import in_units

FRESH_ADDRESS = DAY
"""Seconds for which a deposit address counts that was fetched."""
FRESH_BALANCE = 300
"""Seconds for which the carrier of a sweep believes what it saw."""
AFTERWARDS = DAY
"""Seconds after everything was seen at home in which what came in late can still be swept."""
ROUNDS_AT_ONCE = 16
"""Numbers of rounds of an asset in each ``SETTLE`` seconds since the visit was asked for. They are bounded, so that
nobody uses them up; by time and not by what a device signed, so that no device falls behind others for good that were
made to sign without it: two that have no number in common could bring nothing home together."""
MOST_ADDRESSES = 3
"""Deposit addresses that a device lets be made for one visit, where none was listed."""
TOO_LITTLE = ("below-minimum",)
"""Why an exchange keeps what is left: less than it lets go."""
_UNDER_WAY: tuple[SweepState, ...] = ("unknown", "pending")


class Payment(Message, frozen=True):
    """What a chain of replacements brings there, at its most."""

    payment: Bytes32
    amount: Amount


class Visit(Message, frozen=True):
    """Stored as it is."""

    id: Bytes32
    """Digest of the request."""
    request: VisitRequest
    exchange: Name
    since: Seconds
    wants: tuple[Step, ...]
    """What this device finds for itself before the way back is proven to it."""
    ended: Seconds | None = None
    """When an owner wanted the funds home."""
    permitted: bool = False
    """Whether this device saw that the credential may withdraw."""
    before: There | None = None
    """What was there of the asset, as this device saw it before anything was brought."""
    address: str = ""
    fetched: Seconds = 0
    payments: tuple[Payment, ...] = ()
    there: tuple[There, ...] = ()
    sweeps: tuple[Sweep, ...] = ()
    home: Seconds | None = None
    """When this device saw that nothing was left."""
    simulation: bool = False
    """Whether it is at no exchange, but at a simulation of one."""
    wallets: Wallets = ()
    """How the exchange calls the accounts that each asset leaves from, where it wants to be told; as this device saw.
    To the first of an asset funds are brought."""
    made: int = 0
    """Deposit addresses that this device let be made."""
    orders: tuple[str, ...] = ()
    """Open orders, as this device saw them last, where they are cancelled one by one."""
    gauge: Gauge | None = None
    """What measures how much is lost; None where nobody bounded that."""
    ended_by: Why = ""
    """Why it ended before its time; empty where it did not."""
    cleared: tuple[Missing, ...] = ()
    """What this device found to stand in nobody's way home."""
    missing: tuple[Missing, ...] = ()
    """What it found to stand in it."""
    barred: str = ""
    """Why the exchange took no request of the account's key when this device last asked; empty where it did."""
    vaults: Wallets = ()
    """The accounts that it lists as well, and that no key sends anything from."""
    named: Seconds = 0
    """When it last listed both to their end; 0 where it did not, or before that was written down."""
    parts: tuple[Part, ...] = ()
    """What was in each account that had something, at the last look."""
    least_locked: tuple[Holding, ...] | None = None
    """The least that was seen in accounts that no key sends from; None before the first look that could tell."""

    # --- what is so ------------------------------------------------------------------------------------------------

    def is_ending(self, now: int) -> bool:
        """Whether the funds are to come home: nothing is brought any more, and nothing is traded."""
        return self.ended is not None or now >= self.request.until

    @property
    def proven(self) -> bool:
        """Whether this device found for itself all that it wants to know before funds go there."""
        return set(self.wants) <= set(self._found)

    @property
    def _found(self) -> tuple[Step, ...]:
        found: list[tuple[Step, bool]] = [
            ("permissions", self.permitted),
            ("wallets", bool(self.named) and self.request.brings.symbol in dict(self.wallets)),
            ("balance", self.before is not None),
            ("address", bool(self.address)),
            ("listed", "listed" in self.cleared),
            ("travel-rule", "travel-rule" in self.cleared),
        ]
        return tuple(step for step, done in found if done)

    @property
    def brought(self) -> int:
        """What this device signed to go there."""
        return sum(int(each.amount) for each in self.payments)

    def state(self, now: int) -> VisitState:
        """As this device sees it."""
        if self.home is not None:
            return "home"
        if self.is_ending(now):
            newest = [self.newest(asset.symbol) for asset in self.request.assets]
            refused = any(
                each is not None and each.state in ("refused", "failed", "cancelled", "differs")
                for each in newest
            )
            locked = any(Decimal(seen.came) for seen in self.there)
            return "stuck" if refused or self.barred or locked else "sweeping"
        if not self.proven:
            return "opened"
        if any(_total(seen) + Decimal(seen.came) > self._was_there(seen.symbol) for seen in self.there):
            return "trading"
        return "funded" if self.payments else "proven"

    def _was_there(self, symbol: str) -> Decimal:
        is_brought = self.before is not None and symbol == self.before.symbol
        return _total(self.before) if is_brought and self.before is not None else Decimal(0)

    def asset(self, symbol: str) -> VisitAsset:
        """``InputRefused`` (``visit-asset``) for one that it has not."""
        for asset in self.request.assets:
            if asset.symbol == symbol:
                return asset
        raise InputRefused("visit-asset", f"this visit has no {symbol}")

    def seen(self, symbol: str) -> There | None:
        """What this device last saw of it."""
        return next((seen for seen in self.there if seen.symbol == symbol), None)

    def newest(self, symbol: str) -> Sweep | None:
        """The latest round of an asset that this device knows of."""
        return next(iter(rounds_of(self.sweeps, symbol)), None)

    def sweep_of(self, symbol: str, number: int) -> Sweep:
        """``InputRefused`` (``sweep``) for one that this device knows nothing of."""
        for sweep in self.sweeps:
            if (sweep.symbol, sweep.round) == (symbol, number):
                return sweep
        raise InputRefused("sweep", f"this device knows of no sweep {number} of {symbol}")

    def _first(self, symbol: str) -> str:
        return next((wallet for each, wallet in self.wallets if each == symbol), "")

    def wallet(self, symbol: str) -> str:
        """The account that deposits come to. ``InputRefused`` (``visit-wallet``) where this device has not seen it."""
        return self.require_wallet(symbol, self._first(symbol) if self.named else "")

    def require_wallet(self, symbol: str, wallet: str) -> str:
        """``InputRefused`` (``visit-wallet``) unless this device saw that the exchange calls an account of it so, and
        that it is none that no key sends from."""
        if (symbol, wallet) not in self.wallets:
            raise InputRefused(
                "visit-wallet", f"this device has not seen how the exchange calls the account of {symbol}"
            )
        return wallet

    def leaves_from(self, symbol: str) -> Part:
        """The account that the next sweep takes from: the one with most in it, of those that refused least often in a
        row, so that no account which lets nothing go keeps the others there. ``PolicyDenied`` (``nothing-there``);
        ``InputRefused`` (``visit-wallet``) where this device does not know how it is called."""
        free = [part for part in self._open(symbol) if Decimal(part.free)]
        known = [part for part in free if is_known(part, self.wallets)]
        if not free:
            raise PolicyDenied("nothing-there", f"there is no {symbol} that could come home")
        if not known:
            self.require_wallet(symbol, free[0].wallet)
        return min(
            known, key=lambda part: (refused_in_a_row(self._rounds(part)), -Decimal(part.free), part.wallet)
        )

    def _open(self, symbol: str) -> list[Part]:
        """The accounts of it that something comes home from."""
        return [part for part in self.parts if part.symbol == symbol and not is_locked(part, self.vaults)]

    def _rounds(self, part: Part) -> list[Sweep]:
        """From one account, the newest first."""
        first = self._first(part.symbol)
        return [each for each in rounds_of(self.sweeps, part.symbol) if (each.wallet or first) == part.wallet]

    def fee(self, symbol: str) -> Decimal:
        """What the exchange took on top of a sweep lately; nothing where this device has not heard of it."""
        return fee_of(rounds_of(self.sweeps, symbol))

    def less_fee(self, part: Part, places: int) -> tuple[str, str]:
        """(what to send of what is free there, what stays for a fee on top). ``places``: decimals of what is sent.
        ``PolicyDenied`` (``nothing-there``)."""
        short = refused_in_a_row(self._rounds(part), "funds")
        return less_fee(part, self.fee(part.symbol), short, places)

    def room(self, payment: bytes) -> int:
        """How much of the visit's amount is left for this chain of replacements."""
        others = sum(int(each.amount) for each in self.payments if each.payment != payment)
        return max(0, int(self.request.amount) - others)

    def takes(self, now: int) -> bool:
        """Whether funds may go to its deposit address now."""
        known = bool(self.address) and now < self.fetched + FRESH_ADDRESS
        return known and self.proven and not self.barred and not self.is_ending(now)

    def why(self, now: int) -> Why:
        """Why the funds are to come home; empty while they may stay."""
        if self.ended is not None:
            return self.ended_by
        return "time" if self.is_ending(now) else ""

    @property
    def swept(self) -> tuple[Holding, ...]:
        """What this device signed to go home, and the exchange did not refuse."""
        kept = ("refused", "failed", "cancelled")
        return tuple(Holding(each.symbol, each.amount) for each in self.sweeps if each.state not in kept)

    # --- what may be done ------------------------------------------------------------------------------------------

    def require_sweep(self, symbol: str, number: int, now: int) -> None:
        """``InputRefused`` (``visit-asset``, ``sweep-round``); ``PolicyDenied`` (``visit-over``; ``sweep-under-way``,
        with the wait)."""
        self.asset(symbol)
        if self.home is not None and now >= self.home + AFTERWARDS:
            raise PolicyDenied(
                "visit-over",
                "this visit's funds came home, and its time is over",
                remedy="What is at the exchange now came there in another way: withdraw it yourself.",
            )
        newest = self.newest(symbol)
        last = -1 if newest is None else newest.round
        if not last < number < rounds_by(self.request.created, now):
            raise InputRefused("sweep-round", f"the last sweep of {symbol} that this device signed is {last}")
        if newest is None:
            return
        wait = newest.again_from - now
        if wait > 0 and newest.state != "refused":
            raise PolicyDenied(
                "sweep-under-way",
                f"the sweep of {symbol} before this one may still be taken by the exchange",
                remedy="Ask what came of it, and sweep again after that.",
                retry_after=wait,
            )

    def require_seen(self, symbol: str, now: int) -> There:
        """What the carrier of a sweep sends: all that it saw, lately. ``PolicyDenied`` (``balance``)."""
        seen, newest = self.seen(symbol), self.newest(symbol)
        if (
            seen is None
            or now > seen.at + FRESH_BALANCE
            or (newest is not None and seen.at < newest.again_from - SETTLE)
        ):
            raise PolicyDenied(
                "balance",
                f"this device has not seen lately how much {symbol} is there",
                remedy="Ask for the balance first.",
            )
        if not Decimal(seen.free):
            raise PolicyDenied("nothing-there", f"there is no {symbol} that could come home")
        return seen

    # --- what happens ----------------------------------------------------------------------------------------------

    def end(self, now: int, why: Why) -> Visit:
        """The funds are to come home before their time."""
        return self if self.ended is not None else msgspec.structs.replace(self, ended=now, ended_by=why)

    def measures(self, gauge: Gauge, now: int) -> Visit:
        """What it is worth was looked at. Ended by it where too much is lost."""
        changed = msgspec.structs.replace(self, gauge=gauge.measured(self.swept, now))
        over = changed.gauge is not None and changed.gauge.over
        return changed.end(now, "loss") if over and not self.is_ending(now) else changed

    def withdraws(self, gone: Gone) -> Visit:
        """So much leaves the exchange for where an owner wants it."""
        gauge = None if self.gauge is None else self.gauge.withdraws(gone)
        return msgspec.structs.replace(self, gauge=gauge)

    def pays(self, payment: bytes, amount: int) -> Visit:
        """This device signs that so much goes there."""
        before = max((int(each.amount) for each in self.payments if each.payment == payment), default=0)
        others = tuple(each for each in self.payments if each.payment != payment)
        return msgspec.structs.replace(self, payments=(*others, Payment(payment, str(max(before, amount)))))

    def permits(self) -> Visit:
        """The exchange said that the credential may withdraw."""
        return msgspec.structs.replace(self, permitted=True)

    def clears(self, what: Missing, *, stands: bool) -> Visit:
        """The exchange said whether that stands in the way home. What was found before does not count any more."""
        cleared, missing = (
            tuple(each for each in found if each != what) for found in (self.cleared, self.missing)
        )
        if stands:
            return msgspec.structs.replace(self, cleared=cleared, missing=(*missing, what))
        return msgspec.structs.replace(self, cleared=(*cleared, what), missing=missing)

    def bars(self, reason: str) -> Visit:
        """The exchange took a request of the account's key (empty), or takes none for this reason."""
        return msgspec.structs.replace(self, barred=reason)

    def names(self, wallets: Wallets, vaults: Wallets, now: int) -> Visit:
        """The exchange said how it calls all its accounts: those that a key sends from, in the order in which funds are
        brought to them, and the others. What it does not list any more stays known: a sweep may have left it.
        ``InputRefused`` (``exchange-answer``) for more than a device keeps."""
        mine = {asset.symbol for asset in self.request.assets}
        vaults = tuple(each for each in vaults if each[0] in mine)
        known = dict.fromkeys((*(each for each in wallets if each[0] in mine), *self.wallets))
        kept = tuple(each for each in known if each not in vaults)
        if len(kept) + len(vaults) > MOST_ACCOUNTS:
            raise InputRefused("exchange-answer", "the exchange lists more accounts than a visit keeps")
        return msgspec.structs.replace(self, wallets=kept, vaults=vaults, named=now)._counted()

    def makes(self) -> Visit:
        """One more deposit address is made."""
        return msgspec.structs.replace(self, made=self.made + 1)

    def has_open(self, orders: tuple[str, ...]) -> Visit:
        """The exchange said which orders are open."""
        return msgspec.structs.replace(self, orders=orders)

    def deposits_to(self, address: str, now: int) -> Visit:
        """The exchange said where deposits go."""
        return msgspec.structs.replace(self, address=address, fetched=now)

    def sees(
        self,
        balances: Mapping[str, tuple[Decimal, Decimal]],
        now: int,
        parts: Sequence[Part] | None = None,
        since: int | None = None,
    ) -> Visit:
        """The exchange said what is there: free, and held by orders; what it does not name is not there, and neither is
        what an account owes. ``parts``: the same, account by account, where it names these; ``since``: when it began to
        say it. ``InputRefused`` (``exchange-answer``) for more accounts than a device keeps."""
        at = now if since is None else since
        mine = {asset.symbol for asset in self.request.assets}
        if parts is None:
            there = {each: balances[each] for each in balances.keys() & mine}
            parts = [part_of(each, "", *amounts) for each, amounts in sorted(there.items())]
        kept = tuple(part for part in parts if part.symbol in mine and part.total)
        if len(kept) > MOST_ACCOUNTS:
            raise InputRefused("exchange-answer", "the exchange lists more accounts than a visit keeps")
        changed = msgspec.structs.replace(self, parts=kept)._counted(at)
        if self.before is None or ("address" in self.wants and not self.payments):
            changed = msgspec.structs.replace(changed, before=changed.seen(self.request.brings.symbol))
        if self.gauge is not None:
            totals = {symbol: free + held for symbol, (free, held) in balances.items()}
            changed = changed.measures(self.gauge.sees(totals, at), now)
        return changed._settled(now)

    def _counted(self, at: int | None = None) -> Visit:
        """Its assets over their accounts, as far as it is known what these are. ``at``: of a new look."""
        symbols = [asset.symbol for asset in self.request.assets]
        locked = self.least_locked
        if at is not None and self.named:
            locked = least(locked, symbols, self.parts, self.vaults)
        moments = {seen.symbol: seen.at for seen in self.there}
        there = tuple(
            counted(symbol, self.parts, self.vaults, locked, moments[symbol] if at is None else at)
            for symbol in symbols
            if at is not None or symbol in moments
        )
        return msgspec.structs.replace(self, least_locked=locked, there=there)

    def sweeping(self, sweep: Sweep) -> Visit:
        """This device's share of it, or at the carrier the request itself, is about to leave."""
        return msgspec.structs.replace(self, sweeps=kept_with(self.sweeps, sweep), home=None)

    def heard(
        self,
        symbol: str,
        number: int,
        state: SweepState,
        reason: str = "",
        transaction: str = "",
        fee: Decimal | None = None,
    ) -> Visit:
        """What came of a sweep. That something else was made of it stays said."""
        before = self.sweep_of(symbol, number)
        sweep = msgspec.structs.replace(
            before,
            state="differs" if before.state == "differs" else state,
            reason=reason,
            transaction=transaction,
            fee=before.fee if fee is None else plain(fee),
        )
        others = tuple(each for each in self.sweeps if (each.symbol, each.round) != (symbol, number))
        return msgspec.structs.replace(self, sweeps=(*others, sweep))

    def settles(self, symbol: str, number: int) -> Visit:
        """Owners looked themselves at a sweep of which this device found something else: it never comes home by it, and
        stands in the visit's way no more."""
        sweep = msgspec.structs.replace(self.sweep_of(symbol, number), state="failed", reason="settled")
        others = tuple(each for each in self.sweeps if (each.symbol, each.round) != (symbol, number))
        return msgspec.structs.replace(self, sweeps=(*others, sweep))

    def _settled(self, now: int) -> Visit:
        """At home is what this device saw nothing of any more, after the end and after the last sweep was dead."""
        if not self.is_ending(now) or not all(self._is_home(asset.symbol) for asset in self.request.assets):
            return msgspec.structs.replace(self, home=None)
        return self if self.home is not None else msgspec.structs.replace(self, home=now)

    def _is_home(self, symbol: str) -> bool:
        seen, newest = self.seen(symbol), self.newest(symbol)
        if seen is None or ("wallets" in self.wants and not self.named):
            return False
        if Decimal(seen.came) or (newest is not None and newest.state in (*_UNDER_WAY, "differs")):
            return False
        if newest is None:
            return not _total(seen)
        if Decimal(seen.held):
            return False
        dead = seen.at >= newest.dead_after // 1000
        return all(self._is_too_little(part, dead=dead) for part in self._open(symbol)) and (
            dead or newest.reason in TOO_LITTLE
        )

    def _is_too_little(self, part: Part, *, dead: bool) -> bool:
        """Whether the exchange does not let it go for being so little: what came since may be enough. ``dead``: every
        signature is."""
        if dead and part.total <= self.fee(part.symbol):
            return True
        newest = next(iter(self._rounds(part)), None)
        return newest is not None and newest.reason in TOO_LITTLE and part.total <= newest.asked

    @property
    def _named_assets(self) -> tuple[str, ...]:
        """Of which assets it knows every account that something was seen in."""
        unknown = {
            part.symbol
            for asset in self.request.assets
            for part in self._open(asset.symbol)
            if not is_known(part, self.wallets)
        }
        named = {symbol for symbol, _ in self.wallets} - unknown if self.named else set()
        return tuple(asset.symbol for asset in self.request.assets if asset.symbol in named)

    # --- what is shown ---------------------------------------------------------------------------------------------

    def shown(self, now: int, banned: tuple[bytes, ...] = ()) -> VisitShown:
        """For the service and the owner. ``banned``: who carries nothing home for this device."""
        return VisitShown(
            self.id,
            self.request,
            self.exchange,
            self.state(now),
            self.ended,
            self.wants,
            self._found,
            self.address,
            self.fetched,
            str(self.brought),
            self.there,
            shown_of(self.sweeps),
            self.simulation,
            self._named_assets,
            banned[:MAX_BANNED] if "wallets" in self.wants else (),
            self.why(now),
            None if self.gauge is None else self.gauge.shown(self.swept, now),
            self.missing,
            self.barred,
        )


def rounds_by(created: int, now: int) -> int:
    """The number below which the rounds of a visit are that was asked for at the moment ``created``."""
    return ROUNDS_AT_ONCE * (1 + max(0, now - created) // SETTLE)


def total_seen(seen: There | None, decimals: int) -> int:
    """What was seen of an asset in its smallest unit, rounded up."""
    return 0 if seen is None else in_units(_total(seen) + Decimal(seen.locked), decimals)


def _total(seen: There) -> Decimal:
    return Decimal(seen.free) + Decimal(seen.held)
