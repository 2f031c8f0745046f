"""Orders and fills."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta

from warifu.exchanges.calls import Answer, Ask, Effect, Endpoint
from warifu.exchanges.coinbase.advanced.base import _P, Page, Paged, Product, ProductType, Side, onward
from warifu.exchanges.fields import Identifier, Moment, Uuid

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
    stop_direction: str | None = None
    post_only: bool | None = None


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
    attached_order_id: str | None = None
    """Of an order that comes about once this one is filled."""


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
