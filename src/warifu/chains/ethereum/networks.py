"""EVM chains: their CAIP-2 names (``eip155:1``), the ones that are known, and any other by configuration.

Two things differ between chains for a wallet beside the number: what the coin is called, and whether posting a
transaction's data to Ethereum costs something on top of gas (the L1 data fee), and in which way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from warifu.chains.ethereum.transaction import MAX_CHAIN_ID
from warifu.errors import InputRefused

_NAME = re.compile(r"eip155:([1-9][0-9]{0,18})", re.ASCII)
_SYMBOL = re.compile(r"[A-Za-z0-9]{1,12}", re.ASCII)


class DataFee(StrEnum):
    """How a chain charges for posting data to Ethereum."""

    NONE = "none"
    OP_STACK = "op-stack"
    """On top of gas, taken from the account beside it; ``GasPriceOracle.getL1Fee`` tells it."""
    ARBITRUM = "arbitrum"
    """Within gas: the gas limit covers it, and estimates include it."""


@dataclass(frozen=True)
class EvmNetwork:
    """One chain. Raises ``InputRefused`` (``network``) for a description that cannot be right."""

    chain_id: int
    title: str
    symbol: str
    """What its coin is called; it has 18 decimals."""
    data_fee: DataFee
    confirmations: int
    """Blocks, counting its own, after which the service calls a transaction final."""
    test: bool = False
    """Whether its coins are worth nothing."""

    def __post_init__(self) -> None:
        if not 0 < self.chain_id <= MAX_CHAIN_ID:
            raise InputRefused("network", f"{self.chain_id} is no chain id")
        if (
            not 0 < len(self.title) <= 40
            or not self.title.isprintable()
            or not _SYMBOL.fullmatch(self.symbol)
        ):
            raise InputRefused("network", "a chain has a title of at most 40 characters and a short symbol")
        if not 0 < self.confirmations <= 10_000:
            raise InputRefused("network", "confirmations are between 1 and 10000")

    @property
    def chain(self) -> str:
        """``Reading.chain``."""
        return chain_name(self.chain_id)


NETWORKS = {
    network.chain_id: network
    for network in (
        # Two epochs, after which Ethereum is normally finalised.
        EvmNetwork(1, "Ethereum", "ETH", DataFee.NONE, 64),
        EvmNetwork(10, "OP Mainnet", "ETH", DataFee.OP_STACK, 60),
        EvmNetwork(137, "Polygon", "POL", DataFee.NONE, 128),
        EvmNetwork(8453, "Base", "ETH", DataFee.OP_STACK, 60),
        EvmNetwork(31337, "Local test chain", "ETH", DataFee.NONE, 1, test=True),
        EvmNetwork(42161, "Arbitrum One", "ETH", DataFee.ARBITRUM, 120),
        EvmNetwork(11155111, "Sepolia", "ETH", DataFee.NONE, 2, test=True),
    )
}
"""The chains that are known, by chain id."""


def chain_name(chain_id: int) -> str:
    """``eip155:<id>`` (CAIP-2)."""
    return f"eip155:{chain_id}"


def chain_id_of(chain: str) -> int:
    """The number in ``eip155:<id>``. Raises ``InputRefused`` (``network``)."""
    found = _NAME.fullmatch(chain)
    if found is None or int(found[1]) > MAX_CHAIN_ID:
        raise InputRefused("network", f"{chain[:40]!r} is no EVM chain: eip155: and a chain id")
    return int(found[1])


def symbol_of(chain_id: int | None) -> str:
    """What the coin of a chain is called; of one that is not known, just ``coin``."""
    network = NETWORKS.get(chain_id) if chain_id is not None else None
    return "coin" if network is None else network.symbol
