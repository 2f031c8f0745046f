"""Trading at each simulated exchange, through our own adapter and client over a real TLS socket."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from tests.support.sandbox import customer, sandbox, venue_of

from warifu.exchanges.binance import spot
from warifu.exchanges.calls import Call
from warifu.exchanges.failures import Refused, TryAgain
from warifu.exchanges.http import HttpRequest
from warifu.exchanges.market import Order, Pair
from warifu.exchanges.signing import ToSign
from warifu.sandbox.control import SetClock, SetCredential, SetMarket, Trade

D = Decimal
pytestmark = pytest.mark.real

KINDS = ["coinbase EdDSA", "coinbase ES256", "coinbase-exchange HS256", "binance EdDSA"]
UUID = "1985ca2d-61ef-49f1-bfce-6c39d84629{:02}"
TAKEN = {"coinbase": D("25150"), "coinbase-exchange": D("25150"), "binance": D("25000")}
"""What is held for half a bitcoin at 50,000: at Coinbase the fee comes on top."""


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with sandbox(tmp_path_factory.mktemp("sandbox")) as simulation:
        yield simulation


@pytest.fixture(params=KINDS)
def ada(running, request):
    name, algorithm = request.param.split()
    money = "USDT" if name == "binance" else "USD"
    account = f"ada-{abs(hash(request.node.name))}"
    return customer(running, name, account=account, algorithm=algorithm, **{"BTC": "2", money: "100000"})


def pair(ada) -> Pair:
    return Pair("BTC", "USDT" if ada.exchange.name == "binance" else "USD")


def order(ada, number=1, side="buy", **other) -> Order:
    given = {"kind": "limit", "size": D("0.5"), "price": D("50000")}
    return Order(UUID.format(number), pair(ada), side, **{**given, **other})


def balances(ada):
    return {one.asset: (one.free, one.held) for one in ada.all(ada.exchange.balances())}


def found(ada, number=1):
    [one] = ada.all(ada.exchange.find_order(order(ada, number)))
    return one


def house(ada, side, size, price):
    venue = venue_of(ada.exchange.name)
    ada.do(Trade(exchange=venue, pair=str(pair(ada)), side=side, size=D(size), price=D(price)))


def refused(ada, call: Call[Any]) -> str:
    with pytest.raises(Refused) as caught:
        ada.ask(call)
    return caught.value.reason


def test_the_time_needs_no_key(ada):
    venue = ada.simulation.venues[venue_of(ada.exchange.name)]
    assert abs(ada.ask(ada.exchange.time()) - venue.now()) < 60_000


def test_a_market_says_its_steps_and_orders_that_fit_them_are_taken(ada):
    market = ada.ask(ada.exchange.market(pair(ada)))
    assert (market.price_step, market.state) == (D("0.01"), "open")
    fitted = market.fit(order(ada, size=D("0.123456789"), price=D("50000.019")))
    ada.ask(ada.exchange.place(fitted))
    terms = found(ada).terms
    assert (terms.size, terms.price, terms.side) == (fitted.size, D("50000.01"), "buy")


def test_an_order_waits_holds_money_is_found_and_taken_back(ada):
    ada.ask(ada.exchange.place(order(ada)))
    money = pair(ada).quote
    assert balances(ada)[money] == (100_000 - TAKEN[ada.exchange.name], TAKEN[ada.exchange.name])
    assert (found(ada).status, found(ada).filled) == ("open", 0)
    ada.ask(ada.exchange.cancel(found(ada)))
    assert found(ada).status == "cancelled"
    assert balances(ada)[money] == (100_000, 0)


def test_what_is_done_cannot_be_taken_back(ada):
    ada.ask(ada.exchange.place(order(ada)))
    there = found(ada)
    ada.ask(ada.exchange.cancel(there))
    assert refused(ada, ada.exchange.cancel(there)) in ("not-found", "rejected", "duplicate")


def test_an_order_is_filled_in_part_and_then_taken_back(ada):
    ada.ask(ada.exchange.place(order(ada, price=D("60001"))))
    house(ada, "sell", "0.2", "60001")
    assert (found(ada).status, found(ada).filled, found(ada).value) == ("open", D("0.2"), D("12000.2"))
    ada.ask(ada.exchange.cancel(found(ada)))
    assert (found(ada).status, found(ada).filled) == ("cancelled", D("0.2"))
    if ada.exchange.name == "binance":  # a thousandth of what is got is the exchange's
        assert balances(ada)["BTC"] == (D("2.1998"), 0)
        assert balances(ada)["USDT"] == (D("87999.8"), 0)
    else:  # four thousandths of what is paid come on top
        assert found(ada).fees == D("48.0008")
        assert balances(ada)["BTC"] == (D("2.2"), 0)
        assert balances(ada)["USD"] == (D("87951.7992"), 0)


def test_a_market_order_for_money_meets_the_house_and_spends_no_more(ada):
    money = pair(ada).quote
    ada.ask(ada.exchange.place(order(ada, kind="market", size=None, price=None, funds=D(1000))))
    done = found(ada)
    assert done.status == "filled"
    assert 0 < done.value <= 1000
    assert 99_000 <= balances(ada)[money][0] < 99_001
    assert balances(ada)["BTC"][0] > 2


def test_a_market_order_for_a_size_meets_the_house(ada):
    ada.ask(ada.exchange.place(order(ada, side="sell", kind="market", size=D("0.01"), price=None)))
    assert (found(ada).status, found(ada).filled) == ("filled", D("0.01"))


def test_a_stop_order_waits_for_its_price(ada):
    stop = {"side": "sell", "kind": "stop-limit", "price": D("58000"), "stop_price": D("58500")}
    ada.ask(ada.exchange.place(order(ada, **stop, size=D("0.01"))))
    waiting = found(ada)
    assert (waiting.status, waiting.terms.stop_price) == ("open", D("58500"))
    ada.ask(ada.exchange.cancel(waiting))
    assert balances(ada)["BTC"] == (2, 0)


@pytest.mark.parametrize(("lifetime", "filled"), [("immediate", D("0.2")), ("whole-or-none", D(0))])
def test_what_is_not_taken_at_once_ends_as_the_lifetime_says(ada, lifetime, filled):
    house(ada, "sell", "0.2", "59999")
    ada.ask(ada.exchange.place(order(ada, price=D("59999"), lifetime=lifetime)))
    assert found(ada).filled == filled
    assert found(ada).status in ("cancelled", "expired")
    ada.ask(ada.exchange.place(order(ada, 2, price=D("59999"), size=D("0.2"), lifetime="immediate")))  # tidy


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        ({"size": D(100)}, {"funds"}),
        ({"size": D("0.000000001")}, {"below-minimum", "decimals"}),
        ({"size": D("0.00001"), "price": D("0.01")}, {"below-minimum"}),
        ({"price": D("50000.001")}, {"decimals"}),
        ({"size": D("0.500000001")}, {"decimals", "below-minimum"}),  # Binance has one word for both
        ({"post_only": True, "price": D(70_000)}, {"rejected", "order"}),
    ],
)
def test_an_order_that_does_not_fit_is_refused_and_not_there(ada, change, reasons):
    assert refused(ada, ada.exchange.place(order(ada, **change))) in reasons
    assert ada.all(ada.exchange.find_order(order(ada))) == []
    assert all(held == 0 for _, held in balances(ada).values())


def test_the_same_identifier_makes_no_second_order(ada):
    first = ada.ask(ada.exchange.place(order(ada)))
    if ada.exchange.name == "coinbase":  # Advanced Trade answers with the order that there is
        assert ada.ask(ada.exchange.place(order(ada, price=D("49000")))).id == first.id
    else:
        assert refused(ada, ada.exchange.place(order(ada))) == "duplicate"
    assert balances(ada)[pair(ada).quote][1] == TAKEN[ada.exchange.name]


def test_a_pair_that_is_delisted_is_refused(ada):
    venue = venue_of(ada.exchange.name)
    ada.do(SetMarket(exchange=venue, pair=str(pair(ada)), state="delisted"))
    try:
        assert refused(ada, ada.exchange.place(order(ada))) == "delisted"
    finally:
        ada.do(SetMarket(exchange=venue, pair=str(pair(ada)), state="open"))


def test_a_market_that_pauses_says_again(ada):
    venue = venue_of(ada.exchange.name)
    ada.do(SetMarket(exchange=venue, pair=str(pair(ada)), state="cancel-only"))
    try:
        with pytest.raises(TryAgain) as caught:
            ada.ask(ada.exchange.place(order(ada)))
        assert caught.value.reason == "maintenance"
        assert ada.ask(ada.exchange.market(pair(ada))).state in ("cancel-only", "closed")
    finally:
        ada.do(SetMarket(exchange=venue, pair=str(pair(ada)), state="open"))


# --- who asks -----------------------------------------------------------------------------------------------------

SKEWED = {"coinbase": -130_000, "coinbase-exchange": -31_000, "binance": -6_000}


@pytest.mark.parametrize("sign", [1, -1])
def test_a_stamp_outside_of_the_window_is_refused(ada, sign):
    """A JWT says nothing of what was wrong with it: Coinbase has one word for all."""
    with pytest.raises((TryAgain, Refused)) as caught:
        ada.ask(ada.exchange.balances(), ahead=sign * SKEWED[ada.exchange.name])
    assert caught.value.reason == ("authentication" if ada.exchange.name == "coinbase" else "clock")


def test_an_exchange_whose_clock_is_wrong_is_followed(ada):
    """The exchange's own time is what counts: whoever asks for it first is understood."""
    venue = venue_of(ada.exchange.name)
    ada.do(SetClock(exchange=venue, ahead=-600_000))
    try:
        assert ada.all(ada.exchange.balances())
    finally:
        ada.do(SetClock(exchange=venue, ahead=0))


def test_another_key_under_the_same_name_is_refused(ada):
    eve = customer(ada.simulation, ada.exchange.name, account="eve", algorithm=ada.signing.algorithm)
    theirs = eve.signing  # the name is hers now
    if ada.exchange.name == "coinbase-exchange":  # one secret for all tests: let it be another
        ada.do(
            SetCredential(
                exchange="coinbase", api="coinbase-exchange", key=ada.credential.key, account="eve",
                algorithm="HS256", verifier="AAAA" * 16, passphrase="x",
            )
        )  # fmt: skip
    assert refused(ada, ada.exchange.balances()) == "authentication"
    if ada.exchange.name != "coinbase-exchange":
        ada.signing = theirs
        assert all(one.free == 0 for one in ada.all(ada.exchange.balances()))


OTHERS: dict[str, list[dict[str, Any]]] = {
    "coinbase": [
        {"path": "/api/v3/brokerage/orders"},
        {"method": "POST"},
        {"host": "api.exchange.coinbase.com"},
    ],
    "coinbase-exchange": [{"path": "/orders"}, {"method": "POST"}, {"query": (("a", "b"),)}, {"body": b"{}"}],
    "binance": [{"query": (("omitZeroBalances", "false"),)}, {"query": ()}],
}
"""What a signature covers, by exchange: that, changed."""


def test_what_is_signed_for_another_request_is_no_credential_for_this_one(ada, monkeypatch):
    prepare = type(ada.credential).prepare
    for change in OTHERS[ada.exchange.name]:

        def elsewhere(credential, unsigned, stamp, change=change):
            other, here = (
                prepare(credential, each, stamp) for each in (replace(unsigned, **change), unsigned)
            )

            def finish(signature: bytes) -> Any:
                if ada.exchange.name != "coinbase":
                    return here.finish(signature)
                target, token = unsigned.target, other.finish(signature).headers
                return HttpRequest(unsigned.method, unsigned.host, target, token, unsigned.body)

            return ToSign(other.message, finish)

        with monkeypatch.context() as patch:
            patch.setattr(type(ada.credential), "prepare", elsewhere)
            assert refused(ada, ada.exchange.balances()) == "authentication"
        assert ada.all(ada.exchange.balances())


def test_a_key_without_the_permission_sees_and_does_nothing(ada):
    kept = ada.simulation.venues[venue_of(ada.exchange.name)].state.people.credentials[-1]
    assert kept.account == ada.account
    ada.do(
        SetCredential(
            exchange=venue_of(ada.exchange.name),
            api=kept.api,
            key=kept.key,
            account=kept.account,
            algorithm=kept.algorithm,
            verifier=kept.verifier,
            passphrase=kept.passphrase,
            permissions=("view",),
        )
    )
    assert balances(ada)["BTC"] == (2, 0)
    assert refused(ada, ada.exchange.place(order(ada))) in ("permission", "authentication")
    permissions = ada.exchange.permissions()
    if permissions is not None:
        said = ada.ask(permissions)
        assert (said.views, said.trades, said.pays_out) == (True, False, False)


def test_binance_lists_what_was_traded(running):
    ada = customer(running, "binance", account="ada-trades", USDT="1000")
    placed = ada.ask(ada.exchange.place(Order(UUID.format(7), pair(ada), "buy", "market", funds=D(100))))
    api = spot.api()
    [trade] = ada.ask(api.call(spot.TRADES, spot.TradesOf(symbol="BTCUSDT")))
    assert (trade.order_id, trade.quote_qty, trade.is_maker) == (int(placed.id), placed.value, False)
    assert (trade.commission_asset, trade.commission) == ("BTC", trade.qty / 1000)
