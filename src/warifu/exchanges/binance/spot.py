"""Binance's spot API: requests and answers as types.

All parameters are in the query, whatever the method. Moments are milliseconds.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from warifu.exchanges.binance.faults import complaint
from warifu.exchanges.calls import Answer, Api, Ask, Effect, Endpoint, Nothing, read_tree
from warifu.exchanges.fields import Identifier, Uuid
from warifu.exchanges.http import HttpAnswer

HOST = "api.binance.com"
TESTNET = "testnet.binance.vision"

Symbol = Annotated[str, Meta(pattern=r"^[A-Z0-9]{2,40}\Z")]
Milliseconds = Annotated[int, Meta(ge=0, lt=2**53)]
Side = Literal["BUY", "SELL"]
Type = Literal[
    "LIMIT",
    "LIMIT_MAKER",
    "MARKET",
    "STOP_LOSS",
    "STOP_LOSS_LIMIT",
    "TAKE_PROFIT",
    "TAKE_PROFIT_LIMIT",
]


def api(host: str = HOST) -> Api:
    return Api(host, complaint, everything_in_query=True)


class Sent(Ask, frozen=True, kw_only=True, rename="camel"):
    """Base of the requests: ``orderId``, not ``order_id``."""


class Said(Answer, frozen=True, kw_only=True, rename="camel"):
    """Base of the answers."""


# The exchange


class ServerTime(Said, frozen=True, kw_only=True):
    server_time: int


class PriceFilter(Said, frozen=True, kw_only=True, tag_field="filterType", tag="PRICE_FILTER"):
    """Zero is "no such bound"."""

    min_price: Decimal
    max_price: Decimal
    tick_size: Decimal


class LotSize(Said, frozen=True, kw_only=True, tag_field="filterType", tag="LOT_SIZE"):
    min_qty: Decimal
    max_qty: Decimal
    step_size: Decimal


class MarketLotSize(Said, frozen=True, kw_only=True, tag_field="filterType", tag="MARKET_LOT_SIZE"):
    min_qty: Decimal
    max_qty: Decimal
    step_size: Decimal


class MinNotional(Said, frozen=True, kw_only=True, tag_field="filterType", tag="MIN_NOTIONAL"):
    min_notional: Decimal
    apply_to_market: bool = False


class Notional(Said, frozen=True, kw_only=True, tag_field="filterType", tag="NOTIONAL"):
    min_notional: Decimal
    max_notional: Decimal
    apply_min_to_market: bool = False
    apply_max_to_market: bool = False


Filter = PriceFilter | LotSize | MarketLotSize | MinNotional | Notional
"""Those that a signer can judge by itself; the others depend on prices and on what is open."""
_FILTERS = ("PRICE_FILTER", "LOT_SIZE", "MARKET_LOT_SIZE", "MIN_NOTIONAL", "NOTIONAL")


class SymbolInfo(Said, frozen=True, kw_only=True):
    symbol: str
    status: str
    base_asset: str
    quote_asset: str
    base_asset_precision: int
    quote_asset_precision: int
    order_types: tuple[str, ...] = ()
    is_spot_trading_allowed: bool = True
    filters: tuple[dict[str, Any], ...] = ()

    def known_filters(self) -> tuple[Filter, ...]:
        """The filters of a kind that is known here."""
        return tuple(read_tree(Filter, one) for one in self.filters if one.get("filterType") in _FILTERS)


class ExchangeInfoOf(Sent, frozen=True, kw_only=True):
    symbol: Symbol


class ExchangeInfo(Said, frozen=True, kw_only=True):
    symbols: tuple[SymbolInfo, ...]
    server_time: int = 0


TIME = Endpoint("GET", "/api/v3/time", Nothing, ServerTime, signed=False)
EXCHANGE_INFO = Endpoint("GET", "/api/v3/exchangeInfo", ExchangeInfoOf, ExchangeInfo, signed=False)


# Market data


class OfSymbol(Sent, frozen=True, kw_only=True):
    symbol: Symbol


class BookOf(Sent, frozen=True, kw_only=True):
    symbol: Symbol
    limit: Annotated[int, Meta(ge=1, le=5000)] | None = None


class Level(Answer, frozen=True, array_like=True):
    price: Decimal
    size: Decimal


class Book(Said, frozen=True, kw_only=True):
    last_update_id: int
    bids: tuple[Level, ...] = ()
    asks: tuple[Level, ...] = ()


class BestPrice(Said, frozen=True, kw_only=True):
    symbol: str
    bid_price: Decimal
    bid_qty: Decimal
    ask_price: Decimal
    ask_qty: Decimal


Interval = Literal[
    "1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M"
]


class CandlesOf(Sent, frozen=True, kw_only=True):
    symbol: Symbol
    interval: Interval
    start_time: Milliseconds | None = None
    end_time: Milliseconds | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] | None = None


class Candle(Answer, frozen=True, array_like=True):
    open_time: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    close_time: int
    quote_volume: Decimal
    trades: int


CANDLES = Endpoint("GET", "/api/v3/klines", CandlesOf, tuple[Candle, ...], signed=False)
BOOK = Endpoint("GET", "/api/v3/depth", BookOf, Book, signed=False)
BEST_PRICE = Endpoint("GET", "/api/v3/ticker/bookTicker", OfSymbol, BestPrice, signed=False)


# Orders


class NewOrder(Sent, frozen=True, kw_only=True):
    symbol: Symbol
    side: Side
    type: Type
    new_client_order_id: Uuid
    """Required here. The exchange lets it be used again once its order is done: it makes no request idempotent."""
    time_in_force: Literal["GTC", "IOC", "FOK"] | None = None
    quantity: Decimal | None = None
    quote_order_qty: Decimal | None = None
    price: Decimal | None = None
    stop_price: Decimal | None = None
    new_order_resp_type: Literal["ACK", "RESULT", "FULL"] | None = None


class Filled(Said, frozen=True, kw_only=True):
    price: Decimal
    qty: Decimal
    commission: Decimal
    commission_asset: str
    trade_id: int | None = None


class Order(Said, frozen=True, kw_only=True):
    symbol: str
    order_id: int
    client_order_id: str
    status: str
    """``NEW``, ``PENDING_NEW``, ``PARTIALLY_FILLED``, ``FILLED``, ``CANCELED``, ``REJECTED``, ``EXPIRED``..."""
    side: Side
    type: str
    orig_qty: Decimal
    executed_qty: Decimal
    price: Decimal = Decimal(0)
    orig_quote_order_qty: Decimal = Decimal(0)
    cummulative_quote_qty: Decimal = Decimal(0)
    """Below zero: not known any more."""
    orig_client_order_id: str | None = None
    time_in_force: str | None = None
    stop_price: Decimal | None = None
    time: int | None = None
    update_time: int | None = None
    transact_time: int | None = None
    fills: tuple[Filled, ...] = ()


class OfOrder(Sent, frozen=True, kw_only=True):
    """By one of the two identifiers."""

    symbol: Symbol
    order_id: int | None = None
    orig_client_order_id: Identifier | None = None


class OrdersOf(Sent, frozen=True, kw_only=True):
    symbol: Symbol
    order_id: int | None = None
    """From this one on."""
    start_time: Milliseconds | None = None
    end_time: Milliseconds | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] | None = None


class TradesOf(Sent, frozen=True, kw_only=True):
    symbol: Symbol
    order_id: int | None = None
    from_id: int | None = None
    start_time: Milliseconds | None = None
    end_time: Milliseconds | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] | None = None


class Trade(Said, frozen=True, kw_only=True):
    symbol: str
    id: int
    order_id: int
    price: Decimal
    qty: Decimal
    quote_qty: Decimal
    commission: Decimal
    commission_asset: str
    time: int
    is_buyer: bool
    is_maker: bool


def _later_orders(ask: OrdersOf, _: HttpAnswer, page: tuple[Order, ...]) -> OrdersOf | None:
    """By number: what the exchange lists from a number on comes oldest first."""
    if len(page) < (ask.limit or 500):
        return None
    return msgspec.structs.replace(
        ask, order_id=max(one.order_id for one in page) + 1, start_time=None, end_time=None
    )


def _later_trades(ask: TradesOf, _: HttpAnswer, page: tuple[Trade, ...]) -> TradesOf | None:
    if len(page) < (ask.limit or 500):
        return None
    return msgspec.structs.replace(
        ask, from_id=max(one.id for one in page) + 1, start_time=None, end_time=None
    )


class ReduceOrder(Sent, frozen=True, kw_only=True):
    """Fewer of the same, without losing the place in the queue."""

    symbol: Symbol
    order_id: int
    new_qty: Decimal
    new_client_order_id: Uuid | None = None


class Reduced(Said, frozen=True, kw_only=True):
    symbol: str
    order_id: int
    client_order_id: str
    qty: Decimal
    executed_qty: Decimal
    price: Decimal
    status: str
    side: Side
    type: str


class ReducedOrder(Said, frozen=True, kw_only=True):
    transact_time: int
    amended_order: Reduced


class NewOco(Sent, frozen=True, kw_only=True):
    """Two orders of which the one that comes about cancels the other."""

    symbol: Symbol
    list_client_order_id: Uuid
    side: Side
    quantity: Decimal
    above_type: Literal["STOP_LOSS_LIMIT", "STOP_LOSS", "LIMIT_MAKER", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"]
    below_type: Literal["STOP_LOSS_LIMIT", "STOP_LOSS", "LIMIT_MAKER", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"]
    above_price: Decimal | None = None
    above_stop_price: Decimal | None = None
    above_time_in_force: Literal["GTC", "IOC", "FOK"] | None = None
    below_price: Decimal | None = None
    below_stop_price: Decimal | None = None
    below_time_in_force: Literal["GTC", "IOC", "FOK"] | None = None


class OfList(Sent, frozen=True, kw_only=True):
    order_list_id: int | None = None
    orig_client_order_id: Identifier | None = None


class CancelList(Sent, frozen=True, kw_only=True):
    symbol: Symbol
    order_list_id: int | None = None
    list_client_order_id: Identifier | None = None


class ListedOrder(Said, frozen=True, kw_only=True):
    symbol: str
    order_id: int
    client_order_id: str


class OrderList(Said, frozen=True, kw_only=True):
    order_list_id: int
    contingency_type: str
    list_status_type: str
    list_order_status: str
    list_client_order_id: str
    symbol: str
    orders: tuple[ListedOrder, ...] = ()
    transaction_time: int | None = None


REDUCE_ORDER = Endpoint("PUT", "/api/v3/order/amend/keepPriority", ReduceOrder, ReducedOrder, Effect.TRADES)
NEW_OCO = Endpoint("POST", "/api/v3/orderList/oco", NewOco, OrderList, Effect.TRADES)
CANCEL_ORDER_LIST = Endpoint("DELETE", "/api/v3/orderList", CancelList, OrderList, Effect.TRADES)
ORDER_LIST = Endpoint("GET", "/api/v3/orderList", OfList, OrderList)
NEW_ORDER = Endpoint("POST", "/api/v3/order", NewOrder, Order, Effect.TRADES)
TEST_ORDER = Endpoint("POST", "/api/v3/order/test", NewOrder, Said)
CANCEL_ORDER = Endpoint("DELETE", "/api/v3/order", OfOrder, Order, Effect.TRADES)
CANCEL_ORDERS = Endpoint("DELETE", "/api/v3/openOrders", OfSymbol, tuple[Order, ...], Effect.TRADES)
ORDER = Endpoint("GET", "/api/v3/order", OfOrder, Order)
OPEN_ORDERS = Endpoint("GET", "/api/v3/openOrders", OfSymbol, tuple[Order, ...])
ORDERS = Endpoint("GET", "/api/v3/allOrders", OrdersOf, tuple[Order, ...], following=_later_orders)
TRADES = Endpoint("GET", "/api/v3/myTrades", TradesOf, tuple[Trade, ...], following=_later_trades)


# The account


class AccountOf(Sent, frozen=True, kw_only=True):
    omit_zero_balances: bool | None = None


class Balance(Said, frozen=True, kw_only=True):
    asset: str
    free: Decimal
    locked: Decimal


class Account(Said, frozen=True, kw_only=True):
    can_trade: bool
    can_withdraw: bool
    can_deposit: bool
    account_type: str
    balances: tuple[Balance, ...]
    permissions: tuple[str, ...] = ()


class CommissionRates(Said, frozen=True, kw_only=True):
    maker: Decimal
    taker: Decimal


class Commission(Said, frozen=True, kw_only=True):
    symbol: str
    standard_commission: CommissionRates


class Restrictions(Said, frozen=True, kw_only=True):
    """What the API key may do."""

    ip_restrict: bool
    enable_reading: bool
    enable_withdrawals: bool
    enable_spot_and_margin_trading: bool
    enable_internal_transfer: bool = False
    permits_universal_transfer: bool = False
    enable_margin: bool = False
    enable_futures: bool = False
    enable_vanilla_options: bool = False
    enable_portfolio_margin_trading: bool = False
    enable_fix_api_trade: bool = False

    @property
    def beyond_spot(self) -> tuple[str, ...]:
        """What it may do beside reading, spot trading and withdrawing, by Binance's own names. Whoever carries a
        signed request can have it taken by these doors, where they take its parameters."""
        needed = ("ip_restrict", "enable_reading", "enable_withdrawals", "enable_spot_and_margin_trading")
        fields = zip(self.__struct_fields__, self.__struct_encode_fields__, strict=True)
        return tuple(sorted(wire for name, wire in fields if name not in needed and getattr(self, name)))


ACCOUNT = Endpoint("GET", "/api/v3/account", AccountOf, Account)
COMMISSION = Endpoint("GET", "/api/v3/account/commission", OfSymbol, Commission)
RESTRICTIONS = Endpoint("GET", "/sapi/v1/account/apiRestrictions", Nothing, Restrictions)
