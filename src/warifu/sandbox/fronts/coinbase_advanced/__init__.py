"""Coinbase's Advanced Trade: orders for a CDP key. It refuses orders under status 200. Forms as in its documents."""

from __future__ import annotations

from warifu.sandbox.fronts.coinbase_advanced.forms import P
from warifu.sandbox.fronts.coinbase_advanced.front import CoinbaseAdvanced

__all__ = ["CoinbaseAdvanced", "P"]
