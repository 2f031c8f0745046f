"""The simulation's matching engine: nobody's money is made or lost, and at one price who came first is served first."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warifu.sandbox.engine import FEES, Engine, Trading
from warifu.sandbox.ledger import Ledger
from warifu.sandbox.markets import binance_markets, coinbase_markets
from warifu.sandbox.orders import Terms
from warifu.sandbox.refusal import Refusal

D = Decimal
pytestmark = pytest.mark.unit

MARKETS = {"BTC-USD": coinbase_markets, "BTC-USDT": binance_markets}
"""Fees on top of what is paid, and fees out of what is got."""
RICH = D(1_000_000)


def engine(pair: str, *traders: str) -> Engine:
    ledger = Ledger()
    for trader in traders or ("ada", "bob", "eve"):
        for asset in pair.split("-"):
            ledger.come(trader, asset, RICH)
    return Engine(MARKETS[pair](), ledger, Trading())


def limit(account, side, size, price, pair="BTC-USD", **other) -> Terms:
    return Terms(account=account, pair=pair, side=side, kind="limit", size=D(size), price=D(price), **other)


def market(account, side, pair="BTC-USD", **other) -> Terms:
    return Terms(account=account, pair=pair, side=side, kind="market", **other)


def placed(engine: Engine, *orders: Terms):
    return [engine.place(one, 0) for one in orders]


def test_the_better_price_is_served_first_and_the_older_order_at_one_price():
    exchange = engine("BTC-USD", "ada", "bob", "eve", "dan")
    late_and_dear, first, second = placed(
        exchange, limit("ada", "sell", 1, 102), limit("bob", "sell", 1, 101), limit("eve", "sell", 1, 101)
    )
    [taker] = placed(exchange, limit("dan", "buy", "1.5", 102))
    assert [(one.maker, one.order, one.price, one.size) for one in exchange.trading.fills if one.maker] == [
        (True, first.number, D(101), D(1)),
        (True, second.number, D(101), D("0.5")),
    ]
    assert (first.status, second.status, late_and_dear.status) == ("filled", "open", "open")
    assert (taker.status, taker.filled, taker.value) == ("filled", D("1.5"), D("151.5"))


def test_a_trade_is_at_the_price_of_the_one_who_was_there():
    exchange = engine("BTC-USD")
    placed(exchange, limit("ada", "buy", 1, 110))
    [seller] = placed(exchange, limit("bob", "sell", 1, 100))
    assert seller.value == D(110)


def test_fees_come_on_top_at_coinbase():
    exchange = engine("BTC-USD")
    placed(exchange, limit("ada", "sell", 1, 100), limit("bob", "buy", 1, 100))
    ledger = exchange.ledger
    assert ledger.free_of("bob", "USD") == RICH - 100 - D("0.6")  # the taker's 0.6 %
    assert ledger.free_of("ada", "USD") == RICH + 100 - D("0.4")  # the maker's 0.4 %
    assert ledger.free_of("bob", "BTC") == RICH + 1
    assert ledger.free_of(FEES, "USD") == 1


def test_fees_are_taken_out_of_what_is_got_at_binance():
    exchange = engine("BTC-USDT")
    placed(exchange, limit("ada", "sell", 1, 100, "BTC-USDT"), limit("bob", "buy", 1, 100, "BTC-USDT"))
    ledger = exchange.ledger
    assert ledger.free_of("bob", "BTC") == RICH + D("0.999")
    assert ledger.free_of("bob", "USDT") == RICH - 100
    assert ledger.free_of("ada", "USDT") == RICH + D("99.9")


def test_what_is_not_taken_at_once_waits_or_ends_as_its_lifetime_says():
    exchange = engine("BTC-USD")
    placed(exchange, limit("ada", "sell", 1, 100))
    waits, at_once, whole = placed(
        exchange,
        limit("bob", "buy", 2, 99),
        limit("bob", "buy", 2, 100, lifetime="immediate"),
        limit("bob", "buy", 2, 100, lifetime="whole-or-none"),
    )
    assert (waits.status, waits.filled) == ("open", 0)
    assert (at_once.status, at_once.filled) == ("expired", 1)
    assert (whole.status, whole.filled) == ("expired", 0)


def test_an_order_that_must_not_take_is_refused_where_it_would():
    exchange = engine("BTC-USD")
    placed(exchange, limit("ada", "sell", 1, 100))
    with pytest.raises(Refusal, match="post-only"):
        exchange.place(limit("bob", "buy", 1, 100, post_only=True), 0)
    [waits] = placed(exchange, limit("bob", "buy", 1, 99, post_only=True))
    assert waits.status == "open"


def test_a_market_order_for_money_spends_no_more_than_the_money_fees_included():
    exchange = engine("BTC-USD")
    placed(exchange, limit("ada", "sell", 1, 100), limit("ada", "sell", 10, 101))
    [order] = placed(exchange, market("bob", "buy", funds=D(500)))
    spent = RICH - exchange.ledger.free_of("bob", "USD")
    assert D("499.99") < spent <= 500
    assert order.value + order.fees == spent


def test_nobody_trades_with_oneself():
    exchange = engine("BTC-USD")
    [older] = placed(exchange, limit("ada", "sell", 1, 100))
    [newer] = placed(exchange, limit("ada", "buy", 1, 100))
    assert (older.status, newer.status, newer.filled) == ("expired", "open", 0)


def test_a_stop_order_waits_for_its_price_and_shows_it_afterwards():
    exchange = engine("BTC-USD")
    [stop] = placed(exchange, limit("eve", "sell", 1, 90, stop_price=D(95)))
    placed(exchange, limit("ada", "buy", 1, 100), limit("bob", "sell", 1, 100), limit("ada", "buy", 2, 94))
    assert stop.status == "waiting"
    placed(exchange, limit("bob", "sell", 1, 94))
    assert (stop.status, stop.filled, stop.terms.said) == ("filled", 1, {"stop_price": "95"})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"size": D("0.000000001")}, "too-small"),
        ({"size": D("0.0000000150")}, "size-step"),
        ({"price": D("100.001")}, "price-step"),
        ({"size": D("0.00000001"), "price": D(100)}, "value-too-small"),
        ({"size": D(10_000)}, "too-large"),
        ({"price": D(2_000_000)}, "funds"),
        ({"funds": D(5)}, "order-form"),
        ({"price": None}, "order-form"),
        ({"lifetime": "immediate", "post_only": True}, "order-form"),
        ({"pair": "XRP-USD"}, "delisted"),
    ],
)
def test_a_refused_order_changes_nothing(change, reason):
    exchange = engine("BTC-USD")
    before = str(exchange.ledger)
    wanted = {
        "account": "ada",
        "pair": "BTC-USD",
        "side": "buy",
        "kind": "limit",
        "size": D(1),
        "price": D(100),
        **change,
    }
    with pytest.raises(Refusal) as caught:
        exchange.place(Terms(**wanted), 0)
    assert caught.value.reason == reason
    assert str(exchange.ledger) == before
    assert exchange.trading.orders == []


@pytest.mark.parametrize(
    ("state", "fits", "refused"),
    [
        ("post-only", {"post_only": True}, {}),
        ("limit-only", {}, {"kind": "market", "price": None}),
        ("cancel-only", None, {}),
        ("delisted", None, {}),
    ],
)
def test_a_market_that_is_not_wholly_open(state, fits, refused):
    exchange = engine("BTC-USD")
    [there] = placed(exchange, limit("bob", "sell", 1, 200))
    exchange.markets["BTC-USD"].state = state
    wanted = {
        "account": "ada",
        "pair": "BTC-USD",
        "side": "buy",
        "kind": "limit",
        "size": D(1),
        "price": D(100),
    }
    with pytest.raises(Refusal):
        exchange.place(Terms(**{**wanted, **refused}), 0)
    if fits is not None:
        assert exchange.place(Terms(**{**wanted, **fits}), 0).status == "open"
    exchange.cancel(there, 0)  # whatever the state, what is there can be taken back
    assert exchange.ledger.held_of("bob", "BTC") == 0


# --- any sequence -------------------------------------------------------------------------------------------------

_SIZES = st.integers(1, 400).map(lambda n: D(n) / 100)
_PRICES = st.integers(9_900, 10_100).map(lambda n: D(n) / 100)


@st.composite
def _orders(draw, pair):
    common = {"account": draw(st.sampled_from(["ada", "bob", "eve"])), "pair": pair}
    common["side"] = draw(st.sampled_from(["buy", "sell"]))
    kind = draw(st.sampled_from(["limit", "limit", "limit", "stop", "size", "funds"]))
    if kind == "size":
        return Terms(kind="market", size=draw(_SIZES), **common)
    if kind == "funds":
        return Terms(kind="market", funds=draw(st.integers(100, 60_000).map(lambda n: D(n) / 100)), **common)
    stop = {"stop_price": draw(_PRICES), "rising": draw(st.booleans())} if kind == "stop" else {}
    lifetime = draw(st.sampled_from(["until-cancelled", "until-cancelled", "immediate", "whole-or-none"]))
    post_only = kind == "limit" and lifetime == "until-cancelled" and draw(st.booleans())
    return Terms(
        kind="limit", size=draw(_SIZES), price=draw(_PRICES), lifetime=lifetime, post_only=post_only,
        **stop, **common,
    )  # fmt: skip


def _stories(pair):
    return st.lists(st.one_of(_orders(pair), st.integers(0, 30)), min_size=1, max_size=40)


@pytest.mark.parametrize("pair", MARKETS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_sequence_of_orders_makes_or_loses_money_fills_too_much_or_leaves_a_better_offer_behind(
    pair, data
):
    exchange = engine(pair)
    ledger = exchange.ledger
    base, quote = pair.split("-")
    for deed in data.draw(_stories(pair)):
        book = exchange.books[pair]
        before = {side: [(one, one.remaining) for one in book.side(side)] for side in ("buy", "sell")}
        counted = len(exchange.trading.fills)
        try:
            if isinstance(deed, Terms):
                exchange.place(deed, 0)
            elif deed < len(exchange.trading.orders):
                exchange.cancel(exchange.trading.orders[deed], 0)
        except Refusal:
            assert len(exchange.trading.fills) == counted

        for asset in (base, quote):  # not a digit more or less than came
            assert ledger.total(asset) == 3 * RICH
            assert ledger.outside[asset] == -3 * RICH
            for amounts in (*ledger.free.values(), *ledger.held.values()):
                assert amounts.get(asset, 0) >= 0
        for account in ("ada", "bob", "eve"):  # what is held is held for a living order, and for nothing else
            for asset, side in ((quote, "buy"), (base, "sell")):
                living = [one for one in exchange.orders_of(account) if one.live and one.terms.side == side]
                assert ledger.held_of(account, asset) == sum(one.hold for one in living)
        for order in exchange.trading.orders:
            fills = [one for one in exchange.trading.fills if one.order == order.number]
            assert order.filled == sum(one.size for one in fills)
            assert order.value == sum(one.value for one in fills)
            if order.terms.size is not None:
                assert order.filled <= order.terms.size
            if order.terms.price is not None:
                worse = (lambda p, q: p > q) if order.terms.side == "buy" else (lambda p, q: p < q)
                assert not any(worse(one.price, order.terms.price) for one in fills)
        bid, ask = book.best("buy"), book.best("sell")
        assert bid is None or ask is None or bid < ask

        woken = any(one.maker is False for one in exchange.trading.fills[counted:])
        if (
            isinstance(deed, Terms) and woken and not any(one.terms.said for one in exchange.trading.orders)
        ):  # without stop orders in play, the order of service can be read off the book as it was
            served = [one for one in exchange.trading.fills[counted:] if one.maker]
            queue = [
                (one.number, left)
                for one, left in before["sell" if deed.side == "buy" else "buy"]
                if one.terms.account != deed.account
            ]
            expected = queue[: len(served)]
            assert [one.order for one in served] == [number for number, _ in expected]
            for fill, (_, left) in list(zip(served, expected, strict=True))[:-1]:
                assert fill.size == left  # whoever was first was served wholly before the next one
