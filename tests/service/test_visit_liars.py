"""A visit comes home with the devices that are honest, whatever a taken-over one shows or says of its steps."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from tests.service.test_visit_plan import CDP, ENDING, NOW, ONE, TWO, WANTS, sees, swept

from warifu.errors import SessionAborted
from warifu.protocol.exchange_answers import MORE_PAGES
from warifu.protocol.exchange_visits import ErrandDone, VisitShown
from warifu.protocol.request import request_digest
from warifu.service.workflows import visits as module
from warifu.service.workflows.visit_plan import plan
from warifu.service.workflows.visit_views import common, genuine
from warifu.service.workflows.visits import VisitsAtWork

pytestmark = pytest.mark.unit

THREE = b"3" * 32
LIARS = (ONE, TWO, THREE)
HONEST = sees(ENDING, "1")


def views_with(liar: bytes, shown: VisitShown) -> dict[bytes, VisitShown]:
    return {identity: shown if identity == liar else HONEST for identity in LIARS}


def swept_by(views: dict[bytes, VisitShown], signing: tuple[bytes, ...]) -> list[int]:
    found = plan(views, NOW, LIARS.index(signing[0]), (), None, lambda _carrier: signing, 2)
    return [task.round for task in found if task.step == "sweep" and task.carrier == signing[0]]


@pytest.mark.parametrize(
    "lie",
    [
        swept(HONEST, 2**31 - 2, "signed", again_from=NOW),
        swept(HONEST, 0, "signed", again_from=NOW + 10**9),
    ],
)
def test_what_one_device_shows_of_rounds_keeps_nobody_else_from_the_next(lie):
    assert swept_by(views_with(THREE, lie), (ONE, TWO)) == [0]


def test_what_as_many_show_as_sign_is_waited_for_and_followed_also_by_others():
    """Two of four were brought to a sweep: the other two send nothing before that is dead."""
    out = swept(HONEST, 4, "signed", again_from=NOW + 1)
    assert swept_by({**views_with(THREE, out), b"4" * 32: out}, (ONE, TWO)) == []
    dead = swept(HONEST, 4, "signed", again_from=NOW)
    assert swept_by({**views_with(THREE, dead), b"4" * 32: dead}, (ONE, TWO)) == [5]


def test_what_a_device_shows_of_another_request_is_none_of_this_visit():
    true = msgspec.structs.replace(HONEST, visit=request_digest(HONEST.request))
    other = msgspec.structs.replace(true.request, amount="51")
    assert genuine([true, msgspec.structs.replace(true, request=other)]) == [true]


@pytest.mark.parametrize("liar", LIARS)
def test_at_which_exchange_it_is_and_by_what_key_is_what_most_devices_show(liar):
    lie = msgspec.structs.replace(HONEST, exchange="coinbase", wants=CDP)
    shown = common(views_with(liar, lie))
    assert (shown.exchange, shown.wants) == ("binance", WANTS)


# --- step by step ---------------------------------------------------------------------------------------------------

Says = Callable[[Any, VisitShown], tuple[str, str, VisitShown]]


def toggles(_task: Any, view: VisitShown) -> tuple[str, str, VisitShown]:
    """All was done, and it stands otherwise each time."""
    state: Any = "stuck" if view.state == "sweeping" else "sweeping"
    return "done", "", sees(view, "0", state=state)


def barred(_task: Any, view: VisitShown) -> tuple[str, str, VisitShown]:
    return "refused", "authentication", msgspec.structs.replace(view, barred="authentication", wallets=())


def fails(_task: Any, _view: VisitShown) -> tuple[str, str, VisitShown]:
    raise SessionAborted("timeout", "nothing was heard")


def always_more(_task: Any, view: VisitShown) -> tuple[str, str, VisitShown]:
    """A list without an end."""
    return "unanswered", MORE_PAGES, view


def unheard(_task: Any, view: VisitShown) -> tuple[str, str, VisitShown]:
    """The exchange never answers it: so many steps of each round that the turn of the others stays the same."""
    return "unanswered", "too-little-said", view


@pytest.mark.parametrize("wants", [WANTS, CDP])
@pytest.mark.parametrize("liar", LIARS)
@pytest.mark.parametrize("says", [toggles, barred, fails, always_more, unheard])
def test_whatever_one_device_says_of_its_steps_two_others_sweep_together(
    monkeypatch, wants, liar, says: Says
):
    start = msgspec.structs.replace(HONEST, wants=wants, proven=wants, wallets=("BTC", "USDT"))
    lie = msgspec.structs.replace(start, wallets=())
    views = {identity: lie if identity == liar else start for identity in LIARS}
    wallet: Any = SimpleNamespace(id=bytes(32), name="savings", request=SimpleNamespace(threshold=2))
    hub: Any = SimpleNamespace(connected=lambda _identity: True)
    rang: Any = SimpleNamespace(ring=lambda: None)
    nothing: Any = None
    work = VisitsAtWork(nothing, hub, rang, nothing, nothing, lambda _name: None, 1.0)
    swept_together: list[tuple[bytes, ...]] = []

    async def do(_wallet: Any, visit: bytes, seen: dict[bytes, VisitShown], task: Any) -> ErrandDone:
        signing = work._participants(wallet, seen, task)
        assert signing is not None
        view = seen[task.carrier]
        if task.carrier == liar:
            outcome, reason, shown = says(task, view)
        elif liar in signing and says is fails:
            raise SessionAborted("timeout", "nothing was heard")
        else:
            outcome, reason, shown = "done", "", view
            if task.step == "sweep" and liar not in signing:
                swept_together.append(signing)
        known: Any = outcome
        return ErrandDone(visit, known, reason, 0, shown)

    async def tiers(_views: Any) -> dict[bytes, int]:
        return {identity: 3 if identity == liar else 1 for identity in LIARS}

    policy = SimpleNamespace(rules_at=lambda _exchange: None)
    monkeypatch.setattr(module, "rules_of", lambda _database, _wallet: SimpleNamespace(policy=policy))
    monkeypatch.setattr(work, "_do", do)
    monkeypatch.setattr(work, "_tiers", tiers)
    for _ in range(32):
        if swept_together:
            break
        asyncio.run(work._go_on(wallet, start.visit, views))
    assert swept_together
    assert work._tried(start.visit).until <= time.monotonic() + module.STUCK_SECONDS


def test_a_list_of_several_pages_is_read_in_one_round_and_one_without_an_end_is_not(monkeypatch):
    """A device begins anew where its first page is old: between two rounds there can be ten minutes."""
    start = msgspec.structs.replace(HONEST, wants=CDP, proven=CDP, wallets=())
    wallet: Any = SimpleNamespace(id=bytes(32), name="savings", request=SimpleNamespace(threshold=1))
    hub: Any = SimpleNamespace(connected=lambda _identity: True)
    rang: Any = SimpleNamespace(ring=lambda: None)
    nothing: Any = None
    asked: list[tuple[bytes, str]] = []

    async def do(_wallet: Any, visit: bytes, seen: dict[bytes, VisitShown], task: Any) -> ErrandDone:
        asked.append((task.carrier, task.step))
        view = seen[task.carrier]
        more = task.step == "wallets" and (task.carrier == TWO or asked.count((ONE, "wallets")) < 3)
        if more:
            return ErrandDone(visit, "unanswered", MORE_PAGES, 0, view)
        if task.step == "wallets":
            view = msgspec.structs.replace(view, wallets=("BTC", "USDT"))
        return ErrandDone(visit, "done", "", 0, view)

    async def tiers(_views: Any) -> dict[bytes, int]:
        return {}

    policy = SimpleNamespace(rules_at=lambda _exchange: None)
    monkeypatch.setattr(module, "rules_of", lambda _database, _wallet: SimpleNamespace(policy=policy))
    work = VisitsAtWork(nothing, hub, rang, nothing, nothing, lambda _name: None, 1.0)
    monkeypatch.setattr(work, "_do", do)
    monkeypatch.setattr(work, "_tiers", tiers)
    views = {ONE: start, TWO: start}
    asyncio.run(work._go_on(wallet, start.visit, views))
    assert asked.count((ONE, "wallets")) == 3 and views[ONE].wallets
    assert 3 < asked.count((TWO, "wallets")) < 50
    assert any(step == "sweep" for _, step in asked)  # the round goes on after it
