"""Coinbase's feeds: what is subscribed with, what comes, and what is noticed when something does not come."""

import base64
import dataclasses
import hashlib
import hmac
import json
from decimal import Decimal
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from hypothesis import given
from hypothesis import strategies as st
from tests.support.exchange_keys import STAMP, quorums

from warifu.errors import InputRefused
from warifu.exchanges.calls import Effect
from warifu.exchanges.coinbase.adapters import Coinbase, CoinbaseExchange
from warifu.exchanges.coinbase.credentials import CdpKey, ExchangeKey
from warifu.exchanges.coinbase.feeds import advanced, exchange
from warifu.exchanges.failures import ExchangeFailed, Refused, TryAgain
from warifu.exchanges.feeds import FULL, MAX_GAPS, TIME, FeedBroken, Watched, heard
from warifu.exchanges.http import HttpRequest
from warifu.exchanges.market import Pair
from warifu.exchanges.registry import EXCHANGES
from warifu.signer.egress.keys import HmacKey
from warifu.threshold.wiping import Secret

pytestmark = pytest.mark.unit

D = Decimal
COINBASE, EXCHANGE_API = Coinbase(), CoinbaseExchange()
BTC_USD, ETH_USD = Pair("BTC", "USD"), Pair("ETH", "USD")
AT = "2026-06-23T20:31:26.122969572Z"

EVENTS = {
    "heartbeats": {"current_time": "2026-06-23 20:31:56 +0000 UTC", "heartbeat_counter": "3049"},
    "candles": {
        "type": "snapshot",
        "candles": [
            {
                "start": "1688998200",
                "high": "1867.72",
                "low": "1865.63",
                "open": "1867.38",
                "close": "1866.81",
                "volume": "0.20269406",
                "product_id": "ETH-USD",
            }
        ],
    },
    "market_trades": {
        "type": "update",
        "trades": [
            {
                "trade_id": "000000000",
                "product_id": "ETH-USD",
                "price": "1260.01",
                "size": "0.3",
                "side": "BUY",
                "time": AT,
            }
        ],
    },
    "status": {
        "type": "snapshot",
        "products": [
            {
                "product_type": "SPOT",
                "id": "BTC-USD",
                "base_currency": "BTC",
                "quote_currency": "USD",
                "base_increment": "0.00000001",
                "quote_increment": "0.01",
                "status": "online",
                "status_message": "",
                "min_market_funds": "1",
            }
        ],
    },
    "ticker": {
        "type": "snapshot",
        "tickers": [
            {"type": "ticker", "product_id": "BTC-USD", "price": "21932.98", "volume_24_h": "16038.28"}
        ],
    },
    "ticker_batch": {"type": "update", "tickers": []},
    "l2_data": {
        "type": "snapshot",
        "product_id": "BTC-USD",
        "updates": [{"side": "bid", "event_time": AT, "price_level": "21921.73", "new_quantity": "0"}],
    },
    "user": {
        "type": "snapshot",
        "orders": [
            {
                "order_id": "a1",
                "client_order_id": "c1",
                "cumulative_quantity": "0.5",
                "leaves_quantity": "0.25",
                "avg_price": "20000.01",
                "total_fees": "1",
                "status": "OPEN",
                "product_id": "BTC-USD",
                "creation_time": AT,
                "order_side": "BUY",
                "cancel_reason": "",
                "stop_price": "",
                "limit_price": "20001",
            }
        ],
        "positions": {
            "perpetual_futures_positions": [
                {
                    "product_id": "BTC-PERP-INTX",
                    "portfolio_uuid": "p",
                    "vwap": "1",
                    "entry_vwap": "1",
                    "position_side": "POSITION_SIDE_LONG",
                    "margin_type": "MARGIN_TYPE_CROSS",
                    "net_size": "0.5",
                    "buy_order_size": "0",
                    "sell_order_size": "0",
                    "leverage": "2",
                    "mark_price": "20000",
                    "liquidation_price": "10000",
                    "im_notional": "1",
                    "mm_notional": "1",
                    "position_notional": "10000",
                    "unrealized_pnl": "-3.5",
                    "aggregated_pnl": "0",
                }
            ],
            "expiring_futures_positions": [
                {
                    "product_id": "BIT-28JUL23-CDE",
                    "side": "LONG",
                    "number_of_contracts": "2",
                    "realized_pnl": "0",
                    "unrealized_pnl": "1",
                    "entry_price": "20000",
                }
            ],
        },
    },
    "futures_balance_summary": {
        "type": "snapshot",
        "fcm_balance_summary": {
            "futures_buying_power": "100.00",
            "total_usd_balance": "200.00",
            "cbi_usd_balance": "300.00",
            "cfm_usd_balance": "400.00",
            "total_open_orders_hold_amount": "500.00",
            "unrealized_pnl": "-600.00",
            "daily_realized_pnl": "0",
            "initial_margin": "700.00",
            "available_margin": "800.00",
            "liquidation_threshold": "900.00",
            "liquidation_buffer_amount": "1000.00",
            "liquidation_buffer_percentage": "1000",
            "intraday_margin_window_measure": {
                "margin_window_type": "FCM_MARGIN_WINDOW_TYPE_INTRADAY",
                "margin_level": "MARGIN_LEVEL_TYPE_BASE",
                "initial_margin": "100.00",
                "maintenance_margin": "200.00",
                "liquidation_buffer_percentage": "1000",
                "total_hold": "100.00",
                "futures_buying_power": "400.00",
            },
            "overnight_margin_window_measure": {"margin_window_type": "FCM_MARGIN_WINDOW_TYPE_OVERNIGHT"},
        },
    },
    "subscriptions": {"subscriptions": {"ticker": ["BTC-USD"]}},
}


def message(channel, number=0) -> bytes:
    return json.dumps(
        {
            "channel": channel,
            "client_id": "",
            "timestamp": AT,
            "sequence_num": number,
            "events": [EVENTS[channel]],
        }
    ).encode()


@pytest.mark.parametrize("channel", sorted(EVENTS))
def test_each_channel_of_advanced_trade(channel):
    read = advanced.Feed().read(message(channel))
    assert (read.sequence_num, len(read.events)) == (0, 1)


def test_the_users_own_orders():
    read = advanced.Feed().read(message("user"))
    assert isinstance(read, advanced.User)
    [order] = read.events[0].orders
    assert (order.client_order_id, order.leaves_quantity, order.avg_price) == ("c1", D("0.25"), D("20000.01"))
    assert order.stop_price is None
    positions = read.events[0].positions
    [perpetual], [expiring] = positions.perpetual_futures_positions, positions.expiring_futures_positions
    assert (perpetual.net_size, perpetual.unrealized_pnl) == (D("0.5"), D("-3.5"))
    assert (expiring.product_id, expiring.number_of_contracts) == ("BIT-28JUL23-CDE", D(2))


def test_the_users_balances_of_futures():
    read = advanced.Feed().read(message("futures_balance_summary"))
    assert isinstance(read, advanced.FuturesBalanceSummary)
    balances = read.events[0].fcm_balance_summary
    assert (balances.total_usd_balance, balances.unrealized_pnl) == (D("200.00"), D("-600.00"))
    assert balances.intraday_margin_window_measure is not None
    assert balances.intraday_margin_window_measure.total_hold == D("100.00")


@pytest.mark.parametrize("numbers", [[0, 2], [5, 5], [5, 4], [0, 1, 3]])
def test_a_message_that_is_missing_or_comes_twice_is_noticed(numbers):
    feed = advanced.Feed()
    with pytest.raises(FeedBroken):
        for number in numbers:
            feed.read(message("ticker", number))


def test_a_feed_may_begin_anywhere_and_changes_channels_without_losing_count():
    feed = advanced.Feed()
    for number, channel in enumerate(("ticker", "heartbeats", "user", "l2_data"), start=7):
        assert feed.read(message(channel, number)).sequence_num == number


@given(st.binary(max_size=80))
def test_whatever_comes_is_a_message_or_ends_the_feed(text):
    for read in (advanced.Feed().read, exchange.read):
        with pytest.raises((FeedBroken, ExchangeFailed)):
            read(text)


def test_what_the_exchange_complains_of():
    for text, kind in (
        (b'{"type":"error","message":"authentication failure: invalid_signature"}', Refused),
        (b'{"type":"error","message":"rate limit exceeded"}', TryAgain),
        (b'{"type":"error","message":"something"}', Refused),
    ):
        with pytest.raises(kind):
            advanced.Feed().read(text)
        with pytest.raises(kind):
            exchange.read(text)


def test_a_subscription_carries_a_token_of_two_of_three():
    quorum = next(quorums())
    call = COINBASE.feeds.watch("user", (BTC_USD,), 10)
    said = CdpKey("organizations/a/apiKeys/b", "EdDSA").subscribe(call.unsigned, STAMP).signed(quorum)
    assert said.host == "advanced-trade-ws-user.coinbase.com"
    text = json.loads(said.text)
    assert {name: text[name] for name in ("type", "channel", "product_ids")} == {
        "type": "subscribe",
        "channel": "user",
        "product_ids": ["BTC-USD"],
    }
    key = ed25519.Ed25519PublicKey.from_public_bytes(quorum.public)
    claims = jwt.decode(
        text["jwt"], key, algorithms=["EdDSA"], options={"verify_exp": False, "verify_nbf": False}
    )
    assert "uri" not in claims
    assert "jwt" not in repr(said)


KEY = ExchangeKey("0123456789abcdef0123456789abcdef", Secret(b"pass"))


def test_the_exchange_apis_feed_is_signed_as_a_request_to_verify_oneself():
    call = EXCHANGE_API.feeds.watch("user", (BTC_USD,), 10)
    text = json.loads(KEY.subscribe(call.unsigned, STAMP).signed(HmacKey(Secret(bytes(range(64))))).text)
    expected = hmac.new(bytes(range(64)), f"{STAMP.seconds}GET/users/self/verify".encode(), hashlib.sha256)
    assert text == {
        "type": "subscribe",
        "product_ids": ["BTC-USD"],
        "channels": ["user"],
        "key": KEY.key,
        "signature": base64.b64encode(expected.digest()).decode(),
        "passphrase": "pass",
        "timestamp": str(STAMP.seconds),
    }
    with pytest.raises(InputRefused):
        KEY.subscribe(call.unsigned, STAMP).finish(b"short")


# A watch


ACCOUNT = "d50ec984-77a8-460a-b958-66f114b0de9b"


def watches() -> list[tuple[Any, Any]]:
    return [
        (
            api,
            api.feeds.watch(
                channel.name,
                (BTC_USD,) if channel.of_products else (),
                10,
                (ACCOUNT,) if channel.of_accounts else (),
            ),
        )
        for api in (COINBASE, EXCHANGE_API)
        for channel in api.feeds.channels
    ]


@pytest.mark.parametrize(("api", "call"), watches(), ids=lambda one: getattr(one, "name", ""))
def test_a_watch_is_a_request_that_only_reads_and_is_understood_to_its_last_byte(api, call):
    unsigned = call.unsigned
    assert (unsigned.method, unsigned.effect, unsigned.host in api.hosts) == ("FEED", Effect.READS, True)
    understood = api.understand(unsigned)
    assert understood.call.unsigned == unsigned
    assert (understood.effect, understood.meaning.gives) == (Effect.READS, {})
    with pytest.raises(InputRefused):  # it is no request that HTTP could carry
        HttpRequest(unsigned.method, unsigned.host, "/")


def test_balances_are_watched_of_accounts_that_are_named():
    feeds = EXCHANGE_API.feeds
    call = feeds.watch("balance", (), 10, (ACCOUNT,))
    said = {"type": "subscribe", "channels": [{"name": "balance", "account_ids": [ACCOUNT]}]}
    assert json.loads(call.unsigned.body) == said
    assert call.unsigned.signed
    ask: Any = EXCHANGE_API.understand(call.unsigned).ask
    assert (ask.accounts, ask.products) == ((ACCOUNT,), ())
    with pytest.raises(InputRefused):  # another form of the same is another request
        EXCHANGE_API.understand(dataclasses.replace(call.unsigned, body=json.dumps(said).encode()))
    for channel, pairs, accounts in (
        ("balance", (), ()),
        ("balance", (BTC_USD,), ()),
        ("balance", (BTC_USD,), (ACCOUNT,)),
        ("balance", (), (ACCOUNT, ACCOUNT)),
        ("balance", (), ("USD",)),
        ("balance", (), (ACCOUNT.upper(),)),
        ("balance", (), tuple(f"{number:08x}{ACCOUNT[8:]}" for number in range(21))),
        ("user", (BTC_USD,), (ACCOUNT,)),
        ("status", (), (ACCOUNT,)),
    ):
        with pytest.raises(InputRefused):
            feeds.watch(channel, pairs, 10, accounts)


def test_what_is_not_a_watch_to_its_last_byte_is_none():
    good = COINBASE.feeds.watch("ticker", (BTC_USD,), 10).unsigned
    body = b'{"type":"subscribe","channel":"ticker","product_ids":["BTC-USD"]}'
    assert good.body == body
    for changed in (
        {"path": "/user"},
        {"path": "/everything"},
        {"host": "api.coinbase.com"},
        {"host": "advanced-trade-ws-user.coinbase.com"},
        {"method": "GET"},
        {"query": ()},
        {"query": (("seconds", "4"),)},
        {"query": (("seconds", "3601"),)},
        {"query": (("seconds", "\u0661\u0660"),)},
        {"query": (("seconds", "010"),)},
        {"query": (("seconds", "10"), ("seconds", "10"))},
        {"body": b""},
        {"body": b"["},
        {"body": body.replace(b"subscribe", b"unsubscribe")},
        {"body": body.replace(b'"ticker"', b'"user"')},
        {"body": body.replace(b":", b": ")},
        {"body": body.replace(b'["BTC-USD"]', b'["BTC-USD","BTC-USD"]')},
        {"body": body.replace(b'["BTC-USD"]', b"[]")},
        {"body": body.replace(b"BTC-USD", b"btc-usd")},
        {"body": body[:-1] + b',"jwt":"eyJ"}'},
        {"body": body[:-1] + b',"channel":"user"}'},
    ):
        unsigned = dataclasses.replace(good, **changed)
        with pytest.raises(InputRefused):
            COINBASE.understand(unsigned)


@given(st.binary(max_size=120))
def test_whatever_the_body_is(body):
    good = COINBASE.feeds.watch("ticker", (BTC_USD,), 10).unsigned
    with pytest.raises(InputRefused):
        COINBASE.understand(dataclasses.replace(good, body=body))


def test_what_cannot_be_watched():
    many = tuple(Pair(f"A{number}", "USD") for number in range(21))
    for channel, pairs, seconds in (
        ("everything", (BTC_USD,), 10),
        ("ticker", (), 10),
        ("ticker", (BTC_USD, BTC_USD), 10),
        ("ticker", many, 10),
        ("heartbeats", (BTC_USD,), 10),
        ("ticker", (BTC_USD,), 4),
        ("ticker", (BTC_USD,), 3601),
    ):
        with pytest.raises(InputRefused):
            COINBASE.feeds.watch(channel, pairs, seconds)


def test_an_exchanges_own_sandbox_has_its_own_feed():
    sandbox = EXCHANGES["coinbase-exchange-sandbox"]
    watched = sandbox.feeds.watch("user", (BTC_USD,), 10).unsigned
    assert (watched.host, watched.signed) == ("ws-feed-public.sandbox.exchange.coinbase.com", True)
    assert sandbox.hosts == ("api-public.sandbox.exchange.coinbase.com", watched.host)
    assert sandbox.understand(watched).name == "FEED_USER"
    with pytest.raises(InputRefused):
        EXCHANGE_API.understand(watched)
    assert not set(sandbox.hosts) & set(EXCHANGE_API.hosts)


def test_the_answer_of_a_watch_is_what_came_and_what_did_not():
    texts = [message("ticker", 3), message("ticker", 4), b"what is this?", b"", message("ticker", 6)]
    watched = COINBASE.feeds.watch("ticker", (BTC_USD,), 10).read(heard(texts, FULL))
    assert watched.texts == (*texts[:3], b" ", texts[4])
    assert watched.gaps == ("message 6 came after 4",)
    assert (watched.unreadable, watched.ended) == (2, "full")
    nothing = COINBASE.feeds.watch("ticker", (BTC_USD,), 10).read(heard([], TIME))
    assert (nothing.texts, nothing.ended) == ((), "time")


def test_a_watch_is_read_while_it_comes_and_what_was_cut_off_is_said():
    hearing = COINBASE.feeds.hearing("ticker")
    said = heard([message("ticker", 3), message("ticker", 5)], TIME).body + message("ticker", 6)
    texts = [text for place in range(len(said)) for text in hearing.take(said[place : place + 1])]
    assert texts == [message("ticker", 3), message("ticker", 5)]
    assert (hearing.messages, hearing.gaps) == (2, ["message 5 came after 3"])
    hearing.end()
    assert hearing.gaps[1:] == ["the last message was cut off"]


def test_no_message_and_no_list_of_gaps_fills_the_memory_of_who_reads():
    hearing = COINBASE.feeds.hearing("ticker")
    for number in range(0, 2 * MAX_GAPS + 10, 2):
        hearing.take(message("ticker", number) + b"\n")
    assert len(hearing.gaps) == MAX_GAPS
    with pytest.raises(InputRefused):
        for _ in range(17):
            hearing.take(b"x" * 2**20)


def test_a_line_break_within_a_message_makes_no_second_one():
    text = message("ticker", 3).replace(b": ", b":\r\n")
    watched = COINBASE.feeds.watch("ticker", (BTC_USD,), 10).read(heard([text], TIME))
    assert (len(watched.texts), watched.unreadable) == (1, 0)


def test_what_the_exchange_complains_of_in_a_watch_is_its_answer():
    complaint = b'{"type":"error","message":"authentication failure"}'
    for api in (COINBASE, EXCHANGE_API):
        with pytest.raises(Refused) as caught:
            api.feeds.watch("user", (BTC_USD,), 10).read(heard([complaint], TIME))
        assert caught.value.reason == "authentication"


def test_what_is_missing_shows_where_the_exchange_api_numbers_it():
    def told(channel: str, said: list[dict[str, Any]]) -> tuple[str, ...]:
        texts = [json.dumps(one).encode() for one in said]
        watched: Watched = EXCHANGE_API.feeds.watch(channel, (BTC_USD, ETH_USD), 10).read(heard(texts, TIME))
        assert watched.unreadable == 0
        return watched.gaps

    def match(number: int, product: str = "BTC-USD", kind: str = "match") -> dict[str, Any]:
        return {**TRADE, "type": kind, "trade_id": number, "sequence": 7 * number, "product_id": product}

    trades = [match(9, kind="last_match"), match(10), match(4, "ETH-USD"), match(5, "ETH-USD"), match(12)]
    assert told("matches", trades) == ("message 12 came after 10",)
    assert told("user", trades[1:]) == ()  # one's own: others' are between them
    opened = {**ORDER, "type": "open", "price": "200.2", "remaining_size": "1.00"}
    assert told("full", [opened, {**opened, "sequence": 11}, {**opened, "sequence": 13}]) == (
        "message 13 came after 11",
    )


ORDER = {"time": AT, "product_id": "BTC-USD", "sequence": 10, "side": "sell", "order_id": "o"}
TRADE = {
    "time": AT,
    "product_id": "BTC-USD",
    "sequence": 10,
    "side": "sell",
    "maker_order_id": "m",
    "taker_order_id": "t",
    "size": "5.2",
    "price": "400.2",
}
BTC = {"product_id": "BTC-USD"}
EXCHANGE: list[dict[str, Any]] = [
    {
        "type": "subscriptions",
        "channels": [{"name": "ticker", "product_ids": ["BTC-USD"], "account_ids": None}],
    },
    {**BTC, "type": "heartbeat", "sequence": 90, "last_trade_id": 20, "time": AT},
    {**BTC, "type": "ticker", "sequence": 3, "price": "1285.22", "best_bid": "1285.04", "trade_id": 3},
    {**BTC, "type": "snapshot", "bids": [["10101.10", "0.45"]], "asks": [["10102.55", "0.57"]]},
    {**BTC, "type": "l2update", "time": AT, "changes": [["buy", "22356.27", "0.00"]]},
    {**ORDER, "type": "received", "size": "1.34", "price": "502.1", "order_type": "limit"},
    {**ORDER, "type": "open", "price": "200.2", "remaining_size": "1.00"},
    {**ORDER, "type": "done", "price": "200.2", "reason": "filled", "remaining_size": "0"},
    {**TRADE, "type": "match", "trade_id": 10},
    {**TRADE, "type": "last_match", "trade_id": 9},
    {**ORDER, "type": "change", "new_size": "5.23512", "old_size": "12.234412", "price": "400.23"},
    {**BTC, "type": "activate", "order_id": "o", "side": "buy", "stop_price": "80", "size": "2"},
    {
        "type": "status",
        "products": [
            {
                "id": "BTC-USD",
                "base_currency": "BTC",
                "quote_currency": "USD",
                "base_increment": "0.00000001",
                "quote_increment": "0.01",
                "display_name": "BTC-USD",
                "status": "online",
                "status_message": None,
                "min_market_funds": "10",
                "post_only": False,
                "limit_only": False,
                "cancel_only": True,
                "fx_stablecoin": False,
            }
        ],
        "currencies": [
            {
                "id": "USDC",
                "name": "USD Coin",
                "display_name": "USDC",
                "min_size": "0.00000100",
                "status": "online",
                "status_message": None,
                "max_precision": "0.000001",
                "convertible_to": ["USD"],
                "details": {},
                "default_network": "ethereum",
                "supported_networks": [
                    {
                        "id": "ethereum",
                        "name": "Ethereum",
                        "status": "online",
                        "contract_address": "",
                        "min_withdrawal_amount": 0.001,
                        "max_withdrawal_amount": 300000000,
                        "network_confirmations": 14,
                        "processing_time_seconds": 0,
                        "destination_tag_regex": "",
                    }
                ],
            }
        ],
    },
    {
        **BTC,
        "type": "auction",
        "sequence": 3262786978,
        "auction_state": "collection",
        "best_bid_price": "333.98",
        "best_bid_size": "4.39088265",
        "best_ask_price": "333.99",
        "best_ask_size": "25.23542881",
        "open_price": "333.99",
        "open_size": "0.193",
        "can_open": "yes",
        "timestamp": AT,
    },
    {
        "type": "balance",
        "account_id": "d50ec984-77a8-460a-b958-66f114b0de9b",
        "currency": "USD",
        "holds": "1000.23",
        "available": "102030.99",
        "updated": AT,
        "timestamp": AT,
    },
    {
        **BTC,
        "type": "rfq_match",
        "maker_order_id": "m",
        "taker_order_id": "t",
        "time": AT,
        "trade_id": 30,
        "size": "5.23512",
        "price": "400.23",
        "side": "sell",
    },
]
SCHEMA = {
    "type": "level3",
    "schema": {
        "change": ["type", "product_id", "sequence", "order_id", "price", "size", "time"],
        "done": ["type", "product_id", "sequence", "order_id", "time"],
        "match": [
            "type",
            "product_id",
            "sequence",
            "maker_order_id",
            "taker_order_id",
            "price",
            "size",
            "time",
        ],
        "noop": ["type", "product_id", "sequence", "time"],
        "open": ["type", "product_id", "sequence", "order_id", "side", "price", "size", "time"],
    },
}
PACKED: list[list[str]] = [
    ["open", "BTC-USD", "57560479456", "o-1", "buy", "27268.09", "0.02", AT],
    ["change", "BTC-USD", "57560479457", "o-1", "27268.09", "0.01", AT],
    ["match", "BTC-USD", "57560479458", "o-1", "o-2", "27268.09", "0.01", AT],
    ["done", "BTC-USD", "57560479459", "o-1", AT],
    ["noop", "BTC-USD", "57560479460", AT],
]


@pytest.mark.parametrize("said", EXCHANGE, ids=lambda said: said["type"])
def test_each_message_of_the_exchange_api(said):
    read = exchange.read(json.dumps(said).encode())
    assert type(read).__struct_config__.tag == said["type"]
    for name in ("price", "sequence", "trade_id", "remaining_size", "holds", "available"):
        if name in said:
            assert getattr(read, name) == (D(said[name]) if isinstance(said[name], str) else said[name])


def packed(*said: object) -> list[bytes]:
    return [json.dumps(one).encode() for one in said]


@pytest.mark.parametrize("said", PACKED, ids=lambda said: said[0])
def test_each_message_of_level3_is_what_its_schema_says(said):
    read = exchange.read(json.dumps(said).encode())
    names = SCHEMA["schema"][said[0]][1:]  # type: ignore[index]
    assert [type(read).__struct_config__.tag, *(str(getattr(read, name)) for name in names)] == said


@pytest.mark.parametrize(
    "said",
    [
        ["open", "BTC-USD", "57560479456", "o-1", "buy", "27268.09", "0.02"],  # a place is missing
        ["open", "BTC-USD", "57560479456", "o-1", "up", "27268.09", "0.02", AT],
        ["done", "BTC-USD", "many", "o-1", AT],
        ["burnt", "BTC-USD", "1", AT],
        [],
        ["open"],
    ],
)
def test_what_is_packed_otherwise_breaks_the_feed(said):
    with pytest.raises(FeedBroken):
        exchange.read(json.dumps(said).encode())


def test_a_schema_that_is_another_is_not_followed():
    exchange.read(json.dumps(SCHEMA).encode())
    for changed in (
        {"type": "level3", "schema": {**SCHEMA["schema"], "done": ["type", "order_id"]}},  # type: ignore[dict-item]
        {"type": "level3", "schema": {**SCHEMA["schema"], "more": ["type"]}},  # type: ignore[dict-item]
        {"type": "level3", "schema": {}},
    ):
        with pytest.raises(FeedBroken):
            exchange.read(json.dumps(changed).encode())


def test_what_is_missing_shows_in_level3():
    told = heard(packed(SCHEMA, *PACKED[:3], PACKED[4]), TIME)
    watched = EXCHANGE_API.feeds.watch("level3", (BTC_USD,), 10).read(told)
    assert (watched.unreadable, watched.gaps) == (0, ("message 57560479460 came after 57560479458",))


def test_a_channel_of_everything_names_no_pair():
    assert EXCHANGE_API.feeds.watch("status", (), 10).unsigned.body == (
        b'{"type":"subscribe","channels":["status"]}'
    )
    with pytest.raises(InputRefused):
        EXCHANGE_API.feeds.watch("status", (BTC_USD,), 10)


def test_what_is_the_users_own_is_never_watched_without_a_credential():
    """Only so do devices take its token for what it is: one that names no path."""
    own = {"balance", "user", "futures_balance_summary", "full", "level2", "level3"}
    for api in (COINBASE, EXCHANGE_API):
        for channel in api.feeds.channels:
            assert channel.signed == (channel.name in own - ({"level2"} if api is COINBASE else set()))
            if channel.host == advanced.USER_HOST:
                assert channel.signed
