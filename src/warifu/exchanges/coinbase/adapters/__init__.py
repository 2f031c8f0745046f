"""Coinbase in nobody's words: the Exchange API for institutions, Advanced Trade with the App for everybody else."""

from __future__ import annotations

from warifu.exchanges.coinbase.adapters.advanced import SENDING, Coinbase, balances_of, send_of, terms_of
from warifu.exchanges.coinbase.adapters.exchange import CoinbaseExchange, exchange_sandbox, withdrawal_nonce

__all__ = [
    "SENDING",
    "Coinbase",
    "CoinbaseExchange",
    "balances_of",
    "exchange_sandbox",
    "send_of",
    "terms_of",
    "withdrawal_nonce",
]
