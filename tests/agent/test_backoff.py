"""Pauses between attempts grow, stay bounded, and begin small again after a success."""

import pytest

from warifu.agent.backoff import Backoff

pytestmark = pytest.mark.unit


def test_pauses_double_up_to_the_longest():
    backoff = Backoff(first=1.0, longest=8.0)
    pauses = [backoff.next() for _ in range(6)]
    for pause, ceiling in zip(pauses, (1, 2, 4, 8, 8, 8), strict=True):
        assert ceiling / 2 <= pause <= ceiling


def test_a_success_resets_them():
    backoff = Backoff(first=1.0, longest=8.0)
    for _ in range(5):
        backoff.next()
    backoff.reset()
    assert backoff.next() <= 1.0


def test_two_devices_do_not_come_back_in_step():
    assert len({Backoff().next() for _ in range(20)}) > 1
