"""Advanced Trade's feeds: market data, and the user's orders and futures with a token that names no path.

Each message has a ``sequence_num``, one more than the one before it on the connection. A subscription is for one
channel; what is the user's takes a token of its own, which expires like any other.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from warifu.errors import InputRefused
from warifu.exchanges.calls import Answer, read_json
from warifu.exchanges.coinbase.faults import ADVANCED_RULES
from warifu.exchanges.failures import ExchangeFailed, Refused, by_rules
from warifu.exchanges.feeds import Channel, FeedBroken, Feeds, Numbers
from warifu.exchanges.http import HttpAnswer

HOST = "advanced-trade-ws.coinbase.com"
USER_HOST = "advanced-trade-ws-user.coinbase.com"


class Heartbeat(Answer, frozen=True, kw_only=True):
    current_time: str
    heartbeat_counter: int | str


class Candle(Answer, frozen=True, kw_only=True):
    start: str
    high: Decimal
    low: Decimal
    open: Decimal
    close: Decimal
    volume: Decimal
    product_id: str


class Trade(Answer, frozen=True, kw_only=True):
    trade_id: str
    product_id: str
    price: Decimal
    size: Decimal
    side: str
    time: str


class Product(Answer, frozen=True, kw_only=True):
    id: str
    status: str
    base_increment: Decimal
    quote_increment: Decimal
    base_currency: str | None = None
    quote_currency: str | None = None
    status_message: str | None = None
    min_market_funds: Decimal | None = None


class Ticker(Answer, frozen=True, kw_only=True):
    product_id: str
    price: Decimal
    volume_24_h: Decimal | None = None
    low_24_h: Decimal | None = None
    high_24_h: Decimal | None = None
    best_bid: Decimal | None = None
    best_bid_quantity: Decimal | None = None
    best_ask: Decimal | None = None
    best_ask_quantity: Decimal | None = None


class LevelChange(Answer, frozen=True, kw_only=True):
    """What is at a price from now on: ``new_quantity`` zero is nothing."""

    side: Literal["bid", "offer"]
    price_level: Decimal
    new_quantity: Decimal
    event_time: str


class UserOrder(Answer, frozen=True, kw_only=True):
    order_id: str
    client_order_id: str
    product_id: str
    status: str
    order_side: str
    cumulative_quantity: Decimal = Decimal(0)
    leaves_quantity: Decimal = Decimal(0)
    avg_price: Decimal = Decimal(0)
    total_fees: Decimal = Decimal(0)
    creation_time: str | None = None
    cancel_reason: str | None = None
    reject_reason: str | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None


class PerpetualPosition(Answer, frozen=True, kw_only=True):
    product_id: str
    portfolio_uuid: str | None = None
    position_side: str | None = None
    margin_type: str | None = None
    net_size: Decimal | None = None
    buy_order_size: Decimal | None = None
    sell_order_size: Decimal | None = None
    leverage: Decimal | None = None
    vwap: Decimal | None = None
    entry_vwap: Decimal | None = None
    mark_price: Decimal | None = None
    liquidation_price: Decimal | None = None
    im_notional: Decimal | None = None
    mm_notional: Decimal | None = None
    position_notional: Decimal | None = None
    unrealized_pnl: Decimal | None = None
    aggregated_pnl: Decimal | None = None


class ExpiringPosition(Answer, frozen=True, kw_only=True):
    product_id: str
    side: str | None = None
    number_of_contracts: Decimal | None = None
    entry_price: Decimal | None = None
    realized_pnl: Decimal | None = None
    unrealized_pnl: Decimal | None = None


class Positions(Answer, frozen=True, kw_only=True):
    perpetual_futures_positions: tuple[PerpetualPosition, ...] = ()
    expiring_futures_positions: tuple[ExpiringPosition, ...] = ()


class MarginMeasure(Answer, frozen=True, kw_only=True):
    """Of one margin window, in USD."""

    margin_window_type: str
    margin_level: str | None = None
    initial_margin: Decimal | None = None
    maintenance_margin: Decimal | None = None
    liquidation_buffer_percentage: Decimal | None = None
    total_hold: Decimal | None = None
    futures_buying_power: Decimal | None = None


class FuturesBalances(Answer, frozen=True, kw_only=True):
    """Of futures in the United States (FCM), in USD; texts without a currency, other than by request."""

    futures_buying_power: Decimal
    total_usd_balance: Decimal
    cbi_usd_balance: Decimal
    cfm_usd_balance: Decimal
    total_open_orders_hold_amount: Decimal | None = None
    unrealized_pnl: Decimal | None = None
    daily_realized_pnl: Decimal | None = None
    initial_margin: Decimal | None = None
    available_margin: Decimal | None = None
    liquidation_threshold: Decimal | None = None
    liquidation_buffer_amount: Decimal | None = None
    liquidation_buffer_percentage: Decimal | None = None
    intraday_margin_window_measure: MarginMeasure | None = None
    overnight_margin_window_measure: MarginMeasure | None = None


class CandleEvent(Answer, frozen=True, kw_only=True):
    type: str
    candles: tuple[Candle, ...] = ()


class TradeEvent(Answer, frozen=True, kw_only=True):
    type: str
    trades: tuple[Trade, ...] = ()


class StatusEvent(Answer, frozen=True, kw_only=True):
    type: str
    products: tuple[Product, ...] = ()


class TickerEvent(Answer, frozen=True, kw_only=True):
    type: str
    tickers: tuple[Ticker, ...] = ()


class LevelEvent(Answer, frozen=True, kw_only=True):
    type: Literal["snapshot", "update"]
    product_id: str
    updates: tuple[LevelChange, ...] = ()


class UserEvent(Answer, frozen=True, kw_only=True):
    type: str
    orders: tuple[UserOrder, ...] = ()
    positions: Positions = Positions()


class FuturesEvent(Answer, frozen=True, kw_only=True):
    type: str
    fcm_balance_summary: FuturesBalances


class _Message(Answer, frozen=True, kw_only=True, tag_field="channel"):
    timestamp: str
    sequence_num: int


class Heartbeats(_Message, frozen=True, kw_only=True, tag="heartbeats"):
    events: tuple[Heartbeat, ...]


class Candles(_Message, frozen=True, kw_only=True, tag="candles"):
    events: tuple[CandleEvent, ...]


class MarketTrades(_Message, frozen=True, kw_only=True, tag="market_trades"):
    events: tuple[TradeEvent, ...]


class Status(_Message, frozen=True, kw_only=True, tag="status"):
    events: tuple[StatusEvent, ...]


class Tickers(_Message, frozen=True, kw_only=True, tag="ticker"):
    events: tuple[TickerEvent, ...]


class TickerBatch(_Message, frozen=True, kw_only=True, tag="ticker_batch"):
    events: tuple[TickerEvent, ...]


class Level2(_Message, frozen=True, kw_only=True, tag="l2_data"):
    events: tuple[LevelEvent, ...]


class User(_Message, frozen=True, kw_only=True, tag="user"):
    events: tuple[UserEvent, ...]


class FuturesBalanceSummary(_Message, frozen=True, kw_only=True, tag="futures_balance_summary"):
    events: tuple[FuturesEvent, ...]


class Subscriptions(_Message, frozen=True, kw_only=True, tag="subscriptions"):
    events: tuple[dict[str, dict[str, tuple[str, ...]]], ...]


Message = (
    Heartbeats
    | Candles
    | MarketTrades
    | Status
    | Tickers
    | TickerBatch
    | Level2
    | User
    | FuturesBalanceSummary
    | Subscriptions
)


class _Complaint(Answer, frozen=True, kw_only=True):
    type: str | None = None
    message: str = ""


def subscription(channel: str, products: tuple[str, ...]) -> bytes:
    """The text that begins a subscription, without a token."""
    said: dict[str, object] = {"type": "subscribe", "channel": channel}
    return msgspec.json.encode({**said, "product_ids": list(products)} if products else said)


class Feed:
    """One connection's messages, in order."""

    def __init__(self) -> None:
        self._numbers = Numbers()

    def read(self, text: bytes) -> Message:
        """FeedGap where one is missing; FeedBroken where it cannot be read; :class:`ExchangeFailed` where the exchange
        complains."""
        failure = _complaint(text)
        if failure is not None:
            raise failure
        try:
            message: Message = read_json(Message, text)
        except InputRefused as error:
            raise FeedBroken(error.message) from None
        self._numbers.see(message.sequence_num)
        return message


def _complaint(text: bytes) -> ExchangeFailed | None:
    try:
        found = read_json(_Complaint, text)
    except InputRefused:
        return None
    if found.type != "error":
        return None
    return by_rules(ADVANCED_RULES, found.message, HttpAnswer(400), found.message) or Refused(
        "request", found.message
    )


FEEDS = Feeds(
    channels=(
        *(Channel(name, HOST) for name in ("candles", "level2", "market_trades", "ticker", "ticker_batch")),
        Channel("status", HOST),
        Channel("heartbeats", HOST, of_products=False),
        Channel("user", USER_HOST, signed=True),
        Channel("futures_balance_summary", USER_HOST, signed=True, of_products=False),
    ),
    text=subscription,
    reading=lambda _channel: Feed().read,
)
