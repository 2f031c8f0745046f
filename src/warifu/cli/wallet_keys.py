"""A wallet's public keys from the birth that this client verified: the source of every address it shows."""

from __future__ import annotations

from warifu.chains.bitcoin.descriptor import DEFAULT_WINDOW, Branch, KeyPath, WalletKeys
from warifu.chains.bitcoin.network import network_named
from warifu.cli.profile import Wallet
from warifu.errors import PeerMisbehaved

WINDOW = DEFAULT_WINDOW
"""Addresses per branch within which this client, and every device however little it signed, recognises the wallet's
own."""


def keys_of(wallet: Wallet) -> WalletKeys:
    """The keys from which the wallet's addresses are derived here, without asking anybody."""
    return WalletKeys(
        wallet.birth.threshold_public, wallet.birth.chain_code, network_named(wallet.request.network)
    )


def check_address(keys: WalletKeys, index: int, told: str) -> str:
    """The receive address at ``index``, derived here; ``PeerMisbehaved`` where the service told another one, or one
    that nobody would sign for.

    A hostile service would put an address of its own here, and the owner would hand it to a payer. Or it would tell the
    wallet's address number two billion: what is paid there is the owner's, and no device ever recognises it.
    """
    derived = keys.address(KeyPath(Branch.RECEIVE, index))
    if derived != told:
        raise PeerMisbehaved(
            "address",
            f"the service's address number {index} is not this wallet's",
            not_done="The address was not shown, so that nobody pays to it.",
            remedy="The service is broken or hostile. Do not use addresses from it; the wallet itself is unharmed.",
            blame="service",
        )
    if index >= WINDOW:
        raise PeerMisbehaved(
            "address-window",
            f"the service's address number {index} is beyond the first {WINDOW}, where no device looks for coins",
            not_done="The address was not shown, so that nobody pays to it.",
            remedy="Use an address that you were shown before.",
            blame="service",
        )
    return derived
