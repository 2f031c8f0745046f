"""What is asked of Binance afterwards, and what of its answers counts: how often something bears an identifier."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from tests.support.exchange_days import UUID, order, withdrawal

from warifu.exchanges.afterwards import Comparison, Found, Once, Wanted
from warifu.exchanges.binance import capital, spot
from warifu.exchanges.calls import Call
from warifu.exchanges.failures import ExchangeFailed
from warifu.exchanges.http import HttpAnswer
from warifu.exchanges.registry import EXCHANGES, LOOKERS

pytestmark = pytest.mark.unit

BINANCE, LOOKER = EXCHANGES["binance"], LOOKERS["binance"]
ORDER = Once(UUID, "order", "BTCUSDT")
SENT = Once(UUID, "withdrawal", "BTC")
STATED = Once(UUID, "stated withdrawal", "BTC")
ANSWERS = '{"isAddressOwner":1}'


def read(wanted: Wanted, page: list[dict[str, Any]]) -> Found:
    return LOOKER.look(wanted, 1000, 9000).read(HttpAnswer(200, (), json.dumps(page).encode()))


def numbered(number: int, identifier: str = UUID) -> dict[str, Any]:
    return {"orderId": number, "clientOrderId": identifier, "symbol": "BTCUSDT", "type": "OF_ANOTHER_DAY"}


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        (BINANCE.place(order("binance")), ORDER),
        (BINANCE.withdraw(withdrawal("binance")), SENT),
        (BINANCE.withdraw(withdrawal("binance", travel_rule=ANSWERS)), STATED),
    ],
)
def test_what_is_signed_is_found_again_by_its_identifier(call: Call[Any], wanted: Once):
    assert LOOKER.wanted(call.unsigned) == wanted


def test_an_order_of_whatever_kind_and_one_that_is_only_tried_out_have_one_too():
    ask = spot.NewOrder(
        symbol="BTCUSDT", side="SELL", type="STOP_LOSS", new_client_order_id=UUID, quantity=Decimal(1)
    )
    assert LOOKER.wanted(spot.api().call(spot.NEW_ORDER, ask).unsigned) == ORDER
    assert LOOKER.wanted(spot.api().call(spot.TEST_ORDER, ask).unsigned) == ORDER


def test_what_gives_nothing_away_and_an_order_list_have_none():
    oco = spot.NewOco(
        symbol="BTCUSDT",
        list_client_order_id=UUID,
        side="SELL",
        quantity=Decimal(1),
        above_type="LIMIT_MAKER",
        below_type="STOP_LOSS",
    )
    cancel = spot.api().call(spot.CANCEL_ORDERS, spot.OfSymbol(symbol="BTCUSDT"))
    for call in (spot.api().call(spot.NEW_OCO, oco), BINANCE.balances(), cancel):
        assert LOOKER.wanted(call.unsigned) is None
    placed = BINANCE.place(order("binance")).unsigned
    assert LOOKER.wanted(replace(placed, query=(*placed.query, ("icebergQty", "1")))) is None


def test_once_is_in_order_and_more_than_once_is_not():
    assert read(ORDER, []).compare(ORDER) == ()
    once = read(ORDER, [numbered(1), numbered(2, "by-hand"), numbered(3, str(uuid.uuid4()))])
    assert once.differs(ORDER) == Comparison((), ()) and once.is_there(ORDER) and once.whole
    assert once.identifiers == {UUID}
    twice = read(ORDER, [numbered(1), numbered(2, "by-hand"), numbered(3)])
    assert twice.differs(ORDER).differs == ("identifier twice",)


def test_the_identifier_of_an_order_that_was_cancelled_is_its_first_one():
    cancelled = numbered(2, "by-hand") | {"origClientOrderId": UUID}
    assert read(ORDER, [numbered(1), cancelled]).differs(ORDER).differs == ("identifier twice",)


@pytest.mark.parametrize("wanted", [SENT, STATED])
def test_withdrawals_are_counted_alike(wanted: Once):
    def one(number: int, identifier: str = UUID) -> dict[str, Any]:
        return {"id": f"w-{number}", "trId": number, "withdrawOrderId": identifier, "coin": "BTC"}

    assert read(wanted, [one(1), one(2, "")]).differs(wanted) == Comparison((), ())
    assert read(wanted, [one(1), one(2)]).differs(wanted).differs == ("identifier twice",)


def test_a_page_that_is_full_proves_nothing_but_what_is_on_it():
    full = read(ORDER, [numbered(n, f"by-hand-{n}") for n in range(1000)])
    assert not full.whole and full.after == "" and not full.is_there(ORDER)


@pytest.mark.parametrize("page", [{"code": -1000}, [{"clientOrderId": UUID}], [7], "[]"])
def test_what_cannot_be_read_is_no_answer(page: Any):
    with pytest.raises(ExchangeFailed):
        LOOKER.look(ORDER, 1, 2).read(HttpAnswer(200, (), json.dumps(page).encode()))


@pytest.mark.parametrize("wanted", [ORDER, SENT, STATED])
def test_a_look_is_known_again_and_nothing_that_asks_for_more(wanted: Once):
    unsigned = LOOKER.look(wanted, 1000, 9000).unsigned
    assert LOOKER.is_look(BINANCE.understand(unsigned))
    for name, _ in unsigned.query:
        less = replace(unsigned, query=tuple(pair for pair in unsigned.query if pair[0] != name))
        if name == "symbol":
            continue  # without it that is no request at all
        assert not LOOKER.is_look(BINANCE.understand(less))


def test_other_questions_are_no_look():
    from_a_number = spot.OrdersOf(symbol="BTCUSDT", start_time=1, end_time=2, limit=1000, order_id=7)
    others = (
        BINANCE.balances(),
        BINANCE.find_order(order("binance")),
        BINANCE.find_withdrawal(withdrawal("binance")),
        spot.api().call(spot.ORDERS, from_a_number),
        spot.api().call(capital.WITHDRAWALS, capital.WithdrawalsOf()),
    )
    for call in others:
        assert not LOOKER.is_look(BINANCE.understand(call.unsigned))
