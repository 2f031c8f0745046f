"""The simulated Binance, through our own adapter and client over a real TLS socket."""

from decimal import Decimal

import pytest
from tests.support.sandbox import customer, sandbox

from warifu.exchanges.binance import spot
from warifu.exchanges.failures import Refused, TryAgain
from warifu.exchanges.market import Order, Pair
from warifu.sandbox.control import Trade

D = Decimal
pytestmark = pytest.mark.real

PAIR = Pair("BTC", "USDT")
UUID = "1985ca2d-61ef-49f1-bfce-6c39d84629{:02}"


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with sandbox(tmp_path_factory.mktemp("sandbox")) as simulation:
        yield simulation


@pytest.fixture
def ada(running, request):
    account = f"ada-{request.node.name.split('[')[0][-40:]}".replace("_", "-")
    return customer(running, "binance", account=account, BTC="2", USDT="100000")


def order(number=1, side="buy", **other) -> Order:
    given = {"kind": "limit", "size": D("0.5"), "price": D("50000")}
    return Order(UUID.format(number), PAIR, side, **{**given, **other})


def balances(ada):
    return {one.asset: (one.free, one.held) for one in ada.all(ada.exchange.balances())}


def test_the_time_needs_no_key(ada):
    assert abs(ada.ask(ada.exchange.time()) - ada.simulation.venues["binance"].now()) < 60_000


def test_a_market_says_its_steps(ada):
    market = ada.ask(ada.exchange.market(PAIR))
    assert (market.size_step, market.price_step, market.least_funds) == (D("0.00001"), D("0.01"), 5)
    assert market.state == "open"


def test_an_order_waits_holds_money_is_found_and_taken_back(ada):
    placed = ada.ask(ada.exchange.place(order()))
    assert (placed.status, placed.filled) == ("open", 0)
    assert balances(ada)["USDT"] == (75_000, 25_000)
    [found] = ada.all(ada.exchange.find_order(order()))
    assert (found.id, found.terms.price) == (placed.id, 50_000)
    ada.ask(ada.exchange.cancel(found))
    [found] = ada.all(ada.exchange.find_order(order()))
    assert found.status == "cancelled"
    assert balances(ada)["USDT"] == (100_000, 0)


def test_an_order_is_filled_in_part_by_the_house_and_then_taken_back(ada):
    placed = ada.ask(ada.exchange.place(order(price=D("60001"))))
    ada.do(Trade(exchange="binance", pair="BTC-USDT", side="sell", size=D("0.2"), price=D("60001")))
    [found] = ada.all(ada.exchange.find_order(order()))
    assert (found.status, found.filled, found.value) == ("open", D("0.2"), D("12000.2"))
    ada.ask(ada.exchange.cancel(placed))
    [found] = ada.all(ada.exchange.find_order(order()))
    assert (found.status, found.filled) == ("cancelled", D("0.2"))
    assert balances(ada)["BTC"] == (D("2.1998"), 0)  # a thousandth is the exchange's
    assert balances(ada)["USDT"] == (D("87999.8"), 0)


def test_a_market_order_meets_the_house(ada):
    placed = ada.ask(ada.exchange.place(order(kind="market", size=None, price=None, funds=D(1000))))
    assert placed.status == "filled"
    assert 0 < placed.value <= 1000
    api = spot.api(ada.exchange.host)
    [trade] = ada.ask(api.call(spot.TRADES, spot.TradesOf(symbol="BTCUSDT")))
    assert (trade.order_id, trade.quote_qty, trade.is_maker) == (int(placed.id), placed.value, False)
    assert (trade.commission_asset, trade.commission) == ("BTC", trade.qty / 1000)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"size": D(100)}, "funds"),
        ({"size": D("0.000001")}, "below-minimum"),
        ({"size": D("0.00001"), "price": D(100)}, "below-minimum"),
        ({"price": D("50000.001")}, "decimals"),
        ({"post_only": True, "price": D(70_000)}, "rejected"),
    ],
)
def test_an_order_that_does_not_fit_is_refused(ada, change, reason):
    with pytest.raises(Refused) as caught:
        ada.ask(ada.exchange.place(order(**change)))
    assert caught.value.reason == reason
    assert ada.all(ada.exchange.find_order(order())) == []


def test_an_identifier_is_taken_once_while_its_order_lives(ada):
    ada.ask(ada.exchange.place(order()))
    with pytest.raises(Refused) as caught:
        ada.ask(ada.exchange.place(order()))
    assert caught.value.reason == "duplicate"


@pytest.mark.parametrize("ahead", [-6_000, 2_000])
def test_a_stamp_outside_of_the_window_is_refused(ada, ahead):
    with pytest.raises(TryAgain) as caught:
        ada.ask(ada.exchange.balances(), ahead=ahead)
    assert caught.value.reason == "clock"


def test_another_key_and_another_signature_are_refused(ada):
    theirs = customer(ada.simulation, "binance", account="eve").signing  # the same name of a key, now hers
    with pytest.raises(Refused) as caught:
        ada.ask(ada.exchange.balances())
    assert caught.value.reason == "authentication"
    ada.signing = theirs
    assert ada.all(ada.exchange.balances()) == []
