"""Other people's clients at the simulated exchanges: ccxt at each of them, Coinbase's own SDK at Advanced Trade.

They know nothing of what our client sends, and the simulation nothing of what they do: where all understand each other,
a mistake of ours alone would show. Each runs in a process of its own; only the way to the port is bent.
"""

import base64
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from tests.support.exchange_oracles import ask
from tests.support.sandbox import (
    CDP_KEY,
    EXCHANGE_PASSPHRASE,
    EXCHANGE_SECRET,
    bitcoin_chain,
    customer,
    sandbox,
    venue_of,
)

from warifu.exchanges.coinbase.feeds import advanced
from warifu.exchanges.market import Order, Pair

D = Decimal
pytestmark = [pytest.mark.real, pytest.mark.slow]

HOME = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
ROAD = """
import json, os, socket, sys
question = json.load(sys.stdin)
there = socket.getaddrinfo
socket.getaddrinfo = lambda host, port, *rest, **more: there('127.0.0.1', question['port'], *rest, **more)
os.environ['REQUESTS_CA_BUNDLE'] = question['authority']
"""


@pytest.fixture(scope="module")
def simulation(tmp_path_factory):
    with (
        bitcoin_chain(tmp_path_factory.mktemp("chain")) as (_, url),
        sandbox(tmp_path_factory.mktemp("sandbox"), bitcoin=url) as running,
    ):
        yield running


def asked(simulation, script, **more):
    road = {"port": simulation.port, "authority": str(simulation.authority_file)}
    return ask(ROAD + script, {**road, **more})


def pem(key, form=serialization.PrivateFormat.PKCS8):
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


CCXT = """
import ccxt
client = getattr(ccxt, question['client'])({
    'apiKey': question['key'], 'secret': question['secret'], 'password': question['passphrase'],
    'options': {'defaultType': 'spot', 'fetchMarkets': {'types': ['spot']}, 'fetchMargins': False},
})
client.validateServerSsl = question['authority']
pair, found = question['pair'], {}
found['markets'] = sorted(client.load_markets())
found['book'] = client.fetch_order_book(pair, 5)
placed = client.create_order(pair, 'limit', 'buy', 0.5, 50000)
found['open'] = [one['id'] for one in client.fetch_open_orders(pair)] == [placed['id']]
newer = {'v3': True} if question['client'] == 'coinbase' else {}  # the older one knows no holds
found['held'] = client.fetch_balance(newer)['used'][pair.partition('/')[2]]
client.cancel_order(placed['id'], pair)
found['cancelled'] = client.fetch_order(placed['id'], pair)
sold = client.create_order(pair, 'market', 'sell', 0.01)
found['sold'] = client.fetch_order(sold['id'], pair)
found['trades'] = client.fetch_my_trades(pair)
if client.has['createDepositAddress']:
    found['address'] = client.create_deposit_address('BTC')['address']
else:
    found['address'] = client.fetch_deposit_address('BTC')['address']
found['withdrawn'] = client.withdraw('BTC', 0.1, question['home'])['id']
try:
    client.create_order(pair, 'limit', 'buy', 100, 50000)
except ccxt.InsufficientFunds:
    found['poor'] = True
client.secret = question['wrong']
try:
    client.fetch_balance()
except ccxt.AuthenticationError:
    found['stranger'] = True
print(json.dumps(found, default=str))
"""

CLIENTS = {"coinbase": "coinbase", "coinbase-exchange": "coinbaseexchange", "binance": "binance"}


def secrets_of(one: Any) -> str:
    if one.exchange.name == "coinbase-exchange":
        return EXCHANGE_SECRET
    if one.exchange.name == "binance":
        return str(pem(one.signing.key))
    return str(pem(one.signing._key, serialization.PrivateFormat.TraditionalOpenSSL))


@pytest.mark.parametrize("name", CLIENTS)
def test_ccxt_trades_and_goes_home(simulation, name):
    money = "USDT" if name == "binance" else "USD"
    other = secrets_of(customer(simulation, name, account="other", algorithm="ES256"))
    ada: Any = customer(
        simulation, name, account=f"ccxt-{name}", algorithm="ES256", **{"BTC": "1", money: "100000"}
    )
    wrong = base64.b64encode(bytes(64)).decode() if name == "coinbase-exchange" else other
    found = asked(
        simulation,
        CCXT,
        client=CLIENTS[name],
        key=CDP_KEY if name == "coinbase" else ada.credential.key,
        secret=secrets_of(ada),
        wrong=wrong,
        passphrase=EXCHANGE_PASSPHRASE,
        pair=f"BTC/{money}",
        home=HOME,
    )
    assert f"BTC/{money}" in found["markets"]
    assert found["book"]["bids"][0][0] < found["book"]["asks"][0][0]
    assert found["open"] is True
    assert found["held"] == (25_000 if name == "binance" else 25_150)
    assert (found["cancelled"]["status"], found["cancelled"]["filled"]) == ("canceled", 0)
    assert (found["sold"]["status"], found["sold"]["filled"]) == ("closed", 0.01)
    [trade] = found["trades"]
    assert (trade["order"], trade["side"], trade["amount"]) == (found["sold"]["id"], "sell", 0.01)
    assert found["poor"] is found["stranger"] is True
    venue = simulation.venues[venue_of(name)]
    [withdrawal] = [one for one in venue.state.vaults.withdrawals if one.account == ada.account]
    assert (withdrawal.address, withdrawal.asked) == (HOME, D("0.1"))
    assert withdrawal.uuid.replace("-", "") == found["withdrawn"].replace("-", "")
    assert found["address"] in [
        one.address for one in venue.state.vaults.places if one.account == ada.account
    ]
    # what ccxt saw is what our own adapter sees
    balances = {one.asset: one.free for one in ada.all(ada.exchange.balances())}
    assert balances["BTC"] == (D("0.8899") if name == "coinbase" else D("0.89"))
    assert balances[money] == D(100_000) + D(str(trade["cost"])) - D(str(trade["fee"]["cost"]))


BANK = """
import ccxt
client = ccxt.coinbase({'apiKey': question['key'], 'secret': question['secret']})
client.validateServerSsl = question['authority']
client.options.update({'fetchMarkets': {'types': ['spot']}})
[method] = client.fetch_deposit_method_ids()
deposit = client.deposit('USD', 250.5, method['id'])
print(json.dumps({
    'method': client.fetch_deposit_method_id(method['id']),
    'made': deposit['id'],
    'deposit': client.fetch_deposit(deposit['id'], 'USD'),
    'deposits': client.fetch_deposits('USD'),
    'ledger': client.fetch_ledger('USD'),
}, default=str))
"""


def test_ccxt_takes_money_from_the_bank(simulation):
    ada: Any = customer(simulation, "coinbase", account="ccxt-bank", algorithm="ES256")
    found = asked(simulation, BANK, key=CDP_KEY, secret=secrets_of(ada))
    assert found["method"]["currency"] == "USD"
    assert [one["id"] for one in found["deposits"]] == [found["deposit"]["id"]] == [found["made"]]
    assert (found["deposit"]["status"], found["deposit"]["amount"]) == ("ok", 250.5)
    [entry] = found["ledger"]
    assert (entry["direction"], entry["amount"]) == ("in", 250.5)
    assert {one.asset: one.free for one in ada.all(ada.exchange.balances())}["USD"] == D("250.5")


SDK = """
from coinbase.rest import RESTClient
client = RESTClient(api_key=question['key'], api_secret=question['secret'])
found = {'permissions': client.get_api_key_permissions().to_dict()}
found['time'] = client.get_unix_time().to_dict()
found['product'] = client.get_product('BTC-USD').to_dict()
found['best'] = client.get_best_bid_ask(['BTC-USD']).to_dict()
ours = '1985ca2d-61ef-49f1-bfce-6c39d8462914'
preview = client.preview_limit_order_gtc_buy('BTC-USD', '0.5', '50000').to_dict()
found['preview'] = preview
placed = client.limit_order_gtc_buy(ours, 'BTC-USD', '0.5', '50000', post_only=True).to_dict()
again = client.limit_order_gtc_buy(ours, 'BTC-USD', '0.5', '50000', post_only=True).to_dict()
found['same'] = placed['success_response']['order_id'] == again['success_response']['order_id']
number = placed['success_response']['order_id']
found['open'] = client.get_order(number).to_dict()
found['listed'] = client.list_orders(order_status=['OPEN'], product_ids=['BTC-USD']).to_dict()
found['cancelled'] = client.cancel_orders([number]).to_dict()
found['bought'] = client.market_order_buy('2' + ours[1:], 'BTC-USD', quote_size='100').to_dict()
found['fills'] = client.get_fills(product_ids=['BTC-USD']).to_dict()
found['poor'] = client.limit_order_gtc_buy('3' + ours[1:], 'BTC-USD', '500', '50000').to_dict()
found['accounts'] = client.get_accounts(limit=250).to_dict()
print(json.dumps(found, default=str))
"""


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256"])
def test_coinbases_own_sdk_trades(simulation, algorithm):
    ada: Any = customer(simulation, "coinbase", account=f"sdk-{algorithm}", algorithm=algorithm, USD="100000")
    if algorithm == "EdDSA":
        whole = ada.signing.key
        secret = base64.b64encode(whole.private_bytes_raw() + whole.public_key().public_bytes_raw()).decode()
    else:
        secret = secrets_of(ada)
    found = asked(simulation, SDK, key=CDP_KEY, secret=secret)
    assert found["permissions"]["can_trade"] is found["permissions"]["can_transfer"] is True
    assert found["product"]["product_id"] == "BTC-USD"
    assert len(found["best"]["pricebooks"]) == 1
    assert found["preview"]["errs"] == []
    assert D(found["preview"]["order_total"]) == 25_150
    assert found["same"] is True
    assert found["open"]["order"]["status"] == "OPEN"
    assert D(found["open"]["order"]["outstanding_hold_amount"]) == 25_150
    assert [one["order_id"] for one in found["listed"]["orders"]] == [found["open"]["order"]["order_id"]]
    assert found["cancelled"]["results"][0]["success"] is True
    assert found["bought"]["success"] is True
    assert [one["liquidity_indicator"] for one in found["fills"]["fills"]] == ["TAKER"]
    assert found["poor"]["success"] is False
    assert found["poor"]["error_response"]["error"] == "INSUFFICIENT_FUND"
    theirs = {one["currency"]: D(one["available_balance"]["value"]) for one in found["accounts"]["accounts"]}
    assert theirs == {one.asset: one.free for one in ada.all(ada.exchange.balances())}


FEED = """
import threading, websockets
from websockets.legacy.client import connect
websockets.connect = connect  # the one that the SDK was written for
from coinbase.websocket import WSClient, WSUserClient

def listen(kind, channels, wanted):
    told, enough = [], threading.Event()

    def hear(text):
        told.append(json.loads(text))
        if wanted <= {one.get('channel') for one in told} or 'channel' not in told[-1]:
            enough.set()

    client = kind(api_key=question['key'], api_secret=question['secret'], on_message=hear, retry=False)
    client.open()
    client.subscribe(['BTC-USD'], channels)
    enough.wait(20)
    client.close()
    return told

found = {
    'market': listen(
        WSClient, ['ticker', 'market_trades', 'level2', 'heartbeats'],
        {'ticker', 'market_trades', 'l2_data', 'heartbeats', 'subscriptions'},
    ),
    'user': listen(WSUserClient, ['user'], {'user', 'subscriptions'}),
}
question['secret'] = question['wrong']
found['stranger'] = listen(WSUserClient, ['user'], {'user'})
print(json.dumps(found))
"""


def test_coinbases_own_sdk_listens_to_the_feeds(simulation):
    other = secrets_of(customer(simulation, "coinbase", account="other", algorithm="ES256"))
    ada: Any = customer(simulation, "coinbase", account="sdk-feed", algorithm="ES256", USD="100000")
    order = Order(
        "4985ca2d-61ef-49f1-bfce-6c39d8462914", Pair("BTC", "USD"), "buy", "limit", D("0.1"), price=D("30000")
    )
    ada.ask(ada.exchange.place(order))
    found = asked(simulation, FEED, key=CDP_KEY, secret=secrets_of(ada), wrong=other)
    for told in (found["market"], found["user"]):
        assert [one["sequence_num"] for one in told] == list(range(len(told)))
    [orders] = [one["events"][0]["orders"] for one in found["user"] if one["channel"] == "user"]
    assert [one["client_order_id"] for one in orders] == [order.client_id]
    assert found["stranger"][0] == {"type": "error", "message": "authentication failure"}
    # what the SDK heard can be read by our own reader
    read = advanced.Feed().read
    for one in found["market"]:
        read(msgspec.json.encode(one))
