"""What is compared with a list at the exchange that is longer than one page."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.exchange_days import order, withdrawal
from tests.support.exchange_world import World
from tests.support.simulator import FRIEND

from warifu.exchanges.attempt import SETTLE
from warifu.exchanges.calls import Call
from warifu.exchanges.coinbase.adapters import Coinbase
from warifu.protocol.events.exchanges import CallCompared
from warifu.protocol.exchange_answers import MORE_PAGES, CallResult
from warifu.signer.exchanges import comparing

pytestmark = pytest.mark.real

COINBASE = Coinbase()
DEAD = 120 + SETTLE // 1000 + 1


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.split()
    made.stand_in.page = 1
    yield made
    made.close()


def an_order() -> Call[Any]:
    return COINBASE.place(replace(order("coinbase"), client_id=str(uuid.uuid4())))


def orders(world: World, count: int) -> list[bytes]:
    """So many of them, one after the other, each found once; their tokens are dead now."""
    made = []
    for _ in range(count):
        asked, _ = world.ask(an_order())
        assert world.compare(asked.digest).outcome in ("done", "unanswered")
        made.append(asked.digest)
        world.home["device1"].device.calls.found(asked.digest)  # whichever page it is on
    world.home.clock.pass_(DEAD)
    return made


def pages(world: World, about: bytes, most: int = 20) -> list[CallResult]:
    """One comparison, as often as there are pages."""
    results = []
    for _ in range(most):
        results.append(world.compare(about))
        if results[-1].reason != MORE_PAGES:
            return results
    raise AssertionError("it does not end")


def test_a_list_of_several_pages_is_gone_through_to_its_end(world):
    made = orders(world, 3)
    for about in made:
        assert [result.outcome for result in pages(world, about)] == ["unanswered", "unanswered", "done"]
    assert world.due("device1") == [] and not world.frozen()


def test_a_stranger_on_the_last_page_is_found(world):
    about = orders(world, 2)[0]
    orders_there = world.stand_in.orders
    orders_there.append(orders_there[0] | {"client_order_id": str(uuid.uuid4())})
    assert [result.outcome for result in pages(world, about)] == ["unanswered", "unanswered", "differs"]
    assert world.frozen()


def test_what_is_there_once_on_each_of_two_pages_was_made_twice(world):
    about = orders(world, 1)[0]
    world.stand_in.orders.append(dict(world.stand_in.orders[0]))
    assert [result.outcome for result in pages(world, about)] == ["unanswered", "differs"]
    assert world.frozen()
    [event] = [e for _, e in world.home["device1"].device.journal.entries() if isinstance(e, CallCompared)]
    assert event.words == ("made more than once",)


def test_another_call_that_was_made_twice_is_found_over_two_pages(world):
    first, _ = orders(world, 2)
    world.stand_in.orders.append(dict(world.stand_in.orders[1]))
    assert pages(world, first)[-1].outcome == "differs"


def test_a_page_that_is_shown_again_is_no_second_order(world):
    """A list that moves by one between two questions has one thing on both pages, and it is the same one."""
    about = orders(world, 2)[0]
    assert world.compare(about).reason == MORE_PAGES
    first = world.home["device1"].device.calls.progress(about)
    world.home["device1"].device.calls.goes_on(about, replace(first, after="0"))
    assert [result.outcome for result in pages(world, about)] == ["unanswered", "done"]
    assert not world.frozen()


def test_a_restart_between_two_pages_begins_anew(world):
    about = orders(world, 3)[0]
    assert world.compare(about).reason == MORE_PAGES
    world.home["device1"].restart()
    assert len(pages(world, about)) == 3
    assert about not in world.due("device1")


def test_a_list_without_an_end_stays_owed_and_is_begun_anew(world, monkeypatch):
    monkeypatch.setattr(comparing, "MOST_PAGES", 2)
    about = orders(world, 3)[0]
    for _ in range(2):
        assert [result.reason for result in pages(world, about)] == [MORE_PAGES, "too-little-said"]
    assert about in world.due("device1") and not world.frozen()


def test_a_list_that_goes_on_and_does_not_say_where_proves_nothing(world):
    about = orders(world, 2)[0]
    world.stand_in.spoil = lambda _request, pieces: [
        piece.replace(b'"cursor": "1"', b'"cursor": "" ') for piece in pieces
    ]
    assert pages(world, about)[-1].reason == "too-little-said"
    assert about in world.due("device1")


def test_a_withdrawal_is_looked_for_behind_what_left_since(world):
    """The list of an account has no bounds in time: what came later is on its first pages."""
    asked, _ = world.ask(COINBASE.withdraw(replace(withdrawal("coinbase"), address=FRIEND)))
    world.home.clock.pass_(DEAD)
    sends = world.stand_in.sends
    for _ in range(3):
        late = 1000 * (world.home.clock() + 1)
        sends.append(sends[0] | {"idem": str(uuid.uuid4()), "created": late})
    assert [result.outcome for result in pages(world, asked.digest)] == ["unanswered"] * 3 + ["done"]
    assert world.due("device1") == [] and not world.frozen()
