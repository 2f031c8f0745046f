"""The methods that the wallet calls, by family of chains: all that an endpoint of its own needs to let through.

``tests/chains/quicknode/test_methods.py`` reads them out of the code that asks, and fails where these lists differ: a
method too many is a door, one too few is a wallet that stops after its next release.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

Family = Literal["bitcoin", "eip155", "solana"]

METHODS: dict[Family, tuple[str, ...]] = {
    "bitcoin": (
        "bb_getAddress",
        "bb_getTx",
        "estimatesmartfee",
        "getblockchaininfo",
        "getblockhash",
        "getblockheader",
        "getrawtransaction",
        "gettxout",
        "sendrawtransaction",
        "testmempoolaccept",
    ),
    "eip155": (
        "eth_blockNumber",
        "eth_call",
        "eth_chainId",
        "eth_estimateGas",
        "eth_feeHistory",
        "eth_getBalance",
        "eth_getBlockByNumber",
        "eth_getTransactionByHash",
        "eth_getTransactionCount",
        "eth_getTransactionReceipt",
        "eth_sendRawTransaction",
    ),
    "solana": (
        "getBlock",
        "getBlockHeight",
        "getBlockTime",
        "getFirstAvailableBlock",
        "getGenesisHash",
        "getLatestBlockhash",
        "getMultipleAccounts",
        "getRecentPrioritizationFees",
        "getSignatureStatuses",
        "getSignaturesForAddress",
        "getSlot",
        "getTransaction",
        "sendTransaction",
        "simulateTransaction",
    ),
}

# QuickNode's words for chains; those of its dashboard and those of its API differ.
_FAMILIES: dict[str, Family] = {
    "bitcoin": "bitcoin",
    "btc": "bitcoin",
    "sol": "solana",
    "solana": "solana",
    "arb": "eip155",
    "arbitrum": "eip155",
    "base": "eip155",
    "eth": "eip155",
    "ethereum": "eip155",
    "matic": "eip155",
    "optimism": "eip155",
    "polygon": "eip155",
}


def methods_of(families: Iterable[Family]) -> tuple[str, ...]:
    """Everything that the wallet calls on these, in one order."""
    return tuple(sorted({method for family in families for method in METHODS[family]}))


def family_of_slug(slug: str) -> Family | None:
    """The family of what QuickNode calls ``slug``; None where that is not known for certain."""
    return _FAMILIES.get(slug)
