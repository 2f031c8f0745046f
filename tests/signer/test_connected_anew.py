"""A device that connects anew: what ran over its old connection is over, and it says so at once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.exchange_calls import prepare, run
from tests.support.exchange_days import order
from tests.support.exchange_world import World

from warifu.exchanges.binance.adapters import Binance
from warifu.protocol.frames import Challenge, Presence

pytestmark = pytest.mark.real
BINANCE = Binance()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.born()
    yield made
    made.close()


@pytest.mark.parametrize("sent", [False, True], ids=["before-it-is-sent", "after-it-was-sent"])
def test_a_carrier_says_what_came_of_its_call_and_does_not_wait_for_a_lost_tunnel(world: World, sent: bool):
    """The service was killed; the one that runs now asks as soon as the device is there."""
    asked = prepare(world.home, BINANCE.place(order("binance")))
    carrier, states = world.home["device0"], list[str]()

    def goes_away() -> bool:
        started = carrier.device.calls.started(asked.digest)
        if started is not sent:
            return False
        states.append(carrier.result(asked.digest).state)
        (presence,) = carrier.send(Challenge(bytes(32)))
        assert isinstance(presence, Presence)
        states.append(carrier.result(asked.digest).state)
        return True

    run(world.home, asked.openings, world.tunnels, waits=goes_away)
    assert states == (["started", "finished"] if sent else ["unknown", "unknown"])
    if sent:
        assert asked.told(carrier.result(asked.digest).result).outcome == "unknown"
