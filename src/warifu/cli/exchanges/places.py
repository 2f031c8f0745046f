"""Home: an address of the wallet's own, derived here, for what comes back from an exchange."""

from __future__ import annotations

from warifu.cli.client import Client, segment
from warifu.cli.known_wallet import Wallet
from warifu.cli.wallet_keys import account_of, check_address, keys_of
from warifu.errors import InputRefused
from warifu.exchanges.adapter import Exchange
from warifu.protocol.api import Address, Question
from warifu.protocol.chains import BITCOIN


class _Nothing(Question, frozen=True):
    """A body without fields."""


def own_address(client: Client, wallet: Wallet, exchange: Exchange, asset: str, network: str) -> str:
    """Where ``asset`` comes home by ``network``: on Bitcoin an address that nobody was told yet.

    ``InputRefused`` (``network``, ``no-key``); ``PeerMisbehaved`` where the service tells an address that is none of
    the wallet's.
    """
    chain = exchange.networks.chain_of(asset, network)
    if chain is None:
        raise InputRefused(
            "network",
            f"{asset} by the network {network[:40]!r} of {exchange.name} is on no chain that is known here",
            not_done="Nothing was withdrawn.",
            remedy=f"Networks of {exchange.name}: {', '.join(sorted(names(exchange, asset))) or 'none for it'}.",
        )
    if chain != BITCOIN:
        return account_of(wallet, chain)
    told = client.post(f"/wallets/{segment(wallet.name)}/addresses", _Nothing(), Address)
    return check_address(keys_of(wallet), told.index, told.address)


def names(exchange: Exchange, asset: str) -> set[str]:
    """What the exchange calls the networks by which ``asset`` can come home."""
    found = (exchange.networks.network_of(asset, chain) for chain in ("bitcoin", "eip155:1", "solana"))
    return {name for name in found if name is not None}
