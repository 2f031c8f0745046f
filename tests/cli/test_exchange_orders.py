"""What the owner types becomes an order with a bound, or nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, get_args

import pytest

from warifu.cli.exchanges.failures import as_error
from warifu.cli.exchanges.orders import decimal_of, most_given, order_object, pair_named, wanted_order
from warifu.errors import InputRefused
from warifu.exchanges.failures import OutcomeUnknown, Reason, Refused, TryAgain
from warifu.exchanges.market import Order

pytestmark = pytest.mark.unit


def order(side: str = "buy", **given: Any) -> Order:  # what a person types
    options: dict[str, Any] = {"size": None, "funds": None, "limit": None, "stop": None}
    options |= {"lifetime": "until-cancelled", "post_only": False} | given
    return wanted_order("btc/usd", side, **options)  # type: ignore[arg-type]


def test_a_limit_order_gives_at_most_what_it_costs() -> None:
    made = order(size="0.01", limit="65000")
    assert (made.kind, str(made.pair)) == ("limit", "BTC-USD")
    assert most_given(made) == (Decimal("650.00"), "USD")
    assert order_object(made)["gives_at_most"] == {"amount": "650.00", "asset": "USD"}


def test_a_buy_at_any_price_is_for_an_amount_of_money_and_a_sale_for_a_size() -> None:
    assert most_given(order(funds="500")) == (Decimal(500), "USD")
    assert most_given(order("sell", size="0.5")) == (Decimal("0.5"), "BTC")
    for side, given in (("buy", {"size": "1"}), ("sell", {"funds": "500"}), ("sell", {})):
        with pytest.raises(InputRefused):
            order(side, **given)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"size": "1", "funds": "2", "limit": "3"},
        {"funds": "100", "stop": "60000"},
        {"size": "1", "stop": "2"},
    ],
)
def test_what_is_no_order_is_refused_with_what_is_to_be_said_instead(given: dict[str, str]) -> None:
    with pytest.raises(InputRefused) as refused:
        order(**given)
    assert refused.value.reason == "exchange-order" and "--" in refused.value.remedy


def test_a_stop_order_waits_in_the_direction_in_which_it_makes_sense() -> None:
    assert order("buy", size="1", limit="70000", stop="69000").rising
    assert not order("sell", size="1", limit="60000", stop="61000").rising


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", "1e8", "0x10", "1,5", "1.", ".5", "NaN", "01", "1" * 31, "١"]
)
def test_an_amount_is_a_plain_number(text: str) -> None:
    with pytest.raises(InputRefused):
        decimal_of(text, "amount")


@pytest.mark.parametrize("text", ["", "BTC", "BTCUSD", "BTC-", "-USD", "BTC-USD-X", "BTC USD"])
def test_a_pair_names_both_sides(text: str) -> None:
    with pytest.raises(InputRefused):
        pair_named(text)


def test_every_no_has_an_error_that_says_what_to_do() -> None:
    for reason in get_args(Reason):
        for failure in (Refused(reason), TryAgain(reason, retry_after=7), OutcomeUnknown(reason)):
            error = as_error(failure, identifier="1b9d6bcd")
            assert error.code == f"exchange.{reason}"
            if isinstance(failure, OutcomeUnknown):
                assert "1b9d6bcd" in error.remedy
                assert "may have happened" in error.not_done
            else:
                assert error.not_done == "Nothing happened at the exchange."
        assert as_error(TryAgain(reason, retry_after=7)).retry_after == 7
