"""A hostile carrier of a shared key at Binance: it sends what was signed once several times within its window.

Binance takes an order's identifier again once its order is done. Whoever signed an order and did not carry it looks
afterwards how often it is there, and signs nothing more before that.
"""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.support.carriers import TakesOver, hostile_carriers
from tests.support.exchange_accounts import add_born
from tests.support.exchange_calls import compare, exchange_call
from tests.support.exchange_days import order, withdrawal
from tests.support.exchange_world import World
from tests.support.sandbox import sandbox
from tests.support.simulator import FRIEND
from tests.support.visiting import At, Patient, allow

from warifu.exchanges.attempt import SETTLE
from warifu.exchanges.binance import capital, spot
from warifu.exchanges.binance.credentials import WINDOW
from warifu.exchanges.calls import Call
from warifu.exchanges.http import HttpRequest
from warifu.exchanges.market import Order
from warifu.exchanges.registry import EXCHANGES
from warifu.sandbox.control import SetAccount, SetClock, Turn
from warifu.sandbox.simulation import Simulation
from warifu.signer.egress.client import HttpsClient
from warifu.signer.egress.trust import client_context
from warifu.signer.exchanges import comparing

pytestmark = pytest.mark.real

BINANCE = EXCHANGES["binance"]
DEAD = (WINDOW + SETTLE) // 1000 + 2


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.born()
    yield made
    made.close()


@pytest.fixture
def takes_over(monkeypatch: pytest.MonkeyPatch) -> TakesOver:
    return hostile_carriers(monkeypatch)


def an_order(**other: Any) -> Order:
    """At the market, so that it is done at once."""
    given = {"kind": "market", "price": None, "size": Decimal("0.01")}
    wanted = order("binance", **{**given, **other})
    return replace(wanted, client_id=str(uuid.uuid4()), side="sell")


def a_withdrawal() -> Call[Any]:
    return BINANCE.withdraw(replace(withdrawal("binance"), client_id=str(uuid.uuid4()), address=FRIEND))


def sent_over_its_own_connection(
    address: Callable[[], tuple[str, int]], authorities: str, times: int
) -> Callable[[HttpRequest], HttpRequest]:
    """A carrier can open any connection. The request is taken so often before it sends it as it should."""

    def change(request: HttpRequest) -> HttpRequest:
        for _ in range(times):
            client = HttpsClient(request.host, client_context(authorities))
            with socket.create_connection(address(), timeout=10) as connection:
                client.ask(request)
                while True:
                    connection.sendall(client.outgoing())
                    if client.receive(connection.recv(65536)) is not None:
                        break
        return request

    return change


def doubles(world: World, takes_over: TakesOver, times: int = 2) -> None:
    address = lambda: world.stand_in.address(spot.HOST)  # noqa: E731
    change = sent_over_its_own_connection(address, world.authorities, times)
    takes_over(world.home["device0"].identity, change)


# --- honest days


def test_who_signed_an_order_and_did_not_carry_it_looks_how_often_it_is_there(world):
    asked, _ = world.ask(BINANCE.place(an_order()))
    assert (world.due("device0"), world.due("device1"), world.due("device2")) == ([], [asked.digest], [])
    result = world.compare(asked.digest)
    assert (result.outcome, result.reason) == ("done", "too-early")
    assert world.due("device1") == []
    world.home.clock.pass_(DEAD)
    assert world.due("device1") == [asked.digest]
    result = world.compare(asked.digest)
    assert (result.outcome, result.reason) == ("done", "")
    assert world.due("device1") == [] and world.frozen() == set()


def test_who_has_not_looked_signs_nothing_more_that_gives_something_away_also_after_a_restart(world):
    asked, _ = world.ask(BINANCE.place(an_order()))
    assert world.refused(BINANCE.place(an_order()))["device1"] == "policy.comparison-due"
    assert world.refused(a_withdrawal())["device1"] == "policy.comparison-due"
    assert world.told(BINANCE.balances()).outcome == "done"
    world.home["device1"].restart()
    assert world.due("device1") == [asked.digest]
    assert world.refused(BINANCE.place(an_order()))["device1"] == "policy.comparison-due"
    world.compare(asked.digest)
    assert world.told(BINANCE.place(an_order())).outcome == "done"


def test_an_order_that_was_refused_or_only_tried_out_holds_nobody_up_longer_than_a_look(world):
    tried = replace(BINANCE.place(an_order()).unsigned, path="/api/v3/order/test")
    asked, _ = world.ask(replace(BINANCE.place(an_order()), unsigned=tried))
    assert world.stand_in.orders == [] and world.due("device1") == [asked.digest]
    assert world.compare(asked.digest).outcome == "done"
    assert world.told(BINANCE.place(an_order())).outcome == "done"
    world.home.clock.pass_(DEAD)
    assert world.compare(asked.digest).outcome == "not-there"
    assert world.frozen() == set()


def test_what_was_made_by_hand_is_never_taken_for_the_carriers(world):
    asked, _ = world.ask(BINANCE.place(an_order()))
    [placed] = world.stand_in.orders
    world.stand_in.orders += [placed | {"newClientOrderId": f"web_{n}"} for n in range(20)]
    world.home.clock.pass_(DEAD)
    assert world.compare(asked.digest).outcome == "done" and world.frozen() == set()


@pytest.mark.parametrize("stated", [False, True])
def test_a_withdrawal_is_looked_for_in_its_own_list(world, stated):
    world.stand_in.sends.clear()
    asked, outcome = world.ask(a_withdrawal())
    assert asked.told(outcome.finished["device0"]).outcome == "done"
    if stated:  # as its list has it
        world.stand_in.sends[0]["questionnaire"] = "{}"
    world.home.clock.pass_(DEAD)
    assert world.compare(asked.digest).outcome == ("not-there" if stated else "done")


def test_where_one_device_signs_alone_nothing_is_owed(tmp_path):
    world = World(tmp_path, n=1, t=1)
    world.born()
    try:
        for _ in range(2):
            assert world.told(BINANCE.place(an_order()), ["device0"]).outcome == "done"
        assert world.due("device0") == []
    finally:
        world.close()


# --- the hostile carrier


def test_a_carrier_that_sends_an_order_three_times_freezes_the_wallet_and_gets_no_other(world, takes_over):
    doubles(world, takes_over)
    wanted = an_order()
    asked, outcome = world.ask(BINANCE.place(wanted))
    assert asked.told(outcome.finished["device0"]).outcome == "done"
    assert [each["newClientOrderId"] for each in world.stand_in.orders] == 3 * [wanted.client_id]
    assert world.refused(BINANCE.place(an_order()))["device1"] == "policy.comparison-due"
    result = world.compare(asked.digest)
    assert result.outcome == "differs"
    assert "device1" in world.frozen()
    [kept] = world.home["device1"].device.calls.unsettled(world.wallet)
    assert (kept.state, kept.words) == ("differs", ("made more than once",))
    assert world.refused(BINANCE.place(an_order()))["device1"] == "policy.frozen-wallet"


def test_a_carrier_that_sends_it_again_after_the_first_look_is_found_by_the_second(world):
    asked, _ = world.ask(BINANCE.place(an_order()))
    assert world.compare(asked.digest).outcome == "done"
    world.stand_in.orders += world.stand_in.orders  # within its window still
    world.home.clock.pass_(DEAD)
    assert world.refused(BINANCE.place(an_order()))["device1"] == "policy.comparison-due"
    assert world.compare(asked.digest).outcome == "differs" and "device1" in world.frozen()


def test_a_carrier_that_sends_it_in_the_name_of_a_trial_is_found_too(world):
    """The signature of an order that is only tried out is good for the order."""
    wanted = an_order()
    tried = replace(BINANCE.place(wanted).unsigned, path="/api/v3/order/test")
    asked, _ = world.ask(replace(BINANCE.place(wanted), unsigned=tried))
    placed = dict(tried.query) | {"created": world.stand_in._milliseconds}
    world.stand_in.orders += [placed, placed]
    assert world.compare(asked.digest).outcome == "differs"


def test_a_withdrawal_that_is_there_twice_freezes_the_wallet(world, takes_over):
    doubles(world, takes_over, 1)
    asked, _ = world.ask(a_withdrawal())
    assert len(world.stand_in.sends) == 2
    assert world.compare(asked.digest).outcome == "differs" and "device1" in world.frozen()


def test_an_order_list_that_could_not_be_found_again_is_not_signed(world):
    ask = spot.NewOco(
        symbol="BTCUSDT",
        list_client_order_id=str(uuid.uuid4()),
        side="SELL",
        quantity=Decimal("0.01"),
        above_type="LIMIT_MAKER",
        below_type="STOP_LOSS",
        above_price=Decimal(30_000),
        below_stop_price=Decimal(10_000),
    )
    codes = world.refused(spot.api().call(spot.NEW_OCO, ask))
    assert set(codes.values()) == {"policy.not-comparable"}


def test_a_device_that_compares_gets_no_signature_for_anything_else(world, monkeypatch):
    asked, _ = world.ask(BINANCE.place(an_order()))
    whole = spot.api().call(spot.ORDERS, spot.OrdersOf(symbol="BTCUSDT"))
    all_of_a_coin = spot.api().call(capital.WITHDRAWALS, capital.WithdrawalsOf(coin="BTC"))
    for call in (BINANCE.place(an_order()), BINANCE.balances(), whole, all_of_a_coin):
        other = exchange_call(call.unsigned)
        monkeypatch.setattr(comparing, "ExchangeCall", lambda *_parts, other=other: other)
        outcome = compare(world.home, asked.digest, "device1", ("device1", "device2"), world.tunnels)
        assert outcome.codes["device2"] in ("input.comparison", "input.exchange-not-understood")
    assert len(world.stand_in.orders) == 1


# --- against the simulated Binance, whose engine fills it


@pytest.fixture
def simulation(tmp_path: Path) -> Iterator[Simulation]:
    with sandbox(tmp_path / "sandbox") as made:
        yield made


def test_the_simulated_binance_fills_it_three_times_and_that_is_found(tmp_path, simulation, takes_over):
    world = World(tmp_path / "home")
    try:
        _moves_to(world, simulation)
        authorities = simulation.authority_file.read_text()
        change = sent_over_its_own_connection(lambda: simulation.address, authorities, 2)
        takes_over(world.home["device0"].identity, change)
        wanted = an_order()
        asked, outcome = world.ask(BINANCE.place(wanted))
        assert asked.told(outcome.finished["device0"]).outcome == "done"
        made = list(simulation.venues["binance"].engine.orders_of("ada"))
        assert [(each.status, each.terms.client_id) for each in made] == 3 * [("filled", wanted.client_id)]
        assert world.compare(asked.digest).outcome == "differs" and "device1" in world.frozen()
    finally:
        world.close()


def test_an_honest_carrier_trades_on_at_the_simulated_binance(tmp_path, simulation):
    world = World(tmp_path / "home")
    try:
        _moves_to(world, simulation)
        for _ in range(3):
            assert world.told(BINANCE.place(an_order())).outcome == "done"
            world.compare_all()
        assert world.frozen() == set()
    finally:
        world.close()


def _moves_to(world: World, simulation: Simulation) -> None:
    """Its account is at the simulated Binance, which lives by the household's clock."""
    add_born(world.home, authorities=simulation.authority_file.read_text())
    account = world.home["device0"].device.accounts.get(world.wallet, "main")
    assert account is not None
    gives = {"BTC": Decimal(2), "USDT": Decimal(100_000)}
    simulation.do(SetAccount(exchange="binance", account="ada", gives=gives))
    allow(simulation, "ada", account.public, ("view", "trade"))
    ahead = 1000 * world.home.clock() + 500 - time.time_ns() // 1_000_000
    simulation.do(SetClock(exchange="binance", ahead=ahead))
    simulation.do(Turn(exchange="binance", steady=True))
    world.tunnels = Patient(At(simulation))  # type: ignore[arg-type]
