"""Binance's door: Ed25519 over all parameters, spot orders, the wallet. Forms as its documents show them."""

from __future__ import annotations

from warifu.sandbox.fronts.binance.front import Binance

HOST = "api.binance.com"

__all__ = ["HOST", "Binance"]
