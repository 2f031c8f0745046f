"""What a signer sees in the bytes of a request: all of it, at its most, or nothing."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.exchanges.recorded import binance, coinbase_advanced, tables
from tests.support.exchange_days import HOME, PAIRS, SANDBOX, UUID, order, withdrawal

from warifu.errors import InputRefused
from warifu.exchanges.binance import capital, spot
from warifu.exchanges.calls import Effect, Endpoint
from warifu.exchanges.coinbase import advanced, app, exchange, fiat
from warifu.exchanges.market import Pair
from warifu.exchanges.reading import Destination, worth
from warifu.exchanges.registry import EXCHANGES

pytestmark = pytest.mark.unit

D = Decimal
APIS: dict[str, list[tuple[Any, Any, dict[str, Any]]]] = {
    "coinbase-exchange": [(exchange.MODULES, exchange.api(), tables.COINBASE_EXCHANGE)],
    SANDBOX: [(exchange.MODULES, exchange.api(exchange.SANDBOX), tables.COINBASE_EXCHANGE)],
    "coinbase": [
        (advanced.MODULES, advanced.api(), coinbase_advanced.RECORDED),
        ((app, fiat), app.api(), tables.COINBASE_APP),
    ],
    "binance": [((spot, capital), spot.api(), binance.RECORDED)],
}
ALL = [
    (name, endpoint, client.call(getattr(module, endpoint), table[endpoint][0]).unsigned, table[endpoint][0])
    for name, apis in APIS.items()
    for modules, client, table in apis
    for module in modules
    for endpoint in table
    if isinstance(vars(module).get(endpoint), Endpoint)
]
TRADED = [Pair("BTC", "USDT"), Pair("LTC", "BTC"), Pair("BTC", "USD")]
REFUSED = {
    "DEACTIVATE_PROFILE",
    "EDIT_ORDER",
    "CLOSE_POSITION",
    "CLOSE_MARGIN_POSITION",
    "COMMIT_CONVERSION",
    "COMMIT_DEPOSIT",
    "COMMIT_WITHDRAWAL",
}
"""What they give away is not in the request."""

every = pytest.mark.parametrize("name", sorted(EXCHANGES))


def understand(name, unsigned, pairs=TRADED):
    return EXCHANGES[name].understand(unsigned, pairs)


def refused(name, unsigned, pairs=TRADED) -> bool:
    try:
        understand(name, unsigned, pairs)
    except InputRefused as error:
        assert error.reason == "exchange-not-understood"
        return True
    return False


@pytest.mark.parametrize(("name", "endpoint", "unsigned", "ask"), ALL)
def test_every_request_is_understood_as_what_it_was_made_from(name, endpoint, unsigned, ask):
    if endpoint in REFUSED:
        assert refused(name, unsigned)
        return
    found = understand(name, unsigned)
    assert (found.name, found.ask) == (endpoint, ask)


def test_what_pays_out_says_what_and_where_to_or_is_refused():
    paying = [item for item in ALL if item[2].effect is Effect.PAYS_OUT and item[1] not in REFUSED]
    assert len(paying) > 8
    for name, endpoint, unsigned, _ in paying:
        meaning = understand(name, unsigned).meaning
        assert meaning.gives, endpoint
        assert meaning.destination is not None, endpoint


# Nothing in it that was not understood


@every
def test_another_byte_is_another_request_or_none(name):
    """Whatever is understood is understood exactly: the same meaning never has two forms."""
    for honest in (
        EXCHANGES[name].place(order(name)).unsigned,
        EXCHANGES[name].withdraw(withdrawal(name)).unsigned,
    ):
        understood = understand(name, honest)
        for changed in variants(honest):
            if changed != honest and not refused(name, changed):
                assert understand(name, changed).ask != understood.ask


@every
def test_what_somebody_says_about_a_request_counts_for_nothing(name):
    """What it does, and whether it wants a credential, follows from its bytes."""
    honest = EXCHANGES[name].withdraw(withdrawal(name)).unsigned
    said = understand(name, replace(honest, effect=Effect.READS, signed=False))
    assert (said.effect, said.call.unsigned) == (Effect.PAYS_OUT, honest)


def variants(unsigned):
    yield replace(unsigned, host="api.evil.com")
    yield replace(unsigned, method="PUT")
    yield replace(unsigned, path=unsigned.path + "/")
    yield replace(unsigned, path="/" + unsigned.path)
    yield replace(unsigned, path=unsigned.path + "%2e%2e")
    yield replace(unsigned, query=(*unsigned.query, ("unknown", "1")))
    yield replace(unsigned, query=(*unsigned.query, *unsigned.query[:1]))
    yield replace(unsigned, query=(*reversed(unsigned.query), ("amount", "9")))
    yield replace(unsigned, query=tuple(reversed(unsigned.query)))
    yield replace(unsigned, body=unsigned.body + b" ")
    yield replace(unsigned, body=unsigned.body + b"{}")
    for position in range(len(unsigned.body)):
        yield replace(
            unsigned,
            body=unsigned.body[:position]
            + bytes([unsigned.body[position] ^ 1])
            + unsigned.body[position + 1 :],
        )
    if unsigned.body:
        fields = json.loads(unsigned.body)
        yield replace(unsigned, body=json.dumps(fields).encode())  # spaces
        yield replace(unsigned, body=json.dumps({**fields, "more": 1}, separators=(",", ":")).encode())
        doubled = unsigned.body[:-1] + b"," + unsigned.body[1:]
        yield replace(unsigned, body=doubled)
        reordered = dict(reversed(fields.items()))
        yield replace(unsigned, body=json.dumps(reordered, separators=(",", ":")).encode())


def test_a_second_amount_in_the_same_body_is_not_overlooked():
    """JSON lets a name be there twice, and who reads the first may not be who reads the last."""
    honest = EXCHANGES["coinbase-exchange"].withdraw(withdrawal("coinbase-exchange")).unsigned
    for body in (
        honest.body.replace(b'"amount":"0.25"', b'"amount":"0.25","amount":"9999"'),
        honest.body.replace(b'"amount":"0.25"', b'"amount":"9999","amount":"0.25"'),
        honest.body.replace(b'"amount":"0.25"', b'"amount":0.25'),
        honest.body.replace(b'"amount":"0.25"', b'"amount":"2.5e-1"'),
        honest.body.replace(b'"amount"', b'"\\u0061mount"'),
    ):
        assert body != honest.body
        assert refused("coinbase-exchange", replace(honest, body=body))


@given(st.binary(max_size=80), st.text(max_size=20), st.text(max_size=20))
@settings(max_examples=60)
def test_whatever_it_is_it_is_understood_or_refused(body, path, value):
    for name in EXCHANGES:
        honest = EXCHANGES[name].withdraw(withdrawal(name)).unsigned
        for changed in (
            replace(honest, body=body),
            replace(honest, path="/" + path),
            replace(honest, query=(("coin", value),)),
        ):
            refused(name, changed)


# What it gives away at its most


@every
def test_a_limit_order(name):
    pair = PAIRS[name]
    buy = understand(name, EXCHANGES[name].place(order(name)).unsigned).meaning
    assert (buy.pair, buy.gives, buy.destination) == (pair, {pair.quote: D("10000.005")}, None)
    sell = understand(name, EXCHANGES[name].place(replace(order(name), side="sell")).unsigned).meaning
    assert sell.gives == {pair.base: D("0.5")}


@every
def test_a_stop_order_is_bounded_by_its_own_price(name):
    stop = order(name, kind="stop-limit", price=D(21100), stop_price=D(21000), rising=True)
    assert understand(name, EXCHANGES[name].place(stop).unsigned).meaning.gives == {
        PAIRS[name].quote: D(10550)
    }


@every
def test_a_market_order_to_buy_is_bounded_only_by_its_funds(name):
    funds = order(name, kind="market", price=None, size=None, funds=D(100))
    assert understand(name, EXCHANGES[name].place(funds).unsigned).meaning.gives == {
        PAIRS[name].quote: D(100)
    }
    size = order(name, kind="market", price=None, size=D("0.5"))
    assert refused(name, EXCHANGES[name].place(size).unsigned)
    sold = replace(size, side="sell")
    assert understand(name, EXCHANGES[name].place(sold).unsigned).meaning.gives == {
        PAIRS[name].base: D("0.5")
    }
    assert refused(name, EXCHANGES[name].place(replace(funds, side="sell")).unsigned)


@every
def test_a_withdrawal_names_amount_and_destination(name):
    meaning = understand(name, EXCHANGES[name].withdraw(withdrawal(name, memo="42")).unsigned).meaning
    network = withdrawal(name).network
    assert meaning.gives == {"BTC": D("0.25")}
    assert meaning.destination == Destination("BTC", HOME, network, "42")


def coinbase_exchange_meaning(endpoint, ask):
    return understand("coinbase-exchange", exchange.api().call(endpoint, ask).unsigned).meaning


def test_where_money_goes_inside_of_the_exchange():
    given: dict[str, Any] = {"currency": "USD", "amount": D(5)}
    transfer = exchange.margin.MarginTransfer(margin_profile_id="m-1", type="deposit", **given)
    back = exchange.margin.MarginTransfer(margin_profile_id="m-1", type="withdraw", **given)
    for endpoint, ask, inside in (
        (exchange.margin.MARGIN_TRANSFER, transfer, "profile:m-1"),
        (exchange.margin.MARGIN_TRANSFER, back, "profile:default"),
        (exchange.margin.REPAY_FUNDING, exchange.margin.RepayFunding(**given), "funding"),
        (
            exchange.funds.WITHDRAW_TO_COUNTERPARTY,
            exchange.funds.ToCounterparty(counterparty_id="CBX7", **given),
            "counterparty:CBX7",
        ),
    ):
        meaning = coinbase_exchange_meaning(endpoint, ask)
        assert (meaning.gives, meaning.destination) == ({"USD": D(5)}, Destination("USD", inside=inside))


def test_what_is_taken_from_a_bank_is_counted_with_what_leaves():
    ask = exchange.funds.FromPaymentMethod(amount=D(5), currency="EUR", payment_method_id="bank")
    meaning = coinbase_exchange_meaning(exchange.funds.DEPOSIT_FROM_PAYMENT_METHOD, ask)
    assert (meaning.gives, meaning.destination) == ({"EUR": D(5)}, None)


@every
def test_what_reads_and_what_cancels_gives_nothing(name):
    assert understand(name, EXCHANGES[name].balances().unsigned).meaning.gives == {}
    assert understand(name, EXCHANGES[name].find_order(order(name)).unsigned).meaning.gives == {}


def coinbase_order(**fields) -> exchange.orders.NewOrder:
    return exchange.orders.NewOrder(**{"product_id": "BTC-USD", "side": "buy", "client_oid": UUID, **fields})


def advanced_order(product="BTC-USD", side="BUY", **configured) -> advanced.orders.NewOrder:
    return advanced.orders.NewOrder(
        client_order_id=UUID,
        product_id=product,
        side=side,
        order_configuration=advanced.orders.OrderConfiguration(**configured),
    )


def spot_order(**fields) -> spot.NewOrder:
    return spot.NewOrder(**{"symbol": "BTCUSDT", "side": "BUY", "new_client_order_id": UUID, **fields})


NINE = advanced.orders.LimitGtc(base_size=D(9), limit_price=D(9))
UNBOUNDED: list[tuple[Any, Any, Any]] = [
    (exchange.api(), exchange.orders.PLACE_ORDER, coinbase_order(type="market", size=D(1), price=D("0.01"))),
    (
        exchange.api(),
        exchange.orders.PLACE_ORDER,
        coinbase_order(type="stop", size=D(1), price=D(1), stop_price=D(1)),
    ),
    (exchange.api(), exchange.orders.PLACE_ORDER, coinbase_order(type="market", side="sell", funds=D(1))),
    (
        exchange.api(),
        exchange.orders.PLACE_ORDER,
        coinbase_order(type="stop", side="sell", size=D(1), price=D(1)),
    ),
    (
        exchange.api(),
        exchange.orders.PLACE_ORDER,
        coinbase_order(type="limit", size=D(1), price=D(1), stop_limit_price=D(9)),
    ),
    (
        exchange.api(),
        exchange.funds.WITHDRAW_TO_ADDRESS,
        exchange.funds.ToCryptoAddress(
            amount=D(1), currency="BTC", crypto_address=HOME, add_network_fee_to_total=True
        ),
    ),
    (
        exchange.api(),
        exchange.orders.PLACE_ORDER,
        coinbase_order(type="limit", size=D(100), price=D(50_000), funds=D(1)),
    ),
    (exchange.api(), exchange.orders.PLACE_ORDER, coinbase_order(type="market", size=D(100), funds=D(1))),
    (
        exchange.api(),
        exchange.orders.PLACE_ORDER,
        coinbase_order(type="market", side="sell", size=D("0.01"), funds=D(10**6)),
    ),
    (exchange.api(), exchange.orders.PLACE_ORDER, coinbase_order(type="limit", price=D(9), funds=D(1))),
    (advanced.api(), advanced.orders.NEW_ORDER, advanced_order()),
    (
        advanced.api(),
        advanced.orders.NEW_ORDER,
        advanced_order(market_market_ioc=advanced.orders.MarketIoc(quote_size=D(1)), limit_limit_gtc=NINE),
    ),
    (
        advanced.api(),
        advanced.orders.NEW_ORDER,
        advanced_order(market_market_ioc=advanced.orders.MarketIoc(base_size=D(9), quote_size=D(1))),
    ),
    (
        advanced.api(),
        advanced.orders.NEW_ORDER,
        advanced_order("BIT-28JUL23-CDE", "SELL", limit_limit_gtc=NINE),
    ),
    (spot.api(), spot.NEW_ORDER, spot_order(type="STOP_LOSS", quantity=D(1), price=D(1), stop_price=D(1))),
    (spot.api(), spot.NEW_ORDER, spot_order(type="MARKET", side="SELL", quantity=D(1), quote_order_qty=D(9))),
    (spot.api(), spot.NEW_ORDER, spot_order(type="MARKET", side="SELL", symbol="ETHUSDT", quantity=D(1))),
    (
        spot.api(),
        spot.NEW_OCO,
        spot.NewOco(
            symbol="BTCUSDT",
            list_client_order_id=UUID,
            side="BUY",
            quantity=D(1),
            above_type="STOP_LOSS",
            above_price=D(1),
            above_stop_price=D(9),
            below_type="LIMIT_MAKER",
            below_price=D(1),
        ),
    ),
    (advanced.api(), advanced.derivatives.SCHEDULE_SWEEP, advanced.derivatives.ScheduleSweep()),
]


@pytest.mark.parametrize(("api", "endpoint", "ask"), UNBOUNDED)
def test_what_has_no_bound_is_refused(api, endpoint, ask):
    """A price that the exchange ignores is no bound, and neither is one of two sizes."""
    unsigned = api.call(endpoint, ask).unsigned
    assert any(refused(name, unsigned) for name in EXCHANGES if unsigned.host in EXCHANGES[name].hosts)


def test_a_product_is_the_most_to_its_last_digit():
    """28 digits are what a program rounds to that says nothing else: a few of the smallest unit less than is given."""
    size, price = D("1000000000000.000000000000000001"), D("1.000000000000000001")
    assert worth(size, price) == D("1000000000000.000001000000000001000000000000000001")


@pytest.mark.parametrize(
    ("limit", "trigger", "most"), [(90, 110, "231"), (120, 110, "240"), (110, 110, "231")]
)
def test_a_bracket_costs_at_most_its_limit_or_what_its_trigger_places(limit, trigger, most):
    """Once it is triggered, Coinbase places an order to buy whose limit is a twentieth above the trigger."""
    bracket = advanced.orders.BracketGtc(base_size=D(2), limit_price=D(limit), stop_trigger_price=D(trigger))
    ask = advanced.orders.NewOrder(
        client_order_id=UUID,
        product_id="BTC-USD",
        side="BUY",
        order_configuration=advanced.orders.OrderConfiguration(trigger_bracket_gtc=bracket),
    )
    assert understand(
        "coinbase", advanced.api().call(advanced.orders.NEW_ORDER, ask).unsigned
    ).meaning.gives == {"USD": D(most)}


def test_of_two_orders_the_dearer_one_is_the_bound():
    ask: Any = binance.RECORDED["NEW_OCO"][0]
    meaning = understand("binance", spot.api().call(spot.NEW_OCO, ask).unsigned).meaning
    assert (meaning.pair, meaning.gives) == (Pair("LTC", "BTC"), {"BTC": D(15)})


def test_a_symbol_that_two_pairs_could_be_is_neither():
    two = [Pair("BTC", "USDT"), Pair("BTCU", "SDT")]
    assert refused("binance", EXCHANGES["binance"].place(order("binance")).unsigned, two)
    assert refused("binance", EXCHANGES["binance"].place(order("binance")).unsigned, [])
