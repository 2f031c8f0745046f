"""Binance's feeds: what one subscribes with, every message as it is documented, and what is no message of a watch."""

from __future__ import annotations

import base64
import dataclasses
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from warifu.errors import InputRefused
from warifu.exchanges.binance import feeds
from warifu.exchanges.binance.adapters import Binance
from warifu.exchanges.binance.credentials import BinanceKey
from warifu.exchanges.failures import ExchangeFailed
from warifu.exchanges.feeds import TIME, Watched, heard
from warifu.exchanges.market import Pair
from warifu.exchanges.signing import Stamp, Subscription

pytestmark = pytest.mark.unit

BINANCE = Binance()
BTC, BNB = Pair("BTC", "USDT"), Pair("BNB", "BTC")
KEY = "4yNzx3yWC5bS6YTwEkSRaC0nRmSQIIStAUOh1b6kqaBrTLIhjCpI5lJH8q8R8WNO"
_OF: dict[str, Any] = {"E": 1672515782136, "s": "BNBBTC"}
_DAY: dict[str, Any] = {
    **_OF,
    "c": "0.0025",
    "o": "0.0010",
    "h": "0.0025",
    "l": "0.0010",
    "v": "10000",
    "q": "18",
}
_TRADE: dict[str, Any] = {"p": "0.001", "q": "100", "T": 1672515782136, "m": True, "M": True}
_CANDLE: dict[str, Any] = {
    "t": 1672515780000,
    "T": 1672515839999,
    "s": "BNBBTC",
    "i": "1m",
    "f": 100,
    "L": 200,
}
_CANDLE |= {"o": "0.0010", "c": "0.0020", "h": "0.0025", "l": "0.0015", "v": "1000", "n": 100, "x": False}
_CANDLE |= {"q": "1.0000", "V": "500", "Q": "0.500", "B": "123456"}
_TICKER: dict[str, Any] = {
    **_DAY,
    "p": "0.0015",
    "P": "250.00",
    "w": "0.0018",
    "x": "0.0009",
    "Q": "10",
    "b": "0.0024",
}
_TICKER |= {"B": "10", "a": "0.0026", "A": "100", "O": 0, "C": 86400000, "F": 0, "L": 18150, "n": 18151}
_BEST: dict[str, Any] = {
    "u": 400900217,
    "s": "BNBBTC",
    "b": "25.35190000",
    "B": "31.21",
    "a": "25.36520000",
    "A": "40.66",
}
_BOOK: dict[str, Any] = {"lastUpdateId": 160, "bids": [["0.0024", "10"]], "asks": [["0.0026", "100"]]}
SAID: dict[str, dict[str, Any]] = {
    "trade": {**_OF, "e": "trade", "t": 12345, **_TRADE},
    "aggTrade": {**_OF, "e": "aggTrade", "a": 12345, "f": 100, "l": 105, **_TRADE},
    "kline_1m": {**_OF, "e": "kline", "k": _CANDLE},
    "miniTicker": {**_DAY, "e": "24hrMiniTicker"},
    "ticker": {**_TICKER, "e": "24hrTicker"},
    "ticker_1h": {**_DAY, "e": "1hTicker", "w": "0.0018", "O": 0, "C": 1675216573749, "n": 18151},
    "avgPrice": {**_OF, "e": "avgPrice", "i": "5m", "w": "25776.86000000", "T": 1693907032213},
    "bookTicker": _BEST,
    "depth": {**_OF, "e": "depthUpdate", "U": 157, "u": 160, "b": [["0.0024", "10"]], "a": [["0.0026", "0"]]},
    "depth5": _BOOK,
    "depth20": _BOOK,
}
"""As Binance's documents show them."""
_EXECUTION: dict[str, Any] = {
    "s": "ETHBTC",
    "c": "mUvoqJxFIILMdfAW5iGSOW",
    "S": "BUY",
    "o": "LIMIT",
    "f": "GTC",
    "q": "1.0",
}
_EXECUTION |= {
    "p": "0.10264410",
    "P": "0.0",
    "F": "0.0",
    "g": -1,
    "C": "",
    "x": "NEW",
    "X": "NEW",
    "r": "NONE",
}
_EXECUTION |= {"i": 4293153, "l": "0.0", "z": "0.0", "L": "0.0", "n": "0", "N": None, "T": 1499405658657}
_EXECUTION |= {
    "t": -1,
    "v": 3,
    "I": 8641984,
    "w": True,
    "m": False,
    "M": False,
    "O": 1499405658657,
    "Z": "0.0",
}
_EXECUTION |= {"Y": "0.0", "Q": "0.0", "W": 1499405658657, "V": "NONE"}
_LISTED: dict[str, Any] = {"s": "ETHBTC", "i": 17, "c": "AJYsMjErWJesZvqlJCTUgL"}
_LIST: dict[str, Any] = {
    "s": "ETHBTC",
    "g": 2,
    "c": "OCO",
    "l": "EXEC_STARTED",
    "L": "EXECUTING",
    "r": "NONE",
    "C": "F4QN",
}
EVENTS: list[dict[str, Any]] = [
    {"e": "outboundAccountPosition", "u": 1, "B": [{"a": "ETH", "f": "10000.000000", "l": "0.000000"}]},
    {"e": "balanceUpdate", "a": "BTC", "d": "-100.00000000", "T": 1573200697068},
    {"e": "externalLockUpdate", "a": "NEO", "d": "10.00000000", "T": 1581557507268},
    {"e": "executionReport", **_EXECUTION},
    {"e": "listStatus", **_LIST, "T": 1564035303625, "O": [_LISTED]},
    {"e": "eventStreamTerminated"},
]


def on_stream(channel: str, data: dict[str, Any], symbol: str = "bnbbtc") -> dict[str, Any]:
    return {"stream": f"{symbol}@{channel}", "data": data}


def read(channel: str, *messages: Any) -> Watched:
    pairs = () if channel == "user" else (BTC, BNB)
    texts = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in messages]
    return BINANCE.feeds.watch(channel, pairs, 10).read(heard(texts, TIME))


@pytest.mark.parametrize("channel", SAID)
def test_every_message_as_it_is_documented(channel: str):
    """After the answer to the subscription."""
    watched = read(channel, {"result": None, "id": 1}, on_stream(channel, SAID[channel]))
    assert (watched.unreadable, watched.gaps) == (0, ())


@pytest.mark.parametrize("channel", SAID)
def test_a_field_that_is_missing_or_of_another_kind_is_no_message(channel: str):
    good = SAID[channel]
    needed = {"trade": "t", "aggTrade": "f", "kline_1m": "k", "depth": "U", "avgPrice": "w"}
    field = needed.get(channel, "lastUpdateId" if "lastUpdateId" in good else "s")
    for bad in ({name: value for name, value in good.items() if name != field}, {**good, field: [1]}):
        assert read(channel, on_stream(channel, bad)).unreadable == 1


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: str(event["e"]))
def test_every_event_of_the_users(event: dict[str, Any]):
    acknowledged = {"id": 1, "status": 200, "result": {"subscriptionId": 0}, "rateLimits": []}
    watched = read("user", acknowledged, {"subscriptionId": 0, "event": {"E": 1564034571105, **event}})
    assert watched.unreadable == 0


def test_what_is_of_another_channel_or_symbol_is_no_message_of_this_one():
    trade = SAID["trade"]
    for other in (
        on_stream("aggTrade", SAID["aggTrade"]),
        on_stream("trade", SAID["aggTrade"]),
        on_stream("trade", trade, "btcusdt"),
        {"subscriptionId": 0, "event": {"E": 1, "e": "eventStreamTerminated"}},
        {"stream": "bnbbtc@trade"},
        {"stream": "bnbbtc@trade", "data": [trade]},
        [trade],
        b"[" * 5000,
        b"\xff",
    ):
        assert read("trade", other).unreadable == 1
    assert read("user", on_stream("trade", trade)).unreadable == 1
    assert read("user", {"subscriptionId": 0, "event": {"E": 1, "e": "something new"}}).unreadable == 1


@pytest.mark.parametrize(
    ("channel", "first", "second", "gap"),
    [
        ("trade", {"t": 5}, {"t": 6}, False),
        ("trade", {"t": 5}, {"t": 7}, True),
        ("trade", {"t": 5}, {"t": 5}, True),
        ("aggTrade", {"f": 100, "l": 105}, {"f": 106, "l": 106}, False),
        ("aggTrade", {"f": 100, "l": 105}, {"f": 107, "l": 109}, True),
        ("depth", {"U": 157, "u": 160}, {"U": 161, "u": 161}, False),
        ("depth", {"U": 157, "u": 160}, {"U": 163, "u": 170}, True),
    ],
)
def test_what_is_missing_shows_where_it_is_numbered(
    channel: str, first: dict[str, int], second: dict[str, int], gap: bool
):
    both = [on_stream(channel, {**SAID[channel], **numbers}) for numbers in (first, second)]
    between = on_stream(channel, {**SAID[channel], "s": "BTCUSDT"}, "btcusdt")  # numbered by itself
    watched = read(channel, both[0], between, both[1])
    assert (bool(watched.gaps), watched.unreadable) == (gap, 0)


@pytest.mark.parametrize(
    ("channel", "said", "reason"),
    [
        ("trade", {"code": 2, "msg": "Invalid request: unknown variant", "id": 1}, "request"),
        ("trade", {"error": {"code": 2, "msg": "Invalid request"}, "id": 1}, "request"),
        (
            "user",
            {"id": 1, "status": 401, "error": {"code": -2015, "msg": "Invalid API-key"}},
            "authentication",
        ),
        ("user", {"id": 1, "status": 400, "error": {"code": -1022, "msg": "not valid"}}, "authentication"),
        ("user", {"id": 1, "status": 400, "error": {"code": -1021, "msg": "outside"}}, "clock"),
        ("user", {"id": 1, "status": 418, "error": {"code": -1003, "msg": "IP banned until 1"}}, "banned"),
    ],
)
def test_what_the_exchange_complains_of(channel: str, said: dict[str, Any], reason: str):
    with pytest.raises(ExchangeFailed) as caught:
        read(channel, said)
    assert caught.value.reason == reason


def test_a_subscription_names_streams_and_is_understood_from_its_bytes():
    call = BINANCE.feeds.watch("aggTrade", (BTC, BNB), 3600)
    assert call.unsigned.host == "stream.binance.com"
    assert json.loads(call.unsigned.body) == {
        "method": "SUBSCRIBE",
        "params": ["btcusdt@aggTrade", "bnbbtc@aggTrade"],
        "id": 1,
    }
    assert BINANCE.feeds.target(call.unsigned) == "/stream"
    for channel in BINANCE.feeds.channels:
        call = BINANCE.feeds.watch(channel.name, (BTC, BNB) if channel.of_products else (), 10)
        understood = BINANCE.understand(call.unsigned)
        assert understood.call.unsigned.same_bytes(call.unsigned) and not understood.meaning.gives
        assert call.unsigned.host in BINANCE.hosts


def test_no_two_channels_are_one_in_the_journal():
    names = [channel.name.upper() for channel in BINANCE.feeds.channels]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    "body",
    [
        b'{"method":"UNSUBSCRIBE","params":["btcusdt@trade"],"id":1}',
        b'{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":2}',
        b'{"method":"SUBSCRIBE","params":["btcusdt@aggTrade"],"id":1}',
        b'{"method":"SUBSCRIBE","params":["btcusdt@trade","btcusdt@trade"],"id":1}',
        b'{"method":"SUBSCRIBE","params":["BTCUSDT@trade"],"id":1}',
        b'{"method":"SUBSCRIBE","params":["!miniTicker@arr"],"id":1}',
        b'{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":1,"more":1}',
        b'{"method":"SUBSCRIBE","params":[],"id":1}',
        b'{"params":["btcusdt@trade"]}',
        b"[",
    ],
)
def test_what_is_no_subscription_to_its_last_byte_is_not_understood(body: bytes):
    good = BINANCE.feeds.watch("trade", (BTC,), 10).unsigned
    with pytest.raises(InputRefused):
        BINANCE.understand(dataclasses.replace(good, body=body))


def test_the_users_events_are_subscribed_to_by_a_signature_over_key_and_time():
    """Sorted by name, the signature in base64: as the WebSocket API wants it."""
    secret = ed25519.Ed25519PrivateKey.generate()
    call = BINANCE.feeds.watch("user", (), 10)
    to_sign = BinanceKey(KEY).subscribe(call.unsigned, Stamp(1747385641636, bytes(32)))
    assert to_sign.message == f"apiKey={KEY}&timestamp=1747385641636".encode()
    said = to_sign.finish(secret.sign(to_sign.message))
    assert isinstance(said, Subscription) and said.host == "ws-api.binance.com"
    told = json.loads(said.text)
    assert (told["method"], told["id"]) == ("userDataStream.subscribe.signature", 1)
    signature = base64.b64decode(told["params"].pop("signature"))
    assert told["params"] == {"apiKey": KEY, "timestamp": 1747385641636}
    secret.public_key().verify(signature, to_sign.message)
    with pytest.raises(InputRefused):
        to_sign.finish(bytes(63))
    assert BINANCE.feeds.target(call.unsigned) == "/ws-api/v3"
    assert feeds.USER == "user"
