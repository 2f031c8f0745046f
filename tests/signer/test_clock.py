"""The device's own time: setting the clock back wins nothing, and one that once ran ahead freezes nobody's money."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.simulator import PASSPHRASE, START, Household, signed

from warifu.signer.clock import BELIEVED_BEHIND, Clock

pytestmark = pytest.mark.unit

WHO = ["device0", "device1"]
YEARS = 50 * 365 * 24 * 3600


class Hands:
    """A wall clock and a stopwatch that the test moves."""

    def __init__(self, wall: int) -> None:
        self.wall = wall
        self.stopwatch = 0.0

    def clock(self, last: int) -> Clock:
        return Clock(lambda: self.wall, last, lambda: self.stopwatch)

    def pass_(self, seconds: float) -> None:
        self.wall += int(seconds)
        self.stopwatch += seconds


@pytest.fixture
def home(tmp_path: Path):
    household = Household(tmp_path, 2)
    household.make_wallet(2)
    yield household
    household.close()


def test_time_is_the_machines():
    hands = Hands(START)
    clock = hands.clock(START - 10)
    assert clock.now() == START
    hands.pass_(7)
    assert clock.now() == START + 7


@pytest.mark.parametrize("back", [1, 3600, YEARS])
def test_while_it_runs_time_goes_on_from_the_latest_moment_when_the_clock_is_set_back(back):
    hands = Hands(START)
    clock = hands.clock(START)
    assert clock.now() == START
    hands.wall -= back
    assert clock.now() == START
    for _ in range(10):
        hands.pass_(0.5)
        clock.now()
    assert clock.now() == START + 5
    hands.wall = START + 100
    assert clock.now() == START + 100


def test_a_start_with_a_clock_that_is_a_little_behind_goes_on_from_the_journal():
    hands = Hands(START - BELIEVED_BEHIND)
    assert hands.clock(START).now() == START


def test_a_start_with_a_clock_that_is_far_behind_believes_it():
    hands = Hands(START - BELIEVED_BEHIND - 1)
    assert hands.clock(START).now() == START - BELIEVED_BEHIND - 1


def test_a_clock_that_once_jumped_ahead_does_not_freeze_the_money_for_ever(home):
    """Forged NTP sets the devices' clocks fifty years ahead; one line in the journal makes them remember it."""
    for device in ("device0", "device1"):
        home.clock.pass_(YEARS)
        home[device].send_bytes(b"nonsense")
        home.clock.pass_(-YEARS)
        home[device].restart()
        home[device].restart()
    payment = home.pay()
    assert signed(payment, home.sign(payment, WHO))


def test_what_was_spent_and_how_long_to_wait_outlives_a_start_that_believes_the_clock(home):
    """Else whoever sets the clock back by more than a day would have a fresh day, and tries without waiting."""
    payment = home.pay()
    assert signed(payment, home.sign(payment, WHO))
    spent = home["device0"].status().wallets[0].spent_today
    assert spent
    for _ in range(3):
        wrong = home.pay(first_coin=5)
        home["device0"].send(home.openings(wrong.request, WHO, wrong.unsigned, "wrong")["device0"])
        home.clock.pass_(5)
    before = home["device0"].status().wallets[0]
    home.clock.pass_(-2 * BELIEVED_BEHIND)
    home["device0"].restart()
    home["device1"].restart()
    after = home["device0"].status().wallets[0]
    assert (after.spent_today, after.tries_left, after.next_try) == (
        spent,
        before.tries_left,
        before.next_try,
    )
    late = home.pay(first_coin=7)
    refused = home["device0"].send(home.openings(late.request, WHO, late.unsigned, PASSPHRASE)["device0"])[0]
    assert refused.refusal.reason == "must-wait"
