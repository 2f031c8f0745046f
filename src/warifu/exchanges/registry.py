"""The exchanges that Warifu knows: one line each."""

from __future__ import annotations

from warifu.exchanges.adapter import Exchange
from warifu.exchanges.binance.adapters import Binance
from warifu.exchanges.coinbase.adapters import Coinbase, CoinbaseExchange

EXCHANGES: dict[str, Exchange] = {
    exchange.name: exchange
    for exchange in (
        Coinbase(),
        CoinbaseExchange(),
        Binance(),
    )
}
