"""Visits: the service brings a wallet's devices to each step, there and home.

How a visit stands is asked of the devices, each time, so that the service can be killed and put back as one likes, and
another one that the devices connect to does the same: nothing but them is needed for what is left to come home. It
gains nothing by leaving steps out but that funds stay where they are.

While a visit is open, each device is brought to prove the way back to itself. When its time is over, or an owner wants
it home, its orders are cancelled and what is there is swept, asset by asset, until every device has seen that nothing
is left.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TypeVar

from warifu.errors import PeerMisbehaved, WarifuError
from warifu.exchanges.attempt import LONGEST_PAUSE
from warifu.protocol.authorization import MAX_AUTHORIZATION_BYTES, Authorization
from warifu.protocol.encoding import decode
from warifu.protocol.exchange_answers import Cosigned
from warifu.protocol.exchange_requests import VisitAsset
from warifu.protocol.exchange_visits import ErrandDone, Step, SweepShown, Visits, VisitShown
from warifu.protocol.frames import MAX_BODY_BYTES, AskStatus, AskVisits, OpenErrand, Status, TellVisit
from warifu.protocol.policy import DAY
from warifu.service.bell import Bell
from warifu.service.hub.hub import Hub
from warifu.service.mistakes import survived
from warifu.service.store import visits as store
from warifu.service.store.database import Database
from warifu.service.store.instructions import rules_of
from warifu.service.store.visits import StoredVisit
from warifu.service.store.wallets import StoredWallet
from warifu.service.workflows.attention import Attention
from warifu.service.workflows.refresh import Refreshes
from warifu.service.workflows.rounds import Rounds, Tries, with_helpers

ROUND_SECONDS = 1.0
_ASK_SECONDS = 10.0
_SESSION_SECONDS = 60.0
_ADDRESS_SECONDS = DAY // 2
"""After so long a deposit address is fetched anew: devices let funds go to it for a day."""
_ENDING = ("sweeping", "stuck", "home")
_UNHEARD = ("device-offline", "device-silent", "device-busy")
"""Reasons for which a device is told again: it may not have heard it."""
LOOK_SECONDS = 45
"""After so long a device looks again what a visit is worth whose loss is bounded."""
LOOK_AGAIN_SECONDS = 21
"""After so long where it found too little: it wants to find that twice."""
_LOOK: tuple[Step, ...] = ("balance", "price")
"""What a look is made of."""
STUCK_SECONDS = 600
"""After so long an exchange is asked again that refused to let funds go: each time is a signature and a journal
entry."""
_UNDER_WAY = ("signed", "unknown", "pending")

T = TypeVar("T")
Home = Callable[[str, str], str]
"""(wallet, chain) -> a fresh address of the wallet's own there. ``WarifuError`` where there is none."""


@dataclass(frozen=True)
class _Task:
    """One step, by one carrier."""

    carrier: bytes
    step: Step
    symbol: str
    round: int = 0
    pair: str = ""


@dataclass
class _Tries(Tries):
    """Of one visit."""

    failed: int = 0
    """Steps that failed since the last sweep that was taken; what an exchange refused counts as three."""
    homes: dict[tuple[str, int], str] = field(default_factory=dict)
    """Where each sweep goes that was asked for, so that trying again uses up no address."""

    def later(self, least: float = 0.0) -> None:
        """No device has us wait for longer than the longest pause."""
        super().later(min(least, LONGEST_PAUSE // 1000))

    def look_again(self, views: Mapping[bytes, VisitShown]) -> None:
        """Not so late that a device misses its time to look what the visit is worth."""
        wait = next_look(views, int(time.time()))
        if wait is not None:
            self.until = min(self.until, time.monotonic() + wait)


Views = dict[bytes, VisitShown]
"""How each device that was asked sees one visit."""


class VisitsAtWork:
    """Runs on the hub's event loop."""

    def __init__(
        self,
        database: Database,
        hub: Hub,
        bell: Bell,
        refreshes: Refreshes,
        home: Home,
        compare: Callable[[str], None],
        timeout: float,
    ) -> None:
        """``compare``: have what is due of a wallet's calls compared."""
        self._database = database
        self._hub = hub
        self._bell = bell
        self._refreshes = refreshes
        self._home = home
        self._compare = compare
        self._timeout = min(timeout, _SESSION_SECONDS)
        self._open: dict[bytes, set[bytes]] = {}
        """Wallet -> visits that were not at home when its devices were asked last."""
        self._tries: dict[bytes, _Tries] = {}
        self._refused: set[tuple[bytes, bytes]] = set()
        """(device, request) that was told and refused: it is not told again in this run, which would fill journals."""
        self._rounds = Rounds(
            Attention(database, hub), lambda: ROUND_SECONDS, self._ripe, self._look_after, self._at_once
        )

    def start(self) -> None:
        """Begin to look after visits."""
        self._rounds.start()

    async def close(self) -> None:
        """End what is running; the devices know how it stands."""
        await self._rounds.close()

    async def tell(self, wallet: StoredWallet, stored: StoredVisit) -> dict[bytes, Visits | WarifuError]:
        """Keep what an owner said, tell every connected device, and say what each made of it."""
        await asyncio.to_thread(store.add_visit, self._database, stored, int(time.time()))
        there = self._there(wallet)
        answers = await asyncio.gather(
            *(self._told(identity, stored) for identity in there), return_exceptions=True
        )
        self.soon(wallet.name)
        return _said(there, answers)

    async def ask(self, wallet: StoredWallet) -> dict[bytes, Visits | WarifuError]:
        """How the wallet's visits stand, as each connected device sees them now."""
        there = self._there(wallet)
        answers = await asyncio.gather(
            *(self._asked(identity, wallet.id) for identity in there), return_exceptions=True
        )
        return _said(there, answers)

    def soon(self, name: str) -> None:
        """Look after the visits of the wallet ``name`` at once, however often it was tried before."""
        self._rounds.soon(name)

    # --- rounds -----------------------------------------------------------------------------------------------------

    def _at_once(self, wallet: StoredWallet) -> None:
        """However often it was tried before."""
        for visit in self._open.get(wallet.id, ()):
            self._tried(visit).until = 0.0

    def _ripe(self, wallet: StoredWallet) -> bool:
        now = time.monotonic()
        return any(self._tried(visit).until <= now for visit in self._open.get(wallet.id, ()))

    async def _look_after(self, wallet: StoredWallet) -> None:
        views = await self._views(wallet)
        await self._tell_late_comers(wallet, views)
        open_now = {
            visit for visit, seen in views.items() if any(each.state != "home" for each in seen.values())
        }
        self._open[wallet.id] = open_now
        for visit in views.keys() - open_now:
            self._tries.pop(visit, None)
        for visit in open_now:
            if self._tried(visit).until <= time.monotonic():
                with survived():
                    await self._go_on(wallet, visit, views[visit])

    async def _views(self, wallet: StoredWallet) -> dict[bytes, Views]:
        views: dict[bytes, Views] = {}
        for identity, shown in (await self.ask(wallet)).items():
            for each in () if isinstance(shown, WarifuError) else shown.visits:
                views.setdefault(each.visit, {})[identity] = each
        return views

    async def _tell_late_comers(self, wallet: StoredWallet, views: dict[bytes, Views]) -> None:
        """Who was away when an owner said it hears it now, as long as the owner's word is in time."""
        for stored in await asyncio.to_thread(store.visits_of, self._database, wallet.name, int(time.time())):
            for identity in self._there(wallet):
                seen = views.get(stored.visit, {}).get(identity)
                missed = (seen is None) if not stored.ends else (seen is not None and seen.ended is None)
                if missed and (identity, stored.request) not in self._refused:
                    with survived():
                        [shown] = (await self._told(identity, stored)).visits
                        views.setdefault(stored.visit, {})[identity] = shown

    # --- one visit --------------------------------------------------------------------------------------------------

    async def _go_on(self, wallet: StoredWallet, visit: bytes, views: Views) -> None:
        """Step by step, until nothing more can be done now."""
        tries = self._tried(visit)
        tries.later()
        rules = await asyncio.to_thread(rules_of, self._database, wallet)
        exchange = rules.policy.rules_at(next(iter(views.values())).exchange)
        pairs = exchange.pairs if exchange is not None else ()
        some = next(iter(views.values()))
        tiers: dict[bytes, int] = {}
        if _leaves_it_to_its_carrier(some):
            tiers = await self._tiers(views)
            self._compare(wallet.name)  # what is due stands in the way of the next round
        done: set[_Task] = set()
        well = True
        while True:
            turn = tries.failed // 3 if _leaves_it_to_its_carrier(some) else tries.count
            found = plan(views, int(time.time()), turn, pairs, tiers)
            tasks = [task for task in found if task not in done]
            task = next((task for task in tasks if self._participants(wallet, views, task)), None)
            if task is None:
                if well:  # an exchange that does not answer a look is not asked more often for that
                    tries.look_again(views)
                return
            done.add(task)
            try:
                result = await self._do(wallet, visit, views, task)
                if (result.outcome, task.step) == ("not-there", "address"):
                    result = await self._made(wallet, visit, views, task)
            except WarifuError as error:
                well = well and task.step not in _LOOK
                tries.failed += 1
                tries.later(error.retry_after or 0)
                continue
            before, views[task.carrier] = views[task.carrier], result.shown
            if result.shown.state != before.state:
                tries.count = 0
            if task.step == "sweep" and _leaves_it_to_its_carrier(some):
                tries.failed = 0 if result.outcome == "done" else tries.failed + 3
                self._compare(wallet.name)
            if result.outcome == "refused" and (task.step == "sweep" or result.shown.barred):
                tries.until = time.monotonic() + STUCK_SECONDS
                return
            if result.outcome != "done":
                well = well and task.step not in _LOOK
                tries.later(result.retry_after)
            elif task.step == "cancel":  # what it held is free now
                done -= {each for each in done if each.step == "balance"}
            self._bell.ring()

    async def _made(self, wallet: StoredWallet, visit: bytes, views: Views, task: _Task) -> ErrandDone:
        """Have an address made where none is listed, and look for it: all find that one then."""
        await self._do(wallet, visit, views, replace(task, step="new-address"))
        return await self._do(wallet, visit, views, task)

    async def _tiers(self, views: Views) -> dict[bytes, int]:
        """As devices say. It is for the owner's good, and no device's reason for anything."""
        there = [identity for identity in views if self._hub.connected(identity)]
        asked = (self._hub.call(identity, AskStatus, _ASK_SECONDS) for identity in there)
        answers = _said(tuple(there), await asyncio.gather(*asked, return_exceptions=True))
        return {
            identity: decode(Status, answer, MAX_BODY_BYTES).tier
            for identity, answer in answers.items()
            if not isinstance(answer, WarifuError)
        }

    def _participants(self, wallet: StoredWallet, views: Views, task: _Task) -> tuple[bytes, ...] | None:
        """The carrier and as many others as sign, other ones with each try; None where too few are there."""
        view = views[task.carrier]
        if not self._hub.connected(task.carrier):
            return None
        if "address" not in view.wants or task.step == "price":
            return (task.carrier,)
        others = [identity for identity in sorted(views) if identity != task.carrier]
        others = [identity for identity in others if self._hub.connected(identity)]
        turn = self._tried(view.visit).count
        return with_helpers(task.carrier, others, wallet.request.threshold - 1, turn)

    async def _do(self, wallet: StoredWallet, visit: bytes, views: Views, task: _Task) -> ErrandDone:
        participants = self._participants(wallet, views, task)
        assert participants is not None, "looked at before"
        await self._refreshes.catch_up(wallet.name, participants)
        opening = OpenErrand(
            secrets.token_bytes(16),
            wallet.id,
            visit,
            task.step,
            task.symbol,
            task.pair,
            task.round,
            await self._place(wallet, views[task.carrier], task),
            participants,
            task.carrier,
        )
        results = await self._hub.run_session(
            dict.fromkeys(participants, opening),
            wanted=len(participants),
            judge=lambda identity, result: _judge(task, visit, identity, result),
            entered=lambda _device: None,
            timeout=self._timeout,
            decisive=task.carrier,
        )
        return decode(ErrandDone, results[task.carrier], MAX_BODY_BYTES)

    async def _place(self, wallet: StoredWallet, view: VisitShown, task: _Task) -> str:
        if task.step != "sweep":
            return ""
        asset = next(each for each in assets_of(view) if each.symbol == task.symbol)
        if asset.home:
            return asset.home
        homes, place = self._tried(view.visit).homes, (task.symbol, task.round)
        if place not in homes:
            homes[place] = await asyncio.to_thread(self._home, wallet.name, asset.chain)
        return homes[place]

    # --- devices ----------------------------------------------------------------------------------------------------

    def _there(self, wallet: StoredWallet) -> tuple[bytes, ...]:
        identities = (device.identity for device in wallet.request.devices)
        return tuple(sorted(identity for identity in identities if self._hub.connected(identity)))

    async def _told(self, identity: bytes, stored: StoredVisit) -> Visits:
        authorization = decode(Authorization, stored.authorization, MAX_AUTHORIZATION_BYTES)
        try:
            answer = await self._hub.call(identity, lambda call: TellVisit(call, authorization), _ASK_SECONDS)
        except WarifuError as error:
            if error.reason not in _UNHEARD:
                self._refused.add((identity, stored.request))
            raise
        said = decode(Visits, answer, MAX_BODY_BYTES)
        if [shown.visit for shown in said.visits] != [stored.visit]:
            raise PeerMisbehaved("visit", "a device told of another visit than it was asked about")
        return said

    async def _asked(self, identity: bytes, wallet: bytes) -> Visits:
        answer = await self._hub.call(identity, lambda call: AskVisits(call, wallet), _ASK_SECONDS)
        return decode(Visits, answer, MAX_BODY_BYTES)

    def _tried(self, visit: bytes) -> _Tries:
        return self._tries.setdefault(visit, _Tries())


def plan(
    views: Mapping[bytes, VisitShown],
    now: int,
    turn: int,
    pairs: Sequence[str] = (),
    tiers: Mapping[bytes, int] | None = None,
) -> list[_Task]:
    """What can be done for a visit that devices see so, in this order. ``turn``: who leads the way home changes with
    it. ``pairs``: that the policy lets be traded there. ``tiers``: of devices, where a carrier could change a sweep:
    there the highest leads first."""
    some = next(iter(views.values()))
    brought = some.request.brings.symbol
    looks = _looks(views, now)
    if not any(view.state in _ENDING for view in views.values()):
        return (
            looks
            + _names(views, brought)
            + [
                _Task(identity, step, brought)
                for identity, view in sorted(views.items())
                for step in view.wants
                if (step not in view.proven and step != "wallets")
                or (step == "address" and now > view.fetched + _ADDRESS_SECONDS)
            ]
            + [
                _Task(identity, "balance", brought)
                for identity, view in sorted(views.items())
                if view.state == "funded"
            ]
        )
    awake = sorted(identity for identity, view in views.items() if view.state in ("sweeping", "stuck"))
    awake = awake or sorted(identity for identity, view in views.items() if view.state != "home")
    lead = awake[turn % len(awake)] if awake else min(views)
    if awake and _leaves_it_to_its_carrier(some):
        banned = [identity for view in views.values() for identity in view.banned]
        awake.sort(key=lambda each: (banned.count(each), -(tiers or {}).get(each, 0), each))
        lead = awake[turn % len(awake)]
    tasks = looks + _names(views, brought)
    for asset in assets_of(some):
        known = [
            (identity, sweep)
            for identity, view in views.items()
            for sweep in [_newest(view, asset.symbol)]
            if sweep
        ]
        newest = max((sweep.round for _, sweep in known), default=-1)
        tasks += [
            _Task(identity, "outcome", asset.symbol, sweep.round)
            for identity, sweep in sorted(known)
            if identity == lead and sweep.state in _UNDER_WAY
        ]
        tasks.append(_Task(lead, "balance", brought))
        seen = next((there for there in views[lead].there if there.symbol == asset.symbol), None)
        if seen is not None and Decimal(seen.free):
            tasks += _names(views, asset.symbol)
        waits = [sweep for _, sweep in known if sweep.state != "refused" and now < sweep.again_from]
        if seen is not None and Decimal(seen.free) and not waits:
            tasks.append(_Task(lead, "sweep", asset.symbol, newest + 1))
    held = {there.symbol for there in views[lead].there if Decimal(there.held)}
    steps: tuple[Step, ...] = ("orders", "cancel") if "wallets" in some.wants else ("cancel",)
    cancels = [
        _Task(lead, step, brought, pair=pair)
        for pair in pairs
        if held & set(pair.split("-"))
        for step in steps
    ]
    if cancels:
        tasks = [_Task(lead, "balance", brought), *cancels, *tasks]
    if views[lead].state == "home":
        tasks += [_Task(identity, "balance", brought) for identity in awake]
    return list(dict.fromkeys(tasks))


def _looks(views: Mapping[bytes, VisitShown], now: int) -> list[_Task]:
    """Each device measures for itself what is lost, as long as something is there: also those that find it later than
    others, because what holds it there is cancelled by devices that found it themselves."""
    if not _is_there(views):
        return []
    tasks = []
    for identity, view in sorted(views.items()):
        worth, brought = view.worth, view.request.brings.symbol
        if worth is None or view.state in _ENDING:
            continue
        tasks += [_Task(identity, "price", brought, pair=pair) for pair in worth.wanted]
        if not worth.wanted and now >= worth.looked + _look_pause(view):
            tasks.append(_Task(identity, "balance", brought))
    return tasks


def next_look(views: Mapping[bytes, VisitShown], now: int) -> int | None:
    """Seconds until the next look of any device is due, at least 1; None where none is."""
    if not _is_there(views):
        return None
    due = [
        view.worth.looked + _look_pause(view) - now
        for view in views.values()
        if view.worth is not None and view.state not in _ENDING
    ]
    return max(1, min(due)) if due else None


def _is_there(views: Mapping[bytes, VisitShown]) -> bool:
    """Whether something was brought. Where others have it home already, a device still has to find that it is over."""
    return any(view.state in ("funded", "trading", *_ENDING) for view in views.values())


def _look_pause(view: VisitShown) -> int:
    return LOOK_AGAIN_SECONDS if view.worth is not None and view.worth.low else LOOK_SECONDS


def _names(views: Mapping[bytes, VisitShown], symbol: str) -> list[_Task]:
    """Whoever signs for what leaves an account there has to know how it is called."""
    return [
        _Task(identity, "wallets", symbol)
        for identity, view in sorted(views.items())
        if "wallets" in view.wants and symbol not in view.wallets
    ]


def _leaves_it_to_its_carrier(view: VisitShown) -> bool:
    """Whether its key is shared and covers method and path alone."""
    return {"wallets", "address"} <= set(view.wants)


def assets_of(view: VisitShown) -> tuple[VisitAsset, ...]:
    """All of which what is left comes home."""
    return view.request.assets


def _said(there: tuple[bytes, ...], answers: Sequence[T | BaseException]) -> dict[bytes, T | WarifuError]:
    """What each device said, or why it did not. A mistake of ours goes further."""
    said: dict[bytes, T | WarifuError] = {}
    for identity, answer in zip(there, answers, strict=True):
        if isinstance(answer, BaseException) and not isinstance(answer, WarifuError):
            raise answer
        said[identity] = answer
    return said


def _newest(view: VisitShown, symbol: str) -> SweepShown | None:
    return max(
        (sweep for sweep in view.sweeps if sweep.symbol == symbol),
        key=lambda sweep: sweep.round,
        default=None,
    )


def _judge(task: _Task, visit: bytes, identity: bytes, result: bytes) -> None:
    if identity == task.carrier:
        done = decode(ErrandDone, result, MAX_BODY_BYTES)
        told = done.visit if done.shown.visit == visit else b""
    else:
        told = decode(Cosigned, result, MAX_BODY_BYTES).request
    if told != visit:
        raise PeerMisbehaved("result", "a device handed in the result of another visit")
