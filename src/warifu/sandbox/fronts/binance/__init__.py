"""Binance's door: Ed25519 over all parameters, spot orders, the wallet. Forms as its documents show them."""

from __future__ import annotations

from warifu.sandbox.fronts.binance.feeds import API_HOST, STREAM_HOST, binance_feed
from warifu.sandbox.fronts.binance.front import Binance

HOST = "api.binance.com"
FEED_HOSTS = (STREAM_HOST, API_HOST)

__all__ = ["FEED_HOSTS", "HOST", "Binance", "binance_feed"]
