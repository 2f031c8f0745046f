"""The contract of every exchange: the same questions, the same words back, on good days and on bad ones."""

import dataclasses
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.exchange_days import (
    BAD,
    BEST,
    GOOD,
    HOME,
    MEANINGS,
    NETWORKS,
    PAIRS,
    SANDBOX,
    UUID,
    WALLETS,
    order,
    state,
    withdrawal,
)

from warifu.errors import InputRefused
from warifu.exchanges import failures
from warifu.exchanges.adapter import Balance, Best, DepositAddress, Withdrawal
from warifu.exchanges.allowances import Allowance
from warifu.exchanges.amounts import checked
from warifu.exchanges.calls import Effect
from warifu.exchanges.failures import OutcomeUnknown, Refused, TryAgain
from warifu.exchanges.http import HttpAnswer
from warifu.exchanges.registry import EXCHANGES

pytestmark = [pytest.mark.unit, pytest.mark.slow]

D = Decimal
every = pytest.mark.parametrize("name", sorted(EXCHANGES))


def http(body, status=200, headers=()) -> HttpAnswer:
    return HttpAnswer(
        status, tuple(dict(headers).items()), b"" if body is None else json.dumps(body).encode()
    )


def question(name, what):
    exchange = EXCHANGES[name]
    return {
        "time": lambda: exchange.time(),
        "balances": lambda: exchange.balances(),
        "market": lambda: exchange.market(PAIRS[name]),
        "best": lambda: exchange.best(PAIRS[name]),
        "place": lambda: exchange.place(order(name)),
        "find_order": lambda: exchange.find_order(order(name)),
        "cancel": lambda: exchange.cancel(state(name)),
        "deposit_address": lambda: exchange.deposit_address("BTC", NETWORKS[name], WALLETS[name]),
        "withdraw": lambda: exchange.withdraw(withdrawal(name)),
        "find_withdrawal": lambda: exchange.find_withdrawal(withdrawal(name)),
    }[what]()


def read(name, what):
    return question(name, what).read(http(GOOD[name][what]))


def test_the_contract_speaks_of_every_exchange_there_is():
    assert set(GOOD) == set(BAD) == set(EXCHANGES)
    assert all(set(days) == set(MEANINGS) for days in BAD.values())


# Good days


@every
def test_the_clock(name):
    assert read(name, "time") == 1767225600123


@every
def test_the_balances(name):
    found = read(name, "balances")
    assert found.items == (Balance("BTC", D("1.5"), D("0.5"), WALLETS[name]),)
    assert found.more is None


@every
def test_the_market(name):
    market = read(name, "market")
    assert market.pair == PAIRS[name]
    assert (market.size_step, market.price_step, market.state) == (D("0.00000001"), D("0.01"), "open")
    assert market.least_funds == 1


@every
def test_the_best_offers_are_asked_for_without_a_credential(name):
    call = question(name, "best")
    assert not call.unsigned.signed and call.unsigned.effect is Effect.READS
    answer = http(BEST[name](bid="19999.5", ask="20000.5"))
    assert call.read(answer) == Best(D("19999.5"), D("20000.5"))
    assert EXCHANGES[name].understand(call.unsigned, [PAIRS[name]]).meaning.gives == {}


@every
@pytest.mark.parametrize(
    "bad", [{"bid": "0"}, {"bid": "20000.6"}, {"ask": "0"}, {"ask": None}, {"bid": "-1"}]
)
def test_what_is_no_price_is_none(name, bad):
    """Nothing, less than nothing, one side of an empty book, a bid above the ask."""
    answer = BEST[name](**{"bid": "19999.5", "ask": "20000.5", **bad})
    with pytest.raises(failures.ExchangeFailed):
        question(name, "best").read(http(answer))


@pytest.mark.parametrize(
    "name", ["binance", "coinbase"]
)  # the Exchange API's ticker does not say whose it is
def test_a_price_of_another_pair_is_none_of_this(name):
    answer = json.loads(json.dumps(BEST[name](bid="19999.5", ask="20000.5")).replace("BTC", "ETH"))
    with pytest.raises(failures.ExchangeFailed):
        question(name, "best").read(http(answer))


@every
def test_an_order_is_placed_under_our_identifier(name):
    call = question(name, "place")
    assert UUID in call.unsigned.target + call.unsigned.body.decode()
    placed = call.read(http(GOOD[name]["place"]))
    assert (placed.id, placed.client_id, placed.filled) == ("28", UUID, 0)
    assert placed.status in ("pending", "open")


@every
def test_an_order_is_found_again_by_our_identifier_alone(name):
    """All that is known after a timeout is what was stored before sending."""
    found = read(name, "find_order")
    [one] = found.items
    assert (one.id, one.client_id, one.pair, one.status) == ("28", UUID, PAIRS[name], "open")
    assert (one.filled, one.value) == (D("0.1"), D("2000.001"))


@every
def test_an_order_is_cancelled(name):
    call = question(name, "cancel")
    assert "28" in call.unsigned.target + call.unsigned.body.decode()
    assert call.read(http(GOOD[name]["cancel"])) is None


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("binance", (http([]), http({"code": -2011, "msg": "Unknown order sent."}, 400))),
        ("coinbase-exchange", (http([]), http(["28", "29"]))),
        (SANDBOX, (http([]), http(["28", "29"]))),
    ],
)
def test_all_orders_of_a_pair_are_cancelled_also_where_there_are_none(name, answers):
    call = EXCHANGES[name].cancel_all(PAIRS[name])
    assert call is not None and call.unsigned.method == "DELETE"
    assert [call.read(answer) for answer in answers] == [None, None]
    with pytest.raises(failures.ExchangeFailed):
        call.read(http({"code": -1003, "msg": "Too many requests."}, 429))
    understood = EXCHANGES[name].understand(call.unsigned, [PAIRS[name]])
    assert (understood.meaning.gives, understood.meaning.destination) == ({}, None)


@every
def test_a_deposit_address_is_for_the_asset_and_the_network_that_were_asked_for(name):
    assert read(name, "deposit_address") == DepositAddress("BTC", NETWORKS[name], "bc1qdeposit", None)


@every
def test_a_withdrawal_is_sent_and_found_again_by_our_identifier_alone(name):
    sent = question(name, "withdraw")
    whole = sent.unsigned.target + sent.unsigned.body.decode()
    assert all(part in whole for part in (HOME, "0.25", "BTC", NETWORKS[name]))
    assert sent.read(http(GOOD[name]["withdraw"])).status == "pending"
    [found] = read(name, "find_withdrawal").items
    assert (found.id, found.status, found.amount, found.fee) == ("w-9", "done", D("0.25"), D("0.0001"))
    assert found.transaction_id == "beef"
    assert found.address in (None, HOME)  # said by some


@every
def test_a_memo_is_sent(name):
    call = EXCHANGES[name].withdraw(withdrawal(name, memo="4242"))
    assert "4242" in call.unsigned.target + call.unsigned.body.decode()


@every
def test_the_same_withdrawal_is_the_same_request_every_time(name):
    """A restart between storing and sending builds the very request that was stored."""
    assert question(name, "withdraw").unsigned == question(name, "withdraw").unsigned
    assert question(name, "place").unsigned == question(name, "place").unsigned


@every
@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "market", "price": None},
        {"kind": "market", "price": None, "size": None, "funds": D(100)},
        {"lifetime": "immediate"},
        {"lifetime": "whole-or-none"},
        {"post_only": True},
        {"kind": "stop-limit", "stop_price": D(19000)},
        {"kind": "stop-limit", "stop_price": D(21000), "rising": True},
    ],
)
def test_every_kind_of_order_has_a_form_of_its_own(name, fields):
    special = EXCHANGES[name].place(order(name, **fields)).unsigned
    assert special != question(name, "place").unsigned
    for amount in ("stop_price", "funds"):
        if fields.get(amount):
            assert str(fields[amount]) in special.target + special.body.decode()


@every
def test_all_calls_go_to_the_exchanges_own_hosts(name):
    exchange = EXCHANGES[name]
    calls = [question(name, what) for what in GOOD[name]] + [exchange.wallets(), exchange.permissions()]
    assert all(call is None or call.unsigned.host in exchange.hosts for call in calls)


@every
def test_what_reads_and_what_acts(name):
    acting = {what for what in GOOD[name] if question(name, what).effect}
    assert {"place", "cancel", "withdraw"} <= acting <= {"place", "cancel", "withdraw", "deposit_address"}


# Bad days


@every
@pytest.mark.parametrize("day", sorted(MEANINGS))
def test_a_bad_day(name, day):
    """Whether anything happened, and why not, in the same words for every exchange."""
    what, kind, reason = MEANINGS[day]
    status, headers, body = BAD[name][day]
    with pytest.raises(getattr(failures, kind)) as caught:
        question(name, what).read(http(body, status, headers))
    assert caught.value.reason == reason
    if day == "rate limit by status":
        assert caught.value.retry_after == 3


@every
@pytest.mark.parametrize("what", ["place", "cancel", "withdraw"])
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_fault_of_the_server_leaves_open_what_was_to_be_done(name, what, status):
    coded = [{"code": code, "msg": "x"} for code in (-1003, -1008, -2010, -9999)]
    for body in (None, {"message": "maintenance"}, {"error": "x"}, {"msg": "x"}, *coded):
        with pytest.raises(OutcomeUnknown):
            question(name, what).read(http(body, status))
    with pytest.raises(TryAgain):
        question(name, "balances").read(http(None, status))


@every
@pytest.mark.parametrize("what", ["place", "cancel", "withdraw"])
def test_silence_after_sending_is_unknown_and_never_again(name, what):
    call = question(name, what)
    assert isinstance(call.unanswered(sent=True), OutcomeUnknown)
    assert isinstance(call.unanswered(sent=False), TryAgain)
    assert isinstance(question(name, "balances").unanswered(sent=True), TryAgain)


@every
def test_after_a_timeout_it_is_looked_for_and_not_finding_it_is_not_a_failure(name):
    nothing = {
        "coinbase": ({"orders": [], "has_next": False}, 200, {"data": []}),
        "coinbase-exchange": ({"message": "NotFound"}, 404, []),
        SANDBOX: ({"message": "NotFound"}, 404, []),
        "binance": ({"code": -2013, "msg": "Order does not exist."}, 400, []),
    }[name]
    orders, status, withdrawals = nothing
    assert question(name, "find_order").read(http(orders, status)).items == ()
    assert question(name, "find_withdrawal").read(http(withdrawals)).items == ()
    with pytest.raises(Refused):  # but a key that is refused has not looked
        question(name, "find_order").read(http({"message": "Unauthorized", "code": -2015, "msg": "x"}, 401))


@every
def test_a_partial_fill_that_was_cancelled_keeps_what_was_filled(name):
    said = json.loads(json.dumps(GOOD[name]["find_order"]))
    match name:
        case "coinbase":
            said["orders"][0]["status"] = "CANCELLED"
        case "coinbase-exchange" | "coinbase-exchange-sandbox":
            said.update(status="done", done_reason="canceled")
        case "binance":
            said["status"] = "CANCELED"
    [found] = question(name, "find_order").read(http(said)).items
    assert (found.status, found.filled) == ("cancelled", D("0.1"))


@every
def test_a_state_that_did_not_exist_when_this_was_written_is_not_guessed_at(name):
    said = json.loads(json.dumps(GOOD[name]["find_order"]))
    (said["orders"][0] if name == "coinbase" else said)["status"] = "SOMETHING_NEW"
    with pytest.raises(TryAgain) as caught:
        question(name, "find_order").read(http(said))
    assert caught.value.reason == "answer-form"


@every
def test_a_market_that_is_halted_takes_nothing(name):
    said = json.loads(json.dumps(GOOD[name]["market"]))
    (said["symbols"][0] if name == "binance" else said)["status"] = "delisted"
    with pytest.raises(InputRefused):
        question(name, "market").read(http(said)).fit(order(name))


def test_a_deposit_address_of_another_network_is_refused():
    for name, body in (
        ("coinbase", {"data": {"id": "d", "address": "0xabc", "network": "ethereum"}}),
        ("coinbase-exchange", {"id": "d", "address": "0xabc", "network": "ethereum"}),
        ("binance", {"coin": "ETH", "address": "0xabc"}),
    ):
        with pytest.raises(Refused) as caught:
            question(name, "deposit_address").read(http(body))
        assert caught.value.reason == "network"


TAGGED = {"id": "d", "address": "r1", "network": "bitcoin"}


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("coinbase", {"data": {**TAGGED, "destination_tag": "42"}}),
        ("coinbase", {"data": {**TAGGED, "address_info": {"destination_tag": "42"}}}),
        ("coinbase-exchange", {**TAGGED, "destination_tag": "42"}),
        ("coinbase-exchange", {**TAGGED, "address_info": {"destination_tag": "42"}}),
        ("binance", {"coin": "BTC", "address": "r1", "tag": "42"}),
    ],
)
def test_the_memo_of_a_deposit_address_is_never_lost(name, body):
    """Deposited without it, the funds are somebody else's."""
    assert question(name, "deposit_address").read(http(body)).memo == "42"


def test_coinbases_cancel_is_refused_inside_of_status_200():
    body = {"results": [{"success": False, "failure_reason": "UNKNOWN_CANCEL_ORDER", "order_id": "28"}]}
    with pytest.raises(Refused) as caught:
        question("coinbase", "cancel").read(http(body))
    assert caught.value.reason == "not-found"
    for results in ([], [{"success": True, "failure_reason": "", "order_id": "29"}]):
        with pytest.raises(OutcomeUnknown):  # an answer about something else
            question("coinbase", "cancel").read(http({"results": results}))


def test_coinbase_refuses_in_many_places():
    for body in (
        {"success": False, "failure_reason": "INVALID_SIDE"},
        {"success": False, "error_response": {"preview_failure_reason": "PREVIEW_INSUFFICIENT_FUND"}},
        {"success": False, "errors": [{"edit_failure_reason": "ORDER_NOT_FOUND"}]},
        {"success": False},
    ):
        with pytest.raises(Refused):
            question("coinbase", "place").read(http(body))


def test_binances_ban_says_so():
    body = {"code": -1003, "msg": "Way too much request weight used; IP banned until 1659146400000."}
    with pytest.raises(TryAgain) as caught:
        question("binance", "balances").read(http(body, 418, {"retry-after": "120"}))
    assert (caught.value.reason, caught.value.retry_after) == ("banned", 120)


@pytest.mark.parametrize(
    ("side", "rising", "kind"),
    [
        ("buy", True, "STOP_LOSS_LIMIT"),
        ("buy", False, "TAKE_PROFIT_LIMIT"),
        ("sell", True, "TAKE_PROFIT_LIMIT"),
        ("sell", False, "STOP_LOSS_LIMIT"),
    ],
)
def test_binance_names_stops_by_side_and_direction(side, rising, kind):
    """Above the market a buyer limits a loss and a seller takes a profit; below it is the other way round."""
    stop = order("binance", kind="stop-limit", stop_price=D(21000), rising=rising)
    call = EXCHANGES["binance"].place(dataclasses.replace(stop, side=side))
    assert dict(call.unsigned.query)["type"] == kind


def test_what_binance_does_not_remember_is_not_taken_for_zero():
    said = {**json.loads(json.dumps(GOOD["binance"]["find_order"])), "cummulativeQuoteQty": "-1"}
    with pytest.raises(TryAgain) as caught:
        question("binance", "find_order").read(http(said))
    assert caught.value.reason == "answer-form"


@pytest.mark.parametrize("code", [-1000, -1001, -1006, -1007])
def test_binance_says_itself_when_it_does_not_know(code):
    for status in (200, 400, 500):
        with pytest.raises(OutcomeUnknown):
            question("binance", "place").read(http({"code": code, "msg": "?"}, status))
        with pytest.raises(TryAgain):
            question("binance", "balances").read(http({"code": code, "msg": "?"}, status))


JUNK: list[Any] = [None, "", "x", "NaN", "1e999", -1, 0, True, [], {}, [[]], "9" * 70, "BTC-", "\x00"]


def bent(tree, choose):
    """The same answer with something else at one place of it."""
    match tree:
        case dict() if tree and choose(st.booleans()):
            key = choose(st.sampled_from(sorted(tree)))
            return {**tree, key: bent(tree[key], choose)}
        case list() if tree and choose(st.booleans()):
            return [bent(tree[0], choose), *tree[1:]]
        case _:
            return choose(st.sampled_from(JUNK))


def amounts(value):
    match value:
        case Decimal():
            yield value
        case tuple():
            for item in value:
                yield from amounts(item)
        case _ if dataclasses.is_dataclass(value):
            for field in dataclasses.fields(value):
                yield from amounts(getattr(value, field.name))


@every
@given(st.data())
@settings(max_examples=150)
def test_an_answer_that_is_wrong_anywhere_is_read_or_refused(name, data):
    """No error of another kind, from any question, for any wrong type or amount at any place."""
    what = data.draw(st.sampled_from(sorted(GOOD[name])))
    answer = bent(GOOD[name][what], data.draw)
    try:
        found = question(name, what).read(http(answer))
    except failures.ExchangeFailed:
        return
    for amount in amounts(found):
        checked(amount)


WORDS = [
    "message",
    "error",
    "error_details",
    "errors",
    "error_response",
    "failure_reason",
    "success",
    "code",
    "msg",
]
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-5000, 5000)
    | st.text(max_size=8)
    | st.sampled_from(["id", "limit"])
)
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=8,
)


@every
@given(
    tree=trees,
    status=st.sampled_from([200, 201, 204, 400, 401, 402, 403, 404, 408, 409, 418, 429, 500, 503, 520]),
)
@settings(max_examples=150)
def test_whatever_a_refusal_looks_like_it_is_one_of_three(name, tree, status):
    """And a fault of the server's never says of an order or a withdrawal that nothing happened."""
    for what in ("place", "withdraw", "cancel"):
        try:
            question(name, what).read(http(tree, status))
        except failures.ExchangeFailed as failed:
            if status >= 500:
                assert isinstance(failed, OutcomeUnknown)
        else:
            assert status < 300


@every
def test_a_strangers_words_are_short_and_harmless(name):
    words = "\x1b[2J" + "x" * 5000
    body = {"message": words, "msg": words, "code": -1013, "errors": [{"id": "a", "message": words}]}
    with pytest.raises(failures.ExchangeFailed) as caught:
        question(name, "withdraw").read(http(body, 400))
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 400


# Limits


def test_what_is_left_of_the_limits():
    advanced = http(
        {}, 200, {"x-ratelimit-limit": "30", "x-ratelimit-remaining": "7", "x-ratelimit-reset": "1"}
    )
    assert EXCHANGES["coinbase"].allowances(advanced) == (Allowance("requests", None, 30, None, 7, 1),)
    spot = http(
        {},
        200,
        {
            "x-mbx-used-weight": "21",
            "x-mbx-used-weight-1m": "21",
            "x-mbx-order-count-10s": "2",
            "x-mbx-order-count-1d": "9",
            "x-sapi-used-ip-weight-1m": "12",
            "x-mbx-uuid": "7",
        },
    )
    assert EXCHANGES["binance"].allowances(spot) == (
        Allowance("weight", 60, used=21),
        Allowance("orders", 10, used=2),
        Allowance("orders", 86_400, used=9),
        Allowance("weight", 60, used=12),
    )
    for exchange in EXCHANGES.values():
        assert (
            exchange.allowances(http({}, 200, {"x-ratelimit-limit": "-1", "x-mbx-used-weight-1m": "x"})) == ()
        )


# Keys


def permissions(name, said):
    call = EXCHANGES[name].permissions()
    assert call is not None
    return call.read(http(said))


def test_what_a_key_may_do():
    key = {"can_view": True, "can_trade": True, "can_transfer": False}
    assert permissions("coinbase", key).pays_out is False
    key = {
        "ipRestrict": True,
        "enableReading": True,
        "enableWithdrawals": False,
        "enableSpotAndMarginTrading": True,
        "permitsUniversalTransfer": True,  # also lets funds leave this account
    }
    found = permissions("binance", key)
    assert (found.views, found.trades, found.pays_out, found.bound_to_addresses) == (True, True, True, True)
    assert found.withdraws is False  # to an address on a chain
    assert EXCHANGES["coinbase-exchange"].permissions() is None


# Withdrawals


@pytest.mark.parametrize(
    "other",
    [{"client_id": "mine"}, {"amount": D(0)}, {"amount": D(-1)}, {"memo": "1", "without_memo": True}],
)
def test_a_withdrawal_that_is_none_is_refused(other):
    given = {"client_id": UUID, "asset": "BTC", "network": "bitcoin", "address": HOME, "amount": D(1)}
    with pytest.raises(InputRefused):
        Withdrawal(**{**given, **other})


@pytest.mark.parametrize("name", ["coinbase", "coinbase-exchange"])
def test_coinbase_wants_to_be_told_which_account(name):
    with pytest.raises(InputRefused):
        EXCHANGES[name].deposit_address("BTC", "bitcoin")


def test_binance_has_one_and_is_not_told_which():
    with pytest.raises(InputRefused):
        EXCHANGES["binance"].withdraw(withdrawal("binance", wallet="w-1"))
