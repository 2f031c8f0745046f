"""Coinbase's Advanced Trade API (``/api/v3/brokerage``), a file a subject, for CDP keys.

Orders carry their kind as the name of a configuration. An order that is refused is answered with status 200 and
``"success": false``; a ``client_order_id`` that was used before gets the order that has it.
"""

from __future__ import annotations

from warifu.exchanges.coinbase.advanced import accounts, derivatives, orders, portfolios, products
from warifu.exchanges.coinbase.advanced.base import HOST, SANDBOX, api

MODULES = (accounts, orders, products, portfolios, derivatives)
"""All of its endpoints are in these."""

__all__ = ["HOST", "MODULES", "SANDBOX", "accounts", "api", "derivatives", "orders", "portfolios", "products"]
