"""Products, their market data, and the exchange's clock."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from warifu.exchanges.calls import Answer, Ask, Endpoint, Nothing
from warifu.exchanges.coinbase.exchange.base import Paged, older
from warifu.exchanges.fields import Count, Moment, Product, Side

# Products and market data


class ProductInfo(Answer, frozen=True, kw_only=True):
    id: str
    base_currency: str
    quote_currency: str
    quote_increment: Decimal
    base_increment: Decimal
    status: str
    display_name: str = ""
    status_message: str = ""
    min_market_funds: Decimal = Decimal(0)
    """Since June 2022 the least amount of any order; sizes have no bounds of their own any more."""
    margin_enabled: bool = False
    post_only: bool = False
    limit_only: bool = False
    cancel_only: bool = False
    trading_disabled: bool = False
    auction_mode: bool = False


class OfProduct(Ask, frozen=True, kw_only=True):
    product_id: Product


class BookOf(Ask, frozen=True, kw_only=True):
    product_id: Product
    level: Literal[1, 2, 3] = 1


class Level(Answer, frozen=True, array_like=True):
    price: Decimal
    size: Decimal
    orders: int | str
    """How many; at level 3 the identifier of the one."""


class Auction(Answer, frozen=True, kw_only=True):
    """What an auction would come to now: its price is not firm."""

    auction_state: str
    """``collection``, ``opening``, ``complete``."""
    open_price: Decimal
    open_size: Decimal
    best_bid_price: Decimal | None = None
    best_bid_size: Decimal | None = None
    best_ask_price: Decimal | None = None
    best_ask_size: Decimal | None = None
    can_open: str | None = None
    time: str | None = None


class Book(Answer, frozen=True, kw_only=True):
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    sequence: int | Decimal
    auction_mode: bool = False
    auction: Auction | None = None
    time: str | None = None


class CandlesOf(Ask, frozen=True, kw_only=True):
    product_id: Product
    granularity: Literal[60, 300, 900, 3600, 21600, 86400]
    start: Moment | None = None
    end: Moment | None = None


class Candle(Answer, frozen=True, array_like=True):
    time: int
    low: Decimal
    high: Decimal
    open: Decimal
    close: Decimal
    volume: Decimal


class Stats(Answer, frozen=True, kw_only=True):
    open: Decimal
    high: Decimal
    low: Decimal
    last: Decimal
    volume: Decimal
    volume_30day: Decimal | None = None
    rfq_volume_24hour: Decimal | None = None
    rfq_volume_30day: Decimal | None = None
    conversions_volume_24hour: Decimal | None = None
    conversions_volume_30day: Decimal | None = None


class Ticker(Answer, frozen=True, kw_only=True):
    price: Decimal
    size: Decimal
    time: str
    volume: Decimal
    bid: Decimal | None = None
    ask: Decimal | None = None
    trade_id: Count | None = None


class TradesOf(Paged, frozen=True, kw_only=True):
    product_id: Product


class Trade(Answer, frozen=True, kw_only=True):
    trade_id: Count
    side: Side
    price: Decimal
    size: Decimal
    time: str


class ProductVolume(Answer, frozen=True, kw_only=True):
    id: str
    base_currency: str
    quote_currency: str
    spot_volume_24hour: Decimal | None = None
    spot_volume_30day: Decimal | None = None


PRODUCTS = Endpoint("GET", "/products", Nothing, tuple[ProductInfo, ...], signed=False)
PRODUCT = Endpoint("GET", "/products/{product_id}", OfProduct, ProductInfo, signed=False)
BOOK = Endpoint("GET", "/products/{product_id}/book", BookOf, Book, signed=False)
CANDLES = Endpoint("GET", "/products/{product_id}/candles", CandlesOf, tuple[Candle, ...], signed=False)
STATS = Endpoint("GET", "/products/{product_id}/stats", OfProduct, Stats, signed=False)
TICKER = Endpoint("GET", "/products/{product_id}/ticker", OfProduct, Ticker, signed=False)
TRADES = Endpoint(
    "GET", "/products/{product_id}/trades", TradesOf, tuple[Trade, ...], signed=False, following=older
)
VOLUMES = Endpoint("GET", "/products/volume-summary", Nothing, tuple[ProductVolume, ...], signed=False)


# Time


class ServerTime(Answer, frozen=True, kw_only=True):
    iso: str
    epoch: Decimal


TIME = Endpoint("GET", "/time", Nothing, ServerTime, signed=False)
