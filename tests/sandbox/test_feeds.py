"""The simulated Coinbase's feeds, subscribed to by our own adapter over a real TLS socket."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from tests.support.sandbox import CDP_KEY, Customer, WholeKey, customer, sandbox

from warifu.exchanges.failures import Refused, TryAgain
from warifu.exchanges.feeds import TIME, Watched, heard
from warifu.exchanges.market import Order, Pair
from warifu.sandbox.control import AddFault, ClearFaults, SetCredential, SetMarket, Trade, Turn
from warifu.signer.egress.failures import EgressFailed

D = Decimal
pytestmark = pytest.mark.real

BTC = Pair("BTC", "USD")
UUID = "1985ca2d-61ef-49f1-bfce-6c39d84629{:02}"


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with sandbox(tmp_path_factory.mktemp("sandbox")) as simulation:
        yield simulation


@pytest.fixture
def ada(running) -> Customer:
    return customer(running, "coinbase", USD="100000")


@pytest.fixture
def bob(running) -> Customer:
    return customer(running, "coinbase-exchange", account="bob", BTC="2", USD="100000")


def feed(who: Customer, channel: str, *pairs: Pair) -> Any:
    return who.exchange.feeds.watch(channel, pairs, 5)


def read(who: Customer, channel: str, told: list[Any], *pairs: Pair) -> Watched:
    """As an owner reads it."""
    found: Watched = feed(who, channel, *pairs).read(heard([msgspec.json.encode(one) for one in told], TIME))
    return found


def offer(who: Customer, number: int, price: str, side: Any = "buy") -> Order:
    return Order(UUID.format(number), BTC, side, kind="limit", size=D("0.1"), price=D(price))


def house(who: Customer, side: Any, size: str, price: str) -> None:
    who.do(Trade(exchange="coinbase", pair="BTC-USD", side=side, size=D(size), price=D(price)))


def at_least(count: int, channel: str, name: str = "channel") -> Any:
    return lambda told: sum(one[name] == channel for one in told) >= count


# Advanced Trade


def test_a_ticker_begins_with_a_snapshot_and_follows_the_market(ada):
    told = ada.watch(
        feed(ada, "ticker", BTC), lambda: ada.do(Turn(exchange="coinbase")), until=at_least(2, "ticker")
    )
    first, confirmed, second = told[:3]
    assert (first["events"][0]["type"], confirmed["channel"], second["events"][0]["type"]) == (
        "snapshot",
        "subscriptions",
        "update",
    )
    assert first["events"][0]["tickers"][0]["product_id"] == "BTC-USD"
    assert [one["sequence_num"] for one in told] == list(range(len(told)))
    watched = read(ada, "ticker", told, BTC)
    assert (watched.gaps, watched.unreadable, watched.ended) == ((), 0, TIME)


def test_trades_are_told_one_by_one(ada):
    def trade() -> None:
        ada.ask(ada.exchange.place(offer(ada, 1, "70000")))

    told = ada.watch(feed(ada, "market_trades", BTC), trade, until=at_least(2, "market_trades"))
    [update] = [one for one in told if one["channel"] == "market_trades"][1:]
    assert {trade["side"] for trade in update["events"][0]["trades"]} == {"SELL"}  # the maker's
    assert read(ada, "market_trades", told, BTC).unreadable == 0


def test_levels_are_told_as_they_are_and_as_they_change(ada):
    told = ada.watch(
        feed(ada, "level2", BTC), lambda: house(ada, "buy", "0.25", "41000"), until=at_least(2, "l2_data")
    )
    snapshot, update = [one["events"][0] for one in told if one["channel"] == "l2_data"][:2]
    assert {one["side"] for one in snapshot["updates"]} == {"bid", "offer"}
    [change] = update["updates"]
    assert (change["side"], D(change["price_level"]), D(change["new_quantity"])) == (
        "bid",
        D(41000),
        D("0.25"),
    )
    assert read(ada, "level2", told, BTC).unreadable == 0


def test_heartbeats_count(ada):
    told = ada.watch(feed(ada, "heartbeats"), until=at_least(2, "heartbeats"))
    beats = [one["events"][0]["heartbeat_counter"] for one in told if one["channel"] == "heartbeats"]
    assert beats == [1, 2]
    assert read(ada, "heartbeats", told).unreadable == 0


def test_the_status_of_a_market_is_told_when_it_changes(ada):
    def close() -> None:
        ada.do(SetMarket(exchange="coinbase", pair="BTC-USD", state="cancel-only"))

    try:
        told = ada.watch(feed(ada, "status", BTC), close, until=at_least(2, "status"))
    finally:
        ada.do(SetMarket(exchange="coinbase", pair="BTC-USD", state="open"))
    first, second = [one["events"][0] for one in told if one["channel"] == "status"][:2]
    assert (first["type"], first["products"][0]["status_message"]) == ("snapshot", "")
    assert "cancel-only" in second["products"][0]["status_message"]
    assert read(ada, "status", told, BTC).unreadable == 0


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256"])
def test_the_users_feed_tells_what_becomes_of_the_users_own_orders(running, bob, algorithm):
    ada = customer(running, "coinbase", account=f"ada-{algorithm}", algorithm=algorithm, USD="100000")
    number = 2 if algorithm == "EdDSA" else 3
    ada.ask(ada.exchange.place(offer(ada, number, "30000")))
    bob.ask(bob.exchange.place(offer(bob, number + 2, "30000")))  # not hers

    def cancel() -> None:
        [placed] = ada.all(ada.exchange.find_order(offer(ada, number, "30000")))
        ada.ask(ada.exchange.cancel(placed))

    told = ada.watch(feed(ada, "user", BTC), cancel, until=at_least(2, "user"))
    snapshot, update = [one["events"][0] for one in told if one["channel"] == "user"][:2]
    assert [one["client_order_id"] for one in snapshot["orders"]] == [UUID.format(number)]
    [gone] = update["orders"]
    assert (gone["client_order_id"], gone["status"]) == (UUID.format(number), "CANCELLED")
    assert read(ada, "user", told, BTC).unreadable == 0


def test_the_users_feed_wants_the_users_token(ada):
    """Not one of another key in its name."""
    ada.signing = WholeKey()
    told = ada.watch(feed(ada, "user", BTC), until=bool)
    assert told == [{"type": "error", "message": "authentication failure"}]
    with pytest.raises(Refused) as caught:
        read(ada, "user", told, BTC)
    assert caught.value.reason == "authentication"


def test_a_key_without_the_permission_to_view_sees_nothing(running):
    eve = customer(running, "coinbase", account="eve", named=CDP_KEY.replace("7a5e", "8888"))
    credential = eve.simulation.venues["coinbase"].state.people.credential("coinbase", eve.credential.name)  # type: ignore[attr-defined]
    eve.do(
        SetCredential(
            exchange="coinbase",
            api="coinbase",
            key=credential.key,
            account="eve",
            algorithm=credential.algorithm,
            verifier=eve.signing.verifier,  # type: ignore[attr-defined]
            permissions=("trade",),
        )
    )
    [told] = eve.watch(feed(eve, "user", BTC), until=bool)
    assert told["type"] == "error"


# The Exchange API


def test_matches_are_numbered_and_begin_with_the_last_one(bob):
    bob.ask(bob.exchange.place(offer(bob, 10, "70000")))

    def trade() -> None:
        house(bob, "sell", "0.01", "70000")
        bob.ask(bob.exchange.place(offer(bob, 11, "70000")))

    told = bob.watch(feed(bob, "matches", BTC), trade, until=at_least(1, "match", "type"))
    kinds = [one["type"] for one in told]
    assert kinds[:3] == ["subscriptions", "last_match", "match"]
    numbers = [one["trade_id"] for one in told[1:]]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert read(bob, "matches", told, BTC).gaps == ()


def test_levels_of_the_exchange_api_want_its_key(bob):
    told = bob.watch(
        feed(bob, "level2", BTC),
        lambda: house(bob, "buy", "0.5", "42000"),
        until=at_least(1, "l2update", "type"),
    )
    snapshot = next(one for one in told if one["type"] == "snapshot")
    assert snapshot["bids"] and snapshot["asks"]
    assert ["buy", "42000", "0.5"] in told[-1]["changes"]
    assert read(bob, "level2", told, BTC).unreadable == 0


def test_the_users_own_orders_by_the_exchange_api(bob):
    def place() -> None:
        bob.ask(bob.exchange.place(offer(bob, 12, "31000")))

    told = bob.watch(feed(bob, "user", BTC), place, until=at_least(1, "open", "type"))
    assert (told[-1]["side"], D(told[-1]["price"]), told[-1]["user_id"] == told[-1]["profile_id"]) == (
        "buy",
        D(31000),
        True,
    )
    assert read(bob, "user", told, BTC).unreadable == 0


def test_what_an_account_has_is_told_when_an_order_holds_some_of_it(bob):
    [account] = [one.wallet for one in bob.all(bob.exchange.balances()) if one.asset == "USD"]
    watch = bob.exchange.feeds.watch("balance", (), 5, (account,))

    def place() -> None:
        bob.ask(bob.exchange.place(offer(bob, 13, "30000")))

    before = {one.asset: (one.free, one.held) for one in bob.all(bob.exchange.balances())}["USD"]
    told = bob.watch(watch, place, until=at_least(1, "balance", "type"))
    after = {one.asset: (one.free, one.held) for one in bob.all(bob.exchange.balances())}["USD"]
    last = told[-1]
    assert before[1] < after[1]
    assert (last["account_id"], last["currency"]) == (account, "USD")
    assert (D(last["available"]), D(last["holds"])) == after
    watched: Watched = watch.read(heard([msgspec.json.encode(one) for one in told], TIME))
    assert watched.unreadable == 0


def test_nobody_hears_of_anothers_account(running, bob):
    strange = customer(running, "coinbase-exchange", account="carol", USD="1", named="c" * 32)
    [account] = [one.wallet for one in strange.all(strange.exchange.balances()) if one.asset == "USD"]
    [told] = bob.watch(bob.exchange.feeds.watch("balance", (), 5, (account,)), until=bool)
    assert told["type"] == "error"


def test_heartbeats_and_tickers_of_the_exchange_api(bob):
    for channel in ("heartbeat", "ticker"):
        told = bob.watch(feed(bob, channel, BTC), until=at_least(1, channel, "type"))
        assert read(bob, channel, told, BTC).unreadable == 0


def test_the_status_of_all_products_and_currencies_by_the_exchange_api(bob):
    def close() -> None:
        bob.do(SetMarket(exchange="coinbase", pair="BTC-USD", state="post-only"))

    try:
        told = bob.watch(feed(bob, "status"), close, until=at_least(2, "status", "type"))
    finally:
        bob.do(SetMarket(exchange="coinbase", pair="BTC-USD", state="open"))
    first, second = [one for one in told if one["type"] == "status"][:2]
    states = [
        [one["post_only"] for one in of["products"] if one["id"] == "BTC-USD"] for of in (first, second)
    ]
    assert states == [[False], [True]]
    assert {"BTC", "USD"} <= {one["id"] for one in first["currencies"]}
    assert read(bob, "status", told).unreadable == 0


def test_a_wrong_passphrase_sees_nothing(bob):
    bob.do(
        SetCredential(
            exchange="coinbase",
            api="coinbase-exchange",
            key=bob.credential.key,
            account="bob",
            algorithm="HS256",
            verifier="AAAA" * 8,
            passphrase="another",
        )
    )
    [told] = bob.watch(feed(bob, "user", BTC), until=bool)
    assert told == {"type": "error", "message": "authentication failure"}


# Bad days


def fault(who: Customer, **what: Any) -> None:
    who.do(AddFault(api="coinbase-advanced", method="FEED", **what))


def test_a_message_that_gets_lost_is_noticed(ada):
    fault(ada, kind="lose-answer", path="/heartbeats")
    told = ada.watch(feed(ada, "heartbeats"), until=at_least(1, "heartbeats"))
    assert read(ada, "heartbeats", told).gaps == ("message 2 came after 0",)


def test_a_limit_is_said_in_the_feed(ada):
    fault(ada, kind="refuse", reason="rate-limit", path="/ticker")
    told = ada.watch(feed(ada, "ticker", BTC), until=bool)
    with pytest.raises(TryAgain) as caught:
        read(ada, "ticker", told, BTC)
    assert caught.value.reason == "rate-limit"


def test_a_feed_that_is_cut_is_no_feed_that_ended(ada):
    fault(ada, kind="cut", path="/ticker")
    with pytest.raises(EgressFailed):
        ada.watch(feed(ada, "ticker", BTC), until=bool)
    ada.do(ClearFaults())
