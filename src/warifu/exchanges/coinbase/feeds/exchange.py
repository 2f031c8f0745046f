"""The Exchange API's feed: market data, and the user's own orders with the key's signature.

What is signed is the time stamp and the request ``GET /users/self/verify``, as if it were made. Messages about a
product carry its ``sequence``; one that is missing shows there and in the heartbeats' last trade.
"""

from __future__ import annotations

import base64
from decimal import Decimal
from typing import Literal, get_args

import msgspec

from warifu.errors import InputRefused
from warifu.exchanges.calls import Answer, read_json
from warifu.exchanges.coinbase.credentials import ExchangeKey
from warifu.exchanges.coinbase.faults import EXCHANGE_RULES
from warifu.exchanges.coinbase.feeds.watch import FeedBroken
from warifu.exchanges.failures import Refused, by_rules
from warifu.exchanges.fields import Count
from warifu.exchanges.http import HttpAnswer
from warifu.exchanges.signing import Stamp, reveal

HOST = "ws-feed.exchange.coinbase.com"
SANDBOX = "ws-feed-public.sandbox.exchange.coinbase.com"

Channel = Literal["heartbeat", "ticker", "ticker_batch", "level2", "level2_batch", "matches", "full", "user"]
_PRIVATE = ("level2", "full", "user")
MAX_PRODUCTS = 500


class _Message(Answer, frozen=True, kw_only=True, tag_field="type"):
    """Base of all messages."""


class Subscribed(Answer, frozen=True, kw_only=True):
    name: str
    product_ids: tuple[str, ...] = ()


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


class Match(_OfOrder, frozen=True, kw_only=True, tag="match"):
    trade_id: Count
    maker_order_id: str
    taker_order_id: str
    size: Decimal
    price: Decimal


class LastMatch(_OfOrder, frozen=True, kw_only=True, tag="last_match"):
    trade_id: Count
    maker_order_id: str
    taker_order_id: str
    size: Decimal
    price: Decimal


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
    | Failed
)


def to_sign(stamp: Stamp) -> bytes:
    """What the key signs for the channels that want it."""
    return f"{stamp.seconds}GET/users/self/verify".encode("ascii")


def subscription(
    channels: tuple[Channel, ...],
    products: tuple[str, ...],
    key: ExchangeKey | None = None,
    signature: bytes = b"",
    stamp: Stamp | None = None,
) -> bytes:
    """The text that begins subscriptions; with ``key``, the signature over :func:`to_sign` of the same stamp.

    ``InputRefused`` (``exchange-feed``) for a channel that is none, or one that wants a key without one.
    """
    if not channels or not set(channels) <= set(get_args(Channel)) or len(products) > MAX_PRODUCTS:
        raise InputRefused("exchange-feed", "there is no such channel, or there are too many products")
    if set(channels) & set(_PRIVATE) and key is None:
        raise InputRefused("exchange-feed", "this channel needs a key")
    text: dict[str, object] = {"type": "subscribe", "product_ids": list(products), "channels": list(channels)}
    if key is not None:
        if stamp is None or len(signature) != 32:
            raise InputRefused("exchange-feed", "a key comes with its stamp and a signature of 32 bytes")
        text |= {
            "key": key.key,
            "signature": base64.b64encode(signature).decode("ascii"),
            "passphrase": reveal(key.passphrase),
            "timestamp": str(stamp.seconds),
        }
    return msgspec.json.encode(text)


def read(text: bytes) -> Message:
    """One message. FeedBroken for what cannot be read; :class:`ExchangeFailed` where the exchange complains."""
    try:
        message: Message = read_json(Message, text)
    except InputRefused as error:
        raise FeedBroken(error.message) from None
    if isinstance(message, Failed):
        said = f"{message.message} {message.reason}"
        raise by_rules(EXCHANGE_RULES, said, HttpAnswer(400), said) or Refused("request", said)
    return message
