"""Coinbase's Exchange API (``docs.cdp.coinbase.com/exchange``), a file a subject.

Every request and answer that Warifu knows, as types. Amounts are texts on the wire and decimals here.
"""

from __future__ import annotations

from warifu.exchanges.coinbase.exchange import (
    accounts,
    funds,
    lending,
    margin,
    orders,
    products,
    profiles,
    records,
    wrapped,
)
from warifu.exchanges.coinbase.exchange.base import HOST, SANDBOX, api

MODULES = (accounts, funds, orders, products, profiles, lending, margin, records, wrapped)
"""All of its endpoints are in these."""

__all__ = [
    "HOST",
    "MODULES",
    "SANDBOX",
    "accounts",
    "api",
    "funds",
    "lending",
    "margin",
    "orders",
    "products",
    "profiles",
    "records",
    "wrapped",
]
