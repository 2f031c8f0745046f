"""What an owner states about who is paid, in each exchange's own form; and no error that repeats it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support.exchange_days import withdrawal

from warifu.errors import InputRefused
from warifu.exchanges.adapter import ListedAddress
from warifu.exchanges.failures import Refused
from warifu.exchanges.http import HttpAnswer
from warifu.exchanges.registry import EXCHANGES, LOOKERS

pytestmark = pytest.mark.unit

STATED: dict[str, dict[str, Any]] = {
    "binance": {"isAddressOwner": 1, "sendTo": 2, "isAttested": True, "city": "Hakone"},
    "coinbase": {"is_self": "IS_SELF_TRUE", "beneficiary_name": "Ada Hakone"},
    "coinbase-exchange": {"is_self": True, "beneficiary_name": "Ada Hakone"},
    "coinbase-exchange-sandbox": {"is_self": True, "beneficiary_name": "Ada Hakone"},
}
every = pytest.mark.parametrize("name", sorted(EXCHANGES))


def http(body: Any) -> HttpAnswer:
    return HttpAnswer(200, (), json.dumps(body).encode())


@every
def test_it_is_in_the_request_in_one_form_and_understood_as_the_same_withdrawal(name: str) -> None:
    exchange, stated = EXCHANGES[name], STATED[name]
    assert exchange.travel_rule(json.dumps(stated)) == tuple(sorted(stated))
    bare = exchange.withdraw(withdrawal(name)).unsigned
    made = [
        exchange.withdraw(withdrawal(name, travel_rule=text)).unsigned
        for text in (json.dumps(stated), json.dumps(stated, indent=3))
    ]
    assert made[0].same_bytes(made[1]) and not made[0].same_bytes(bare)
    assert "Hakone" in made[0].target + made[0].body.decode()
    meant = exchange.understand(made[0]).meaning
    assert meant == exchange.understand(bare).meaning


@every
@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "Hakone",
        '{"Hakone": ',
        '{"city": ["Hakone"]}',
        '{"is_self": "Hakone", "city": null}',
        '{"beneficiary_address": {"city": {"a": {"b": "Hakone"}}}}',
        '{"city": "' + 1800 * "Hakone" + '"}',
        '{"country\\u0000": "Hakone"}',
    ],
)
def test_what_an_exchange_does_not_take_is_refused_without_a_word_of_it(name: str, text: str) -> None:
    with pytest.raises(InputRefused) as refused:
        EXCHANGES[name].travel_rule(text)
    assert refused.value.reason == "travel-rule"
    assert "Hakone" not in refused.value.message + refused.value.remedy


def test_a_withdrawal_does_not_show_it() -> None:
    assert "Hakone" not in repr(withdrawal("coinbase", travel_rule=json.dumps(STATED["coinbase"])))


def test_a_send_with_it_can_be_compared_afterwards() -> None:
    exchange = EXCHANGES["coinbase"]
    asked = exchange.withdraw(withdrawal("coinbase", travel_rule=json.dumps(STATED["coinbase"])))
    assert LOOKERS["coinbase"].wanted(asked.unsigned) is not None


def test_binance_says_whether_it_took_the_answers_and_where_they_are_found() -> None:
    exchange, asked = EXCHANGES["binance"], withdrawal("binance", travel_rule=json.dumps(STATED["binance"]))
    call = exchange.withdraw(asked)
    assert (
        call.read(http({"trId": 7, "accpted": True})).id
        == "7"
        == call.read(http({"trId": 7, "accepted": True})).id
    )
    for no in ({"trId": 7, "accepted": False, "info": "no"}, {"trId": 7}, {"accepted": True}):
        with pytest.raises(Refused) as refused:
            call.read(http(no))
        assert refused.value.reason == "travel-rule"
    looked = exchange.find_withdrawal(asked)
    assert looked.unsigned.path == "/sapi/v2/localentity/withdraw/history"
    entry = {"trId": 7, "amount": "1", "coin": "BTC", "withdrawOrderId": asked.client_id}
    for fields, status in (
        ({"travelRuleStatus": 1}, "pending"),
        ({"travelRuleStatus": 2}, "failed"),
        ({"travelRuleStatus": 0, "withdrawalStatus": 4, "txId": "beef"}, "sent"),
        ({"travelRuleStatus": 0, "withdrawalStatus": 6, "txId": "beef"}, "done"),
    ):
        [found] = looked.read(
            http([{**entry, **fields}, {**entry, **fields, "withdrawOrderId": "another"}])
        ).items
        assert found.status == status


def test_whether_it_asks_at_all_is_binances_to_say() -> None:
    asks = EXCHANGES["binance"].asks_who_is_paid()
    assert asks is not None
    assert [asks.read(http({"questionnaireCountryCode": code})) for code in ("NIL", "AE")] == [False, True]
    assert EXCHANGES["coinbase"].asks_who_is_paid() is None


def test_an_address_is_on_the_list_for_its_asset_and_its_network_alone() -> None:
    listed = EXCHANGES["binance"].listed()
    assert listed is not None
    entry = {"address": "bc1q", "coin": "BTC", "network": "BTC", "whiteStatus": True}
    [found] = listed.read(http([entry, {**entry, "whiteStatus": False}, {**entry, "addressTag": "7"}]))
    assert found.counts_for("BTC", "bc1q", "BTC")
    for other in (("LTC", "bc1q", "BTC"), ("BTC", "BC1Q", "BTC"), ("BTC", "bc1q", "ETH")):
        assert not found.counts_for(*other)
    book = EXCHANGES["coinbase-exchange"].listed()
    assert book is not None
    entry = {"id": "a", "address": "0xAB", "currency": "_ALL_ASSETS_"}
    [found] = book.read(http([entry]))
    assert found == ListedAddress("", "0xAB", "") and found.counts_for("USDC", "0xab", "ethereum")
