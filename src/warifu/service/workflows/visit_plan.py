"""What is done next for a visit: from what the devices show, and from nothing else."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from warifu.protocol.exchange_requests import VisitAsset
from warifu.protocol.exchange_visits import Step, VisitShown
from warifu.protocol.policy import DAY
from warifu.service.workflows.visit_views import Signing, common, newest, standing

_ADDRESS_SECONDS = DAY // 2
"""After so long a deposit address is fetched anew: devices let funds go to it for a day."""
_ENDING = ("sweeping", "stuck", "home")
LOOK_SECONDS = 45
"""After so long a device looks again what a visit is worth whose loss is bounded."""
LOOK_AGAIN_SECONDS = 21
"""After so long where it found too little: it wants to find that twice."""
_UNDER_WAY = ("signed", "unknown", "pending")


@dataclass(frozen=True)
class Task:
    """One step, by one carrier."""

    carrier: bytes
    step: Step
    symbol: str
    round: int = 0
    pair: str = ""


def plan(
    views: Mapping[bytes, VisitShown],
    now: int,
    turn: int,
    pairs: Sequence[str] = (),
    tiers: Mapping[bytes, int] | None = None,
    signing: Signing | None = None,
    threshold: int = 1,
    refused: Collection[tuple[bytes, str]] = (),
) -> list[Task]:
    """What can be done for a visit that devices see so, in this order. ``turn``: who leads the way home changes with
    it. ``pairs``: that the policy lets be traded there. ``tiers``: of devices, where a carrier could change a sweep:
    there the highest leads first. ``signing``: all where it is not told; ``threshold``: of the wallet.
    ``refused``: carriers, and assets that they do not sweep now."""
    some = common(views)
    brought = some.request.brings.symbol
    looks = _looks(views, now)
    if not is_ending(views):
        return (
            looks
            + _names(views, brought)
            + [
                Task(identity, step, brought)
                for identity, view in sorted(views.items())
                for step in view.wants
                if (step not in view.proven and step != "wallets")
                or (step == "address" and now > view.fetched + _ADDRESS_SECONDS)
            ]
            + [
                Task(identity, "balance", brought)
                for identity, view in sorted(views.items())
                if view.state == "funded"
            ]
        )
    awake = awake_of(views)
    lead = awake[turn % len(awake)] if awake else min(views)
    if awake and leaves_it_to_its_carrier(some):
        banned = [identity for view in views.values() for identity in view.banned]
        awake.sort(key=lambda each: (banned.count(each), -(tiers or {}).get(each, 0), each))
        lead = awake[turn % len(awake)]
    tasks = looks + _names(views, brought)
    together = views if signing is None else signing(lead) or ()
    for asset in assets_of(some):
        known, own = standing(views, asset.symbol, together, threshold), newest(views[lead], asset.symbol)
        last = max((sweep.round for sweep in known), default=-1)
        if own is not None and own.state in _UNDER_WAY:
            tasks.append(Task(lead, "outcome", asset.symbol, own.round))
        tasks.append(Task(lead, "balance", brought))
        seen = next((there for there in views[lead].there if there.symbol == asset.symbol), None)
        if seen is not None and (Decimal(seen.free) or Decimal(seen.locked)):
            tasks += _names(views, asset.symbol)
        waits = [sweep for sweep in known if sweep.state != "refused" and now < sweep.again_from]
        if seen is not None and Decimal(seen.free) and not waits and (lead, asset.symbol) not in refused:
            tasks.append(Task(lead, "sweep", asset.symbol, last + 1))
    held = {there.symbol for there in views[lead].there if Decimal(there.held)}
    steps: tuple[Step, ...] = ("orders", "cancel") if "wallets" in some.wants else ("cancel",)
    cancels = [
        Task(lead, step, brought, pair=pair)
        for pair in pairs
        if held & set(pair.split("-"))
        for step in steps
    ]
    if cancels:
        tasks = [Task(lead, "balance", brought), *cancels, *tasks]
    if views[lead].state == "home":
        tasks += [Task(identity, "balance", brought) for identity in awake]
    return list(dict.fromkeys(tasks))


def _looks(views: Mapping[bytes, VisitShown], now: int) -> list[Task]:
    """Each device measures for itself what is lost, as long as something is there: also those that find it later than
    others, because what holds it there is cancelled by devices that found it themselves."""
    if not _is_there(views):
        return []
    tasks = []
    for identity, view in sorted(views.items()):
        worth, brought = view.worth, view.request.brings.symbol
        if worth is None or view.state in _ENDING:
            continue
        tasks += [Task(identity, "price", brought, pair=pair) for pair in worth.wanted]
        if not worth.wanted and now >= worth.looked + _look_pause(view):
            tasks.append(Task(identity, "balance", brought))
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


def is_ending(views: Mapping[bytes, VisitShown]) -> bool:
    """Whether some device brings it home, or has it there."""
    return any(view.state in _ENDING for view in views.values())


def awake_of(views: Mapping[bytes, VisitShown]) -> list[bytes]:
    """Who can carry it home."""
    awake = sorted(identity for identity, view in views.items() if view.state in ("sweeping", "stuck"))
    return awake or sorted(identity for identity, view in views.items() if view.state != "home")


def left_of(views: Mapping[bytes, VisitShown]) -> set[str] | None:
    """Assets of which some was seen there last of all, by whichever device. None where that may have changed: an order
    holds some, or what was signed may still be taken."""
    left = set()
    for asset in assets_of(common(views)):
        looks = [there for view in views.values() for there in view.there if there.symbol == asset.symbol]
        sweeps = [sweep for view in views.values() if (sweep := newest(view, asset.symbol))]
        seen = max(looks, key=lambda there: there.at, default=None)
        if seen is None or Decimal(seen.held) or any(seen.at < sweep.again_from for sweep in sweeps):
            return None
        if Decimal(seen.free):
            left.add(asset.symbol)
    return left


def is_too_little(view: VisitShown, task: Task) -> bool:
    """Whether it was refused for being less than the exchange lets go. Each device has to hear that itself before the
    visit is at home for it."""
    sweep = newest(view, task.symbol)
    return sweep is not None and sweep.reason == "below-minimum"


def _is_there(views: Mapping[bytes, VisitShown]) -> bool:
    """Whether something was brought. Where others have it home already, a device still has to find that it is over."""
    return any(view.state in ("funded", "trading", *_ENDING) for view in views.values())


def _look_pause(view: VisitShown) -> int:
    return LOOK_AGAIN_SECONDS if view.worth is not None and view.worth.low else LOOK_SECONDS


def _names(views: Mapping[bytes, VisitShown], symbol: str) -> list[Task]:
    """Whoever signs for what leaves an account there has to know how it is called."""
    return [
        Task(identity, "wallets", symbol)
        for identity, view in sorted(views.items())
        if "wallets" in view.wants and symbol not in view.wallets
    ]


def leaves_it_to_its_carrier(view: VisitShown) -> bool:
    """Whether its key is shared and covers method and path alone."""
    return {"wallets", "address"} <= set(view.wants)


def assets_of(view: VisitShown) -> tuple[VisitAsset, ...]:
    """All of which what is left comes home."""
    return view.request.assets
