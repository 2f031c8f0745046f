"""How much gas a transaction may use: what nodes estimate, a margin, and a bound. Pure."""

from __future__ import annotations

from warifu.errors import InputRefused

TRANSFER_GAS = 21_000
MAX_TRANSACTION_GAS = 1 << 24
"""EIP-7825: 16,777,216. Nothing a wallet pays with comes near."""
MARGIN_PERCENT = 20
"""State can change between the estimate and the block; unused gas is not paid for."""


def gas_limit(estimated: int, data: bytes, block_gas_limit: int) -> int:
    """The gas limit for a transaction whose use was estimated.

    A plain transfer uses exactly 21000, so it gets no margin, and an account can be emptied to the last wei. Raises
    ``InputRefused`` (``gas``) out of bounds.
    """
    most = min(MAX_TRANSACTION_GAS, block_gas_limit)
    if not TRANSFER_GAS <= estimated <= most:
        raise InputRefused(
            "gas",
            f"it would use {estimated} gas, which is not between {TRANSFER_GAS} and {most}",
            remedy="Look at the recipient: what it does with the payment is not ordinary.",
        )
    if estimated == TRANSFER_GAS and not data:
        return TRANSFER_GAS
    return min(estimated * (100 + MARGIN_PERCENT) // 100, most)
