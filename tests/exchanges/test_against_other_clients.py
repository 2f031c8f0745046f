"""The same input, the same signature: ours beside ccxt's and Coinbase's own SDK. They are compared, never used."""

import base64
import json
import re
from decimal import Decimal
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.exchanges.recorded import binance, coinbase_advanced, coinbase_exchange, coinbase_fiat
from tests.support.exchange_days import UUID, order, withdrawal
from tests.support.exchange_keys import WholeEd25519, unsigned
from tests.support.exchange_oracles import ask

from warifu.exchanges.adapter import OrderState
from warifu.exchanges.binance.credentials import BinanceKey
from warifu.exchanges.calls import Call, Endpoint
from warifu.exchanges.coinbase import advanced, app, exchange, fiat
from warifu.exchanges.coinbase.adapters import Coinbase, withdrawal_nonce
from warifu.exchanges.coinbase.credentials import CdpKey, ExchangeKey
from warifu.exchanges.http import HttpAnswer
from warifu.exchanges.market import Order, Pair
from warifu.exchanges.registry import EXCHANGES
from warifu.exchanges.signing import Stamp
from warifu.signer.egress.keys import Es256Key, HmacKey
from warifu.threshold.wiping import Secret

pytestmark = pytest.mark.real

NAME = "organizations/4ac1c2d4-1111-4111-8111-111111111111/apiKeys/7a5e0d6f-2222-4222-8222-222222222222"
SECRET = base64.b64encode(bytes(range(64))).decode()
MOMENT = 1_700_000_000
PRELUDE = "import json, sys, time\nquestion = json.load(sys.stdin)\n"


def pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


CCXT_EXCHANGE = (
    PRELUDE
    + """
import ccxt
client = ccxt.coinbaseexchange({'apiKey': question['key'], 'secret': question['secret'], 'password': 'pass'})
client.nonce = lambda: question['moment']
print(json.dumps([client.sign(path, ['private'], method, params) for path, method, params in question['requests']]))
"""
)


@pytest.mark.parametrize(
    ("path", "method", "params", "query", "body"),
    [
        ("accounts", "GET", {}, (), b""),
        ("fills", "GET", {"product_id": "BTC-USD", "limit": 10}, (("product_id", "BTC-USD"), ("limit", "10")), b""),
        ("margin/buying_power", "GET", {"product_id": "BTC-USD"}, (("product_id", "BTC-USD"),), b""),
        ("orders", "POST", {"size": "0.01", "side": "buy"}, (), b'{"size":"0.01","side":"buy"}'),
        ("withdrawals/crypto", "POST", {"amount": "1.5", "currency": "BTC"}, (), b'{"amount":"1.5","currency":"BTC"}'),
    ],
)  # fmt: skip
def test_the_exchange_api_is_signed_as_ccxt_does(path, method, params, query, body):
    key = "0123456789abcdef0123456789abcdef"
    question = {"key": key, "secret": SECRET, "moment": MOMENT, "requests": [[path, method, params]]}
    [theirs] = ask(CCXT_EXCHANGE, question)
    request = unsigned(method, "api.exchange.coinbase.com", f"/{path}", query, body)
    ours = (
        ExchangeKey(key, Secret(b"pass"))
        .prepare(request, Stamp(MOMENT * 1000, bytes(32)))
        .signed(HmacKey.from_base64(SECRET))
    )
    assert theirs["url"] == f"https://{ours.host}{ours.target}"
    assert (theirs["body"] or "").encode() == ours.body
    headers = dict(ours.headers)
    for name in ("CB-ACCESS-KEY", "CB-ACCESS-SIGN", "CB-ACCESS-TIMESTAMP", "CB-ACCESS-PASSPHRASE"):
        assert str(theirs["headers"][name]) == headers[name]


CCXT_PATHS = (
    PRELUDE
    + """
import ccxt
def paths(tree, group=()):
    for name, below in tree.items():
        if name in ('get', 'post', 'put', 'delete'):
            yield from ([name.upper(), '/'.join((*group, path))] for path in below)
        else:
            yield from paths(below, (*group, name) if name in ('v2', 'v3') else group)
print(json.dumps([*paths(getattr(ccxt, question)().api)]))
"""
)
NOT_HERE = {
    "GET /otc/orders": "known by its path alone: no document and no client says what it answers",
    "GET /users/{}/hold-balances": "known by its path alone",
    "GET /products/spark-lines": "known by its path alone",
    "POST /withdrawals/coinbase": "the older name of /withdrawals/coinbase-account",
}
"""What ccxt lists of the Exchange API, and this adapter leaves out."""


def plain_path(method: str, path: str) -> str:
    """Whatever the places in it are called."""
    return f"{method} {re.sub(r'{[^}]*}', '{}', path.replace('/self/', '/{}/'))}"


def test_every_path_of_the_exchange_api_that_ccxt_knows_is_here_or_named_as_left_out():
    theirs = {plain_path(method, f"/{path}") for method, path in ask(CCXT_PATHS, "coinbaseexchange")}
    ours = {
        plain_path(value.method, value.path)
        for module in exchange.MODULES
        for value in vars(module).values()
        if isinstance(value, Endpoint)
    }
    assert theirs - ours == set(NOT_HERE)


NOT_HERE_OF_THE_APP = {
    "buying and selling": (
        *(f"GET /v2/accounts/{{}}/{kind}" for kind in ("buys", "buys/{}", "sells", "sells/{}")),
        *(
            f"POST /v2/accounts/{{}}/{kind}"
            for kind in ("buys", "buys/{}/commit", "sells", "sells/{}/commit")
        ),
    ),
    "accounts are made and changed by their owner": (
        "POST /v2/accounts",
        "PUT /v2/accounts/{}",
        "DELETE /v2/accounts/{}",
        "POST /v2/accounts/{}/primary",
    ),
    "requests of money by e-mail": (
        "POST /v2/accounts/{}/transactions/{}/complete",
        "POST /v2/accounts/{}/transactions/{}/resend",
        "DELETE /v2/accounts/{}/transactions/{}",
    ),
    "persons": ("GET /v2/user", "GET /v2/user/auth", "GET /v2/users/{}", "PUT /v2/user"),
    "subscriptions": ("GET /v2/subscriptions/coinbase-one",),
}
"""By why: none of it is in today's documents of the App, but ``/v2/user``, which says who somebody is."""


def test_every_path_of_the_app_and_of_advanced_trade_that_ccxt_knows_is_here_or_named_as_left_out():
    theirs = {plain_path(method, f"/{path}") for method, path in ask(CCXT_PATHS, "coinbase")}
    ours = {
        plain_path(value.method, value.path.replace("/api/v3/", "/v3/"))
        for module in (*advanced.MODULES, app, fiat)
        for value in vars(module).values()
        if isinstance(value, Endpoint)
    }
    assert theirs - ours == {path for paths in NOT_HERE_OF_THE_APP.values() for path in paths}


CCXT_BINANCE = (
    PRELUDE
    + """
import ccxt
client = ccxt.binance({'apiKey': question['key'], 'secret': question['secret']})
client.nonce = lambda: question['milliseconds']
client.options['recvWindow'] = 5000
client.options['broker'] = {}
found = []
for api, path, method, params in question['requests']:
    signed = client.sign(path, [api], method, params)
    found.append([signed['url'], signed['body'], signed['headers']])
print(json.dumps(found))
"""
)


@pytest.mark.parametrize(
    ("api", "path", "method", "params"),
    [
        ("private", "account", "GET", {}),
        ("private", "order", "POST", {"symbol": "BTCUSDT", "side": "SELL", "type": "LIMIT", "quantity": "1"}),
        (
            "sapi",
            "capital/withdraw/apply",
            "POST",
            {"coin": "BTC", "address": "bc1qexample", "amount": "0.1"},
        ),
    ],
)
def test_binance_gets_the_signature_that_ccxt_gives_the_same_payload(api, path, method, params):
    """Order of parameters is the client's; the signature over the same bytes is not."""
    key = "4yNzx3yWC5bS6YTwEkSRaC0nRmSQIIStAUOh1b6kqaBrTLIhjCpI5lJH8q8R8WNO"
    whole = WholeEd25519()
    milliseconds = 1_668_481_559_918
    question = {
        "key": key,
        "secret": pem(whole.key),
        "milliseconds": milliseconds,
        "requests": [[api, path, method, params]],
    }
    [[url, body, headers]] = ask(CCXT_BINANCE, question)
    sent = body or url.partition("?")[2]
    payload, _, signature = sent.rpartition("&signature=")
    theirs = dict(pair.split("=", 1) for pair in payload.split("&"))
    assert headers["X-MBX-APIKEY"] == key
    query = [(name, value) for name, value in params.items() if name != "newClientOrderId"]
    prepared = BinanceKey(key).prepare(
        unsigned(method, "api.binance.com", f"/api/v3/{path}", query, b""), Stamp(milliseconds, bytes(32))
    )
    ours = dict(pair.split("=", 1) for pair in prepared.message.decode().split("&"))
    for name, value in ours.items():  # what we would send it sends in the same spelling
        assert theirs[name] == value
    reordered = prepared.__class__(payload.encode(), prepared.finish).signed(whole)
    assert reordered.target.rpartition("&signature=")[2] == signature


CCXT_COINBASE = (
    PRELUDE
    + """
import ccxt
client = ccxt.coinbase({'apiKey': question['name'], 'secret': question['secret']})
client.seconds = lambda: question['moment']
client.milliseconds = lambda: question['moment'] * 1000
client.uuid16 = lambda *_: question['nonce']
print(json.dumps(client.sign('brokerage/orders', ['v3', 'private'], 'POST', {'size': '1'})))
"""
)


def test_the_claims_of_a_jwt_are_ccxts():
    key = ec.generate_private_key(ec.SECP256R1())
    sec1 = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()
    question = {"name": NAME, "secret": sec1, "moment": MOMENT, "nonce": "n"}
    theirs = ask(CCXT_COINBASE, question)
    token = theirs["headers"]["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, options={"verify_signature": False})
    request = unsigned(body=b'{"size":"1"}')
    prepared = CdpKey(NAME, "ES256").prepare(request, Stamp(MOMENT * 1000, bytes(32)))
    ours = jwt.decode(
        prepared.signed(Es256Key(key)).headers[0][1].removeprefix("Bearer "),
        options={"verify_signature": False},
    )
    assert {name: claims[name] for name in ("nbf", "exp", "sub", "uri")} | {"iss": "cdp"} == ours
    assert claims["iss"] == "coinbase-cloud"  # its older name, which Coinbase's own SDK does not use any more
    assert jwt.get_unverified_header(token)["kid"] == NAME


SDK = (
    PRELUDE
    + """
import secrets
secrets.token_hex = lambda *_: question['nonce']
time.time = lambda: question['moment']
from coinbase import jwt_generator
uri = jwt_generator.format_jwt_uri('POST', '/api/v3/brokerage/orders')
print(json.dumps([jwt_generator.build_rest_jwt(uri, question['name'], question['secret']),
                  jwt_generator.build_ws_jwt(question['name'], question['secret'])]))
"""
)


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256"])
def test_the_jwt_has_the_form_of_coinbases_own_sdk(algorithm):
    """Byte for byte for Ed25519, whose signature a whole key always makes the same; up to it for ECDSA."""
    whole = WholeEd25519()
    key = whole.key if algorithm == "EdDSA" else ec.generate_private_key(ec.SECP256R1())
    secret = base64.b64encode(bytes(range(32)) + whole.public).decode() if algorithm == "EdDSA" else pem(key)
    nonce = bytes(range(32))
    rest, feed = ask(SDK, {"name": NAME, "secret": secret, "moment": MOMENT, "nonce": nonce.hex()})
    credential, stamp = CdpKey(NAME, algorithm), Stamp(MOMENT * 1000, nonce)
    prepared = credential.prepare(unsigned(), stamp)
    assert rest.rpartition(".")[0] == prepared.message.decode()
    assert feed.rpartition(".")[0] == credential.subscribe(unsigned(method="FEED"), stamp).message.decode()
    if algorithm == "EdDSA":
        assert dict(prepared.signed(whole).headers)["Authorization"] == f"Bearer {rest}"


SDK_REQUESTS = (
    PRELUDE
    + """
from coinbase.rest import RESTClient
client = RESTClient(api_key=question['name'], api_secret=question['secret'])
sent = []
class Answer:
    status_code, headers, text, ok, reason = 200, {}, '{}', True, 'OK'
    def json(self): return {'success': True, 'order_configuration': {}, 'results': [], 'accounts': [], 'orders': []}
    def raise_for_status(self): pass
def send(method, url, params=None, json=None, **_):
    given = {name: value for name, value in (params or {}).items() if value is not None}
    sent.append([method, url, given, json])
    return Answer()
client.session.request = send
client.limit_order_gtc_buy('1985ca2d-61ef-49f1-bfce-6c39d8462914', 'BTC-USD', '0.5', '20000.01', post_only=True)
client.market_order_buy('1985ca2d-61ef-49f1-bfce-6c39d8462914', 'BTC-USD', quote_size='100')
client.cancel_orders(['a-b'])
client.get_accounts(limit=250)
print(json.dumps(sent))
"""
)


def test_the_adapters_requests_are_what_the_sdk_sends():
    secret = base64.b64encode(bytes(range(32)) + WholeEd25519().public).decode()
    theirs = ask(SDK_REQUESTS, {"name": NAME, "secret": secret})
    client_id, pair = "1985ca2d-61ef-49f1-bfce-6c39d8462914", Pair("BTC", "USD")
    exchange = Coinbase()
    zero = Decimal(0)
    ours: list[Call[Any]] = [
        exchange.place(
            Order(client_id, pair, "buy", "limit", Decimal("0.5"), price=Decimal("20000.01"), post_only=True)
        ),
        exchange.place(Order(client_id, pair, "buy", "market", funds=Decimal(100))),
        exchange.cancel(OrderState("a-b", client_id, pair, "open", zero, zero, None)),
        exchange.balances(),
    ]
    for (method, url, params, body), call in zip(theirs, ours, strict=True):
        request = call.unsigned
        assert (method, url) == (request.method, f"https://{request.host}{request.path}")
        assert {name: str(value) for name, value in params.items()} == dict(request.query)
        sent = json.loads(request.body) if request.body else {}
        assert {name: value for name, value in (body or {}).items() if value is not None} == sent


CCXT_READS = (
    PRELUDE
    + """
import ccxt
client = getattr(ccxt, question['client'])()
print(json.dumps([getattr(client, method)(raw) for method, raw in question['raw']], default=str))
"""
)

CLOSED = {
    "client": "coinbase",
    "name": "coinbase",
    "order": {
        **coinbase_advanced.ORDER,
        "product_id": "BTC-USD",
        "client_order_id": UUID,
        "status": "CANCELLED",
    },
    "wrap": lambda raw: {"orders": [raw], "has_next": False},
}
DONE = {
    "client": "coinbaseexchange",
    "name": "coinbase-exchange",
    "order": {**coinbase_exchange.ORDER, "status": "done", "done_reason": "canceled"},
    "wrap": lambda raw: raw,
}
SPOT = {
    "client": "binance",
    "name": "binance",
    "order": {**binance.ORDER, "symbol": "BTCUSDT", "status": "CANCELED"},
    "wrap": lambda raw: raw,
}


@pytest.mark.parametrize("case", [CLOSED, DONE, SPOT], ids=lambda case: case["name"])
def test_an_order_means_to_us_what_it_means_to_ccxt(case):
    """Partly filled and cancelled, in each exchange's own form."""
    raw = case["order"]
    [theirs] = ask(CCXT_READS, {"client": case["client"], "raw": [["parse_order", raw]]})
    call = EXCHANGES[case["name"]].find_order(order(case["name"]))
    [ours] = call.read(HttpAnswer(200, (), json.dumps(case["wrap"](raw)).encode())).items
    assert theirs["status"] == "canceled"
    assert ours.status == "cancelled"
    assert theirs["clientOrderId"] == ours.client_id == UUID
    assert ours.terms is not None
    assert theirs["side"] == ours.terms.side
    assert Decimal(str(theirs["filled"])) == ours.filled
    assert Decimal(str(theirs["cost"])) == ours.value
    assert Decimal(str(theirs["price"])) == ours.terms.price
    assert Decimal(str(theirs["amount"])) == ours.terms.size


WITHDRAWALS: Any = binance.RECORDED["WITHDRAWALS"][3]
TRANSFERS: list[tuple[str, str, dict[str, Any]]] = [
    ("coinbaseexchange", "coinbase-exchange", {**coinbase_exchange.TRANSFER, "completed_at": "2026-03-21"}),
    ("coinbaseexchange", "coinbase-exchange", {**coinbase_exchange.TRANSFER, "canceled_at": "2026-03-21"}),
    ("binance", "binance", {**WITHDRAWALS[0], "type": "withdrawal"}),
    ("binance", "binance", {**WITHDRAWALS[0], "type": "withdrawal", "status": 3}),
]
STATES = {"done": "ok", "cancelled": "canceled", "failed": "failed"}


@pytest.mark.parametrize(("client", "name", "raw"), TRANSFERS)
def test_a_withdrawal_means_to_us_what_it_means_to_ccxt(client, name, raw):
    known = {**raw, "user_nonce": str(withdrawal_nonce(UUID)), "withdrawOrderId": UUID}
    [theirs] = ask(CCXT_READS, {"client": client, "raw": [["parse_transaction", known]]})
    call = EXCHANGES[name].find_withdrawal(withdrawal(name))
    [ours] = call.read(HttpAnswer(200, (), json.dumps([known]).encode())).items
    assert (theirs["id"], theirs["txid"], theirs["address"]) == (ours.id, ours.transaction_id, ours.address)
    assert theirs["status"] == STATES[ours.status]
    assert Decimal(str(theirs["fee"]["cost"])) == ours.fee


def test_a_transfer_from_or_to_a_bank_means_to_us_what_it_means_to_ccxt():
    raw = coinbase_fiat.LISTED
    [theirs] = ask(CCXT_READS, {"client": "coinbase", "raw": [["parse_transaction", raw]]})
    shown = fiat.OfWithdrawal(account_id="a-1", withdrawal_id=raw["id"])
    ours = (
        app.api()
        .call(fiat.WITHDRAWAL, shown)
        .read(HttpAnswer(200, (), json.dumps({"data": raw}).encode()))
        .data
    )
    assert ours.fee is not None
    assert (theirs["id"], theirs["status"], theirs["type"]) == (ours.id, "ok", "withdrawal")
    assert (theirs["currency"], Decimal(str(theirs["fee"]["cost"]))) == ("USD", ours.fee.amount)
    assert Decimal(str(theirs["amount"])) in (ours.amount.amount, ours.subtotal and ours.subtotal.amount)
