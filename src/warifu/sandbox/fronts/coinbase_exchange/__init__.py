"""Coinbase's Exchange API: HMAC with a passphrase over time, method, path and body. Forms as in its documents."""

from __future__ import annotations

from warifu.sandbox.fronts.coinbase_exchange.front import CoinbaseExchange

HOST = "api.exchange.coinbase.com"

__all__ = ["HOST", "CoinbaseExchange"]
