"""Orders, fills and fees."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta

from warifu.exchanges.calls import Answer, Ask, Effect, Endpoint, Nothing
from warifu.exchanges.coinbase.exchange.base import Paged, older
from warifu.exchanges.fields import Count, Identifier, Moment, Product, Side, Uuid

# Orders and fills


class NewOrder(Ask, frozen=True, kw_only=True):
    product_id: Product
    side: Side
    type: Literal["limit", "market", "stop"]
    client_oid: Uuid
    """Required here: without one an order that got no answer could not be found again."""
    size: Decimal | None = None
    funds: Decimal | None = None
    price: Decimal | None = None
    stop: Literal["loss", "entry"] | None = None
    stop_price: Decimal | None = None
    stop_limit_price: Decimal | None = None
    time_in_force: Literal["GTC", "GTT", "IOC", "FOK"] | None = None
    cancel_after: Literal["min", "hour", "day"] | None = None
    post_only: bool | None = None
    max_floor: Decimal | None = None
    stp: Literal["dc", "co", "cn", "cb"] | None = None
    profile_id: Identifier | None = None


class Order(Answer, frozen=True, kw_only=True):
    id: str
    product_id: str
    side: Side
    type: str
    status: str
    """``received``, ``pending``, ``open``, ``active``, ``done``, ``rejected``."""
    price: Decimal | None = None
    size: Decimal | None = None
    funds: Decimal | None = None
    specified_funds: Decimal | None = None
    client_oid: str | None = None
    created_at: str | None = None
    done_at: str | None = None
    done_reason: str | None = None
    reject_reason: str | None = None
    time_in_force: str | None = None
    post_only: bool = False
    fill_fees: Decimal = Decimal(0)
    filled_size: Decimal = Decimal(0)
    executed_value: Decimal = Decimal(0)
    settled: bool = False
    stop: str | None = None
    stop_price: Decimal | None = None
    profile_id: str | None = None


class Orders(Paged, frozen=True, kw_only=True):
    status: Annotated[
        tuple[Literal["open", "pending", "rejected", "done", "active", "received", "all"], ...],
        Meta(min_length=1),
    ]
    product_id: Product | None = None
    profile_id: Identifier | None = None
    sortedBy: Literal["created_at", "price", "size", "order_id", "side", "type"] | None = None  # noqa: N815  # the wire's name
    sorting: Literal["asc", "desc"] | None = None
    start_date: Moment | None = None
    end_date: Moment | None = None


class OfOrder(Ask, frozen=True, kw_only=True):
    order_id: Identifier


class OfClientOrder(Ask, frozen=True, kw_only=True):
    client_oid: Uuid


class CancelOrder(Ask, frozen=True, kw_only=True):
    order_id: Identifier
    product_id: Product | None = None
    """Said for speed."""
    profile_id: Identifier | None = None


class CancelClientOrder(Ask, frozen=True, kw_only=True):
    client_oid: Uuid
    product_id: Product | None = None


class CancelOrders(Ask, frozen=True, kw_only=True):
    product_id: Product | None = None
    profile_id: Identifier | None = None


class Fills(Paged, frozen=True, kw_only=True):
    order_id: Identifier | None = None
    product_id: Product | None = None
    start_date: Moment | None = None
    end_date: Moment | None = None


class Fill(Answer, frozen=True, kw_only=True):
    trade_id: Count
    product_id: str
    order_id: str
    liquidity: str
    price: Decimal
    size: Decimal
    fee: Decimal
    created_at: str
    side: Side
    settled: bool
    usd_volume: Decimal | None = None


PLACE_ORDER = Endpoint("POST", "/orders", NewOrder, Order, Effect.TRADES)
ORDERS = Endpoint("GET", "/orders", Orders, tuple[Order, ...], following=older)
ORDER = Endpoint("GET", "/orders/{order_id}", OfOrder, Order)
CLIENT_ORDER = Endpoint("GET", "/orders/client:{client_oid}", OfClientOrder, Order)
CANCEL_ORDER = Endpoint("DELETE", "/orders/{order_id}", CancelOrder, str, Effect.TRADES)
CANCEL_CLIENT_ORDER = Endpoint("DELETE", "/orders/client:{client_oid}", CancelClientOrder, str, Effect.TRADES)
CANCEL_ORDERS = Endpoint("DELETE", "/orders", CancelOrders, tuple[str, ...], Effect.TRADES)
FILLS = Endpoint("GET", "/fills", Fills, tuple[Fill, ...], following=older)


# Fees


class Fees(Answer, frozen=True, kw_only=True):
    maker_fee_rate: Decimal
    taker_fee_rate: Decimal
    usd_volume: Decimal | None = None


FEES = Endpoint("GET", "/fees", Nothing, Fees)
