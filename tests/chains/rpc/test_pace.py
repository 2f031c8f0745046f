"""Our own pace for a server: never over it, never behind it for nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.chains.rpc.pace import Pace
from warifu.errors import ChainUnavailable, InputRefused

pytestmark = pytest.mark.unit


class World:
    def __init__(self, per_second: float) -> None:
        self.now = 0.0
        self.sent: list[float] = []
        self.pace = Pace(per_second, sleep=self._sleep, clock=lambda: self.now)

    def _sleep(self, seconds: float) -> None:
        self.now += seconds

    def send(self, calls: int = 1, deadline: float = 1e9) -> None:
        self.pace.wait(calls, deadline, "node")
        self.sent += [self.now] * calls


def test_calls_are_evenly_spaced_and_the_first_does_not_wait():
    world = World(10)
    world.now = 5.0
    for _ in range(4):
        world.send()
    assert world.sent == pytest.approx([5.0, 5.1, 5.2, 5.3])
    world.now = 9.0
    world.send()
    assert world.sent[-1] == 9.0


def test_a_batch_counts_as_its_calls():
    world = World(10)
    world.send(10)
    world.send(5)
    assert world.now == pytest.approx(1.0)
    world.send()
    assert world.now == pytest.approx(1.5)


def test_a_wait_beyond_the_deadline_is_not_begun_and_costs_nothing():
    world = World(1)
    world.send(3)
    with pytest.raises(ChainUnavailable) as refused:
        world.send(deadline=2)
    assert (refused.value.reason, refused.value.retry_after) == ("busy", 4)
    assert world.now == 0.0
    world.send()
    assert world.now == pytest.approx(3.0)


@given(st.floats(0.5, 50), st.lists(st.tuples(st.integers(1, 4), st.floats(0, 3)), max_size=30))
def test_no_second_has_more_than_the_pace_and_one_batch(per_second, steps):
    world = World(per_second)
    for calls, idle in steps:
        world.now += idle
        world.send(calls)
    for start in world.sent:
        within = [at for at in world.sent if start <= at < start + 0.999]
        assert len(within) <= per_second + 4


@pytest.mark.parametrize("rate", [0, -1, 0.01, 1e9, float("nan")])
def test_a_rate_that_is_none(rate):
    with pytest.raises(InputRefused):
        Pace(rate)
