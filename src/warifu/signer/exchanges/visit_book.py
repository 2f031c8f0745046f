"""The wallet's visits, as this device keeps them, and what of them its judge of payments is told."""

from __future__ import annotations

from collections.abc import Mapping

from warifu.errors import InputRefused, PolicyDenied
from warifu.protocol.encoding import decode_kept, encode
from warifu.protocol.exchange_visits import MAX_VISITS, SHOWN_VISITS, VisitShown, sweep_digest
from warifu.protocol.policy import DAY, Policy
from warifu.signer.exchanges.gauge import Gone
from warifu.signer.exchanges.pages import Page, Pages
from warifu.signer.exchanges.sweeps import Sweep
from warifu.signer.exchanges.visits import Visit, total_seen
from warifu.signer.policy.visits import Stay, StayFacts, judge_opening, judge_stay, units_of
from warifu.signer.store import Store

_KEPT = 90 * DAY
"""Seconds after its time for which a visit is remembered that came home."""


class VisitBook:
    """The table of visits. What is written, is written inside a transaction of the caller's."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pages = Pages()

    def page(self, visit: bytes, step: str, now: int) -> Page:
        """Which page of a list is to be asked for; the first of what has no pages."""
        return self._pages.page(visit, step, now)

    def goes_on(self, visit: bytes, step: str, page: Page | None) -> None:
        """The next time with this one; None: from the beginning."""
        self._pages.goes_on(visit, step, page)

    def get(self, wallet: bytes, identifier: bytes) -> Visit:
        """``InputRefused`` (``unknown-visit``)."""
        visit = self.find(wallet, identifier)
        if visit is None:
            raise InputRefused(
                "unknown-visit",
                "this device knows nothing of that visit",
                remedy="Open it on this device as well ('warifu visit open' tells all that are there).",
            )
        return visit

    def find(self, wallet: bytes, identifier: bytes) -> Visit | None:
        """The visit whose request has this digest; None where this device has not heard of it."""
        rows = self._store.execute(
            "SELECT kept FROM visits WHERE wallet = ? AND visit = ?", (wallet, identifier)
        )
        return decode_kept(Visit, bytes(rows[0][0])) if rows else None

    def of(self, wallet: bytes) -> list[Visit]:
        """The newest first."""
        rows = self._store.execute(
            "SELECT kept FROM visits WHERE wallet = ? ORDER BY since DESC, visit", (wallet,)
        )
        return [decode_kept(Visit, bytes(kept)) for (kept,) in rows]

    def put(self, visit: Visit) -> None:
        """As it is from now on."""
        self._store.execute(
            "INSERT OR REPLACE INTO visits VALUES (?, ?, ?, ?)",
            (visit.id, visit.request.wallet_id, visit.since, encode(visit)),
        )

    def begin(self, visit: Visit, now: int) -> None:
        """A new one. ``PolicyDenied`` (``too-many-visits``)."""
        wallet = visit.request.wallet_id
        known = self.of(wallet)
        for old in known:
            if old.home is not None and now > max(old.home, old.request.until) + _KEPT:
                self._store.execute("DELETE FROM visits WHERE visit = ?", (old.id,))
        if sum(old.home is None for old in known) >= MAX_VISITS:
            raise PolicyDenied(
                "too-many-visits",
                f"{MAX_VISITS} visits of this wallet are not at home yet",
                remedy="Bring them home first ('warifu visit sweep').",
            )
        self.put(visit)

    def is_ending(self, wallet: bytes, account: str, now: int) -> bool:
        """Whether there is something with this account that is to come home."""
        return any(
            visit.request.account == account and visit.home is None and visit.is_ending(now)
            for visit in self.of(wallet)
        )

    def is_out(self, wallet: bytes, account: str) -> bool:
        """Whether this account has something that is not at home yet."""
        return any(visit.request.account == account and visit.home is None for visit in self.of(wallet))

    def require_none_out(self, wallet: bytes, account: str, now: int) -> None:
        """No withdrawal of this account's visits may be under way at its carrier: where it is asked for later
        depends on how it was sent. ``PolicyDenied`` (``sweep-under-way``)."""
        waits = [
            max(1, each.again_from - now)
            for visit in self.of(wallet)
            if visit.request.account == account and visit.home is None
            for each in visit.sweeps
            if each.state in ("unknown", "pending")
        ]
        if waits:
            raise PolicyDenied(
                "sweep-under-way",
                f"a withdrawal of account {account} is under way",
                not_done="Nothing was changed.",
                remedy="Wait until it is known what came of it, and try again.",
                retry_after=max(waits),
            )

    def differs(self, wallet: bytes, request: bytes) -> None:
        """Something else was made of what this device signed; ``request``: what a comparison knows it by. It need be
        no sweep."""
        for visit, each in self._known_as(wallet, request):
            self.put(visit.heard(each.symbol, each.round, "differs", "differs", each.transaction))

    def settled(self, wallet: bytes, request: bytes) -> None:
        """Owners settled what differed in it."""
        for visit, each in self._known_as(wallet, request):
            if each.state == "differs":
                self.put(visit.settles(each.symbol, each.round))

    def _known_as(self, wallet: bytes, request: bytes) -> list[tuple[Visit, Sweep]]:
        return [
            (visit, each)
            for visit in self.of(wallet)
            for each in visit.sweeps
            if sweep_digest(visit.id, each.symbol, each.round) == request
        ]

    def withdraws(self, wallet: bytes, account: str, gone: Gone) -> None:
        """By a call of an owner's, which this device signs or was told of, something leaves the account for elsewhere:
        that is no loss. As often as it is told of, it counts once."""
        for visit in self.of(wallet):
            if visit.request.account == account and visit.home is None and visit.gauge is not None:
                self.put(visit.withdraws(gone))

    def shown(self, wallet: bytes, now: int, banned: tuple[bytes, ...] = ()) -> tuple[VisitShown, ...]:
        """Those that are not at home, and as many others as there is room for; the newest first. ``banned``: who
        carries nothing home for this device."""
        visits = self.of(wallet)
        first = sorted(visits, key=lambda visit: visit.home is not None)[:SHOWN_VISITS]
        return tuple(visit.shown(now, banned) for visit in visits if visit in first)

    # --- what a payment may bring there -----------------------------------------------------------------------------

    def deposits(
        self, wallet: bytes, chain: str, policy: Policy, payment: bytes, now: int
    ) -> dict[tuple[str, str], int]:
        """Where funds of the wallet may go on this chain because of a visit, by address and token, and how much.
        ``payment``: the chain of replacements that is judged. Two visits can have one address."""
        visits = self.of(wallet)
        found: dict[tuple[str, str], int] = {}
        for visit in visits:
            request = visit.request
            if request.brings.chain != chain or not visit.takes(now):
                continue
            if judge_stay(policy, *self._stay(policy, visit, visits, now)).refusal is None:
                place = visit.address, request.token
                found[place] = found.get(place, 0) + visit.room(payment)
        return found

    def pays(
        self, wallet: bytes, chain: str, payment: bytes, paid: Mapping[tuple[str, str], int], now: int
    ) -> None:
        """This device signs that so much goes to each of these addresses, of each token."""
        left = dict(paid)
        for visit in self.of(wallet):
            request = visit.request
            place = visit.address, request.token
            amount = min(left.get(place, 0), visit.room(payment))
            if request.brings.chain == chain and amount and visit.takes(now):
                self.put(visit.pays(payment, amount))
                left[place] -= amount

    def beside(self, wallet: bytes, payment: bytes) -> list[bytes]:
        """Digests of the visits, not at home yet, that are at an exchange with what this chain of replacements brings
        there, of the same asset: they count against the same exposure. None where it brings nothing."""
        visits = self.of(wallet)
        places = {
            (visit.exchange, visit.request.brings.symbol)
            for visit in visits
            if any(each.payment == payment for each in visit.payments)
        }
        return [
            visit.id
            for visit in visits
            if visit.home is None and (visit.exchange, visit.request.brings.symbol) in places
        ]

    def _stay(self, policy: Policy, visit: Visit, visits: list[Visit], now: int) -> tuple[Stay, StayFacts]:
        request, symbol = visit.request, visit.request.brings.symbol
        rules = policy.rules_at(visit.exchange)
        limits = rules.limits_of(symbol) if rules is not None else None
        decimals = limits.decimals if limits is not None else 0
        others = sum(
            units_of(policy, other.request, decimals)
            for other in visits
            if other.id != visit.id
            and other.home is None
            and (other.exchange, other.request.brings.symbol) == (visit.exchange, symbol)
        )
        amount = units_of(policy, request, decimals)
        there = max(others, total_seen(visit.before, decimals))
        return Stay(visit.exchange, symbol, amount, request.until - visit.since), StayFacts(now, there)

    def judge_opening(self, policy: Policy, visit: Visit, approvals: int, now: int) -> None:
        """``PolicyDenied`` where the policy does not let it be. ``approvals``: how many of the owners approved."""
        stay = self._stay(policy, visit, self.of(visit.request.wallet_id), now)
        refusal = judge_opening(policy, *stay, approvals).refusal
        if refusal is not None:
            raise refusal
