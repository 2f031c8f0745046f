"""Coinbase's WebSocket feeds: Advanced Trade's two hosts and the Exchange API's. Forms as in its documents.

Of the channels some are simulated: ``heartbeats``, ``ticker``, ``ticker_batch``, ``market_trades``, ``level2``,
``status`` and ``user``; of the Exchange API ``heartbeat``, ``ticker``, ``matches``, ``level2``, ``status`` and
``user``. A feed looks at the books a few times a second and tells what became different; what came and went in
between, it does not tell.
"""

from __future__ import annotations

from warifu.sandbox.fronts.coinbase_feeds.advanced import ADVANCED_HOST, USER_HOST, AdvancedFeed
from warifu.sandbox.fronts.coinbase_feeds.exchange import EXCHANGE_HOST, ExchangeFeed

HOSTS = (ADVANCED_HOST, USER_HOST, EXCHANGE_HOST)

__all__ = ["ADVANCED_HOST", "EXCHANGE_HOST", "HOSTS", "USER_HOST", "AdvancedFeed", "ExchangeFeed"]
