"""Limits as most tests want them: so much by one transaction, so much in a day."""

from __future__ import annotations

from typing import Any

from warifu.protocol.policy import AssetLimits, Window


def limits(
    token: str, symbol: str, decimals: int, per_transaction: int, per_day: int, **fields: Any
) -> AssetLimits:
    """In the asset's smallest unit; ``token`` empty: the chain's own coin."""
    windows = (Window(24, str(per_day)),)
    return AssetLimits(token, symbol, decimals, str(per_transaction), windows, **fields)
