"""Products and their market data, with a key and without, and the exchange's clock."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from msgspec import Meta

from warifu.exchanges.calls import Answer, Ask, Endpoint, Nothing
from warifu.exchanges.coinbase.advanced.base import _P, Granularity, Product, ProductType
from warifu.exchanges.fields import Count

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
    num_products: Count | None = None


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
