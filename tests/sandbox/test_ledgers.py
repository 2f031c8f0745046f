"""All orders and all that left, as each simulated exchange lists them: page after page, by the identifiers we gave."""

from __future__ import annotations

import uuid
from dataclasses import replace
from decimal import Decimal

import pytest
from tests.support.sandbox import bitcoin_chain, customer, sandbox, venue_of

from warifu.exchanges.adapter import Withdrawal
from warifu.exchanges.binance import ledgers as binance
from warifu.exchanges.coinbase import ledgers as coinbase
from warifu.exchanges.coinbase.adapters import withdrawal_nonce
from warifu.exchanges.ledger import Entry
from warifu.exchanges.ledgers import LEDGERS
from warifu.exchanges.market import Order, Pair
from warifu.exchanges.registry import EXCHANGES
from warifu.sandbox.control import Allow

pytestmark = pytest.mark.real

HOME = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"


@pytest.fixture(scope="module")
def simulation(tmp_path_factory):
    with (
        bitcoin_chain(tmp_path_factory.mktemp("chain")) as (_, url),
        sandbox(tmp_path_factory.mktemp("sandbox"), bitcoin=url) as made,
    ):
        yield made


@pytest.fixture(params=sorted(LEDGERS.keys() - {"coinbase-exchange-sandbox"}))
def ada(simulation, request):
    money = "USDT" if request.param == "binance" else "USD"
    name = request.node.name.replace("[", "-").strip("]").replace("_", "-")[-40:].strip("-")
    return customer(simulation, request.param, account=name, BTC="2", **{money: "100000"})


def pair(ada) -> Pair:
    return Pair("BTC", "USDT" if ada.exchange.name == "binance" else "USD")


def placed(ada, **other) -> Order:
    order = Order(str(uuid.uuid4()), pair(ada), "buy", "limit", Decimal("0.1"), None, Decimal("50000"))
    order = replace(order, **other)
    ada.ask(ada.exchange.place(order))
    return order


def sent(ada) -> Withdrawal:
    network = "BTC" if ada.exchange.name == "binance" else "bitcoin"
    wallets = ada.exchange.wallets()
    wallet = "" if wallets is None else next(one.wallet for one in ada.all(wallets) if one.asset == "BTC")
    made = Withdrawal(str(uuid.uuid4()), "BTC", network, HOME, Decimal("0.25"), wallet=wallet)
    ada.do(Allow(exchange=venue_of(ada.exchange.name), account=ada.account, asset="BTC", address=HOME))
    ada.ask(ada.exchange.withdraw(made))
    return made


def listed(ada) -> list[Entry]:
    ledger, now = LEDGERS[ada.exchange.name], ada.simulation.venues[venue_of(ada.exchange.name)].now()
    wallets = ada.exchange.wallets()
    names = [] if wallets is None else [one.wallet for one in ada.all(wallets)]
    since = now - 3_600_000
    calls = (*ledger.orders([pair(ada)], since), *ledger.withdrawals(names, since, now + 1000))
    return [entry for call in calls for entry in ada.all(call)]


def test_every_exchange_of_the_registry_has_a_ledger():
    assert LEDGERS.keys() == EXCHANGES.keys()
    for name, ledger in LEDGERS.items():
        calls = (*ledger.orders([Pair("BTC", "USD")], 0), *ledger.withdrawals(["w"], 0, 1))
        assert {call.unsigned.host for call in calls} <= set(EXCHANGES[name].hosts)


def test_all_that_was_made_is_listed_under_the_identifiers_that_we_gave(ada, monkeypatch):
    monkeypatch.setattr(coinbase, "_PAGE", 2)
    monkeypatch.setattr(binance, "_PAGE", 2)
    orders = [placed(ada, size=Decimal("0.01")) for _ in range(5)]
    filled = placed(ada, kind="market", side="sell", price=None, size=Decimal("0.02"))
    withdrawal = sent(ada)
    found = listed(ada)
    wanted = {order.client_id for order in (*orders, filled)}
    assert {one.identifier for one in found if one.kind == "order"} == wanted
    [left] = [one for one in found if one.kind == "withdrawal"]
    nonce = str(withdrawal_nonce(withdrawal.client_id))
    assert left.identifier == (nonce if ada.exchange.name == "coinbase-exchange" else withdrawal.client_id)
    assert len({one.id for one in found}) == len(found) == 7
    assert all(
        "0.01" in one.words and "BTC" in one.words
        for one in found
        if one.identifier in wanted - {filled.client_id}
    )
    assert "BTC" in left.words
