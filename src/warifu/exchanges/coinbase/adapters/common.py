"""What both of Coinbase's adapters read alike: networks, states of a market, deposit addresses."""

from __future__ import annotations

from decimal import Decimal

from warifu.errors import InputRefused
from warifu.exchanges import market
from warifu.exchanges.adapter import Best, DepositAddress
from warifu.exchanges.failures import Refused
from warifu.exchanges.market import Pair
from warifu.exchanges.networks import Networks

NETWORKS = Networks(bitcoin="bitcoin", ethereum="ethereum", solana="solana")
"""The Exchange API's identifiers of networks; the App's are the same words."""


def market_state(*, closed: bool, cancel_only: bool, post_only: bool, limit_only: bool) -> market.State:
    """Of a market, from what is said about it: what is narrower counts."""
    if closed:
        return "closed"
    if cancel_only:
        return "cancel-only"
    if post_only:
        return "post-only"
    return "limit-only" if limit_only else "open"


def deposit_address(
    asset: str, network: str, said: str | None, address: str, memo: str | None
) -> DepositAddress:
    """Refused where the exchange names another network: what is sent there is lost."""
    if said is not None and said != network:
        raise Refused("network", f"asked for an address on {network}, got one on {said}")
    return DepositAddress(asset, network, address, memo)


def best_of(bid: Decimal | None, ask: Decimal | None) -> Best:
    """``InputRefused`` (``exchange-answer``) where one side of the market is empty."""
    if bid is None or ask is None:
        raise InputRefused("exchange-answer", "nobody offers anything on one side of this market")
    return Best(bid, ask)


def pair_of_product(product: str) -> Pair:
    """The two currencies that are traded by the name ``BTC-USD``."""
    base, _, quote = product.partition("-")
    return Pair(base, quote)
