"""Power that fails at each write of a call: nothing is signed twice or sent twice, and the unknown is said to be so."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.support.exchange_calls import prepare, run
from tests.support.exchange_days import order
from tests.support.exchange_world import World
from tests.support.power import PowerFailure, fail_at

from warifu.exchanges.coinbase.adapters import Coinbase
from warifu.protocol.encoding import decode
from warifu.protocol.exchange_answers import CallResult, Cosigned
from warifu.protocol.frames import Carried

pytestmark = [pytest.mark.real, pytest.mark.slow]

COINBASE = Coinbase()
WRITES = ("session entered", "others met", "call started", "call ended")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.split()
    yield made
    made.close()


def spent(world: World, name: str) -> int:
    """What the device counts of USD at Coinbase in a day, in cents."""
    device = world.home[name].device
    rules = device.rules.of(world.wallet).policy.rules_at("coinbase")
    assert rules is not None
    return device.calls.spent(world.wallet, "coinbase", rules.limits, device.clock.now())[24]["USD"]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("number", range(len(WRITES)), ids=WRITES)
def test_a_carrier_without_power(world, number, after):
    asked = prepare(world.home, COINBASE.place(order("coinbase")))
    happened = fail_at(world.home["device0"], number, after=after)
    with pytest.raises(PowerFailure):
        run(world.home, asked.openings, world.tunnels)
    assert happened()
    orders = len(world.stand_in.orders)
    started = number > 2 or (number == 2 and after)
    assert orders == (1 if number == 3 else 0)  # written down first, said then
    world.home["device0"].restart()
    answer = world.home["device0"].result(asked.digest)
    assert answer.state == ("finished" if started else "unknown")
    if started:
        told = asked.told(answer.result)
        assert told.outcome == ("done" if number == 3 and after else "unknown")
        assert told.answer is not None or told.reason == "no-answer"
    # The very same request once more: whoever signed it or sent it does neither again.
    world.home["device1"].tick()
    outcome = run(world.home, asked.again(), world.tunnels)
    assert len(world.stand_in.orders) == orders if started else len(world.stand_in.orders) <= 1
    if started:
        assert asked.told(outcome.finished["device0"]).outcome == told.outcome
    assert spent(world, "device0") == (1_000_001 if started or world.stand_in.orders else 0)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("number", range(3), ids=WRITES[:3])
def test_a_co_signer_without_power(world, number, after):
    asked = prepare(world.home, COINBASE.place(order("coinbase")))
    happened = fail_at(world.home["device1"], number, after=after)
    with pytest.raises(PowerFailure):
        run(world.home, asked.openings, world.tunnels)
    assert happened() and world.stand_in.orders == []
    world.home["device1"].restart()
    signed = number == 2 and after
    answer = world.home["device1"].result(asked.digest)
    assert answer.state == ("finished" if signed else "unknown")
    assert world.due("device1") == ([asked.digest] if signed else [])
    assert spent(world, "device1") == (1_000_001 if signed else 0)
    if signed:
        assert decode(Cosigned, answer.result, 64).request == asked.digest
    outcome = run(world.home, asked.again(), world.tunnels)
    if signed:
        assert outcome.codes["device1"] == "authorization.call-made"
        assert world.stand_in.orders == []
    else:
        assert len(world.stand_in.orders) == 1


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("number", range(4))
def test_a_device_that_finds_another_order_freezes_whenever_the_power_fails(world, number, after):
    """The freeze is durable before the comparison is settled: cut off in between, it is looked at once more."""
    asked, _ = world.ask(COINBASE.place(order("coinbase")))
    limit = world.stand_in.orders[0]["order_configuration"]["limit_limit_gtc"]
    limit["base_size"] = str(Decimal(50))
    happened = fail_at(world.home["device1"], number, after=after)
    try:
        assert world.compare(asked.digest).outcome == "differs"
    except PowerFailure:
        assert happened()
        world.tunnels.close()
    world.home["device1"].restart()
    rules = world.home["device1"].device.rules
    if rules.frozen(world.wallet) is None:
        assert world.due("device1") == [asked.digest]
        assert world.compare(asked.digest).outcome == "differs"
    assert rules.frozen(world.wallet) is not None


def test_a_disk_from_before_a_call_is_recognised_by_who_was_there(world):
    """What was signed, what it gave away and what is owed do not go back with it."""
    device = world.home["device1"]
    device.crash()
    old = shutil.copytree(device.directory, device.directory.with_name("copy"))
    device.start()
    asked, _ = world.ask(COINBASE.place(order("coinbase")))
    assert world.due("device1") == [asked.digest]
    device.crash()
    shutil.rmtree(device.directory)
    shutil.copytree(old, device.directory)
    device.start()
    assert world.due("device1") == []
    _, outcome = world.ask(COINBASE.balances())
    assert outcome.codes["device0"] == "peer.rolled-back"
    assert outcome.failed["device0"].blame == "device1"


def test_a_carrier_that_is_stopped_before_the_answer_says_unknown_for_good(world):
    """The service lets the request through and pulls the plug before the answer comes."""
    asked = prepare(world.home, COINBASE.place(order("coinbase")))
    world.tunnels.inward = lambda _name, frame: [] if world.stand_in.orders else [frame]
    run(world.home, asked.openings, world.tunnels, waits=lambda: bool(world.stand_in.orders))
    carrier = world.home["device0"]
    first = asked.told(carrier.result(asked.digest).result)
    assert (first.outcome, first.reason) == ("unknown", "no-answer")
    carrier.restart()
    assert asked.told(carrier.result(asked.digest).result) == first
    for frame in (Carried(asked.openings["device0"].session, 1, b"anything"),):
        assert carrier.send(frame) == []
    outcome = run(world.home, asked.again(), world.tunnels)
    assert asked.told(outcome.finished["device0"]).outcome == "unknown"
    assert len(world.stand_in.orders) == 1


def test_while_it_listens_it_says_that_it_has_started(world):
    asked = prepare(world.home, COINBASE.place(order("coinbase")))
    states: list[Any] = []

    def look() -> bool:
        states.append(world.home["device0"].result(asked.digest).state)
        return False

    outcome = run(world.home, asked.openings, world.tunnels, waits=look)
    assert list(dict.fromkeys(states)) == ["unknown", "started", "finished"]
    assert decode(CallResult, outcome.finished["device0"], 2**18).outcome == "done"
