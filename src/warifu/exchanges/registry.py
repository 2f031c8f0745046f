"""The exchanges that Warifu knows: one line each."""

from __future__ import annotations

from warifu.exchanges.adapter import Exchange
from warifu.exchanges.afterwards import Looker
from warifu.exchanges.binance.adapters import Binance
from warifu.exchanges.binance.looking import BinanceLooker
from warifu.exchanges.coinbase.adapters import Coinbase, CoinbaseExchange, exchange_sandbox
from warifu.exchanges.coinbase.looking import CoinbaseLooker
from warifu.exchanges.coinbase.visiting import CoinbaseVisited
from warifu.exchanges.visited import Visited

EXCHANGES: dict[str, Exchange] = {
    exchange.name: exchange
    for exchange in (
        Coinbase(),
        CoinbaseExchange(),
        exchange_sandbox(),
        Binance(),
    )
}
LOOKERS: dict[str, Looker] = {
    "coinbase": CoinbaseLooker(Coinbase()),
    "binance": BinanceLooker(Binance().host),
}
"""Of the exchanges one of whose credentials can be shared, and leaves a request's body to its carrier, or lets it send
the request again."""
VISITED: dict[str, Visited] = {"coinbase": CoinbaseVisited(Coinbase())}
"""Of the exchanges that have their own ways for visits."""
