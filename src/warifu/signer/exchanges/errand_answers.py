"""What an exchange answered to a step of a visit, as the visit after it: values in, a value out.

Only the step's carrier hears it. What the exchange did not say changes nothing; what may have happened is asked for,
and not taken for what did not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from warifu.chains.bitcoin.address import canonical_address
from warifu.chains.ethereum import address as ethereum
from warifu.chains.solana import address as solana
from warifu.errors import InputRefused
from warifu.exchanges.adapter import (
    Balance,
    Best,
    DepositAddress,
    Exchange,
    ListedAddress,
    Permissions,
    WithdrawalState,
)
from warifu.exchanges.calls import Call, Listed
from warifu.exchanges.failures import ExchangeFailed, OutcomeUnknown, Refused, TryAgain
from warifu.exchanges.signing import Stamp
from warifu.exchanges.visited import Named, Paged
from warifu.protocol.chains import family_of
from warifu.protocol.exchange_answers import MORE_PAGES, Outcome
from warifu.protocol.exchange_visits import Missing
from warifu.protocol.frames import OpenErrand
from warifu.signer.egress.failures import EgressFailed
from warifu.signer.exchanges.carrying import Heard
from warifu.signer.exchanges.holdings import part_of
from warifu.signer.exchanges.pages import FIRST, MOST_PAGES, Page
from warifu.signer.exchanges.sweeps import SETTLE
from warifu.signer.exchanges.visits import Visit
from warifu.signer.wallets import Wallet


@dataclass(frozen=True)
class Learned:
    """What came of a step: the visit after it, and the words for the service."""

    visit: Visit
    outcome: Outcome
    reason: str = ""
    wait: int = 0
    onward: Page | None = None
    """What the next page of a list goes on from; None where it is at its end, or begins anew."""


@dataclass(frozen=True)
class Answers:
    """To one step."""

    frame: OpenErrand
    visit: Visit
    """As it was when the answer came."""
    wallet: Wallet
    exchange: Exchange
    now: int
    states: bool
    """Whether this device keeps what its owner states about who is paid."""
    page: Page = FIRST
    """Of a list: what was asked for."""

    def learn(self, call: Call[Any], heard: Heard, stamp: Stamp | None) -> Learned:
        """What came of the step, also where nothing was answered."""
        answer: object
        try:
            if isinstance(heard, EgressFailed):
                raise call.unanswered(sent=heard.sent, words=heard.reason)
            if isinstance(heard, ExchangeFailed):
                raise heard
            answer = call.read(heard)
        except ExchangeFailed as failure:
            learned = self._failed(failure)
            no_key = isinstance(failure, Refused) and failure.reason == "authentication"
            return replace(learned, visit=learned.visit.bars(failure.reason)) if no_key else learned
        reading: dict[str, Callable[[Any, Stamp | None], Learned]] = {
            "permissions": self._permissions,
            "wallets": self._wallets,
            "new-address": lambda _said, _stamp: Learned(self.visit, "done"),
            "orders": lambda said, _stamp: Learned(self.visit.has_open(said), "done"),
            "balance": self._balance,
            "price": self._price,
            "travel-rule": self._asked_who_is_paid,
            "listed": self._listed,
            "address": self._address,
            "cancel": lambda _said, _stamp: Learned(self.visit, "done"),
            "sweep": self._swept,
            "outcome": self._outcome,
        }
        learned = reading[self.frame.step](answer, stamp)
        return learned if self.frame.step == "price" else replace(learned, visit=learned.visit.bars(""))

    def _failed(self, failure: ExchangeFailed) -> Learned:
        """What that means for a sweep is written down: what may have happened is asked for, and not sent again."""
        frame, visit = self.frame, self.visit
        wait = failure.retry_after or 0 if isinstance(failure, TryAgain) else 0
        outcome: Outcome = "try-again" if isinstance(failure, TryAgain) else "refused"
        unknown = isinstance(failure, OutcomeUnknown) or failure.reason == "duplicate"
        if frame.step != "sweep":
            return Learned(visit, "unanswered" if unknown else outcome, failure.reason, wait)
        if not any((each.symbol, each.round) == (frame.symbol, frame.round) for each in visit.sweeps):
            return Learned(visit, outcome, failure.reason, wait)  # it was not even signed
        if unknown:
            return Learned(
                visit.heard(frame.symbol, frame.round, "unknown", failure.reason), "unknown", failure.reason
            )
        changed = visit.heard(frame.symbol, frame.round, "refused", failure.reason)
        return Learned(changed, outcome, failure.reason, wait)

    def _permissions(self, said: Permissions, _: Stamp | None) -> Learned:
        if not (said.pays_out if said.withdraws is None else said.withdraws):
            return Learned(self.visit, "refused", "permission")
        return Learned(self.visit.permits(), "done")

    def _balance(self, said: Listed[Balance] | Paged[Balance], _: Stamp | None) -> Learned:
        if isinstance(said, Listed):
            if said.more is not None:
                return Learned(self.visit, "unanswered", "too-little-said")
            return self._sees(said.items, None)
        return self._to_the_end(said, lambda items: self._sees(items, self.page.since or self.now))

    def _sees(self, items: Sequence[Balance], since: int | None) -> Learned:
        """``since``: when the first of several pages was read; None where accounts have no names."""
        found: dict[str, tuple[Decimal, Decimal]] = {}
        for each in items:
            free, held = found.get(each.asset, (Decimal(0), Decimal(0)))
            found[each.asset] = free + each.free, held + each.held
        if since is None:
            return Learned(self.visit.sees(found, self.now), "done")
        mine = {asset.symbol for asset in self.visit.request.assets}
        parts = [
            part_of(each.asset, each.wallet, each.free, each.held, sends=each.sends)
            for each in items
            if each.asset in mine
        ]
        if len({(part.symbol, part.wallet) for part in parts}) < len(parts):  # two pages of two moments
            return Learned(self.visit, "unanswered", "too-little-said")
        return Learned(self.visit.sees(found, self.now, parts, since), "done")

    def _to_the_end(self, said: Paged[Any], whole: Callable[[Sequence[Any]], Learned]) -> Learned:
        """A list counts once it was read to its end: what is on a page that nobody read would never come home."""
        items = (*self.page.items, *said.items)
        try:
            if not said.more:
                return whole(items)
        except InputRefused:  # more than a visit keeps, or less than nothing
            return Learned(self.visit, "refused", "answer-form")
        if not said.after or self.page.number + 1 >= MOST_PAGES:
            return Learned(self.visit, "unanswered", "too-little-said")
        onward = Page(said.after, items, self.page.number + 1, self.page.since or self.now)
        return Learned(self.visit, "unanswered", MORE_PAGES, onward=onward)

    def _price(self, said: Best, _: Stamp | None) -> Learned:
        visit, now = self.visit, self.now
        gauge = visit.gauge
        assert gauge is not None, "looked at when it was asked"
        priced = gauge.priced(self.frame.pair, said.bid, said.ask, now)
        if priced is None:
            return Learned(visit, "refused", "spread")
        return Learned(visit.measures(priced, now), "done")

    def _asked_who_is_paid(self, said: bool, _: Stamp | None) -> Learned:
        """Whether what this device keeps is what the exchange wants, only a withdrawal tells."""
        stands = said and not self.states
        return self._cleared("travel-rule", stands=stands)

    def _listed(self, said: tuple[ListedAddress, ...], _: Stamp | None) -> Learned:
        """Each asset's home is on the exchange's own list, or nothing goes there."""
        networks = self.exchange.networks
        for asset in self.visit.request.assets:
            network = networks.network_of(asset.symbol, asset.chain)
            if network is None or not any(
                one.counts_for(asset.symbol, asset.home, network) for one in said if asset.home
            ):
                return self._cleared("listed", stands=True)
        return self._cleared("listed", stands=False)

    def _cleared(self, what: Missing, *, stands: bool) -> Learned:
        visit = self.visit.clears(what, stands=stands)
        return Learned(visit, "refused", what) if stands else Learned(visit, "done")

    def _wallets(self, said: Paged[Named], _: Stamp | None) -> Learned:
        """Funds are brought to the oldest account of an asset that a key sends from, so that all devices find the same;
        what is in the others comes home as well."""

        def whole(items: Sequence[Named]) -> Learned:
            listed = sorted(items, key=lambda each: (each.created, each.wallet))
            wallets, vaults = (
                tuple((each.asset, each.wallet) for each in listed if each.sends is sends)
                for sends in (True, False)
            )
            visit = self.visit.names(wallets, vaults, self.now)
            if self.visit.request.brings.symbol not in dict(visit.wallets):
                return Learned(visit, "refused", "no-wallet")
            return Learned(visit, "done")

        return self._to_the_end(said, whole)

    def _address(self, said: DepositAddress | None, _: Stamp | None) -> Learned:
        """In its one text form, as a transaction's is read. With a memo it is an address that customers share."""
        visit = self.visit
        if said is None:
            return Learned(visit, "not-there", "no-address")
        if said.memo is not None:
            return Learned(visit, "refused", "memo")
        try:
            address = canonical(self.wallet, visit.request.brings.chain, said.address)
        except InputRefused:
            return Learned(visit, "refused", "answer-form")
        return Learned(visit.deposits_to(address, self.now), "done")

    def _swept(self, said: WithdrawalState, _: Stamp | None) -> Learned:
        return self._stands(said)

    def _outcome(self, page: Listed[WithdrawalState], stamp: Stamp | None) -> Learned:
        """*Not there* is believed once it cannot come any more (``exchanges.attempt``)."""
        frame, visit = self.frame, self.visit
        sweep = visit.sweep_of(frame.symbol, frame.round)
        if page.items:
            return self._stands(page.items[0])
        assert stamp is not None, "what was answered had a stamp"
        if page.more is not None or stamp.milliseconds <= sweep.dead_after + 1000 * SETTLE:
            wait = max(1, (sweep.dead_after - stamp.milliseconds) // 1000 + SETTLE + 1)
            return Learned(visit, "unanswered", "too-early", wait)
        return Learned(visit.heard(frame.symbol, frame.round, "refused", "never"), "not-there")

    def _stands(self, said: WithdrawalState) -> Learned:
        frame = self.frame
        return Learned(
            self.visit.heard(
                frame.symbol, frame.round, said.status, "", (said.transaction_id or "")[:128], said.fee
            ),
            "done",
        )


def canonical(wallet: Wallet, chain: str, address: str) -> str:
    """An address in its one text form, as the wallet's are. ``InputRefused`` for what is no address there."""
    match family_of(chain):
        case "bitcoin":
            return canonical_address(address, wallet.bitcoin.network)
        case "eip155":
            return ethereum.format_address(ethereum.parse_address(address, unchecked=True))
        case "solana":
            return solana.format_address(solana.parse_address(address))
