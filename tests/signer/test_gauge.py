"""What a visit is worth, as one device measures it: by what changed, by prices, and never by what is not known."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warifu.protocol.encoding import decode, encode
from warifu.signer.exchanges.gauge import (
    APART,
    FRESH_LOOK,
    MOST_WITHDRAWALS,
    TOGETHER,
    Gauge,
    Gone,
    Holding,
    gauge_for,
    route,
)

pytestmark = pytest.mark.unit

D = Decimal
NOW = 1_800_000_000
PAIRS = ("BTC-USDT", "ETH-USDT", "SOL-ETH")
GAUGE = gauge_for(500, "BTC", D("0.5"), (), PAIRS)


def look(
    gauge: Gauge, now: int, swept=(), *, price: str | None = "50000", eth: str | None = None, **there: str
) -> Gauge:
    """One look: what is there, then the prices that are wanted of it."""
    gauge = gauge.sees({symbol: D(amount) for symbol, amount in there.items()}, now).measured(swept, now)
    said = {"BTC-USDT": price, "ETH-USDT": eth}
    for pair in gauge.wanted(swept, now):
        if (found := said[pair]) is not None:
            gauge = priced(gauge, pair, found, now).measured(swept, now)
    return gauge


def priced(gauge: Gauge, pair: str, price: str, now: int) -> Gauge:
    found = gauge.priced(pair, D(price), D(price), now)
    assert found is not None
    return found


FUNDED = look(look(GAUGE, NOW, USDT="100", BTC="1"), NOW + 1, USDT="100", BTC="1.5")


def test_only_what_the_pairs_connect_counts_directly_or_over_one_between():
    assert GAUGE.symbols == ("BTC", "ETH", "USDT")
    assert GAUGE.pairs == ("BTC-USDT", "ETH-USDT")
    assert route(PAIRS, "ETH", "BTC") == ("ETH-USDT", "BTC-USDT")
    assert route(PAIRS, "SOL", "BTC") is None and route(PAIRS, "BTC", "BTC") == ()


@pytest.mark.parametrize(
    ("there", "price", "other"),
    [
        ({"ETH": "9" * 59}, "9" * 59, "1e-36"),
        ({"ETH": "9" * 59}, "9" * 59, "1"),
        ({"USDT": "9" * 59}, "1e-36", None),
    ],
)
def test_an_absurd_price_is_none_and_keeps_nobody_from_reading_how_the_visit_stands(there, price, other):
    """Whatever an exchange says of a balance and of prices, each number for itself within what a number may be."""
    gauge = FUNDED.sees({"BTC": D("1.5"), "USDT": D(100), **{k: D(v) for k, v in there.items()}}, NOW + 9)
    gauge = priced(gauge, "ETH-USDT", price, NOW + 9) if other else gauge
    gauge = priced(gauge, "BTC-USDT", other or price, NOW + 9).measured((), NOW + 9)
    assert (gauge.value, gauge.over, gauge.unvalued((), NOW + 9)) == ("0.5", False, "no-price")
    shown = gauge.shown((), NOW + 9)
    assert decode(type(shown), encode(shown), 2**16) == shown


def test_what_was_there_before_is_not_the_visits_and_nothing_needs_a_price_that_did_not_change():
    assert (FUNDED.credited, FUNDED.value, FUNDED.wanted((), NOW + 1)) == (
        "0.5",
        "0.5",
        (),
    )


def test_what_is_held_is_worth_the_bid_and_what_is_missing_costs_the_ask():
    gauge = FUNDED.sees({"BTC": D("1.4"), "USDT": D("5100"), "ETH": D(0)}, NOW + 9)
    assert gauge.wanted((), NOW + 9) == ("BTC-USDT",)
    found = gauge.priced("BTC-USDT", D(48000), D(50000), NOW + 9)
    assert found is not None
    assert found.measured((), NOW + 9).value == "0.5"  # 0.4 BTC, and 5000 USDT at the ask
    owed = found.sees({"BTC": D("1.6"), "USDT": D("0")}, NOW + 9)
    assert owed.wanted((), NOW + 9) == (
        "BTC-USDT",
    )  # a price of before is no part of a look, in the same second
    again = owed.priced("BTC-USDT", D(48000), D(50000), NOW + 9)
    assert again is not None
    owed = again.measured((), NOW + 9)
    assert D(owed.value) == D("0.6") - (D(100) / D(48000)).quantize(D("1e-12")) - D("1e-12")


def test_too_little_ends_it_when_it_is_found_twice_some_time_apart():
    first = look(FUNDED, NOW + 100, BTC="1", USDT="23000")
    assert (first.low, first.over) == (NOW + 100, False)
    assert not look(first, NOW + 100 + APART - 1, BTC="1", USDT="23000").over
    assert look(first, NOW + 100 + APART, BTC="1", USDT="23000").over


def test_a_price_that_came_back_in_between_begins_anew():
    first = look(FUNDED, NOW + 100, BTC="1", USDT="23000")
    back = look(first, NOW + 110, price="45000", BTC="1", USDT="23000")
    assert (back.low, back.over) == (0, False)
    assert not look(back, NOW + 140, BTC="1", USDT="23000").over


def test_what_was_found_long_ago_is_not_the_first_of_two():
    first = look(FUNDED, NOW + 100, BTC="1", USDT="23000")
    again = look(first, NOW + 100 + TOGETHER + 1, BTC="1", USDT="23000")
    assert (again.low, again.over) == (NOW + 100 + TOGETHER + 1, False)


@pytest.mark.parametrize(("usdt", "over"), [("23850", False), ("23849.9", True)])
def test_the_bound_itself_may_be_lost_and_not_a_bit_more(usdt, over):
    """0.475 BTC at 50000 is 23750 USDT; a hundred were there before."""
    gauge = FUNDED
    for moment in (NOW + 100, NOW + 200):
        gauge = look(gauge, moment, BTC="1", USDT=usdt)
    assert gauge.over is over


def test_what_this_device_signed_away_is_no_loss():
    gone = FUNDED.withdraws(Gone(b"1" * 32, NOW, {"BTC": D("0.2"), "XRP": D(7)}))
    assert gone.withdrew == (Holding("BTC", "0.2"),)
    assert look(gone, NOW + 100, BTC="1.3", USDT="100").low == 0
    swept = (Holding("BTC", "0.5"),)
    assert look(FUNDED, NOW + 100, swept, BTC="1", USDT="100").low == 0
    assert look(FUNDED, NOW + 100, BTC="1", USDT="100").low  # nobody knows where that went


def gone(number: int, created: int = NOW) -> Gone:
    return Gone(bytes([number]) * 32, created, {"BTC": D("0.1")})


def test_what_an_owner_asked_for_before_the_first_look_had_left_by_then_and_hides_no_loss():
    assert GAUGE.withdraws(gone(1)) == GAUGE
    assert FUNDED.withdraws(gone(1, NOW - 1)) == FUNDED
    assert FUNDED.withdraws(gone(1, NOW)).withdrew == (Holding("BTC", "0.1"),)


def test_what_is_told_twice_left_once():
    once = FUNDED.withdraws(gone(1))
    assert once.withdraws(gone(1)) == once
    assert once.withdraws(gone(2)).withdrew == (Holding("BTC", "0.2"),)


def test_there_is_an_end_to_what_is_remembered_of_withdrawals():
    gauge = FUNDED
    for number in range(MOST_WITHDRAWALS + 1):
        gauge = gauge.withdraws(gone(number))
    assert gauge.withdrew == (Holding("BTC", "10"),)


def test_the_loss_is_of_no_more_than_it_may_bring():
    """A profit is no part of it: from twice as much back to what was brought nothing is lost."""
    rich = look(FUNDED, NOW + 100, BTC="2", USDT="100")
    assert rich.credited == "0.5"
    assert look(rich, NOW + 200, BTC="1.49", USDT="100").low == 0


@pytest.mark.parametrize(
    ("gauge", "why"),
    [
        (GAUGE, "no-look"),
        (look(FUNDED, NOW + 100, price=None, BTC="1", USDT="23000"), "no-price"),
        (look(FUNDED, NOW + 100, price="50000", eth=None, BTC="1", ETH="9"), "no-price"),
        (
            look(gauge_for(500, "BTC", D(1), ("XRP",), PAIRS), NOW, BTC="0").sees({"XRP": D(5)}, NOW + 100),
            "no-pair",
        ),
    ],
)
def test_what_cannot_be_valued_is_said_and_ends_nothing(gauge, why):
    for moment in (NOW + 100, NOW + 100 + FRESH_LOOK):
        assert gauge.unvalued((), moment) == why
        after = gauge.measured((), moment)
        assert (after.over, after.low, after.value) == (False, 0, gauge.value)


def test_a_look_that_is_not_finished_in_time_says_nothing_and_wants_nothing():
    begun = FUNDED.sees({"BTC": D(1), "USDT": D(23000)}, NOW + 100)
    late = NOW + 100 + FRESH_LOOK + 1
    assert begun.wanted((), late) == ()
    found = priced(begun, "BTC-USDT", "50000", late)
    assert found.unvalued((), late) == "no-price"
    assert found.measured((), late) == found
    assert FUNDED.unvalued((), NOW + 1 + FRESH_LOOK + 1) == "old"


def test_a_price_of_before_the_look_is_not_taken_for_it():
    old = priced(FUNDED, "BTC-USDT", "90000", NOW + 50)
    begun = old.sees({"BTC": D(1), "USDT": D(23000)}, NOW + 100)
    assert begun.wanted((), NOW + 100) == ("BTC-USDT",)


def test_offers_that_are_far_apart_are_no_price():
    assert FUNDED.priced("BTC-USDT", D("89.9"), D(100), NOW) is None
    assert FUNDED.priced("BTC-USDT", D(90), D(100), NOW) is not None


def test_what_was_there_before_the_first_look_is_said_to_be_no_credit():
    """A device that came late saw nothing come in: it has nothing to measure a loss from, and says so."""
    late = look(look(GAUGE, NOW, BTC="1.5"), NOW + 100, BTC="1.5", USDT="0")
    assert late.credited == "0"
    assert look(late, NOW + 200, BTC="1", USDT="20000").low == 0 or D(late.credited) == 0


amounts = st.decimals(min_value=0, max_value=D(10) ** 12, places=8, allow_nan=False)
prices = st.decimals(min_value=D("0.00000001"), max_value=D(10) ** 9, places=8, allow_nan=False)


@settings(max_examples=200)
@given(amounts, amounts, amounts, prices, prices, st.integers(1, 9_999))
def test_no_numbers_of_an_exchanges_make_it_fail_and_all_can_be_stored_and_shown(
    btc, usdt, eth, first, second, bound
):
    gauge = gauge_for(bound, "BTC", D("0.5"), (), PAIRS).sees({"BTC": usdt}, NOW).measured((), NOW)
    gauge = gauge.sees({"BTC": btc, "USDT": usdt, "ETH": eth}, NOW + 5)
    for pair, price in (("BTC-USDT", first), ("ETH-USDT", second)):
        gauge = priced(gauge, pair, f"{price:f}", NOW + 5).measured((), NOW + 5)
    assert decode(Gauge, encode(gauge), 2**20) == gauge
    assert gauge.shown((), NOW + 5).unvalued == ""
    assert D(gauge.credited) <= D("0.5")
    shown = gauge.shown((), NOW + 5)
    assert decode(type(shown), encode(shown), 2**16) == shown
