"""Visits, for people and for scripts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from warifu.cli.exchanges.visits import Said, Seen
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.cli.waiting_shown import SHORT, moment
from warifu.protocol.chains import coin_decimals, spoken
from warifu.protocol.exchange_requests import VisitAsset, VisitRequest
from warifu.protocol.exchange_visits import SweepShown, There, VisitShown, Worth
from warifu.units import format_quantity

_STATES = {
    "opened": lambda: tr("the way back is not proven yet"),
    "proven": lambda: tr("funds may go there"),
    "funded": lambda: tr("funds are on their way there"),
    "trading": lambda: tr("there"),
    "sweeping": lambda: tr("on the way home"),
    "home": lambda: tr("home"),
    "stuck": lambda: tr("STUCK at the exchange"),
}


def show_seen(screen: Screen, seen: Seen, threshold: int) -> None:
    """One visit: what was asked for, what each device says, and what came home."""
    one = seen.one
    where = f"{one.exchange}, {tr('SIMULATION')}" if seen.simulation else one.exchange
    screen.line(f"{one.visit.hex()[:SHORT]}  {one.request.account} ({where})", style="bold")
    facts = [(tr("brings at most"), amount_of(one.request)), (tr("until"), moment(one.request.until))]
    if one.request.others:
        others = (f"{each.symbol} ({spoken(each.chain)})" for each in one.request.others)
        facts.append((tr("also comes home"), ", ".join(others)))
    if one.worth is not None:
        facts.append((tr("may lose at most"), loss_of(one.worth.bound)))
    address = seen.address(threshold)
    if address is not None:
        facts.append((tr("deposit address"), address))
    facts += [(device, _state(view)) for device, view in seen.views]
    for sweep in _sweeps(seen):
        words = f"{sweep.amount} {sweep.symbol} -> {sweep.to}  {sweep.state}"
        facts.append((tr("sweep"), " ".join(filter(None, (words, sweep.reason, sweep.transaction)))))
    screen.facts(facts)
    if any("listed" in view.missing for _, view in seen.views):
        screen.warn(
            tr(
                "the exchange's own list has not every address that this would come home to: put it there (for new "
                "ones exchanges wait a while), and it is looked at again"
            )
        )
    if any("travel-rule" in view.missing for _, view in seen.views) or any(
        sweep.reason == "travel-rule" and view.state == "stuck"
        for _, view in seen.views
        for sweep in view.sweeps
    ):
        screen.warn(
            tr(
                "the exchange wants to know who is paid: state it with 'warifu exchange travel-rule WALLET {account}', "
                "and it is tried again",
                account=one.request.account,
            )
        )
    if any(view.barred for _, view in seen.views):
        screen.warn(
            tr(
                "the exchange does not take the key of {account}: it was revoked there or has expired (or a clock is "
                "wrong). Look at it on its site, or give the devices a new one: warifu exchange rotate WALLET "
                "{account}. Then, at once: warifu visit sweep WALLET",
                account=one.request.account,
            )
        )
    for locked in _locked(seen):
        screen.warn(
            tr(
                "{amount} {symbol} came into a vault (or another account that no key sends from) during the visit and "
                "does not come home by itself: withdraw it to a wallet on the exchange's site, which takes its "
                "approvals and 48 hours; from there it is brought home",
                amount=locked.came,
                symbol=locked.symbol,
            )
        )
    if any(sweep.state == "differs" for sweep in _sweeps(seen)):
        screen.warn(
            tr(
                "something else left the exchange than devices signed: the wallet is frozen; a device was taken over"
            )
        )


def _locked(seen: Seen) -> list[There]:
    """Of each asset what came into accounts that no key sends from: the most that a device says, which has not seen it
    leave them again."""
    most: dict[str, There] = {}
    for each in (there for _, view in seen.views if view.state != "home" for there in view.there):
        if Decimal(each.came) > Decimal(most[each.symbol].came if each.symbol in most else 0):
            most[each.symbol] = each
    return [most[symbol] for symbol in sorted(most)]


_WHY = {
    "owner": lambda: tr("an owner ended it"),
    "time": lambda: tr("its time is over"),
    "loss": lambda: tr("MORE WAS LOST THAN IT MAY LOSE"),
    "account": lambda: tr("its account was removed"),
}
_UNVALUED = {
    "no-look": lambda: tr("not looked at yet"),
    "no-pair": lambda: tr("something there has no pair in the policy by which it could be valued"),
    "too-many": lambda: tr("more was traded than it asks prices for"),
    "no-price": lambda: tr("the exchange says no price that can be used"),
    "old": lambda: tr("not looked at lately"),
}


def loss_of(bound: int | None) -> str:
    """A share, in words."""
    return tr("what the policy says") if bound is None else format_quantity(bound, 2, "%")


def home_of(asset: VisitAsset) -> str:
    """Where it comes home to."""
    return asset.home or tr("a fresh address of the wallet's own")


def others_of(request: VisitRequest) -> str:
    """What else comes home, and where to if that is named."""
    words = (f"{each.symbol} -> {each.home}" if each.home else each.symbol for each in request.others)
    return ", ".join(words) or "-"


def amount_of(request: VisitRequest) -> str:
    """A token's amount is in its smallest unit: its decimals are the policy's to know."""
    if request.token:
        return f"{request.amount} ({request.brings.symbol} {request.token})"
    return format_quantity(int(request.amount), coin_decimals(request.brings.chain), request.brings.symbol)


def show_refusals(screen: Screen, said: Sequence[Said]) -> None:
    """Which devices said no, and why. What all of them say alike is the command's error, and said once."""
    words = {each.refusal.message if each.refusal is not None else "" for each in said}
    if len(said) > 1 and len(words) == 1:
        return
    for each in said:
        if each.refusal is not None:
            screen.warn(tr("{device}: {words}", device=each.device, words=each.refusal.message))


def seen_object(seen: Seen, threshold: int) -> dict[str, Any]:
    """For scripts: amounts of a chain in the smallest unit, of the exchange in whole units."""
    one = seen.one
    return {
        "id": one.visit.hex(),
        "account": one.request.account,
        "exchange": one.exchange,
        "simulation": seen.simulation,
        "asset": one.request.brings.symbol,
        "chain": one.request.brings.chain,
        "token": one.request.token,
        "amount": one.request.amount,
        "until": one.request.until,
        "home": one.request.brings.home,
        "others": [
            {"asset": each.symbol, "chain": each.chain, "home": each.home} for each in one.request.others
        ],
        "address": seen.address(threshold),
        "devices": {device: _view(view) for device, view in seen.views},
    }


def _view(view: VisitShown) -> dict[str, Any]:
    return {
        "state": view.state,
        "ended": view.ended,
        "proven": list(view.proven),
        "address": view.address,
        "brought": view.brought,
        "there": [msgspec.structs.asdict(each) for each in view.there],
        "sweeps": [msgspec.structs.asdict(each) for each in view.sweeps],
        "why": view.why,
        "missing": list(view.missing),
        "barred": view.barred,
        "worth": None if view.worth is None else msgspec.structs.asdict(view.worth),
    }


def _state(view: VisitShown) -> str:
    there = ", ".join(
        f"{each.free} {each.symbol}" + (f" (+{each.held})" if each.held != "0" else "")
        for each in view.there
        if (each.free, each.held) != ("0", "0")
    )
    vaults = ", ".join(f"{each.locked} {each.symbol}" for each in view.there if each.locked != "0")
    parts = [_STATES[view.state]()]
    if view.barred:
        parts.append(view.barred)
    if view.why:
        parts.append(_WHY[view.why]())
    if there:
        parts.append(tr("seen there: {there}", there=there))
    if vaults:
        parts.append(tr("in vaults, not to be swept: {there}", there=vaults))
    if view.worth is not None and view.state in ("funded", "trading", "sweeping", "stuck"):
        parts.append(_worth(view.worth, view.request.brings.symbol))
    return "; ".join(parts)


def _worth(worth: Worth, symbol: str) -> str:
    """What it is worth, how much of what it was is lost, and what this device cannot say. No loss is said where nobody
    could measure one."""
    if not worth.value or not Decimal(worth.credited):
        return tr("worth: not known ({why})", why=_UNVALUED[worth.unvalued or "no-look"]())
    lost = max(Decimal(0), 1 - Decimal(worth.value) / Decimal(worth.credited))
    words = tr(
        "worth {value} of {credited} {symbol}, {lost} lost",
        value=f"{Decimal(worth.value).normalize():f}",
        credited=f"{Decimal(worth.credited).normalize():f}",
        symbol=symbol,
        lost=f"{lost * 100:.2f}%",
    )
    if worth.unvalued:
        words += " " + tr(
            "at {moment}; not known now ({why})", moment=moment(worth.valued), why=_UNVALUED[worth.unvalued]()
        )
    return words


def _sweeps(seen: Seen) -> Iterator[SweepShown]:
    """Each once, as whoever carried it knows it best; or whoever found that its carrier made something else of it."""
    best: dict[tuple[str, int], SweepShown] = {}
    for _, view in seen.views:
        for sweep in view.sweeps:
            place = sweep.symbol, sweep.round
            if place not in best or best[place].state == "signed" or sweep.state == "differs":
                best[place] = sweep
    yield from (best[place] for place in sorted(best))
