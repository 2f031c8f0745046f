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
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from warifu.errors import PeerMisbehaved, ServiceRefused, WarifuError
from warifu.exchanges.attempt import LONGEST_PAUSE
from warifu.protocol.authorization import MAX_AUTHORIZATION_BYTES, Authorization
from warifu.protocol.encoding import decode
from warifu.protocol.exchange_answers import MORE_PAGES, Cosigned
from warifu.protocol.exchange_visits import ErrandDone, Step, Visits, VisitShown
from warifu.protocol.frames import MAX_BODY_BYTES, AskStatus, AskVisits, OpenErrand, Status, TellVisit
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
from warifu.service.workflows.visit_plan import (
    Task,
    assets_of,
    awake_of,
    is_ending,
    is_too_little,
    leaves_it_to_its_carrier,
    left_of,
    next_look,
    plan,
)
from warifu.service.workflows.visit_views import common, genuine

ROUND_SECONDS = 1.0
_ASK_SECONDS = 10.0
_SESSION_SECONDS = 60.0
_UNHEARD = ("device-offline", "device-silent", "device-busy")
"""Reasons for which a device is told again: it may not have heard it."""
_SILENT_SECONDS = 15.0
"""After so long devices are asked again of which one did not say how its visits stand. It need not connect anew before
it speaks again, and what it did not tell of must not stay where it is."""
_LOOK: tuple[Step, ...] = ("balance", "price")
"""What a look is made of."""
STUCK_SECONDS = 600
"""After so long one device asks an exchange again to let an asset go that it refused to it, or to take its requests at
all: each time is a signature and a journal entry. Looks, and other assets, do not wait for it."""
_TURNS = 8
"""In which one device carries first, where it can change what it carries: others have theirs, whatever it says."""
_MOST_PAGES = 32
"""Of lists that come in pages, of one device in one round of a visit: whatever it says, it comes to an end."""
_FAILURES = 3
"""Of steps of one carrier, after which a round does without it."""

T = TypeVar("T")
Home = Callable[[str, str], str]
"""(wallet, chain) -> a fresh address of the wallet's own there. ``WarifuError`` where there is none."""


@dataclass
class VisitTries(Tries):
    """Of one visit."""

    failed: int = 0
    """Steps that failed since the last sweep that was taken; what an exchange refused counts as three."""
    turn: int = 0
    """Who carries and who helps changes with it. It never goes back: a device that says of each step that it was done
    would else be the first each time."""
    homes: dict[tuple[str, int], str] = field(default_factory=dict)
    """Where each sweep goes that was asked for, so that trying again uses up no address."""
    refused: dict[tuple[bytes, str], float] = field(default_factory=dict)
    """Carriers to which the exchange refused to let an asset go, as they say, and until when (monotonic) they do not
    ask for it again. Others do: one of them may have lied."""
    ending: bool = False
    """Whether some device brings it home."""

    def later(self, least: float = 0.0) -> None:
        """No device has us wait for longer than the longest pause."""
        self.turn += 1
        super().later(min(least, LONGEST_PAUSE // 1000))

    def begins(self) -> None:
        """A round. By how much the turn grows in one follows from what devices say: one that always said the same
        would have itself the helper of each honest carrier. So where a round begins, nobody knows."""
        self.turn += secrets.randbelow(_TURNS)
        self.later()

    def at_once(self) -> None:
        """However often it was tried before, and whatever was refused."""
        self.until, self.count = 0.0, 0
        self.refused.clear()

    def hurry(self, views: Mapping[bytes, VisitShown]) -> None:
        """When the way home begins, it is not as slow as what led nowhere for hours before."""
        if not self.ending and is_ending(views):
            self.ending, self.count = True, 0

    def waiting(self) -> dict[tuple[bytes, str], float]:
        """Carriers and assets of which no sweep is asked for now, and until when."""
        now = time.monotonic()
        return {refused: until for refused, until in self.refused.items() if until > now}

    def rest(self, views: Mapping[bytes, VisitShown], waiting: Mapping[tuple[bytes, str], float]) -> None:
        """Where nothing is left but what was refused to each carrier, and that was seen since its signature is dead,
        nothing changes before it is asked for again."""
        left = [(carrier, symbol) for symbol in left_of(views) or () for carrier in awake_of(views)]
        if left and set(left) <= waiting.keys():
            self.until = max(self.until, min(waiting[each] for each in left))

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
        self._again: dict[bytes, float] = {}
        """Wallet -> when its devices are asked again because one did not answer (monotonic)."""
        self._tries: dict[bytes, VisitTries] = {}
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
        """Keep what an owner said, tell every connected device, and say what each made of it.

        What opens a visit is kept for nobody where no device is there, or where all that are refuse it: its owner hears
        that nothing was opened, and it must not come to be hours later, when one of them is asked again.
        ``ServiceRefused`` (``device-offline``) where none is there to open it."""
        there = self._there(wallet)
        if not there and not stored.ends:
            raise _nobody_there()
        await asyncio.to_thread(store.add_visit, self._database, stored, int(time.time()))
        answers = await asyncio.gather(
            *(self._told(identity, stored) for identity in there), return_exceptions=True
        )
        said = _said(there, answers)
        if not stored.ends and all(map(_refuses, said.values())):
            await asyncio.to_thread(store.drop_visit, self._database, stored)
        self.soon(wallet.name)
        return said

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
        for visit in self._open.get(wallet.id, ()):
            self._tried(visit).at_once()

    def _ripe(self, wallet: StoredWallet) -> bool:
        now = time.monotonic()
        return self._again.get(wallet.id, now + 1) <= now or any(
            self._tried(visit).until <= now for visit in self._open.get(wallet.id, ())
        )

    async def _look_after(self, wallet: StoredWallet) -> None:
        self._again.pop(wallet.id, None)
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
            if isinstance(shown, WarifuError):
                self._again[wallet.id] = time.monotonic() + _SILENT_SECONDS
                continue
            for each in genuine(shown.visits):
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
                        [shown] = genuine((await self._told(identity, stored)).visits)
                        views.setdefault(stored.visit, {})[identity] = shown

    # --- one visit --------------------------------------------------------------------------------------------------

    async def _go_on(self, wallet: StoredWallet, visit: bytes, views: Views) -> None:
        """Step by step, until nothing more can be done now."""
        tries = self._tried(visit)
        tries.hurry(views)
        tries.begins()
        rules = await asyncio.to_thread(rules_of, self._database, wallet)
        some = common(views)
        exchange = rules.policy.rules_at(some.exchange)
        pairs = exchange.pairs if exchange is not None else ()
        tiers: dict[bytes, int] = {}
        if leaves_it_to_its_carrier(some):
            tiers = await self._tiers(views)
            self._compare(wallet.name)  # what is due stands in the way of the next round
        done: set[Task] = set()
        failed: Counter[bytes] = Counter()
        barred: set[bytes] = set()
        pages: Counter[bytes] = Counter()
        well, went = True, False
        while True:
            turn = tries.turn
            if leaves_it_to_its_carrier(some):
                turn = tries.failed // 3 + tries.turn // _TURNS
            signing = partial(self._signing, wallet, views)
            found = plan(
                views,
                int(time.time()),
                turn,
                pairs,
                tiers,
                signing,
                wallet.request.threshold,
                tries.waiting(),
            )
            tasks = [task for task in found if task not in done and task.carrier not in barred]
            tasks = [task for task in tasks if failed[task.carrier] < _FAILURES]
            task = next((task for task in tasks if self._participants(wallet, views, task)), None)
            if task is None:
                if barred and not went:
                    tries.until = time.monotonic() + STUCK_SECONDS
                elif well:  # an exchange that does not answer a look is not asked more often for that
                    tries.look_again(views)
                tries.rest(views, tries.waiting())
                return
            done.add(task)
            try:
                result = await self._do(wallet, visit, views, task)
                if (result.outcome, task.step) == ("not-there", "address"):
                    result = await self._made(wallet, visit, views, task)
            except WarifuError as error:
                well = well and task.step not in _LOOK
                failed[task.carrier] += 1
                tries.failed += 1
                tries.later(error.retry_after or 0)
                continue
            before, views[task.carrier] = views[task.carrier], result.shown
            if result.reason == MORE_PAGES and pages[task.carrier] < _MOST_PAGES:
                pages[task.carrier] += 1
                done.discard(task)
                continue
            if result.shown.state != before.state:
                tries.count = 0
            if task.step == "sweep" and leaves_it_to_its_carrier(some):
                tries.failed = 0 if result.outcome == "done" else tries.failed + 3
                self._compare(wallet.name)
            if (result.outcome, task.step) == ("refused", "sweep") and not is_too_little(result.shown, task):
                tries.refused[task.carrier, task.symbol] = time.monotonic() + STUCK_SECONDS
            if (result.outcome, task.step) == ("done", "sweep"):
                tries.count = 0
            if result.outcome == "refused" and result.shown.barred:  # as it says: others ask for themselves
                barred.add(task.carrier)
                continue
            went = True
            if result.outcome != "done":
                well = well and task.step not in _LOOK
                tries.later(result.retry_after)
            elif task.step == "cancel":  # what it held is free now
                done -= {each for each in done if each.step == "balance"}
            self._bell.ring()

    async def _made(self, wallet: StoredWallet, visit: bytes, views: Views, task: Task) -> ErrandDone:
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

    def _participants(self, wallet: StoredWallet, views: Views, task: Task) -> tuple[bytes, ...] | None:
        """The carrier, and where something is signed those who sign with it; None where too few are there."""
        if task.step == "price":
            return (task.carrier,) if self._hub.connected(task.carrier) else None
        return self._signing(wallet, views, task.carrier)

    def _signing(self, wallet: StoredWallet, views: Views, carrier: bytes) -> tuple[bytes, ...] | None:
        """A carrier and as many others as sign, other ones with each try."""
        view = views[carrier]
        if not self._hub.connected(carrier):
            return None
        if "address" not in view.wants:
            return (carrier,)
        others = [identity for identity in sorted(views) if identity != carrier]
        others = [identity for identity in others if self._hub.connected(identity)]
        turn = self._tried(view.visit).turn
        return with_helpers(carrier, others, wallet.request.threshold - 1, turn)

    async def _do(self, wallet: StoredWallet, visit: bytes, views: Views, task: Task) -> ErrandDone:
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

    async def _place(self, wallet: StoredWallet, view: VisitShown, task: Task) -> str:
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

    def _tried(self, visit: bytes) -> VisitTries:
        return self._tries.setdefault(visit, VisitTries())


def _said(there: tuple[bytes, ...], answers: Sequence[T | BaseException]) -> dict[bytes, T | WarifuError]:
    """What each device said, or why it did not. A mistake of ours goes further."""
    said: dict[bytes, T | WarifuError] = {}
    for identity, answer in zip(there, answers, strict=True):
        if isinstance(answer, BaseException) and not isinstance(answer, WarifuError):
            raise answer
        said[identity] = answer
    return said


def _refuses(answer: Visits | WarifuError) -> bool:
    """Whether a device heard it, and said no."""
    return isinstance(answer, WarifuError) and answer.reason not in _UNHEARD


def _nobody_there() -> ServiceRefused:
    return ServiceRefused(
        "device-offline",
        "no device of the wallet is connected",
        not_done="Nothing was opened.",
        remedy="Start the wallet's devices ('warifu devices' shows which are connected), then open it again.",
    )


def _judge(task: Task, visit: bytes, identity: bytes, result: bytes) -> None:
    if identity == task.carrier:
        done = decode(ErrandDone, result, MAX_BODY_BYTES)
        told = done.visit if done.shown.visit == visit and genuine([done.shown]) else b""
    else:
        told = decode(Cosigned, result, MAX_BODY_BYTES).request
    if told != visit:
        raise PeerMisbehaved("result", "a device handed in the result of another visit")
