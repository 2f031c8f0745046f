"""On what chain an asset of an exchange moves: what each exchange calls the chains that a wallet has.

An exchange names a network by a word of its own, and the same asset on two networks is two things to whoever waits for
it. What is not in an adapter's table is on no chain that is known here, and no signer lets it go there.
"""

from __future__ import annotations

from dataclasses import dataclass

BITCOIN, ETHEREUM, SOLANA = "bitcoin", "eip155:1", "solana"
"""As ``warifu.protocol.chains`` calls them."""
COINS = {"BTC": BITCOIN, "ETH": ETHEREUM, "SOL": SOLANA}
"""What every exchange here calls the chains' own coins. Each is on its own chain and on no other: what is called BTC on
Ethereum is somebody's promise of it."""


@dataclass(frozen=True)
class Networks:
    """One exchange's names of the chains. None: what is on none, as all of an exchange's own sandbox."""

    bitcoin: str | None = None
    ethereum: str | None = None
    solana: str | None = None

    def chain_of(self, asset: str, network: str | None) -> str | None:
        """Where ``asset`` arrives by ``network``; None where that is not known: also where no network is named, because
        then the exchange chooses."""
        chain = {self.bitcoin: BITCOIN, self.ethereum: ETHEREUM, self.solana: SOLANA}.get(network or "")
        return chain if chain is not None and _is_there(asset, chain) else None

    def network_of(self, asset: str, chain: str) -> str | None:
        """What the exchange calls ``chain`` for ``asset``; None where the asset is not there."""
        name = {BITCOIN: self.bitcoin, ETHEREUM: self.ethereum, SOLANA: self.solana}.get(chain)
        return name if _is_there(asset, chain) else None


def _is_there(asset: str, chain: str) -> bool:
    """Bitcoin has no tokens; the others have their coin, and tokens that are nobody's coin."""
    return COINS.get(asset, chain) == chain and (chain != BITCOIN or asset == "BTC")
