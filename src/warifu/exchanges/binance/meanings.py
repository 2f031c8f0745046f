"""What Binance's requests give away at their most."""

from __future__ import annotations

from warifu.exchanges.binance import capital, spot
from warifu.exchanges.reading import (
    NOTHING,
    Destination,
    Language,
    Meaning,
    Means,
    Pairs,
    not_understood,
    pair_among,
    traded,
    worth,
)

_PRICED = ("LIMIT", "LIMIT_MAKER", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT")


def _order(ask: spot.NewOrder, pairs: Pairs) -> Meaning:
    """A stop without a price of its own becomes a market order: what it costs to buy has no bound."""
    if ask.quantity is not None and ask.quote_order_qty is not None:
        raise not_understood("an order has one size")
    quote = worth(ask.quantity, ask.price) if ask.type in _PRICED else ask.quote_order_qty
    return traded(pair_among(ask.symbol, pairs), buys=ask.side == "BUY", base=ask.quantity, quote=quote)


def _withdrawn(ask: capital.Withdraw, _: Pairs) -> Meaning:
    to = Destination(ask.coin, ask.address, ask.network, ask.address_tag)
    return Meaning(gives={ask.coin: ask.amount}, destination=to)


def _nothing(_: object, __: Pairs) -> Meaning:
    """Takes back an order, or a part of it."""
    return NOTHING


def _one_cancels_the_other(ask: spot.NewOco, pairs: Pairs) -> Meaning:
    """Only one of the two is carried out; the dearer one is the bound, where both have a price."""
    prices = (ask.above_price, ask.below_price)
    bounded = None not in prices and {ask.above_type, ask.below_type} <= set(_PRICED)
    quote = worth(ask.quantity, *prices) if bounded else None
    return traded(pair_among(ask.symbol, pairs), buys=ask.side == "BUY", base=ask.quantity, quote=quote)


_SPOT: dict[str, Means] = {
    "NEW_ORDER": _order,
    "TEST_ORDER": _order,  # its signature is good for the order itself
    "NEW_OCO": _one_cancels_the_other,
    "REDUCE_ORDER": _nothing,
    "CANCEL_ORDER_LIST": _nothing,
    "CANCEL_ORDER": _nothing,
    "CANCEL_ORDERS": _nothing,
    "WITHDRAW": _withdrawn,
    "LOCAL_WITHDRAW": _withdrawn,
}


def language(host: str) -> Language:
    return Language(spot.api(host), (spot, capital), _SPOT)
