"""A wallet's public keys from the birth that this client verified: the source of every address it shows."""

from __future__ import annotations

from warifu.chains.bitcoin.descriptor import DEFAULT_WINDOW, Branch, KeyPath, WalletKeys
from warifu.chains.bitcoin.network import network_named
from warifu.chains.ethereum.address import address_of
from warifu.chains.ethereum.reading import PATH as ETHEREUM_PATH
from warifu.chains.solana.address import format_address
from warifu.cli.known_wallet import Wallet
from warifu.errors import PeerMisbehaved
from warifu.protocol.chains import family_of, scheme_of
from warifu.threshold.derivation import derive

WINDOW = DEFAULT_WINDOW
"""Addresses per branch within which this client, and every device however little it signed, recognises the wallet's
own."""


def keys_of(wallet: Wallet) -> WalletKeys:
    """The keys from which the wallet's Bitcoin addresses are derived here, without asking anybody.

    ``InputRefused`` (``no-key``) where it has no key for Bitcoin.
    """
    key = wallet.birth.key("bip340")
    return WalletKeys(key.threshold_public, key.chain_code, network_named(wallet.request.network))


def account_of(wallet: Wallet, chain: str) -> str:
    """The wallet's address on a chain of accounts, derived here. ``InputRefused`` (``no-key``)."""
    key = wallet.birth.key(scheme_of(chain))
    if family_of(chain) == "solana":
        return format_address(key.threshold_public)
    return address_of(derive(key.threshold_public, key.chain_code, ETHEREUM_PATH).public_key)


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
