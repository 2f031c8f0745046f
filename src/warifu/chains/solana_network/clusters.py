"""The clusters, each known by its genesis hash. Nothing that is signed names one (see docs/solana.md)."""

from __future__ import annotations

from enum import StrEnum


class Cluster(StrEnum):
    """``LOCAL`` is a test validator, or the embedded chain: known by the genesis hash that it had when first met."""

    MAINNET = "mainnet"
    DEVNET = "devnet"
    TESTNET = "testnet"
    LOCAL = "local"


GENESIS = {
    Cluster.MAINNET: "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d",
    Cluster.DEVNET: "EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG",
    Cluster.TESTNET: "4uhcVJyU9pJkvQyS88uRDiswHXSCkY3zQawwpjk2NsNY",
}
"""``getGenesisHash``; "mainnet" is what Solana calls mainnet-beta."""
