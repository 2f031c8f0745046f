"""Decimals and minimum sizes: cut down, never rounded up, or refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.errors import InputRefused
from warifu.exchanges.amounts import checked, plain, truncated
from warifu.exchanges.market import Market, Order, Pair

pytestmark = pytest.mark.unit

D = Decimal

CLIENT = "1985ca2d-61ef-49f1-bfce-6c39d8462914"
PAIR = Pair("BTC", "USD")


def market(**other) -> Market:
    given = {
        "symbol": "BTC-USD",
        "pair": PAIR,
        "size_step": D("0.00000001"),
        "price_step": D("0.01"),
        "funds_step": D("0.01"),
        "least_size": D("0.0001"),
        "most_size": D(10),
        "least_funds": D(1),
    }
    return Market(**{**given, **other})


def limit(side="buy", size="0.5", price="20000", **other) -> Order:
    return Order(CLIENT, PAIR, side, "limit", D(size), price=D(price), **other)


@pytest.mark.parametrize(
    ("value", "step", "cut"),
    [
        ("1.999", "0.01", "1.99"),
        ("0.009", "0.01", "0.00"),
        ("1.99", "0.01", "1.99"),
        ("7", "5", "5"),
        ("0.123456789", "0.00000001", "0.12345678"),
        ("123456789012345678901234.999999999", "0.01", "123456789012345678901234.99"),
        ("0.3", "0.1", "0.3"),
    ],
)
def test_truncating(value, step, cut):
    assert truncated(D(value), D(step)) == D(cut)


amounts = st.decimals(min_value=0, max_value=10**12, allow_nan=False, allow_infinity=False, places=12)
steps = st.sampled_from([D(1), D("0.1"), D("0.00000001"), D("0.25"), D(5), D("0.000000000001")])


@given(amounts, steps)
def test_what_is_cut_is_a_whole_number_of_steps_and_never_more(value, step):
    cut = truncated(value, step)
    assert cut % step == 0
    assert value - step < cut <= value
    assert truncated(cut, step) == cut


@given(st.decimals(allow_nan=True, allow_infinity=True))
def test_an_amount_is_written_without_exponent_or_it_is_none(value):
    try:
        text = plain(value)
    except InputRefused:
        return
    assert D(text) == value
    assert not set(text) & set("eEnN+")
    assert len(text) < 130


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "1E+1000000", "1E-1000000", "1" * 70])
def test_what_is_no_amount(value):
    with pytest.raises(InputRefused):
        checked(D(value))


def test_an_order_is_cut_to_the_steps_of_its_market():
    fitted = market(size_step=D("0.01")).fit(limit(size="0.519", price="19999.999"))
    assert (fitted.size, fitted.price) == (D("0.51"), D("19999.99"))


def test_a_sell_is_never_moved_below_the_price_that_was_named():
    assert market().fit(limit("sell", price="19999.991")).price == D("20000.00")
    assert market().fit(limit("sell", price="19999.99")).price == D("19999.99")


@given(st.sampled_from(["buy", "sell"]), amounts.filter(lambda v: v > 0), amounts.filter(lambda v: v > 0))
def test_a_fitted_order_is_never_worse_than_what_was_asked_for(side, size, price):
    try:
        order = market(most_size=None).fit(Order(CLIENT, PAIR, side, "limit", size, price=price))
    except InputRefused:
        return
    assert order.size is not None
    assert order.price is not None
    assert order.size <= size
    assert order.price <= price if side == "buy" else order.price >= price
    assert order.size * order.price >= 1


@pytest.mark.parametrize(
    ("order", "other"),
    [
        (limit(size="0.00009"), {}),  # below the least size
        (limit(size="0.000000001"), {"least_size": D(0), "least_funds": D(0)}),  # below a step
        (limit(size="0.0001", price="100"), {}),  # below the least amount
        (limit(size="11"), {}),
        (limit(price="0.001"), {}),
        (limit(), {"state": "closed"}),  # delisted, halted
        (limit(), {"state": "cancel-only"}),
        (limit(), {"state": "post-only"}),
        (Order(CLIENT, PAIR, "buy", "market", funds=D(100)), {"state": "limit-only"}),
        (Order(CLIENT, PAIR, "buy", "market", funds=D("0.5")), {}),
        (limit(), {"pair": Pair("ETH", "USD")}),
    ],
)
def test_what_a_market_does_not_take(order, other):
    with pytest.raises(InputRefused):
        market(**other).fit(order)


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "limit", "size": D(1)},
        {"kind": "limit", "price": D(1)},
        {"kind": "limit", "funds": D(1), "price": D(1)},
        {"kind": "market", "size": D(1), "price": D(1)},
        {"kind": "market", "size": D(1), "funds": D(1)},
        {"kind": "market", "size": D(1), "post_only": True},
        {"kind": "stop-limit", "size": D(1), "price": D(1)},
        {"kind": "limit", "size": D(1), "price": D(1), "stop_price": D(1)},
        {"kind": "limit", "size": D(1), "price": D(1), "lifetime": "immediate", "post_only": True},
        {"kind": "market", "size": D(0)},
        {"kind": "market", "size": D(-1)},
        {"kind": "market", "size": D("NaN")},
        {"kind": "market", "size": D(1), "client_id": "mine"},
    ],
)
def test_an_order_that_contradicts_itself_is_refused(fields):
    with pytest.raises(InputRefused):
        Order(**{"client_id": CLIENT, "pair": PAIR, "side": "buy", **fields})
