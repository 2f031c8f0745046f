"""A transaction that peers do not tell of is offered at once, again soon, and then more and more seldom."""

from __future__ import annotations

import itertools

import pytest

from warifu.service.workflows.offers import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, Offers

pytestmark = pytest.mark.unit


def test_the_first_offer_is_due_at_once_and_each_pause_is_twice_the_last():
    offers, now, pauses = Offers(), 0.0, []
    assert offers.due("a", now)
    for _ in range(8):
        offers.made("a", now)
        pause = next(seconds for seconds in range(1, 2000) if offers.due("a", now + seconds))
        pauses.append(pause)
        now += pause
    assert pauses[0] == FIRST_PAUSE_SECONDS and pauses[-1] == LONGEST_PAUSE_SECONDS
    assert all(
        after == min(2 * before, LONGEST_PAUSE_SECONDS) for before, after in itertools.pairwise(pauses)
    )


def test_one_transfer_does_not_hold_up_another():
    offers = Offers()
    offers.made("a", 0.0)
    assert not offers.due("a", 1.0) and offers.due("b", 1.0)
