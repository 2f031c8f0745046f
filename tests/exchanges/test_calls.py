"""From a typed request to bytes, and from bytes to a typed answer: strict where we speak, exact where we listen."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.errors import InputRefused
from warifu.exchanges.binance import capital, spot
from warifu.exchanges.binance.credentials import BinanceKey
from warifu.exchanges.calls import Answer, Ask, Effect, Endpoint, Nothing, read_json
from warifu.exchanges.clock import Skew, skew
from warifu.exchanges.coinbase import advanced, app, exchange
from warifu.exchanges.failures import OutcomeUnknown, Refused, TryAgain
from warifu.exchanges.http import HttpAnswer
from warifu.exchanges.signing import Stamp

pytestmark = pytest.mark.unit

D = Decimal

API = exchange.api()
MODULES = (*exchange.MODULES, *advanced.MODULES, app, spot, capital)
UUID = "1985ca2d-61ef-49f1-bfce-6c39d8462914"


def answer(body, status=200, **headers) -> HttpAnswer:
    given = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return HttpAnswer(status, given, body if isinstance(body, bytes) else json.dumps(body).encode())


# What we say


def test_what_the_path_names_is_in_the_path_and_the_rest_in_the_query():
    call = API.call(exchange.accounts.HOLDS, exchange.accounts.HoldsOf(account_id="a-1", limit=10))
    assert (call.unsigned.method, call.unsigned.target) == ("GET", "/accounts/a-1/holds?limit=10")
    assert call.unsigned.body == b""


def test_a_body_has_plain_decimals_and_no_absent_fields():
    ask = exchange.funds.ToCryptoAddress(amount=D("1E-8"), currency="BTC", crypto_address="bc1qexample")
    assert API.call(exchange.funds.WITHDRAW_TO_ADDRESS, ask).unsigned.body == (
        b'{"amount":"0.00000001","currency":"BTC","crypto_address":"bc1qexample"}'
    )


def test_what_is_too_long_to_be_sent_with_its_credential_is_not_built():
    """Found out once it was written down as sent, it would be asked for as something that may have happened."""
    name = "\u5c71"
    for length, fits in ((800, True), (900, False)):
        ask = capital.LocalWithdraw(
            coin="BTC",
            network="BTC",
            address="bc1q",
            amount=D(1),
            withdraw_order_id=UUID,
            questionnaire=json.dumps({"a": name * length}, ensure_ascii=False),
        )
        if not fits:
            with pytest.raises(InputRefused, match="longer"):
                spot.api().call(capital.LOCAL_WITHDRAW, ask)
            continue
        unsigned = spot.api().call(capital.LOCAL_WITHDRAW, ask).unsigned
        key = BinanceKey("k" * 64)
        key.prepare(unsigned, Stamp(1_800_000_000_000, bytes(32))).finish(b"\xff" * 64)


def test_lists_and_booleans_in_a_query():
    call = API.call(exchange.orders.ORDERS, exchange.orders.Orders(status=("open", "done"), limit=5))
    assert call.unsigned.query_text == "limit=5&status=open&status=done"
    assert (
        API.call(exchange.profiles.PROFILES, exchange.profiles.Profiles(active=True)).unsigned.query_text
        == "active=true"
    )


def test_what_python_cannot_call_a_name_has_its_own_name_on_the_wire():
    call = API.call(exchange.funds.CONVERT, exchange.funds.Convert(origin="USD", to="USDC", amount=D(5)))
    assert json.loads(call.unsigned.body) == {"from": "USD", "to": "USDC", "amount": "5"}
    order = spot.api().call(spot.ORDER, spot.OfOrder(symbol="BTCUSDT", orig_client_order_id=UUID))
    assert order.unsigned.query_text == f"symbol=BTCUSDT&origClientOrderId={UUID}"


@pytest.mark.parametrize(
    "ask",
    [
        exchange.accounts.OfAccount(account_id="../orders"),
        exchange.accounts.OfAccount(account_id="a/b"),
        exchange.accounts.OfAccount(account_id="a?b=c"),
        exchange.accounts.OfAccount(account_id=""),
        exchange.accounts.OfAccount(account_id=".."),
        exchange.accounts.OfAccount(account_id="a\r\nb"),
        exchange.accounts.OfAccount(account_id="a" * 101),
        exchange.accounts.OfAccount(account_id=7),  # type: ignore[arg-type]
        exchange.accounts.OfAccount(account_id=None),  # type: ignore[arg-type]
    ],
)
def test_an_identifier_never_changes_the_path_it_is_in(ask):
    with pytest.raises(InputRefused):
        API.call(exchange.accounts.ACCOUNT, ask)


@pytest.mark.parametrize(
    "ask",
    [
        exchange.funds.ToCryptoAddress(amount=D("NaN"), currency="BTC", crypto_address="bc1qexample"),
        exchange.funds.ToCryptoAddress(amount=0.1, currency="BTC", crypto_address="bc1qexample"),  # type: ignore[arg-type]
        exchange.funds.ToCryptoAddress(amount=D(1), currency="btc", crypto_address="bc1qexample"),
        exchange.funds.ToCryptoAddress(amount=D(1), currency="BTC", crypto_address="someone@example.com"),
        exchange.funds.ToCryptoAddress(amount=D(1), currency="BTC", crypto_address="bc1q example"),
        exchange.funds.ToCryptoAddress(amount=D(1), currency="BTC", crypto_address="bc1qexample", nonce=0),
    ],
)
def test_a_withdrawal_that_is_none_is_not_built(ask):
    """Above all no float (0.1 is 0.1000000000000000055...) and no e-mail address in place of a blockchain's."""
    with pytest.raises(InputRefused):
        API.call(exchange.funds.WITHDRAW_TO_ADDRESS, ask)


def test_an_amount_is_never_a_float_in_any_request_or_answer():
    def kinds(of, seen=None):
        seen = set() if seen is None else seen
        if of in seen:
            return seen
        seen.add(of)
        for sub in getattr(of, "__args__", ()) or ():
            kinds(sub, seen)
        for hint in getattr(of, "__annotations__", {}).values():
            seen.add(hint)
        return seen

    for module in MODULES:
        for name, endpoint in vars(module).items():
            if isinstance(endpoint, Endpoint):
                assert not any(
                    "float" in str(kind) for kind in kinds(endpoint.asks) | kinds(endpoint.answers)
                ), name


def test_every_endpoint_says_what_it_does():
    """What is not a GET changes something, or says by name that it does not."""
    harmless = {"PREVIEW_ORDER", "PREVIEW_EDIT", "CONVERT_QUOTE", "TEST_ORDER"}
    count = 0
    for module in MODULES:
        for name, endpoint in vars(module).items():
            if isinstance(endpoint, Endpoint):
                count += 1
                assert endpoint.signed or endpoint.effect is Effect.READS, name
                assert (endpoint.effect is Effect.READS) == (endpoint.method == "GET" or name in harmless), (
                    name
                )
    assert count > 160


# What we hear


def test_numbers_never_pass_through_a_float():
    class Sums(Answer, frozen=True, kw_only=True):
        text: D
        number: D
        whole: D

    read = read_json(Sums, b'{"text":"0.1","number":0.1000000000000000055511151231257827,"whole":12}')
    assert read == Sums(text=D("0.1"), number=D("0.1000000000000000055511151231257827"), whole=D(12))


@pytest.mark.parametrize(
    "amount", ['"NaN"', '"Infinity"', '"1e999999"', "1e400", '"' + "9" * 80 + '"', '"x"', "true"]
)
def test_an_amount_that_is_none_is_no_answer(amount):
    body = b'{"maker_fee_rate":' + amount.encode() + b',"taker_fee_rate":"0.1"}'
    with pytest.raises(TryAgain) as caught:
        API.call(exchange.orders.FEES, Nothing()).read(answer(body))
    assert caught.value.reason == "answer-form"


def test_empty_text_and_null_are_absent_and_new_fields_are_none_of_our_business():
    read = API.call(exchange.orders.FEES, Nothing()).read(
        answer(
            {
                "maker_fee_rate": "0.004",
                "taker_fee_rate": "0.006",
                "usd_volume": "",
                "more": [1],
                "none": None,
            }
        )
    )
    assert read == exchange.orders.Fees(maker_fee_rate=D("0.004"), taker_fee_rate=D("0.006"))


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_whatever_comes_is_an_answer_or_a_failure(body):
    """No exception of another kind, for what reads and for what changes something."""
    for endpoint, ask, failure in (
        (exchange.orders.FEES, Nothing(), TryAgain),
        (exchange.orders.CANCEL_ORDERS, exchange.orders.CancelOrders(), OutcomeUnknown),
    ):
        try:
            API.call(endpoint, ask).read(HttpAnswer(200, (), body))  # type: ignore[misc]
        except failure as failed:
            assert failed.reason == "answer-form"


def test_an_answer_that_is_nested_without_end_is_refused():
    with pytest.raises(TryAgain):
        API.call(exchange.orders.FEES, Nothing()).read(answer(b"[" * 100_000 + b"]" * 100_000))
    with pytest.raises(TryAgain):
        API.call(exchange.orders.FEES, Nothing()).read(answer(b'{"a":' * 30 + b"1" + b"}" * 30))


# Pages


def test_a_list_of_the_exchange_api_is_read_to_its_end_by_its_headers():
    ask = exchange.accounts.TransfersOf(account_id="a", limit=2)
    first = answer([TRANSFER], cb_after="page2", cb_before="page0")
    following = API.following(exchange.accounts.ACCOUNT_TRANSFERS, ask, first)
    assert following == exchange.accounts.TransfersOf(account_id="a", limit=2, after="page2")
    assert API.following(exchange.accounts.ACCOUNT_TRANSFERS, following, answer([TRANSFER])) is None
    assert API.following(exchange.accounts.ACCOUNT_TRANSFERS, following, answer([], cb_after="page3")) is None


TRANSFER = {"id": "t", "type": "withdraw", "created_at": "2026-01-01", "amount": "1", "details": {}}


def test_a_page_that_leads_to_itself_ends_the_reading():
    ask = exchange.accounts.TransfersOf(account_id="a", after="again")
    with pytest.raises(TryAgain):
        API.following(exchange.accounts.ACCOUNT_TRANSFERS, ask, answer([TRANSFER], cb_after="again"))


def test_a_list_of_advanced_trade_is_read_by_its_cursor():
    api = advanced.api()
    account = {"uuid": "u", "currency": "BTC", "available_balance": {"value": "1", "currency": "BTC"}}
    ask = advanced.accounts.Accounts(limit=1)
    more = api.following(
        advanced.accounts.ACCOUNTS, ask, answer({"accounts": [account], "has_next": True, "cursor": "c"})
    )
    assert more == advanced.accounts.Accounts(limit=1, cursor="c")
    assert (
        api.following(
            advanced.accounts.ACCOUNTS, ask, answer({"accounts": [account], "has_next": False, "cursor": "c"})
        )
        is None
    )
    assert (
        api.following(advanced.orders.FILLS, advanced.orders.Fills(), answer({"fills": [], "cursor": "c"}))
        is None
    )


def test_a_list_of_the_app_takes_the_cursor_and_never_the_address():
    api = app.api()
    body = {
        "pagination": {"next_uri": "https://evil.example/v2/accounts", "next_starting_after": "x"},
        "data": [],
    }
    call = api.listed(app.ACCOUNTS, app.Paged(), lambda page: page.data)
    more = call.read(answer(body)).more
    assert more is not None
    assert (more.unsigned.host, more.unsigned.target) == ("api.coinbase.com", "/v2/accounts?starting_after=x")


def test_binance_is_read_by_number_and_by_position():
    api = spot.api()
    withdrawal = {
        "id": "w", "amount": "1", "transactionFee": "0", "coin": "BTC", "status": 6, "address": "a", "applyTime": "t",
    }  # fmt: skip
    ask = capital.WithdrawalsOf(limit=2)
    more = api.following(capital.WITHDRAWALS, ask, answer([withdrawal] * 2))
    assert more == capital.WithdrawalsOf(limit=2, offset=2)
    assert api.following(capital.WITHDRAWALS, more, answer([withdrawal])) is None


# Clocks


def test_the_clock_is_as_exact_as_the_road_was_short():
    assert skew(1000, 5100, 1200) == Skew(ahead=4000, uncertainty=100)
    assert skew(1000, 5100, 1200).stamp(2000) == 6000
    assert skew(1000, 900, 1001) == Skew(-100, 1)
    with pytest.raises(ValueError):
        skew(2, 1, 1)


def test_a_refusal_is_no_reading_failure():
    with pytest.raises(Refused) as caught:
        API.call(exchange.accounts.ACCOUNT, exchange.accounts.OfAccount(account_id="a")).read(
            answer({"message": "NotFound"}, 404)
        )
    assert (caught.value.reason, caught.value.words) == ("not-found", "NotFound")


def test_a_request_of_another_type_is_not_sent():
    class Other(Ask, frozen=True, kw_only=True):
        account_id: str
        more: str = "x"

    with pytest.raises(InputRefused):
        API.call(exchange.accounts.ACCOUNT, Other(account_id="a"))  # type: ignore[misc]
