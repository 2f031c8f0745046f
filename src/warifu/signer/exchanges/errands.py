"""The steps of a visit at the exchange: each is one request, by one carrier over its own TLS, and asks no owner.

What may be asked follows from the visit, which an owner wanted: whether the credential may withdraw, what is there,
where deposits go, what became of a withdrawal; and the withdrawal itself. Each co-signer makes the request anew from
the visit and the step, and signs nothing that differs from it in one byte. What it takes from the carrier is how much
there is to come home, from which of the accounts that it knows of that asset, which page of a list is asked for, and
which orders are to be cancelled. Where it goes, each derives by itself (``Wallet.owns``).

A shared CDP key's signature covers none of that. So its sweeps go by the exchange's own list of addresses, each
co-signer owes a comparison for every one of them (``comparing``), and signs no further one before.

A device believes no other one about the exchange: only the carrier of a step learns what it tells.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from nacl.utils import random

from warifu.errors import InputRefused, PolicyDenied
from warifu.exchanges.adapter import (
    Exchange,
    Withdrawal,
)
from warifu.exchanges.calls import Call, Unsigned
from warifu.exchanges.market import Pair
from warifu.exchanges.reading import Understood
from warifu.exchanges.registry import EXCHANGES, LOOKERS, VISITED
from warifu.exchanges.signing import Stamp, ToSign
from warifu.exchanges.visited import Visited
from warifu.protocol.encoding import digest, encode
from warifu.protocol.events.visits import SweepSigned, VisitLost
from warifu.protocol.exchange_requests import ExchangeCall
from warifu.protocol.exchange_visits import ErrandDone, sweep_digest, withdrawal_id
from warifu.protocol.frames import OpenErrand
from warifu.protocol.journal import DEVICE
from warifu.signer.device import Device
from warifu.signer.egress.client import Limits
from warifu.signer.egress.judging import read_call
from warifu.signer.exchanges.book import Made
from warifu.signer.exchanges.calling import Signers
from warifu.signer.exchanges.calls import context_for, milliseconds, require_near, seen_digest
from warifu.signer.exchanges.carrying import Carrying, Errand, Heard
from warifu.signer.exchanges.cosigning import Cosignature, Cosigning
from warifu.signer.exchanges.errand_answers import Answers
from warifu.signer.exchanges.holdings import plain
from warifu.signer.exchanges.judging import catch_up, leaves_body_open, require_looked_after, unsigned_of
from warifu.signer.exchanges.opening import KeyShare, OpenAccount
from warifu.signer.exchanges.pages import FIRST
from warifu.signer.exchanges.sweeps import Sweep
from warifu.signer.exchanges.visiting import banned, of_kind, require_carrier
from warifu.signer.exchanges.visits import MOST_ADDRESSES, Visit
from warifu.signer.policy.visits import HomeFacts, judge_home
from warifu.signer.sessions.ceremony import Seat
from warifu.signer.sessions.messages import Stamped
from warifu.signer.transfers import check_devices
from warifu.signer.wallets import Wallet

_LIMITS = Limits(body=1024 * 1024)
"""Of an answer that is read here and handed on to nobody."""
_ANYWHERE = "anywhere"
"""In place of an address where a withdrawal is only looked for, by its identifier."""
_PLACES = 8
"""Decimals of what is sent home where the policy has none of an asset, and the most that Coinbase takes."""


def purpose(frame: OpenErrand) -> bytes:
    """32 bytes that name what the session is for."""
    return digest(
        "request/errand",
        frame.wallet_id,
        frame.visit,
        frame.step.encode(),
        frame.symbol.encode(),
        frame.pair.encode(),
        frame.round.to_bytes(4, "big"),
        frame.home.encode(),
        frame.carrier,
    )


def open_errand(device: Device, frame: OpenErrand, seat: Seat) -> Carrying | Cosigning:
    """Take part, or refuse.

    ``InputRefused`` (``unknown-visit``, ``participants``, ``too-few-participants``, ``visit-asset``, ``visit-step``,
    ``visit-wallet``, ``sweep-round``, ``sweep``); ``PolicyDenied`` (``carrier``, ``visit-over``, ``sweep-under-way``,
    ``balance``, ``nothing-there``, and the reasons of ``policy.visits.judge_home`` and of
    ``judging.require_looked_after``).
    """
    wallet = device.wallets.born(frame.wallet_id)
    check_devices(wallet, frame.participants, device.identity.public)
    if frame.carrier not in frame.participants:
        raise InputRefused("participants", "the device that is to carry it does not take part")
    require_carrier(device, wallet.id, frame.carrier)
    visit = device.visits.get(wallet.id, frame.visit)
    account = device.accounts.load(wallet.id, visit.request.account)
    try:
        if account.account.exchange != visit.exchange or not of_kind(visit, account.account.kind):
            raise InputRefused("visit-key", "the account is another one than the visit was opened with")
        doing = _Doing(device, frame, seat, wallet, account)
        numbers = _numbers(account, frame)
        signers = Signers(frame.carrier, seen_digest(account, purpose(frame)), numbers)
        if frame.carrier == device.identity.public:
            return doing.carrying(signers)
        if not isinstance(account.key, KeyShare):
            raise InputRefused("participants", "a whole key needs nobody else")
        return Cosigning(seat, signers, doing.cosignature(account.key))
    except BaseException:
        account.wipe()
        raise


def _numbers(account: OpenAccount, frame: OpenErrand) -> dict[bytes, int]:
    holders, participants = account.account.holders, frame.participants
    if not set(participants) <= set(holders):
        raise InputRefused("participants", "not all of these devices hold a part of the account's credential")
    if not isinstance(account.key, KeyShare) or frame.step == "price":  # that bears no signature
        if len(participants) != 1:
            raise InputRefused("participants", "this step needs nobody else")
        return {}
    if len(participants) < account.key.key.t:
        raise InputRefused(
            "too-few-participants",
            f"this key needs {account.key.key.t} devices to sign; asked were {len(participants)}",
        )
    return {identity: holders.index(identity) for identity in participants}


class _Doing:
    """One step at this device."""

    def __init__(
        self, device: Device, frame: OpenErrand, seat: Seat, wallet: Wallet, account: OpenAccount
    ) -> None:
        self._device = device
        self._frame = frame
        self._seat = seat
        self._wallet = wallet
        self._account = account
        self._exchange: Exchange = EXCHANGES[account.account.exchange]
        self._visited: Visited | None = VISITED.get(account.account.exchange)
        self._amount = ""
        """Of a sweep."""
        self._left = "0"
        """What its carrier leaves there for a fee on top."""
        self._orders: tuple[str, ...] = ()
        """To be cancelled, where that is done one by one."""
        self._from = ""
        """The account that a sweep leaves, where the exchange wants to be told."""
        self._page = FIRST
        """Of a list, at its carrier: with what the pages before it had."""
        self._after = ""
        """Where the page begins that is asked for; empty: the first."""

    def carrying(self, signers: Signers) -> Carrying:
        device = self._device
        self._require_over()
        if self._frame.step == "sweep":
            self._require_sweep()
            self._amount, self._left = self._sendable()
        if self._frame.step == "outcome":
            sweep = self._visit.sweep_of(self._frame.symbol, self._frame.round)
            if self._visited is not None:
                self._from = sweep.wallet or self._visit.wallet(sweep.symbol)
        self._orders = self._visit.orders
        self._page = device.visits.page(self._frame.visit, self._frame.step, device.clock.now())
        self._after = self._page.after
        call = self._question()
        self._judge(call.unsigned)
        errand = Errand(
            call=call,
            credential=self._account.credential,
            key=self._account.key,
            time=self._exchange.time(),
            context=context_for(self._account.authorities),
            limits=_LIMITS,
            seconds=device.clock.now,
            milliseconds=milliseconds,
            sending=self._signed,
            ended=lambda heard, stamp: self._ended(call, heard, stamp),
            close=self._account.wipe,
            shown=_shown(call.unsigned),
        )
        return Carrying(self._seat, signers, errand)

    def _sendable(self) -> tuple[str, str]:
        """(how much goes home, how much stays there for a fee on top)."""
        symbol, visit = self._frame.symbol, self._visit
        free = visit.require_seen(symbol, self._device.clock.now()).free
        if self._visited is None:
            return free, "0"
        part = visit.leaves_from(symbol)
        self._from = part.wallet
        rules = self._device.rules.policy(self._wallet.id).rules_at(self._exchange.name)
        limits = rules.limits_of(symbol) if rules is not None else None
        places = min(_PLACES, limits.decimals) if limits is not None else _PLACES
        return visit.less_fee(part, places)

    def cosignature(self, key: KeyShare) -> Cosignature:
        self._require_over()
        if self._frame.step == "sweep":
            self._require_sweep()
        return Cosignature(
            self._frame.visit,
            key,
            self._prepare,
            lambda stamped: self._signed(Stamp(stamped.milliseconds, stamped.once)),
            self._account.wipe,
        )

    @property
    def _visit(self) -> Visit:
        """As it is now."""
        return self._device.visits.get(self._wallet.id, self._frame.visit)

    # --- the request ------------------------------------------------------------------------------------------------

    def _question(self) -> Call[Any]:
        frame, exchange, visit = self._frame, self._exchange, self._visit
        asset = visit.asset(frame.symbol)
        network = exchange.networks.network_of(asset.symbol, asset.chain)
        found: Call[Any] | None = None
        match frame.step:
            case "wallets" if "wallets" in visit.wants and self._visited is not None:
                found = self._visited.wallets(self._after)
            case "orders" if self._visited is not None:
                found = self._visited.open_orders(self._pair())
            case "cancel" if self._visited is not None:
                self._pair()
                found = self._visited.cancel(self._orders) if self._orders else None
            case "address" | "new-address" if self._visited is not None:
                found = self._addressed(self._visited, network)
            case "permissions":
                found = exchange.permissions()
            case "balance":
                visited = self._visited
                found = exchange.balances() if visited is None else visited.balances(self._after)
            case "travel-rule" if "travel-rule" in visit.wants:
                found = exchange.asks_who_is_paid()
            case "listed" if "listed" in visit.wants:
                found = exchange.listed()
            case "price":
                found = exchange.best(self._valued_by())
            case "cancel":
                found = exchange.cancel_all(self._pair())
            case "address" if network is not None and exchange.wallets() is None:
                if asset.symbol == visit.request.brings.symbol:
                    found = exchange.deposit_address(asset.symbol, network)
            case "sweep" if network is not None:
                found = exchange.withdraw(self._withdrawal(network, frame.home, self._amount))
            case "outcome" if network is not None:
                found = exchange.find_withdrawal(self._withdrawal(network, _ANYWHERE, "1"))
        if found is None:
            raise InputRefused("visit-step", f"{exchange.name} is not asked that for {frame.symbol}")
        return found

    def _addressed(self, visited: Visited, network: str | None) -> Call[Any] | None:
        frame, visit = self._frame, self._visit
        if network is None or "address" not in visit.wants or frame.symbol != visit.request.brings.symbol:
            return None
        ask = visited.address if frame.step == "address" else visited.new_address
        return ask(frame.symbol, network, visit.wallet(frame.symbol))

    def _pair(self) -> Pair:
        """``InputRefused`` (``visit-step``) for one that is not of the policy, or has nothing to do with the visit."""
        rules = self._device.rules.policy(self._wallet.id).rules_at(self._exchange.name)
        pair = Pair(*self._frame.pair.split("-", 1)) if "-" in self._frame.pair else None
        known = rules is not None and self._frame.pair in rules.pairs
        symbols = {asset.symbol for asset in self._visit.request.assets}
        if pair is None or not known or not symbols & {pair.base, pair.quote}:
            raise InputRefused("visit-step", "the visit has no orders of that pair")
        return pair

    def _valued_by(self) -> Pair:
        """``InputRefused`` (``visit-step``) for a pair that says nothing about what the visit is worth."""
        gauge = self._visit.gauge
        if gauge is None or self._frame.pair not in gauge.pairs:
            raise InputRefused("visit-step", "the visit is not valued by that pair")
        return Pair(*self._frame.pair.split("-", 1))

    def _withdrawal(self, network: str, address: str, amount: str) -> Withdrawal:
        frame = self._frame
        return Withdrawal(
            client_id=withdrawal_id(frame.visit, frame.symbol, frame.round),
            asset=frame.symbol,
            network=network,
            address=address,
            amount=Decimal(amount),
            wallet=self._from,
            travel_rule=self._states,
        )

    @property
    def _states(self) -> str:
        """What its owner states about who is paid."""
        return self._device.accounts.travel_rule(self._wallet.id, self._account.account.name)

    def _prepare(self, stamped: Stamped) -> ToSign:
        """What the carrier asks for, if it is what this device would ask for. ``InputRefused`` (``errand-differs``)."""
        if stamped.call is None:
            raise InputRefused("errand-differs", "the device that carries it does not say what it asks")
        asked = unsigned_of(stamped.call)
        if self._frame.step == "sweep":
            given = self._exchange.understand(asked).meaning.gives.get(self._frame.symbol)
            if not given:
                raise _differs()
            self._amount = plain(given)
        if self._visited is not None:
            self._takes_from_its_carrier(self._visited, self._exchange.understand(asked))
        call = self._question()
        if not call.unsigned.same_bytes(asked):
            raise _differs()
        self._judge(call.unsigned)
        return self._account.credential.prepare(call.unsigned, require_near(self._device, stamped))

    def _takes_from_its_carrier(self, visited: Visited, understood: Understood) -> None:
        """Which orders, which page of a list, and which of the asset's accounts: one that this device saw itself."""
        self._orders = visited.cancelled(understood)
        self._after = visited.begins(understood)
        if self._frame.step in ("sweep", "outcome"):
            self._from = self._visit.require_wallet(self._frame.symbol, visited.leaves_from(understood))

    def _judge(self, unsigned: Unsigned) -> None:
        device, wallet = self._device, self._wallet
        policy = device.rules.policy(wallet.id)
        rules = policy.rules_at(self._exchange.name)
        if rules is None:
            raise PolicyDenied("exchange", f"nothing may be asked of {self._exchange.name}")
        call, _ = read_call(self._exchange, unsigned, rules)
        to = call.destination
        own = (
            to is not None
            and to.chain == self._visit.asset(self._frame.symbol).chain
            and wallet.owns(to.chain, to.address, device.wallets.window(wallet.id))
        )
        refusal = judge_home(policy, call, HomeFacts(own=own, binding=self._binds)).refusal
        if refusal is not None:
            raise refusal

    @property
    def _binds(self) -> bool:
        """Whether the carrier can do nothing else with the signature, or is held back by the exchange's own list and is
        none that this device found out."""
        found_out = self._frame.carrier in banned(self._device, self._wallet.id)
        return not leaves_body_open(self._account) or not found_out

    def _require_over(self) -> None:
        """While a visit is open, its orders are the owner's alone. Addresses are made only so often."""
        if self._frame.step == "new-address" and self._visit.made >= MOST_ADDRESSES:
            raise PolicyDenied("too-many-addresses", "this device let enough deposit addresses be made")
        if self._frame.step == "cancel" and not self._visit.is_ending(self._device.clock.now()):
            raise PolicyDenied(
                "visit-open", "this visit is not over", remedy="End it first ('warifu visit close')."
            )

    def _require_sweep(self) -> None:
        frame, visit = self._frame, self._visit
        visit.require_sweep(frame.symbol, frame.round, self._device.clock.now())
        require_looked_after(self._device, self._wallet, self._account, frame.carrier)
        if visit.asset(frame.symbol).home not in ("", frame.home):
            raise InputRefused("visit-home", "the owner named another address that it comes home to")

    # --- before it leaves, and after --------------------------------------------------------------------------------

    def _signed(self, stamp: Stamp | None) -> None:
        """From now on this device's share, or the request, may be out. A question can be asked twice."""
        if self._frame.step == "new-address":
            self._require_over()
            with self._device.store.transaction():
                self._device.visits.put(self._visit.makes())
        if self._frame.step != "sweep":
            return
        assert stamp is not None, "a withdrawal is signed"
        device, frame, now = self._device, self._frame, self._device.clock.now()
        sweep = Sweep(
            frame.symbol,
            frame.round,
            self._amount,
            frame.home,
            stamp.milliseconds + self._account.credential.lifetime,
            left=self._left,
            wallet=self._from,
        )
        with device.epoch.lasting():
            device.freeze.require_none()
            self._require_sweep()
            unsigned = self._question().unsigned
            self._judge(unsigned)
            device.visits.put(self._visit.sweeping(sweep))
            if leaves_body_open(self._account):
                self._owes(unsigned, stamp, sweep)
            device.journal.append(
                SweepSigned(
                    self._wallet.id,
                    frame.visit,
                    self._seat.session,
                    frame.symbol,
                    frame.round,
                    self._amount,
                    frame.home,
                    frame.carrier,
                    self._seat.participants,
                ),
                now,
                DEVICE,
            )

    def _owes(self, unsigned: Unsigned, stamp: Stamp, sweep: Sweep) -> None:
        """Whoever does not carry it has to see what its carrier made of it."""
        device, frame = self._device, self._frame
        if LOOKERS[self._exchange.name].wanted(unsigned) is None:
            raise PolicyDenied(
                "not-comparable", "this sweep could not be compared at the exchange afterwards"
            )
        made = Made(
            sweep_digest(frame.visit, frame.symbol, frame.round),
            self._wallet.id,
            self._account.account.name,
            _shown(unsigned),
            stamp.milliseconds,
            sweep.dead_after,
            frame.carrier,
        )
        device.calls.remember(made, owed=frame.carrier != device.identity.public)

    def _ended(self, call: Call[Any], heard: Heard, stamp: Stamp | None) -> bytes:
        device = self._device
        if self._frame.step in ("balance", "price"):
            catch_up(device, self._wallet)  # what owners withdrew by other devices is no loss
        answers = Answers(
            self._frame,
            self._visit,
            self._wallet,
            self._exchange,
            device.clock.now(),
            bool(self._states),
            self._page,
        )
        found = answers.learn(call, heard, stamp)
        device.visits.goes_on(self._frame.visit, self._frame.step, found.onward)
        with device.store.transaction():
            if found.visit.ended_by == "loss" and self._visit.ended is None:
                self._lost(found.visit)
            device.visits.put(found.visit)
        shown = found.visit.shown(device.clock.now(), banned(device, self._wallet.id))
        return encode(ErrandDone(self._frame.visit, found.outcome, found.reason, found.wait, shown))

    def _lost(self, visit: Visit) -> None:
        device, gauge = self._device, visit.gauge
        assert gauge is not None, "what was lost was measured"
        symbol = visit.request.brings.symbol
        entry = VisitLost(self._wallet.id, visit.id, symbol, gauge.credited, gauge.value, gauge.bound)
        device.journal.append(entry, device.clock.now(), DEVICE)


def _differs() -> InputRefused:
    return InputRefused(
        "errand-differs", "what the device that carries it asks is not this step of the visit"
    )


def _shown(unsigned: Unsigned) -> ExchangeCall:
    return ExchangeCall(
        unsigned.method, unsigned.host, unsigned.path, unsigned.query, unsigned.body, random(32)
    )
