"""The Exchange API's feed: market data, and the user's own orders with the key's signature.

Messages about a product carry its ``sequence``. Only ``full`` and ``level3`` have all of them, and ``matches`` all
trades: there one that is missing shows. In the other channels nothing would.

``balance`` is about accounts that one names, and not about pairs.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from warifu.errors import InputRefused
from warifu.exchanges.calls import Answer, read_json
from warifu.exchanges.coinbase.exchange.funds import CurrencyInfo
from warifu.exchanges.coinbase.exchange.products import ProductInfo
from warifu.exchanges.coinbase.faults import EXCHANGE_RULES
from warifu.exchanges.coinbase.feeds import level3
from warifu.exchanges.failures import Refused, by_rules
from warifu.exchanges.feeds import Channel, FeedBroken, Feeds, Numbers, product_ids
from warifu.exchanges.fields import Count
from warifu.exchanges.http import HttpAnswer

HOST = "ws-feed.exchange.coinbase.com"
BALANCE = "balance"
SANDBOX = "ws-feed-public.sandbox.exchange.coinbase.com"


class _Message(Answer, frozen=True, kw_only=True, tag_field="type"):
    """Base of all messages."""


class Subscribed(Answer, frozen=True, kw_only=True):
    name: str
    product_ids: tuple[str, ...] | None = None
    account_ids: tuple[str, ...] | None = None


class Subscriptions(_Message, frozen=True, kw_only=True, tag="subscriptions"):
    channels: tuple[Subscribed, ...] = ()


class Heartbeat(_Message, frozen=True, kw_only=True, tag="heartbeat"):
    sequence: int
    last_trade_id: int
    product_id: str
    time: str


class Ticker(_Message, frozen=True, kw_only=True, tag="ticker"):
    sequence: int
    product_id: str
    price: Decimal
    best_bid: Decimal | None = None
    best_ask: Decimal | None = None
    volume_24h: Decimal | None = None
    side: str | None = None
    time: str | None = None
    trade_id: Count | None = None
    last_size: Decimal | None = None


class Level(Answer, frozen=True, array_like=True):
    price: Decimal
    size: Decimal


class Snapshot(_Message, frozen=True, kw_only=True, tag="snapshot"):
    product_id: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


class Change(Answer, frozen=True, array_like=True):
    """What is at a price from now on: ``size`` zero is nothing."""

    side: Literal["buy", "sell"]
    price: Decimal
    size: Decimal


class Level2Update(_Message, frozen=True, kw_only=True, tag="l2update"):
    product_id: str
    time: str
    changes: tuple[Change, ...]


class _OfOrder(_Message, frozen=True, kw_only=True):
    """About one order on the book of a product."""

    time: str
    product_id: str
    sequence: int
    side: Literal["buy", "sell"]


class Received(_OfOrder, frozen=True, kw_only=True, tag="received"):
    order_id: str
    order_type: str
    client_oid: str | None = None
    size: Decimal | None = None
    price: Decimal | None = None
    funds: Decimal | None = None


class Open(_OfOrder, frozen=True, kw_only=True, tag="open"):
    order_id: str
    price: Decimal
    remaining_size: Decimal


class Done(_OfOrder, frozen=True, kw_only=True, tag="done"):
    order_id: str
    reason: str
    price: Decimal | None = None
    remaining_size: Decimal | None = None


class _Matched(_OfOrder, frozen=True, kw_only=True):
    """A trade."""

    trade_id: Count
    maker_order_id: str
    taker_order_id: str
    size: Decimal
    price: Decimal


class Match(_Matched, frozen=True, kw_only=True, tag="match"):
    """As it happens."""


class LastMatch(_Matched, frozen=True, kw_only=True, tag="last_match"):
    """The newest before the subscription."""


class Changed(_OfOrder, frozen=True, kw_only=True, tag="change"):
    order_id: str
    new_size: Decimal | None = None
    old_size: Decimal | None = None
    price: Decimal | None = None


class Activated(_Message, frozen=True, kw_only=True, tag="activate"):
    product_id: str
    order_id: str
    side: Literal["buy", "sell"]
    stop_price: Decimal | None = None
    size: Decimal | None = None
    funds: Decimal | None = None


class Status(_Message, frozen=True, kw_only=True, tag="status"):
    """All products and all currencies, from time to time."""

    products: tuple[ProductInfo, ...]
    currencies: tuple[CurrencyInfo, ...]


class Auction(_Message, frozen=True, kw_only=True, tag="auction"):
    """What an auction would come to, about once a second while it lasts. Its price is not firm."""

    product_id: str
    sequence: int
    auction_state: str
    """``collection``, ``opening``, ``complete``."""
    timestamp: str
    best_bid_price: Decimal | None = None
    best_bid_size: Decimal | None = None
    best_ask_price: Decimal | None = None
    best_ask_size: Decimal | None = None
    open_price: Decimal | None = None
    open_size: Decimal | None = None
    can_open: str | None = None


class Balance(_Message, frozen=True, kw_only=True, tag="balance"):
    """What an account has, whenever that changes."""

    account_id: str
    currency: str
    holds: Decimal
    available: Decimal
    updated: str | None = None
    timestamp: str | None = None


class RfqMatch(_Message, frozen=True, kw_only=True, tag="rfq_match"):
    """A trade that somebody was quoted a price for (RFQ): it was on no book."""

    product_id: str
    time: str
    side: Literal["buy", "sell"]
    size: Decimal
    price: Decimal
    maker_order_id: str
    taker_order_id: str
    trade_id: Count | None = None


class Level3Schema(_Message, frozen=True, kw_only=True, tag="level3"):
    """The first message of ``level3``."""

    schema: dict[str, tuple[str, ...]]


class Failed(_Message, frozen=True, kw_only=True, tag="error"):
    message: str
    reason: str = ""


Message = (
    Subscriptions
    | Heartbeat
    | Ticker
    | Snapshot
    | Level2Update
    | Received
    | Open
    | Done
    | Match
    | LastMatch
    | Changed
    | Activated
    | Status
    | Auction
    | RfqMatch
    | Balance
    | Level3Schema
    | Failed
)


def subscription(channel: str, named: tuple[str, ...]) -> bytes:
    """The text that begins a subscription, without a key. ``named``: products, of :data:`BALANCE` accounts."""
    if channel == BALANCE:
        of = {"name": channel, "account_ids": list(named)}
        return msgspec.json.encode({"type": "subscribe", "channels": [of]})
    products = {"product_ids": list(named)} if named else {}
    return msgspec.json.encode({"type": "subscribe", **products, "channels": [channel]})


class _Accounts(msgspec.Struct):
    account_ids: tuple[str, ...]


class _OfAccounts(msgspec.Struct):
    channels: tuple[_Accounts]


def named(body: bytes) -> tuple[str, ...]:
    """The products, or the accounts, that a subscription names; nothing where it names none so."""
    try:
        return msgspec.json.decode(body, type=_OfAccounts).channels[0].account_ids
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return product_ids(body)


def read(text: bytes) -> Message | level3.Packed:
    """One message. FeedBroken for what cannot be read; :class:`ExchangeFailed` where the exchange complains."""
    try:
        if text.lstrip().startswith(b"["):
            packed: level3.Packed = read_json(level3.Packed, text)
            return packed
        message: Message = read_json(Message, text)
    except InputRefused as error:
        raise FeedBroken(error.message) from None
    if isinstance(message, Level3Schema) and message.schema != level3.SCHEMA:
        raise FeedBroken("its messages are packed in a way that is not known here")
    if isinstance(message, Failed):
        said = f"{message.message} {message.reason}"
        raise by_rules(EXCHANGE_RULES, said, HttpAnswer(400), said) or Refused("request", said)
    return message


class Feed:
    """One connection's messages, in order."""

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self._numbers: dict[str, Numbers] = {}
        """Of each product."""

    def read(self, text: bytes) -> Message | level3.Packed:
        """As :func:`read`; FeedGap where one is missing and that shows."""
        message = read(text)
        if self._channel == "matches" and isinstance(message, _Matched):
            self._of(message.product_id).see(int(message.trade_id))
        if self._channel == "full" and isinstance(message, _OfOrder):
            self._of(message.product_id).see(message.sequence)
        if isinstance(message, level3.Packed):
            self._of(message.product_id).see(int(message.sequence))
        return message

    def _of(self, product: str) -> Numbers:
        return self._numbers.setdefault(product, Numbers())


_OPEN = ("auctionfeed", "heartbeat", "level2_batch", "matches", "rfq_matches", "ticker", "ticker_batch")
_SIGNED = ("full", "level2", "level3", "user")


def feeds(host: str = HOST) -> Feeds:
    """The channels, at the exchange or (:data:`SANDBOX`) at its sandbox."""
    return Feeds(
        channels=(
            *(Channel(name, host) for name in _OPEN),
            Channel("status", host, of_products=False),
            Channel(BALANCE, host, signed=True, of_products=False, of_accounts=True),
            *(Channel(name, host, signed=True) for name in _SIGNED),
        ),
        text=subscription,
        reading=lambda channel: Feed(channel).read,
        products=named,
    )


FEEDS = feeds()
