"""A transaction that peers do not tell of is offered at once, and then seldom."""

from __future__ import annotations

import pytest

from warifu.service.workflows.offers import PAUSE_SECONDS, Offers

pytestmark = pytest.mark.unit


def test_the_first_offer_is_due_at_once_and_the_next_after_the_pause():
    offers = Offers()
    assert offers.due("a", 0.0)
    offers.made("a", 0.0)
    assert not offers.due("a", PAUSE_SECONDS - 1)
    assert offers.due("b", 1.0)
    assert offers.due("a", PAUSE_SECONDS)
