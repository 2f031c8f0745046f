"""Binance's feeds: market data streams, and the user's own events by the WebSocket API. No connection.

A stream is subscribed to by its name, a symbol and a channel; trades are numbered, and updates of the book say which
numbers they stand for. The user's events come by ``userDataStream.subscribe.signature``; nothing numbers them.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Literal

import msgspec

from warifu.errors import InputRefused
from warifu.exchanges.binance.faults import complaint
from warifu.exchanges.calls import Answer, read_json, read_tree
from warifu.exchanges.feeds import Channel, FeedBroken, Feeds, Numbers
from warifu.exchanges.http import HttpAnswer
from warifu.exchanges.market import Pair

HOST = "stream.binance.com"
API_HOST = "ws-api.binance.com"
USER = "user"
_STREAMS, _API = "/stream", "/ws-api/v3"
_INTERVALS = ("1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w")
"""Of candles. Those of a month (``1M``) are asked for by request: in a journal they would be told from a minute's by
case alone."""
_name = msgspec.field


class _Event(Answer, frozen=True, kw_only=True):
    """``moment``: milliseconds."""

    moment: int = _name(name="E")


class _OfSymbol(_Event, frozen=True, kw_only=True):
    symbol: str = _name(name="s")


class _Traded(_OfSymbol, frozen=True, kw_only=True):
    price: Decimal = _name(name="p")
    quantity: Decimal = _name(name="q")
    traded: int = _name(name="T")
    buyer_is_maker: bool = _name(name="m")


class Trade(_Traded, frozen=True, kw_only=True):
    event: Literal["trade"] = _name(name="e")
    trade: int = _name(name="t")


class AggregateTrade(_Traded, frozen=True, kw_only=True):
    """All trades of one taker's order at one price."""

    event: Literal["aggTrade"] = _name(name="e")
    number: int = _name(name="a")
    first_trade: int = _name(name="f")
    last_trade: int = _name(name="l")


class Candle(Answer, frozen=True, kw_only=True):
    begins: int = _name(name="t")
    ends: int = _name(name="T")
    interval: str = _name(name="i")
    open: Decimal = _name(name="o")
    close: Decimal = _name(name="c")
    high: Decimal = _name(name="h")
    low: Decimal = _name(name="l")
    volume: Decimal = _name(name="v")
    trades: int = _name(name="n")
    closed: bool = _name(name="x")


class Kline(_OfSymbol, frozen=True, kw_only=True):
    event: Literal["kline"] = _name(name="e")
    candle: Candle = _name(name="k")


class _Window(_OfSymbol, frozen=True, kw_only=True):
    """What was traded in the last hours."""

    close: Decimal = _name(name="c")
    open: Decimal = _name(name="o")
    high: Decimal = _name(name="h")
    low: Decimal = _name(name="l")
    volume: Decimal = _name(name="v")


class MiniTicker(_Window, frozen=True, kw_only=True):
    event: Literal["24hrMiniTicker"] = _name(name="e")
    quote_volume: Decimal = _name(name="q")


class Ticker(_Window, frozen=True, kw_only=True):
    event: Literal["24hrTicker"] = _name(name="e")
    bid: Decimal = _name(name="b")
    bid_quantity: Decimal = _name(name="B")
    ask: Decimal = _name(name="a")
    ask_quantity: Decimal = _name(name="A")
    quote_volume: Decimal = _name(name="q")


class WindowTicker(_Window, frozen=True, kw_only=True):
    """Over a window of another length."""

    event: Literal["1hTicker", "4hTicker", "1dTicker"] = _name(name="e")
    quote_volume: Decimal | None = _name(name="q", default=None)


class AveragePrice(_OfSymbol, frozen=True, kw_only=True):
    event: Literal["avgPrice"] = _name(name="e")
    interval: str = _name(name="i")
    price: Decimal = _name(name="w")


class BookTicker(Answer, frozen=True, kw_only=True):
    """The best prices in the book."""

    update: int = _name(name="u")
    symbol: str = _name(name="s")
    bid: Decimal = _name(name="b")
    bid_quantity: Decimal = _name(name="B")
    ask: Decimal = _name(name="a")
    ask_quantity: Decimal = _name(name="A")


class Level(Answer, frozen=True, array_like=True):
    """What is at a price from now on: ``quantity`` zero is nothing."""

    price: Decimal
    quantity: Decimal


class BookTop(Answer, frozen=True, kw_only=True, rename="camel"):
    """So many levels of a book, as they are."""

    last_update_id: int
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


class BookUpdate(_OfSymbol, frozen=True, kw_only=True):
    """What became different in a book; it stands for all updates from the first to the last."""

    event: Literal["depthUpdate"] = _name(name="e")
    first: int = _name(name="U")
    last: int = _name(name="u")
    bids: tuple[Level, ...] = _name(name="b")
    asks: tuple[Level, ...] = _name(name="a")


class _UserEvent(_Event, frozen=True, kw_only=True, tag_field="e"):
    """Base of the user's events."""


class BalanceOf(Answer, frozen=True, kw_only=True):
    asset: str = _name(name="a")
    free: Decimal = _name(name="f")
    locked: Decimal = _name(name="l")


class Position(_UserEvent, frozen=True, kw_only=True, tag="outboundAccountPosition"):
    """Balances that may have changed."""

    balances: tuple[BalanceOf, ...] = _name(name="B")


class BalanceUpdate(_UserEvent, frozen=True, kw_only=True, tag="balanceUpdate"):
    """A deposit, a withdrawal, or a transfer between the customer's accounts."""

    asset: str = _name(name="a")
    change: Decimal = _name(name="d")


class ExternalLock(_UserEvent, frozen=True, kw_only=True, tag="externalLockUpdate"):
    asset: str = _name(name="a")
    change: Decimal = _name(name="d")


class Execution(_UserEvent, frozen=True, kw_only=True, tag="executionReport"):
    """An order became something else."""

    symbol: str = _name(name="s")
    client_order_id: str = _name(name="c")
    original_client_order_id: str = _name(name="C", default="")
    """Of the order that is cancelled by this one."""
    order_id: int = _name(name="i")
    side: Literal["BUY", "SELL"] = _name(name="S")
    kind: str = _name(name="o")
    execution: str = _name(name="x")
    status: str = _name(name="X")
    quantity: Decimal = _name(name="q")
    price: Decimal = _name(name="p")
    stop_price: Decimal = _name(name="P", default=Decimal(0))
    filled: Decimal = _name(name="z")
    filled_quote: Decimal = _name(name="Z")
    last_quantity: Decimal = _name(name="l")
    last_price: Decimal = _name(name="L")
    commission: Decimal = _name(name="n")
    commission_asset: str | None = _name(name="N", default=None)
    reject_reason: str = _name(name="r", default="NONE")


class ListedOrder(Answer, frozen=True, kw_only=True):
    symbol: str = _name(name="s")
    order_id: int = _name(name="i")
    client_order_id: str = _name(name="c")


class ListStatus(_UserEvent, frozen=True, kw_only=True, tag="listStatus"):
    """A list of orders became something else."""

    symbol: str = _name(name="s")
    list_id: int = _name(name="g")
    contingency: str = _name(name="c")
    status: str = _name(name="l")
    order_status: str = _name(name="L")
    client_list_id: str = _name(name="C")
    orders: tuple[ListedOrder, ...] = _name(name="O")


class Terminated(_UserEvent, frozen=True, kw_only=True, tag="eventStreamTerminated"):
    """Nothing more comes."""


UserEvent = Position | BalanceUpdate | ExternalLock | Execution | ListStatus | Terminated


class Subscribed(Answer, frozen=True, kw_only=True):
    """The answer to the subscription."""

    id: int | str | None


class _Stream(Answer, frozen=True, kw_only=True):
    stream: str
    data: dict[str, Any]


class _Told(Answer, frozen=True, kw_only=True, rename="camel"):
    event: UserEvent
    subscription_id: int | None = None


class _Said(msgspec.Struct):
    params: tuple[str, ...] = ()


_KINDS: dict[str, Any] = {
    "trade": Trade,
    "aggTrade": AggregateTrade,
    **{f"kline_{interval}": Kline for interval in _INTERVALS},
    "miniTicker": MiniTicker,
    "ticker": Ticker,
    **{f"ticker_{window}": WindowTicker for window in ("1h", "4h", "1d")},
    "avgPrice": AveragePrice,
    "bookTicker": BookTicker,
    "depth": BookUpdate,
    **{f"depth{levels}": BookTop for levels in (5, 10, 20)},
}
"""Channel -> what comes on it."""


def subscription(channel: str, products: tuple[str, ...]) -> bytes:
    """The text that begins a subscription, without a credential."""
    if channel == USER:
        return msgspec.json.encode({"id": 1, "method": "userDataStream.subscribe.signature", "params": {}})
    streams = [f"{product.lower()}@{channel}" for product in products]
    return msgspec.json.encode({"method": "SUBSCRIBE", "params": streams, "id": 1})


def symbols(body: bytes) -> tuple[str, ...]:
    """Those that a subscription names; nothing where it names none so."""
    try:
        params = msgspec.json.decode(body, type=_Said).params
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ()
    return tuple(stream.partition("@")[0].upper() for stream in params)


class Feed:
    """One connection's messages, in order."""

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self._numbers: dict[str, Numbers] = {}
        """Of each symbol."""

    def read(self, text: bytes) -> Any:  # noqa: ANN401  # one of the types above
        """One message. FeedBroken for what cannot be read; FeedGap where one is missing and that shows;
        :class:`ExchangeFailed` where the exchange complains."""
        try:
            tree: dict[str, Any] = read_json(dict[str, Any], text)
            if "stream" in tree and self._channel != USER:
                return self._of_stream(read_tree(_Stream, tree))
            if "event" in tree and self._channel == USER:
                told: _Told = read_tree(_Told, tree)
                return told.event
            _refuse(tree)
            return read_tree(Subscribed, tree)
        except InputRefused as error:
            raise FeedBroken(error.message) from None

    def _of_stream(self, said: _Stream) -> Any:  # noqa: ANN401
        symbol, _, channel = said.stream.partition("@")
        if channel != self._channel:
            raise FeedBroken("a message of another channel")
        message = read_tree(_KINDS[channel], said.data)
        if getattr(message, "symbol", symbol.upper()) != symbol.upper():
            raise FeedBroken("a message about another symbol than its stream's")
        numbers = self._numbers.setdefault(symbol, Numbers())
        match message:
            case Trade():
                numbers.see(message.trade)
            case AggregateTrade():
                numbers.see(message.first_trade, message.last_trade)
            case BookUpdate():
                numbers.see(message.first, message.last)
        return message


def _refuse(tree: dict[str, Any]) -> None:
    """What the exchange complains of: of a stream ``{"code": 2, "msg": ..}``, of its API within ``error``."""
    error = tree.get("error", tree)
    if not isinstance(error, dict) or "code" not in error:
        return
    status = tree.get("status")
    said = HttpAnswer(
        status if isinstance(status, int) and 400 <= status < 600 else 400, (), msgspec.json.encode(error)
    )
    failure = complaint(said, effect=False)
    assert failure is not None, "a status of 400 and more is one"
    raise failure


def _reading(channel: str) -> Callable[[bytes], object]:
    return Feed(channel).read


def _symbol(pair: Pair) -> str:
    return f"{pair.base}{pair.quote}"


FEEDS = Feeds(
    channels=(
        *(Channel(name, HOST, target=_STREAMS) for name in _KINDS),
        Channel(USER, API_HOST, signed=True, of_products=False, target=_API),
    ),
    text=subscription,
    reading=_reading,
    product=_symbol,
    products=symbols,
)
