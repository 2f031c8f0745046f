"""Coinbase's Advanced Trade API (``/api/v3/brokerage``): requests and answers as types, for CDP keys.

Orders carry their kind as the name of a configuration. An order that is refused is answered with status 200 and
``"success": false``; a ``client_order_id`` that was used before gets the order that has it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta

from warifu.exchanges.calls import Answer, Api, Ask, Effect, Endpoint, Ignored, Nothing
from warifu.exchanges.coinbase.faults import advanced_complaint
from warifu.exchanges.fields import Currency, Cursor, Identifier, Moment, Uuid, Words
from warifu.exchanges.http import HttpAnswer

HOST = "api.coinbase.com"
SANDBOX = "api-sandbox.coinbase.com"
_P = "/api/v3/brokerage"

Product = Annotated[str, Meta(pattern=r"^[A-Z0-9]{1,20}(-[A-Z0-9]{1,20}){1,3}\Z")]
"""``BTC-USD``; futures have more parts (``BIT-28JUL23-CDE``)."""
Side = Literal["BUY", "SELL"]
ProductType = Literal["SPOT", "FUTURE"]
Granularity = Literal[
    "ONE_MINUTE",
    "FIVE_MINUTE",
    "FIFTEEN_MINUTE",
    "THIRTY_MINUTE",
    "ONE_HOUR",
    "TWO_HOUR",
    "FOUR_HOUR",
    "SIX_HOUR",
    "ONE_DAY",
]


def api(host: str = HOST) -> Api:
    return Api(host, advanced_complaint)


class Value(Answer, frozen=True, kw_only=True):
    """An amount with its currency."""

    value: Decimal
    currency: str


class Paged(Ask, frozen=True, kw_only=True):
    limit: Annotated[int, Meta(ge=1, le=1000)] | None = None
    cursor: Cursor | None = None


class Page(Answer, frozen=True, kw_only=True):
    """What the lists have in common: ``cursor`` leads to the rest, unless ``has_next`` says that there is none."""

    cursor: str | None = None
    has_next: bool | None = None


P = TypeVar("P", bound=Paged)


def onward(ask: P, _: HttpAnswer, page: Page) -> P | None:
    """The page after this one. Some lists say a cursor to the end: what is empty has nothing after it."""
    values = [getattr(page, name) for name in page.__struct_fields__]
    if not page.cursor or page.has_next is False or not any(v for v in values if isinstance(v, tuple)):
        return None
    return msgspec.structs.replace(ask, cursor=page.cursor)


# Accounts and the key itself


class Account(Answer, frozen=True, kw_only=True):
    uuid: str
    currency: str
    available_balance: Value
    hold: Value | None = None
    name: str = ""
    default: bool = False
    active: bool = True
    ready: bool = True
    type: str | None = None
    retail_portfolio_id: str | None = None
    platform: str | None = None


class Accounts(Paged, frozen=True, kw_only=True):
    retail_portfolio_id: Identifier | None = None


class AccountPage(Page, frozen=True, kw_only=True):
    accounts: tuple[Account, ...] = ()


class OfAccount(Ask, frozen=True, kw_only=True):
    account_uuid: Identifier


class OneAccount(Answer, frozen=True, kw_only=True):
    account: Account


class KeyPermissions(Answer, frozen=True, kw_only=True):
    can_view: bool
    can_trade: bool
    can_transfer: bool
    portfolio_uuid: str | None = None
    portfolio_type: str | None = None


ACCOUNTS = Endpoint("GET", f"{_P}/accounts", Accounts, AccountPage, following=onward)
ACCOUNT = Endpoint("GET", f"{_P}/accounts/{{account_uuid}}", OfAccount, OneAccount)
KEY_PERMISSIONS = Endpoint("GET", f"{_P}/key_permissions", Nothing, KeyPermissions)


# Orders


class MarketIoc(Ask, frozen=True, kw_only=True):
    base_size: Decimal | None = None
    quote_size: Decimal | None = None


class LimitIoc(Ask, frozen=True, kw_only=True):
    base_size: Decimal
    limit_price: Decimal


class LimitGtc(Ask, frozen=True, kw_only=True):
    base_size: Decimal
    limit_price: Decimal
    post_only: bool = False


class LimitGtd(Ask, frozen=True, kw_only=True):
    base_size: Decimal
    limit_price: Decimal
    end_time: Moment
    post_only: bool = False


StopDirection = Literal["STOP_DIRECTION_STOP_UP", "STOP_DIRECTION_STOP_DOWN"]


class StopGtc(Ask, frozen=True, kw_only=True):
    base_size: Decimal
    limit_price: Decimal
    stop_price: Decimal
    stop_direction: StopDirection


class StopGtd(Ask, frozen=True, kw_only=True):
    base_size: Decimal
    limit_price: Decimal
    stop_price: Decimal
    stop_direction: StopDirection
    end_time: Moment


class BracketGtc(Ask, frozen=True, kw_only=True):
    base_size: Decimal
    limit_price: Decimal
    stop_trigger_price: Decimal


class BracketGtd(Ask, frozen=True, kw_only=True):
    base_size: Decimal
    limit_price: Decimal
    stop_trigger_price: Decimal
    end_time: Moment


class OrderConfiguration(Ask, frozen=True, kw_only=True):
    """Exactly one of these; the exchange refuses another number."""

    market_market_ioc: MarketIoc | None = None
    market_market_fok: MarketIoc | None = None
    sor_limit_ioc: LimitIoc | None = None
    limit_limit_gtc: LimitGtc | None = None
    limit_limit_gtd: LimitGtd | None = None
    limit_limit_fok: LimitIoc | None = None
    stop_limit_stop_limit_gtc: StopGtc | None = None
    stop_limit_stop_limit_gtd: StopGtd | None = None
    trigger_bracket_gtc: BracketGtc | None = None
    trigger_bracket_gtd: BracketGtd | None = None


class NewOrder(Ask, frozen=True, kw_only=True):
    client_order_id: Uuid
    product_id: Product
    side: Side
    order_configuration: OrderConfiguration
    self_trade_prevention_id: Uuid | None = None
    retail_portfolio_id: Identifier | None = None


class Placed(Answer, frozen=True, kw_only=True):
    order_id: str
    product_id: str
    side: str
    client_order_id: str


class NewOrderAnswer(Answer, frozen=True, kw_only=True):
    """``success`` is true here: false is raised as a refusal."""

    success: Literal[True]
    success_response: Placed


class PreviewOrder(Ask, frozen=True, kw_only=True):
    product_id: Product
    side: Side
    order_configuration: OrderConfiguration
    retail_portfolio_id: Identifier | None = None


class Preview(Answer, frozen=True, kw_only=True):
    order_total: Decimal
    commission_total: Decimal
    errs: tuple[str, ...] = ()
    warning: tuple[str, ...] = ()
    quote_size: Decimal | None = None
    base_size: Decimal | None = None
    best_bid: Decimal | None = None
    best_ask: Decimal | None = None
    slippage: Decimal | None = None
    preview_id: str | None = None


class EditOrder(Ask, frozen=True, kw_only=True):
    order_id: Identifier
    price: Decimal | None = None
    size: Decimal | None = None


class EditAnswer(Answer, frozen=True, kw_only=True):
    success: Literal[True]


class EditPreview(Answer, frozen=True, kw_only=True):
    order_total: Decimal | None = None
    commission_total: Decimal | None = None
    slippage: Decimal | None = None
    quote_size: Decimal | None = None
    base_size: Decimal | None = None
    best_bid: Decimal | None = None
    best_ask: Decimal | None = None
    average_filled_price: Decimal | None = None
    errors: tuple[dict[str, str], ...] = ()


class CancelOrders(Ask, frozen=True, kw_only=True):
    order_ids: Annotated[tuple[Identifier, ...], Meta(min_length=1, max_length=100)]


class Cancelled(Answer, frozen=True, kw_only=True):
    order_id: str
    success: bool
    failure_reason: str = ""


class CancelAnswer(Answer, frozen=True, kw_only=True):
    results: tuple[Cancelled, ...]


class ClosePosition(Ask, frozen=True, kw_only=True):
    client_order_id: Uuid
    product_id: Product
    size: Decimal | None = None


class Configured(Answer, frozen=True, kw_only=True):
    """What an order was for, whatever its kind."""

    base_size: Decimal | None = None
    quote_size: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    stop_trigger_price: Decimal | None = None


class Order(Answer, frozen=True, kw_only=True):
    order_id: str
    product_id: str
    side: Side
    status: str
    """``PENDING``, ``OPEN``, ``FILLED``, ``CANCELLED``, ``EXPIRED``, ``FAILED``, ``QUEUED``, ``CANCEL_QUEUED``..."""
    client_order_id: str = ""
    order_configuration: dict[str, Configured] | None = None
    filled_size: Decimal = Decimal(0)
    filled_value: Decimal = Decimal(0)
    average_filled_price: Decimal = Decimal(0)
    total_fees: Decimal = Decimal(0)
    total_value_after_fees: Decimal | None = None
    completion_percentage: Decimal | None = None
    number_of_fills: int | str = 0
    created_time: str | None = None
    last_fill_time: str | None = None
    time_in_force: str | None = None
    order_type: str | None = None
    product_type: str | None = None
    pending_cancel: bool = False
    settled: bool = False
    size_in_quote: bool = False
    size_inclusive_of_fees: bool = False
    reject_reason: str | None = None
    reject_message: str | None = None
    cancel_message: str | None = None
    outstanding_hold_amount: Decimal | None = None
    retail_portfolio_id: str | None = None


class Orders(Paged, frozen=True, kw_only=True):
    order_ids: tuple[Identifier, ...] = ()
    product_ids: tuple[Product, ...] = ()
    order_status: tuple[str, ...] = ()
    order_types: tuple[str, ...] = ()
    order_side: Side | None = None
    start_date: Moment | None = None
    end_date: Moment | None = None
    product_type: ProductType | None = None
    retail_portfolio_id: Identifier | None = None
    sort_by: str | None = None


class OrderPage(Page, frozen=True, kw_only=True):
    orders: tuple[Order, ...] = ()


class OfOrder(Ask, frozen=True, kw_only=True):
    order_id: Identifier


class OneOrder(Answer, frozen=True, kw_only=True):
    order: Order


class Fills(Paged, frozen=True, kw_only=True):
    order_ids: tuple[Identifier, ...] = ()
    trade_ids: tuple[Identifier, ...] = ()
    product_ids: tuple[Product, ...] = ()
    start_sequence_timestamp: Moment | None = None
    end_sequence_timestamp: Moment | None = None
    retail_portfolio_id: Identifier | None = None
    sort_by: str | None = None


class Fill(Answer, frozen=True, kw_only=True):
    entry_id: str
    trade_id: str
    order_id: str
    trade_time: str
    price: Decimal
    size: Decimal
    commission: Decimal
    product_id: str
    side: str
    trade_type: str | None = None
    liquidity_indicator: str | None = None
    size_in_quote: bool = False
    sequence_timestamp: str | None = None


class FillPage(Page, frozen=True, kw_only=True):
    fills: tuple[Fill, ...] = ()


NEW_ORDER = Endpoint("POST", f"{_P}/orders", NewOrder, NewOrderAnswer, Effect.TRADES)
PREVIEW_ORDER = Endpoint("POST", f"{_P}/orders/preview", PreviewOrder, Preview)
EDIT_ORDER = Endpoint("POST", f"{_P}/orders/edit", EditOrder, EditAnswer, Effect.TRADES)
PREVIEW_EDIT = Endpoint("POST", f"{_P}/orders/edit_preview", EditOrder, EditPreview)
CANCEL_ORDERS = Endpoint("POST", f"{_P}/orders/batch_cancel", CancelOrders, CancelAnswer, Effect.TRADES)
CLOSE_POSITION = Endpoint("POST", f"{_P}/orders/close_position", ClosePosition, NewOrderAnswer, Effect.TRADES)
ORDERS = Endpoint("GET", f"{_P}/orders/historical/batch", Orders, OrderPage, following=onward)
ORDER = Endpoint("GET", f"{_P}/orders/historical/{{order_id}}", OfOrder, OneOrder)
FILLS = Endpoint("GET", f"{_P}/orders/historical/fills", Fills, FillPage, following=onward)


# Products and market data; the same paths under /market need no key


class ProductInfo(Answer, frozen=True, kw_only=True):
    product_id: str
    base_increment: Decimal
    quote_increment: Decimal
    base_min_size: Decimal
    base_max_size: Decimal
    quote_min_size: Decimal
    quote_max_size: Decimal
    price: Decimal | None = None
    price_increment: Decimal | None = None
    base_currency_id: str | None = None
    quote_currency_id: str | None = None
    base_display_symbol: str | None = None
    quote_display_symbol: str | None = None
    status: str | None = None
    is_disabled: bool = False
    trading_disabled: bool = False
    cancel_only: bool = False
    limit_only: bool = False
    post_only: bool = False
    auction_mode: bool = False
    view_only: bool = False
    product_type: str | None = None
    product_venue: str | None = None
    alias: str | None = None


class Products(Ask, frozen=True, kw_only=True):
    limit: Annotated[int, Meta(ge=1, le=1000)] | None = None
    offset: Annotated[int, Meta(ge=0)] | None = None
    product_type: ProductType | None = None
    product_ids: tuple[Product, ...] = ()


class ProductList(Answer, frozen=True, kw_only=True):
    products: tuple[ProductInfo, ...] = ()
    num_products: int | None = None


class OfProduct(Ask, frozen=True, kw_only=True):
    product_id: Product


class BookOf(Ask, frozen=True, kw_only=True):
    product_id: Product
    limit: Annotated[int, Meta(ge=1, le=1000)] | None = None
    aggregation_price_increment: Decimal | None = None


class Level(Answer, frozen=True, kw_only=True):
    price: Decimal
    size: Decimal


class PriceBook(Answer, frozen=True, kw_only=True):
    product_id: str
    bids: tuple[Level, ...] = ()
    asks: tuple[Level, ...] = ()
    time: str | None = None


class Book(Answer, frozen=True, kw_only=True):
    pricebook: PriceBook
    last: Decimal | None = None
    mid_market: Decimal | None = None


class BestOf(Ask, frozen=True, kw_only=True):
    product_ids: tuple[Product, ...] = ()


class Best(Answer, frozen=True, kw_only=True):
    pricebooks: tuple[PriceBook, ...] = ()


class CandlesOf(Ask, frozen=True, kw_only=True):
    product_id: Product
    start: Annotated[str, Meta(pattern=r"^[0-9]{1,12}\Z")]
    """Seconds since 1970."""
    end: Annotated[str, Meta(pattern=r"^[0-9]{1,12}\Z")]
    granularity: Granularity
    limit: Annotated[int, Meta(ge=1, le=350)] | None = None


class Candle(Answer, frozen=True, kw_only=True):
    start: str
    low: Decimal
    high: Decimal
    open: Decimal
    close: Decimal
    volume: Decimal


class CandleList(Answer, frozen=True, kw_only=True):
    candles: tuple[Candle, ...] = ()


class TradesOf(Ask, frozen=True, kw_only=True):
    product_id: Product
    limit: Annotated[int, Meta(ge=1, le=1000)]
    start: Annotated[str, Meta(pattern=r"^[0-9]{1,12}\Z")] | None = None
    end: Annotated[str, Meta(pattern=r"^[0-9]{1,12}\Z")] | None = None


class Trade(Answer, frozen=True, kw_only=True):
    trade_id: str
    product_id: str
    price: Decimal
    size: Decimal
    time: str
    side: str


class TradeList(Answer, frozen=True, kw_only=True):
    trades: tuple[Trade, ...] = ()
    best_bid: Decimal | None = None
    best_ask: Decimal | None = None


PRODUCTS = Endpoint("GET", f"{_P}/products", Products, ProductList)
PRODUCT = Endpoint("GET", f"{_P}/products/{{product_id}}", OfProduct, ProductInfo)
BOOK = Endpoint("GET", f"{_P}/product_book", BookOf, Book)
BEST = Endpoint("GET", f"{_P}/best_bid_ask", BestOf, Best)
CANDLES = Endpoint("GET", f"{_P}/products/{{product_id}}/candles", CandlesOf, CandleList)
TRADES = Endpoint("GET", f"{_P}/products/{{product_id}}/ticker", TradesOf, TradeList)
PUBLIC_PRODUCTS = Endpoint("GET", f"{_P}/market/products", Products, ProductList, signed=False)
PUBLIC_PRODUCT = Endpoint("GET", f"{_P}/market/products/{{product_id}}", OfProduct, ProductInfo, signed=False)
PUBLIC_BOOK = Endpoint("GET", f"{_P}/market/product_book", BookOf, Book, signed=False)
PUBLIC_CANDLES = Endpoint(
    "GET", f"{_P}/market/products/{{product_id}}/candles", CandlesOf, CandleList, signed=False
)
PUBLIC_TRADES = Endpoint(
    "GET", f"{_P}/market/products/{{product_id}}/ticker", TradesOf, TradeList, signed=False
)


class ServerTime(Answer, frozen=True, kw_only=True, rename="camel"):
    iso: str
    epoch_seconds: str
    epoch_millis: str


TIME = Endpoint("GET", f"{_P}/time", Nothing, ServerTime, signed=False)


# Fees, portfolios, conversions, payment methods


class FeeTier(Answer, frozen=True, kw_only=True):
    maker_fee_rate: Decimal
    taker_fee_rate: Decimal
    pricing_tier: str | None = None


class SummaryOf(Ask, frozen=True, kw_only=True):
    product_type: ProductType | None = None


class TransactionSummary(Answer, frozen=True, kw_only=True):
    fee_tier: FeeTier
    total_volume: Decimal = Decimal(0)
    total_fees: Decimal = Decimal(0)
    total_balance: Decimal | None = None


class Portfolio(Answer, frozen=True, kw_only=True):
    name: str
    uuid: str
    type: str
    deleted: bool = False


class Portfolios(Ask, frozen=True, kw_only=True):
    portfolio_type: Literal["DEFAULT", "CONSUMER", "INTX"] | None = None


class PortfolioList(Answer, frozen=True, kw_only=True):
    portfolios: tuple[Portfolio, ...] = ()


class OnePortfolio(Answer, frozen=True, kw_only=True):
    portfolio: Portfolio


class NewPortfolio(Ask, frozen=True, kw_only=True):
    name: Words


class RenamePortfolio(Ask, frozen=True, kw_only=True):
    portfolio_uuid: Identifier
    name: Words


class OfPortfolio(Ask, frozen=True, kw_only=True):
    portfolio_uuid: Identifier


class BreakdownOf(Ask, frozen=True, kw_only=True):
    portfolio_uuid: Identifier
    currency: Currency | None = None


class PortfolioBalances(Answer, frozen=True, kw_only=True):
    total_balance: Value
    total_crypto_balance: Value | None = None
    total_cash_equivalent_balance: Value | None = None
    total_futures_balance: Value | None = None


class SpotPosition(Answer, frozen=True, kw_only=True):
    asset: str
    total_balance_crypto: Decimal
    account_uuid: str | None = None
    total_balance_fiat: Decimal | None = None
    available_to_trade_fiat: Decimal | None = None


class Breakdown(Answer, frozen=True, kw_only=True):
    portfolio: Portfolio
    portfolio_balances: PortfolioBalances
    spot_positions: tuple[SpotPosition, ...] = ()


class OneBreakdown(Answer, frozen=True, kw_only=True):
    breakdown: Breakdown


class Funds(Ask, frozen=True, kw_only=True):
    value: Decimal
    currency: Currency


class MoveFunds(Ask, frozen=True, kw_only=True):
    funds: Funds
    source_portfolio_uuid: Identifier
    target_portfolio_uuid: Identifier


class MovedFunds(Answer, frozen=True, kw_only=True):
    source_portfolio_uuid: str
    target_portfolio_uuid: str


class ConvertQuote(Ask, frozen=True, kw_only=True):
    from_account: Identifier
    to_account: Identifier
    amount: Decimal


class OfConversion(Ask, frozen=True, kw_only=True):
    trade_id: Identifier
    from_account: Identifier
    to_account: Identifier


class ConvertTrade(Answer, frozen=True, kw_only=True):
    id: str
    status: str
    user_entered_amount: Value | None = None
    amount: Value | None = None
    subtotal: Value | None = None
    total: Value | None = None
    source_currency: str | None = None
    target_currency: str | None = None


class OneConversion(Answer, frozen=True, kw_only=True):
    trade: ConvertTrade


class PaymentMethod(Answer, frozen=True, kw_only=True):
    id: str
    type: str
    name: str
    currency: str
    verified: bool = False
    allow_buy: bool = False
    allow_sell: bool = False
    allow_deposit: bool = False
    allow_withdraw: bool = False


class PaymentMethodList(Answer, frozen=True, kw_only=True):
    payment_methods: tuple[PaymentMethod, ...] = ()


TRANSACTION_SUMMARY = Endpoint("GET", f"{_P}/transaction_summary", SummaryOf, TransactionSummary)
PORTFOLIOS = Endpoint("GET", f"{_P}/portfolios", Portfolios, PortfolioList)
NEW_PORTFOLIO = Endpoint("POST", f"{_P}/portfolios", NewPortfolio, OnePortfolio, Effect.MANAGES)
BREAKDOWN = Endpoint("GET", f"{_P}/portfolios/{{portfolio_uuid}}", BreakdownOf, OneBreakdown)
RENAME_PORTFOLIO = Endpoint(
    "PUT", f"{_P}/portfolios/{{portfolio_uuid}}", RenamePortfolio, OnePortfolio, Effect.MANAGES
)
DELETE_PORTFOLIO = Endpoint(
    "DELETE", f"{_P}/portfolios/{{portfolio_uuid}}", OfPortfolio, Ignored, Effect.MANAGES
)
MOVE_FUNDS = Endpoint("POST", f"{_P}/portfolios/move_funds", MoveFunds, MovedFunds, Effect.PAYS_OUT)
CONVERT_QUOTE = Endpoint("POST", f"{_P}/convert/quote", ConvertQuote, OneConversion)
CONVERSION = Endpoint("GET", f"{_P}/convert/trade/{{trade_id}}", OfConversion, OneConversion)
COMMIT_CONVERSION = Endpoint(
    "POST", f"{_P}/convert/trade/{{trade_id}}", OfConversion, OneConversion, Effect.TRADES
)
PAYMENT_METHODS = Endpoint("GET", f"{_P}/payment_methods", Nothing, PaymentMethodList)


# Futures and perpetuals


class FuturesSummary(Answer, frozen=True, kw_only=True):
    futures_buying_power: Value | None = None
    total_usd_balance: Value | None = None
    cbi_usd_balance: Value | None = None
    cfm_usd_balance: Value | None = None
    unrealized_pnl: Value | None = None
    daily_realized_pnl: Value | None = None
    initial_margin: Value | None = None
    available_margin: Value | None = None
    liquidation_threshold: Value | None = None
    liquidation_buffer_amount: Value | None = None
    liquidation_buffer_percentage: Decimal | None = None


class FuturesBalance(Answer, frozen=True, kw_only=True):
    balance_summary: FuturesSummary


class FuturesPosition(Answer, frozen=True, kw_only=True):
    product_id: str
    side: str
    number_of_contracts: Decimal
    current_price: Decimal | None = None
    avg_entry_price: Decimal | None = None
    unrealized_pnl: Decimal | None = None
    daily_realized_pnl: Decimal | None = None
    expiration_time: str | None = None


class FuturesPositions(Answer, frozen=True, kw_only=True):
    positions: tuple[FuturesPosition, ...] = ()


class OneFuturesPosition(Answer, frozen=True, kw_only=True):
    position: FuturesPosition


class PerpetualPosition(Answer, frozen=True, kw_only=True):
    product_id: str
    symbol: str
    position_side: str
    net_size: Decimal
    vwap: Value | None = None
    unrealized_pnl: Value | None = None
    mark_price: Value | None = None
    liquidation_price: Value | None = None
    leverage: Decimal | None = None


class PerpetualPositions(Answer, frozen=True, kw_only=True):
    positions: tuple[PerpetualPosition, ...] = ()


class OnePerpetualPosition(Answer, frozen=True, kw_only=True):
    position: PerpetualPosition


class OfPerpetual(Ask, frozen=True, kw_only=True):
    portfolio_uuid: Identifier
    symbol: Identifier


class PerpetualPortfolio(Answer, frozen=True, kw_only=True):
    portfolio_uuid: str
    collateral: Decimal | None = None
    position_notional: Decimal | None = None
    pending_fees: Decimal | None = None
    liquidation_percentage: Decimal | None = None
    unrealized_pnl: Value | None = None
    total_balance: Value | None = None


class PerpetualSummary(Answer, frozen=True, kw_only=True):
    portfolios: tuple[PerpetualPortfolio, ...] = ()


FUTURES_BALANCE = Endpoint("GET", f"{_P}/cfm/balance_summary", Nothing, FuturesBalance)
FUTURES_POSITIONS = Endpoint("GET", f"{_P}/cfm/positions", Nothing, FuturesPositions)
FUTURES_POSITION = Endpoint("GET", f"{_P}/cfm/positions/{{product_id}}", OfProduct, OneFuturesPosition)
PERPETUAL_SUMMARY = Endpoint("GET", f"{_P}/intx/portfolio/{{portfolio_uuid}}", OfPortfolio, PerpetualSummary)
PERPETUAL_POSITIONS = Endpoint(
    "GET", f"{_P}/intx/positions/{{portfolio_uuid}}", OfPortfolio, PerpetualPositions
)
PERPETUAL_POSITION = Endpoint(
    "GET", f"{_P}/intx/positions/{{portfolio_uuid}}/{{symbol}}", OfPerpetual, OnePerpetualPosition
)


class ScheduleSweep(Ask, frozen=True, kw_only=True):
    usd_amount: Decimal | None = None


class Scheduled(Answer, frozen=True, kw_only=True):
    success: Literal[True]


class Sweep(Answer, frozen=True, kw_only=True):
    id: str
    requested_amount: Value
    should_sweep_all: bool
    status: str
    schedule_time: str | None = None


class Sweeps(Answer, frozen=True, kw_only=True):
    sweeps: tuple[Sweep, ...] = ()


class MarginSetting(Answer, frozen=True, kw_only=True):
    setting: str


class NewMarginSetting(Ask, frozen=True, kw_only=True):
    setting: Literal["INTRADAY_MARGIN_SETTING_STANDARD", "INTRADAY_MARGIN_SETTING_INTRADAY"]


class MarginWindowOf(Ask, frozen=True, kw_only=True):
    margin_profile_type: str | None = None


class Window(Answer, frozen=True, kw_only=True):
    margin_window_type: str
    end_time: str | None = None


class MarginWindow(Answer, frozen=True, kw_only=True):
    margin_window: Window
    is_intraday_margin_killswitch_enabled: bool = False
    is_intraday_margin_enrollment_killswitch_enabled: bool = False


class Allocate(Ask, frozen=True, kw_only=True):
    portfolio_uuid: Identifier
    symbol: Identifier
    amount: Decimal
    currency: Currency


class PerpetualBalance(Answer, frozen=True, kw_only=True):
    quantity: Decimal
    hold: Decimal = Decimal(0)
    transfer_hold: Decimal = Decimal(0)
    collateral_value: Decimal | None = None
    collateral_weight: Decimal | None = None
    max_withdraw_amount: Decimal | None = None
    loan: Decimal | None = None


class PerpetualBalanceList(Answer, frozen=True, kw_only=True):
    portfolio_uuid: str
    balances: tuple[PerpetualBalance, ...] = ()
    is_margin_limit_reached: bool = False


class PerpetualBalances(Answer, frozen=True, kw_only=True):
    portfolio_balances: tuple[PerpetualBalanceList, ...] = ()


class MultiAssetCollateral(Ask, frozen=True, kw_only=True):
    portfolio_uuid: Identifier
    multi_asset_collateral_enabled: bool


SWEEPS = Endpoint("GET", f"{_P}/cfm/sweeps", Nothing, Sweeps)
SCHEDULE_SWEEP = Endpoint("POST", f"{_P}/cfm/sweeps/schedule", ScheduleSweep, Scheduled, Effect.PAYS_OUT)
CANCEL_SWEEP = Endpoint("DELETE", f"{_P}/cfm/sweeps", Nothing, Scheduled, Effect.MANAGES)
MARGIN_SETTING = Endpoint("GET", f"{_P}/cfm/intraday/margin_setting", Nothing, MarginSetting)
SET_MARGIN_SETTING = Endpoint(
    "POST", f"{_P}/cfm/intraday/margin_setting", NewMarginSetting, Ignored, Effect.MANAGES
)
MARGIN_WINDOW = Endpoint("GET", f"{_P}/cfm/intraday/current_margin_window", MarginWindowOf, MarginWindow)
ALLOCATE = Endpoint("POST", f"{_P}/intx/allocate", Allocate, Ignored, Effect.PAYS_OUT)
PERPETUAL_BALANCES = Endpoint("GET", f"{_P}/intx/balances/{{portfolio_uuid}}", OfPortfolio, PerpetualBalances)
MULTI_ASSET_COLLATERAL = Endpoint(
    "POST", f"{_P}/intx/multi_asset_collateral", MultiAssetCollateral, Ignored, Effect.MANAGES
)
