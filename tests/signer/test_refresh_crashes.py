"""Power that fails at every write of a refresh, on one device or on all: the key is never lost.

After each crash every pair of devices pays, at the second try at the latest (the first may be what shows the end of the
refresh to a device that missed it), and the next refresh comes to its end.
"""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from tests.support.power import PowerFailure, fail_at
from tests.support.refreshing import (
    epochs,
    household,
    refresh,
    refresh_request,
    refreshed,
    without_the_last_word_to,
)
from tests.support.simulator import Household, signed

from warifu.protocol.frames import ShowEpoch

pytestmark = [pytest.mark.unit, pytest.mark.slow]
WRITES = (
    "the try is counted",
    "the count is cleared",
    "met",
    "heads seen",
    "new shares kept",
    "new shares in force",
)


@pytest.fixture
def home(tmp_path: Path):
    made = household(tmp_path, schemes=("bip340",))
    yield made
    made.close()


def interrupted(home: Household, name: str, number: int, *, after: bool) -> None:
    """A refresh during which ``name`` loses its power, and everything that time ends afterwards."""
    happened = fail_at(home[name], number, after=after)
    with pytest.raises(PowerFailure):
        refresh(home)
    assert happened()
    home[name].restart()
    time_passes(home)


def time_passes(home: Household) -> None:
    home.clock.pass_(200)
    for device in home.devices.values():
        device.tick()


def everybody_pays(home: Household) -> None:
    for number, pair in enumerate(combinations(home.names, 2)):
        payment = home.pay(1_000, first_coin=number)
        outcome = home.sign(payment, pair)
        if outcome.failed:
            assert outcome.code == "session.epoch-differs"
            outcome = home.sign(payment, pair)
        assert signed(payment, outcome)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("number", range(len(WRITES)), ids=WRITES)
@pytest.mark.parametrize("name", ["device0", "device1", "device2"])
def test_the_key_outlives_a_power_failure_at_each_write(home, name, number, after):
    interrupted(home, name, number, after=after)
    before = epochs(home)
    assert set(before) <= {0, 1}
    everybody_pays(home)
    now = max(epochs(home))
    assert now == max(before)
    assert len(set(epochs(home))) == 1  # whoever was behind caught up, by its peers alone
    refreshed(home, refresh(home, now + 1))
    everybody_pays(home)


@pytest.mark.parametrize("number", range(len(WRITES)), ids=WRITES)
def test_the_key_outlives_a_power_failure_of_the_whole_house(home, number):
    """All devices start again from their disks; none of them knows anything of the session any more."""
    interrupted(home, "device1", number, after=True)
    for device in home.devices.values():
        device.restart()
    everybody_pays(home)
    refreshed(home, refresh(home, max(epochs(home)) + 1))
    everybody_pays(home)


@pytest.mark.parametrize("after", [False, True])
def test_the_power_fails_while_a_device_catches_up(home, monkeypatch, after):
    """It is behind, or it is not: never between."""
    certificate = without_the_last_word_to(home, "device1", monkeypatch)
    assert epochs(home)[1] == 0
    happened = fail_at(home["device1"], 0, after=after)
    with pytest.raises(PowerFailure):
        home["device1"].send(ShowEpoch(1, home.birth.wallet_id, certificate))
    assert happened()
    home["device1"].restart()
    assert epochs(home)[1] == (1 if after else 0)
    everybody_pays(home)
    assert epochs(home) == [1, 1, 1]


def test_a_device_that_restarts_in_the_middle_ends_the_session_and_the_next_one_is_whole(home):
    request = refresh_request(home)
    restarted: list[bool] = []

    def restart_once(sender, receiver, frame):
        if len(restarted) == 0 and receiver == home["device1"].identity:
            restarted.append(True)
            home["device1"].restart()
        return [(receiver, frame)]

    outcome = home.run(home.openings(request, home.names), restart_once)
    assert not outcome.finished
    time_passes(home)
    assert epochs(home) == [0, 0, 0]
    refreshed(home, refresh(home))
    everybody_pays(home)
