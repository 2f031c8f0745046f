"""A visit that may lose so much: real signers, the simulated Binance, and a price that falls. Each device measures for
itself over its own TLS, and none believes another, or the service."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from uuid import uuid4

import msgspec
import pytest
from tests.support.exchange_calls import prepare, run
from tests.support.instructing import Owner
from tests.support.visiting import (
    BINANCE,
    BTC,
    CdpStage,
    Stage,
    chain_and_exchanges,
    on_stage,
    visiting_policy,
)

from warifu.chains.bitcoin.transaction import parse_hash
from warifu.errors import WarifuError
from warifu.exchanges.adapter import Best, Withdrawal
from warifu.exchanges.market import Order, Pair
from warifu.protocol.exchange_visits import Worth
from warifu.protocol.policy import Policy
from warifu.sandbox.control import AddFault, ClearFaults, SetAccount, SetPrice
from warifu.sandbox.faults import Kind
from warifu.sandbox.orders import Terms
from warifu.signer.exchanges.gauge import APART, FRESH_LOOK

pytestmark = pytest.mark.real

D = Decimal
FIRST, SECOND, THIRD = ("device0", "device1"), ("device1", "device0"), ("device2", "device0")
PAIR = "BTC-USDT"
FEE = BTC // 10_000
DEAD = 200


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with chain_and_exchanges(tmp_path_factory) as made:
        yield made


def bounded_policy(**fields) -> Policy:
    """An order may be for as much as a visit brings."""
    policy = visiting_policy(**fields)
    rules = policy.exchanges[0]
    limits = (msgspec.structs.replace(rules.limits[0], per_order=str(BTC)), *rules.limits[1:])
    return msgspec.structs.replace(
        policy, exchanges=(msgspec.structs.replace(rules, limits=limits), *policy.exchanges[1:])
    )


@pytest.fixture
def stage(world, tmp_path, request) -> Iterator[Stage]:
    with on_stage(Stage, world, tmp_path, request.node.name, bounded_policy()) as made:
        costs(made.simulation, 50_000)
        yield made


def costs(simulation, price: int) -> None:
    simulation.do(SetPrice(exchange="binance", pair=PAIR, price=D(price)))


def looks(stage: Stage, visit: bytes, names) -> Worth:
    """One look of the first of these, as the service brings it there."""
    worth = stage.does(visit, "balance", names).shown.worth
    assert worth is not None
    for pair in worth.wanted:
        worth = stage.does(visit, "price", names[:1], pair=pair).shown.worth
        assert worth is not None
    return worth


def funded(stage: Stage, loss: int = 500) -> bytes:
    visit = stage.opened(loss=loss)
    there = stage.proves(visit, FIRST, SECOND, THIRD)
    stage.pays(stage.payment(there, BTC // 2), FIRST)
    for names in (FIRST, SECOND, THIRD):
        assert looks(stage, visit, names).credited == "0.5"
    return visit


def sells(stage: Stage, size: str) -> None:
    stage.turn()
    order = Order(str(uuid4()), Pair("BTC", "USDT"), "sell", kind="market", size=D(size))
    assert stage.asks(BINANCE.place(order), FIRST, "device0").outcome == "done"


def test_a_price_that_runs_away_ends_it_at_each_device_that_found_it_and_what_is_left_comes_home(stage):
    """It was sold, and becomes dear: what there is buys back less and less."""
    visit = funded(stage)
    sells(stage, "0.25")
    resting = Order(str(uuid4()), Pair("BTC", "USDT"), "sell", kind="limit", size=D("0.1"), price=D(900_000))
    assert stage.asks(BINANCE.place(resting), FIRST, "device0").outcome == "done"
    costs(stage.simulation, 60_000)
    first = looks(stage, visit, FIRST)
    assert first.low and D(first.value) < D("0.475") < D(first.credited)
    assert stage.shows("device0", visit).why == ""  # once is no loss yet
    stage.pass_(APART)
    looks(stage, visit, FIRST)
    shown = stage.shows("device0", visit)
    assert (shown.state, shown.why) == ("sweeping", "loss")
    assert stage.home["device0"].kinds()[-1] == "visit-lost"
    assert stage.shows("device1", visit).state == "trading"  # it believes no other one

    there = shown.address
    assert stage.home.sign(stage.payment(there, 1_000), FIRST).codes["device0"] == "policy.destination"
    order = Order(str(uuid4()), Pair("BTC", "USDT"), "sell", kind="market", size=D("0.01"))
    with pytest.raises(AssertionError, match="visit-over"):
        stage.asks(BINANCE.place(order), FIRST, "device0")

    refused = stage.errand(visit, "cancel", FIRST, pair=PAIR)
    assert str(refused.failed["device1"].reason) == "visit-open"
    for _ in range(2):
        looks(stage, visit, SECOND)
        stage.pass_(APART)
    assert stage.shows("device1", visit).why == "loss"
    assert stage.does(visit, "cancel", FIRST, pair=PAIR).outcome == "done"
    stage.does(visit, "balance", FIRST)
    done = stage.does(visit, "sweep", FIRST, home=stage.address(1))
    assert done.outcome == "done"
    stage.mine(2)
    done = stage.does(visit, "outcome", FIRST)
    assert stage.keep(parse_hash(done.shown.sweeps[-1].transaction), 1) == BTC // 4 - FEE
    stage.home["device0"].restart()
    assert stage.shows("device0", visit).why == "loss"


def test_a_spike_between_two_looks_ends_nothing(stage):
    visit = funded(stage)
    sells(stage, "0.4")
    costs(stage.simulation, 80_000)
    assert looks(stage, visit, FIRST).low
    costs(stage.simulation, 50_000)
    stage.pass_(APART)
    assert looks(stage, visit, FIRST).low == 0
    costs(stage.simulation, 80_000)
    stage.pass_(APART)
    looks(stage, visit, FIRST)
    assert stage.shows("device0", visit).why == ""


def test_what_an_owner_withdraws_himself_is_no_loss(stage):
    visit = funded(stage)
    owners = Withdrawal(str(uuid4()), "BTC", "BTC", stage.address(2), D("0.2"))
    assert stage.asks(BINANCE.withdraw(owners), FIRST, "device0").outcome == "done"
    for _ in range(2):
        assert D(looks(stage, visit, FIRST).value) == D("0.5")
        stage.pass_(APART)
    assert stage.shows("device0", visit).why == ""
    # who did not sign it hears from who did, with the owner's own word
    for _ in range(2):
        assert D(looks(stage, visit, THIRD).value) == D("0.5")
        stage.pass_(APART)
    assert stage.shows("device2", visit).why == ""


def test_in_a_strict_wallet_what_an_owner_withdraws_is_no_loss_to_who_only_gave_its_word_for_it(stage):
    visit = funded(stage)
    owner = Owner(stage.home)
    owner.tell_all(owner.change(msgspec.structs.replace(bounded_policy(), strict=True)))
    owners = Withdrawal(str(uuid4()), "BTC", "BTC", stage.address(2), D("0.2"))
    names = stage.home.names
    asked = prepare(stage.home, BINANCE.withdraw(owners), names, makers=FIRST)
    said = asked.acknowledged(names)
    openings = asked.witnessed(said, asked.confirmed(names, said))
    outcome = run(stage.home, openings, stage._tunnels())
    assert asked.told(outcome.finished["device0"]).outcome == "done"
    for each in (THIRD, FIRST):
        for _ in range(2):
            assert D(looks(stage, visit, each).value) == D("0.5")
            stage.pass_(APART)
    assert {stage.shows(name, visit).why for name in names} == {""}


def test_what_an_owner_withdrew_before_the_visit_hides_no_loss_of_it(stage):
    """Whoever did not sign it may hear of it when the visit has long begun, and what was there then was without it."""
    stage.simulation.do(SetAccount(exchange="binance", account=stage.customer, gives={"BTC": D("0.2")}))
    owners = Withdrawal(str(uuid4()), "BTC", "BTC", stage.address(2), D("0.2"))
    assert stage.asks(BINANCE.withdraw(owners), FIRST, "device0").outcome == "done"
    stage.pass_(APART)
    visit = funded(stage)
    assert D(looks(stage, visit, THIRD).value) == D("0.5")


def test_what_somebody_withdrew_without_an_owners_word_is_a_loss(stage):
    visit = funded(stage)
    venue = stage.simulation.venues["binance"]
    with venue.lock:
        venue.custody.withdraw(
            venue.account(stage.customer),
            asset="BTC",
            network="BTC",
            address=stage.address(2),
            memo="",
            amount=D("0.2"),
            on_top=False,
            client_id="",
        )
    for _ in range(2):
        assert D(looks(stage, visit, FIRST).value) == D("0.3")
        stage.pass_(APART)
    assert stage.shows("device0", visit).why == "loss"


def test_orders_that_are_open_or_filled_in_part_lose_nothing_by_that(stage):
    visit = funded(stage)
    stage.turn()
    order = Order(str(uuid4()), Pair("BTC", "USDT"), "sell", kind="limit", size=D("0.4"), price=D(50_025))
    assert stage.asks(BINANCE.place(order), FIRST, "device0").outcome == "done"
    shown = stage.does(visit, "balance", FIRST).shown
    assert shown.there[0].held != "0"
    worth = looks(stage, visit, FIRST)
    assert worth.low == 0 and D("0.495") < D(worth.value) <= D("0.51")


@pytest.mark.parametrize("bad", ["nothing", "crossed", "apart", "refused", "silent"])
def test_no_garbled_price_ends_it_or_passes_for_no_loss(stage, monkeypatch, bad):
    visit = funded(stage)
    sells(stage, "0.4")
    costs(stage.simulation, 90_000)
    before = looks(stage, visit, FIRST)
    stage.pass_(APART)
    answers = {"nothing": ("0", "0"), "crossed": ("2", "1"), "apart": ("1", "1000000")}
    if bad in answers:
        bid, ask = answers[bad]
        honest = type(BINANCE).best
        monkeypatch.setattr(
            type(BINANCE), "best", lambda self, pair: honest(self, pair).map(lambda _: Best(D(bid), D(ask)))
        )
    else:
        kinds: dict[str, Kind] = {"refused": "refuse", "silent": "cut"}
        stage.simulation.do(AddFault(kind=kinds[bad], path=".*/bookTicker", times=0))
    stage.does(visit, "balance", FIRST)
    done = stage.does(visit, "price", FIRST[:1], pair=PAIR)
    assert done.outcome in ("refused", "try-again")
    worth = done.shown.worth
    assert (worth.unvalued, worth.value, worth.low) == ("no-price", before.value, before.low)
    assert done.shown.why == ""
    monkeypatch.undo()
    stage.simulation.do(ClearFaults())
    looks(stage, visit, FIRST)
    assert stage.shows("device0", visit).why == "loss"  # as soon as it can be measured


def test_a_service_that_brings_no_looks_hides_a_loss_until_the_time_is_over(stage):
    visit = funded(stage)
    sells(stage, "0.4")
    costs(stage.simulation, 90_000)
    stage.pass_(FRESH_LOOK + 1)
    shown = stage.shows("device0", visit)
    assert (shown.state, shown.worth.unvalued) == ("trading", "old")  # and it says that it has not looked
    stage.pass_(7200)
    assert stage.shows("device0", visit).why == "time"


def test_the_service_asks_for_no_price_that_says_nothing_and_needs_no_second_device_for_one(stage):
    unbounded = stage.opened()
    assert "device0" in stage.errand(unbounded, "price", FIRST[:1], pair=PAIR).failed
    stage.end(unbounded)
    stage.does(unbounded, "balance", FIRST)
    for name in stage.home.names[1:]:
        stage.does(unbounded, "balance", (name, "device0"))
    visit = stage.opened(loss=500)
    for pair in ("ETH-USDT", "BTCUSDT", "", "USDT-BTC"):
        outcome = stage.errand(visit, "price", FIRST[:1], pair=pair)
        assert str(outcome.failed["device0"].reason) == "visit-step", pair
    assert "device0" in stage.errand(visit, "price", FIRST, pair=PAIR).failed


def test_it_is_bounded_by_the_policy_and_alone_with_its_account(stage):
    def refused(**fields) -> str:
        with pytest.raises(WarifuError) as error:
            stage.opened(**fields)
        return str(error.value.reason)

    stage.opened(amount=str(BTC // 10))
    assert refused(amount=str(BTC // 10), loss=500) == "visit-together"
    for visit in list(stage.home["device0"].device.visits.of(stage.wallet)):
        stage.end(visit.id)
    everywhere(stage, visit_loss=300)
    assert refused(loss=301) == "visit-loss"
    assert refused(loss=300) == "visit-together"


def everywhere(stage: Stage, **fields) -> None:
    for name in stage.home.names:
        device = stage.home[name].device
        rules = device.rules.of(stage.wallet)
        policy = bounded_policy(**fields)
        with device.store.transaction():
            device.rules.put(stage.wallet, msgspec.structs.replace(rules, policy=policy), device.clock.now())


def test_where_the_policy_bounds_it_the_owner_need_not_and_prices_must_be_allowed(stage):
    everywhere(stage, visit_loss=300)
    visit = stage.opened()
    worth = stage.shows("device0", visit).worth
    assert worth is not None and worth.bound == 300 and worth.unvalued == "no-look"
    endpoints = tuple(each for each in bounded_policy().exchanges[0].endpoints if "bookTicker" not in each)
    everywhere(stage, endpoints=endpoints)
    stage.end(visit)
    stage.all_see(visit, THIRD)
    stage.does(visit, "balance", FIRST)
    stage.does(visit, "balance", SECOND)
    with pytest.raises(WarifuError) as error:
        stage.opened(loss=100)
    assert error.value.reason == "visit-prices"


# --- at Coinbase ----------------------------------------------------------------------------------------------------


def runs_away(stage: Stage, visit: bytes, names) -> None:
    """What its customer sold by hand becomes dear, and two looks find that out."""
    venue = stage.simulation.venues["coinbase"]
    stage.simulation.do(SetPrice(exchange="coinbase", pair="BTC-USD", price=D(50_000)))
    sale = Terms(account=stage.customer, pair="BTC-USD", side="sell", kind="market", size=D("0.2"))
    with venue.lock:
        venue.engine.place(sale, venue.now())
    assert looks(stage, visit, names).low == 0
    stage.simulation.do(SetPrice(exchange="coinbase", pair="BTC-USD", price=D(80_000)))
    for _ in range(2):
        assert looks(stage, visit, names).low
        stage.pass_(APART)
    assert stage.shows(names[0], visit).why == "loss"


def test_with_a_shared_cdp_key_each_device_asks_for_coinbases_prices_alone(world, tmp_path):
    chain, simulation = world
    simulation.do(ClearFaults())
    stage = CdpStage.make(tmp_path, chain, simulation, "loss-cdp", bounded_policy())
    stage.receives(BTC)
    visit = stage.opened(loss=1_000)
    stage.pays(stage.payment(stage.proves(visit, FIRST, SECOND), BTC // 2), FIRST)
    assert looks(stage, visit, FIRST).credited == "0.5"
    runs_away(stage, visit, FIRST)
    assert stage.shows("device1", visit).why == ""
    stage.home.close()


def test_with_a_whole_key_its_holder_measures_alone_and_what_was_there_before_is_no_part_of_it(stage):
    stage.keep_whole("0.3")
    visit, alone = stage.opened(("device0",), account="whole", loss=1_000), ("device0",)
    assert looks(stage, visit, alone).credited == "0"
    gives = {"BTC": D("0.4")}
    stage.simulation.do(SetAccount(exchange="coinbase", account=stage.customer, gives=gives))
    assert looks(stage, visit, alone).credited == "0.4"
    runs_away(stage, visit, alone)
