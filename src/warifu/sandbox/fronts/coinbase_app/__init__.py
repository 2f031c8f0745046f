"""The Coinbase App's API: wallets, deposit addresses, one send for each ``idem``, transfers from a bank and to it.

Forms as in its documents.
"""

from __future__ import annotations

from warifu.sandbox.fronts.coinbase_app.front import CoinbaseApp

__all__ = ["CoinbaseApp"]
