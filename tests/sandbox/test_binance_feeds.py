"""The simulated Binance's feeds, subscribed to by our own adapter over a real TLS socket."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from tests.support.sandbox import Customer, WholeKey, customer, sandbox

from warifu.exchanges.failures import Refused
from warifu.exchanges.feeds import TIME, Watched, heard
from warifu.exchanges.market import Order, Pair
from warifu.sandbox.control import AddFault

D = Decimal
pytestmark = pytest.mark.real

BTC = Pair("BTC", "USDT")
UUID = "1985ca2d-61ef-49f1-bfce-6c39d84629{:02}"


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with sandbox(tmp_path_factory.mktemp("sandbox")) as simulation:
        yield simulation


@pytest.fixture
def ada(running) -> Customer:
    return customer(running, "binance", USDT="100000", BTC="1")


def feed(who: Customer, channel: str) -> Any:
    return who.exchange.feeds.watch(channel, () if channel == "user" else (BTC,), 5)


def read(who: Customer, channel: str, told: list[Any]) -> Watched:
    """As an owner reads it."""
    texts = [msgspec.json.encode(one) for one in told]
    found: Watched = feed(who, channel).read(heard(texts, TIME))
    return found


def of(count: int) -> Any:
    return lambda told: sum("stream" in one or "event" in one for one in told) >= count


@pytest.mark.parametrize("channel", ["miniTicker", "ticker", "bookTicker", "depth5", "depth10", "depth20"])
def test_a_stream_begins_with_what_is(ada, channel: str):
    told = ada.watch(feed(ada, channel), until=of(1))
    assert told[0] == {"result": None, "id": 1} and told[1]["stream"] == f"btcusdt@{channel}"
    watched = read(ada, channel, told)
    assert (watched.gaps, watched.unreadable) == ((), 0)


@pytest.mark.parametrize("channel", ["trade", "aggTrade"])
def test_trades_are_told_and_numbered(ada, channel: str):
    def two() -> None:
        for _ in range(2):
            order = Order(UUID.format(11), BTC, "buy", kind="market", funds=D("100"))
            ada.ask(ada.exchange.place(order))

    told = ada.watch(feed(ada, channel), two, until=of(2))
    watched = read(ada, channel, told)
    assert (watched.gaps, watched.unreadable) == ((), 0)
    assert len([one for one in told if "stream" in one]) >= 2


def test_one_that_got_lost_shows(ada):
    def three() -> None:
        for _ in range(3):
            ada.ask(ada.exchange.place(Order(UUID.format(12), BTC, "buy", kind="market", funds=D("100"))))

    first = ada.watch(feed(ada, "trade"), three, until=of(3))
    ada.do(AddFault(kind="lose-answer", api="binance", method="FEED", path="/trade", times=1))
    again = ada.watch(feed(ada, "trade"), three, until=of(2))
    assert not read(ada, "trade", first).gaps
    assert read(ada, "trade", [*first, *again]).gaps


def test_a_book_is_told_by_what_becomes_different_in_it(ada):
    def offer() -> None:
        ada.ask(
            ada.exchange.place(
                Order(UUID.format(13), BTC, "buy", kind="limit", size=D("0.1"), price=D("1000"))
            )
        )

    told = ada.watch(feed(ada, "depth"), offer, until=of(1))
    watched = read(ada, "depth", told)
    assert (watched.gaps, watched.unreadable) == ((), 0)
    assert ["1000.00000000", "0.10000000"] in told[-1]["data"]["b"]


def test_a_customer_hears_of_orders_and_balances(ada):
    def order() -> None:
        ada.ask(ada.exchange.place(Order(UUID.format(14), BTC, "buy", kind="market", funds=D("100"))))

    told = ada.watch(feed(ada, "user"), order, until=of(2))
    assert told[0]["result"] == {"subscriptionId": 0}
    watched = read(ada, "user", told)
    assert (watched.gaps, watched.unreadable) == ((), 0)
    kinds = {one["event"]["e"] for one in told[1:]}
    assert kinds == {"executionReport", "outboundAccountPosition"}
    report = next(one["event"] for one in told[1:] if one["event"]["e"] == "executionReport")
    assert (report["c"], report["X"], report["x"]) == (UUID.format(14), "FILLED", "TRADE")


def test_who_has_another_key_hears_nothing(ada):
    ada.signing = WholeKey()
    told = ada.watch(feed(ada, "user"), until=lambda told: bool(told))
    with pytest.raises(Refused) as caught:
        read(ada, "user", told)
    assert caught.value.reason == "authentication"


def test_a_feed_that_is_refused_says_so(ada):
    ada.do(AddFault(kind="refuse", api="binance", method="FEED", path="/ticker", times=1))
    with pytest.raises(Refused):
        read(ada, "ticker", ada.watch(feed(ada, "ticker"), until=lambda told: bool(told)))
