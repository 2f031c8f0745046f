"""What is judged before anything of an exchange account is kept or generated, for each way in which it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from warifu.errors import InputRefused, PolicyDenied
from warifu.protocol.authorization import Authorized
from warifu.protocol.exchange_requests import MAX_ACCOUNTS, AccountRequest, ExchangeKeyRequest, KeyKind
from warifu.signer.asking import require_enough_owners
from warifu.signer.device import Device
from warifu.signer.exchanges import loading
from warifu.signer.expecting import accepted, require_own
from warifu.signer.wallets import Wallet

if TYPE_CHECKING:
    from warifu.exchanges.adapter import Exchange

MAX_OF_A_DEVICE = 256
"""Accounts of all of a device's wallets: so many its status shows."""
NOTHING_KEPT = "Nothing was kept."


def require_allowed(device: Device, wallet: Wallet, exchange: str, authorized: Authorized) -> None:
    """As ``require_ready``, and as many owners want it as the largest payment takes (``PolicyDenied``, ``approvals``).

    An account decides to whom funds go that are believed to be at the exchange. By ``approvals_needed`` alone, one of
    the owners could remove it, add his own under its name, and have the others approve what is large for it.
    """
    require_ready(device, wallet, exchange)
    require_enough_owners(authorized, device.rules.of(wallet.id))


def require_ready(device: Device, wallet: Wallet, exchange: str) -> None:
    """The wallet has rules for this exchange and is not frozen, and this device is what the owner accepted.

    ``PolicyDenied``: ``frozen``, ``frozen-wallet``, ``exchange``, ``tier``, ``host-posture``.
    """
    device.freeze.require_none()
    policy = device.rules.policy(wallet.id)
    if policy.frozen:
        raise PolicyDenied("frozen-wallet", "the wallet is frozen", not_done=NOTHING_KEPT)
    if all(rules.exchange != exchange for rules in policy.exchanges):
        raise PolicyDenied(
            "exchange",
            f"the wallet's policy has no rules for {exchange}, so nothing could be asked of it",
            not_done=NOTHING_KEPT,
            remedy="Change the policy first ('warifu policy change').",
        )
    require_own(device, accepted(device, wallet)[device.identity.public])


def exchange_for(device: Device, name: str, kind: KeyKind) -> Exchange:
    """The exchange, if it takes such keys. ``InputRefused`` (``unknown-exchange``, ``exchange-key``), ``PolicyDenied``
    (``exchanges-not-loaded``)."""
    loading.require(device.loaded)
    from warifu.exchanges.registry import EXCHANGES
    from warifu.exchanges.signing import require_kind

    exchange = EXCHANGES.get(name)
    if exchange is None:
        raise InputRefused(
            "unknown-exchange", f"this version knows no exchange {name}", not_done=NOTHING_KEPT
        )
    require_kind(exchange, kind)
    return exchange


def require_room(device: Device, request: AccountRequest | ExchangeKeyRequest) -> None:
    """For one more. ``InputRefused`` (``too-many-accounts``), ``AuthorizationRefused`` (``replayed``)."""
    accounts = device.accounts
    accounts.require_newer(request.wallet_id, request.account, request.created)
    if len(accounts.of(request.wallet_id)) >= MAX_ACCOUNTS or accounts.count() >= MAX_OF_A_DEVICE:
        raise InputRefused(
            "too-many-accounts",
            f"a wallet has at most {MAX_ACCOUNTS} accounts at exchanges, and a device {MAX_OF_A_DEVICE}",
            not_done=NOTHING_KEPT,
            remedy="Remove one that is not used any more ('warifu exchange remove').",
        )
