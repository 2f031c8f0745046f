"""How often, how long, and for what a server is asked again."""

from __future__ import annotations

import pytest

from warifu.chains.rpc.retries import RETRIED, Retries
from warifu.chains.rpc.unavailable import unavailable
from warifu.errors import ChainUnavailable

pytestmark = pytest.mark.unit


class World:
    """A clock that only sleeping moves."""

    def __init__(self, *failures: ChainUnavailable, jitter: float = 0.0) -> None:
        self.now = 100.0
        self.slept: list[float] = []
        self.left: list[float] = []
        self._failures = list(failures)
        self.retries = Retries(
            first_pause=0.2, sleep=self._sleep, jitter=lambda: jitter, clock=lambda: self.now
        )

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def once(self, left: float) -> str:
        self.left.append(left)
        if self._failures:
            raise self._failures.pop(0)
        return "answer"


def down(reason: str = "unreachable", retry_after: int | None = None) -> ChainUnavailable:
    return unavailable(reason, "down", "node", retry_after=retry_after)


def test_an_answer_is_not_asked_for_twice():
    world = World()
    assert world.retries.run(world.once, 60) == "answer"
    assert world.left == [60]


@pytest.mark.parametrize("reason", sorted(RETRIED))
def test_what_may_be_gone_in_a_moment_is_tried_three_times_with_longer_pauses(reason):
    world = World(*[down(reason)] * 3)
    with pytest.raises(ChainUnavailable) as refused:
        world.retries.run(world.once, 60)
    assert refused.value.reason == reason
    assert world.slept == [0.2, 0.4]


@pytest.mark.parametrize(
    "reason",
    [
        "time-out",
        "answer-size",
        "answer-form",
        "credentials",
        "credits",
        "not-found",
        "too-large",
        "bad-request",
    ],
)
def test_what_stays_the_same_is_not_tried_again(reason):
    world = World(down(reason), down(reason))
    with pytest.raises(ChainUnavailable):
        world.retries.run(world.once, 60)
    assert world.slept == []


def test_the_server_s_own_wish_is_granted_within_bounds():
    world = World(down("busy", 3))
    assert world.retries.run(world.once, 60) == "answer"
    assert world.slept == [3]
    world = World(down("busy", 6))
    with pytest.raises(ChainUnavailable) as refused:
        world.retries.run(world.once, 60)
    assert refused.value.retry_after == 6
    assert world.slept == []


def test_jitter_stretches_a_pause_by_up_to_a_half():
    world = World(down(), down("busy", 2), jitter=1.0)
    world.retries.run(world.once, 60)
    assert world.slept == pytest.approx([0.3, 3.0])


def test_the_deadline_covers_all_tries():
    world = World(down("busy", 4), down("busy", 4), down("busy", 4))
    with pytest.raises(ChainUnavailable):
        world.retries.run(world.once, 10)
    assert world.left == [10, 6, 2]
    assert world.now <= 110
