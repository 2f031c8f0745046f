"""Strict wallets: what this device says of another's spend, and what it wants to hear before its own share leaves.

See ``protocol.acknowledging`` for the two rounds, and ``docs/limits.md`` for why they bound what is spent exactly. An
acknowledged transfer counts until its request expires and its window passes, also where it is never signed.
"""

from __future__ import annotations

from collections.abc import Sequence

from warifu.errors import AuthorizationRefused, InputRefused, PolicyDenied, SessionAborted
from warifu.protocol.acknowledging import (
    MAX_KNOWN,
    Acknowledgement,
    Confirmation,
    acknowledged_digest,
    check_acknowledgement,
    check_confirmation,
    confirm,
    witnesses_needed,
)
from warifu.protocol.authorization import CLOCK_SKEW
from warifu.protocol.frames import AskConfirmation
from warifu.protocol.policy import HOUR, Policy
from warifu.signer.device import Device
from warifu.signer.wallets import Wallet


def confirm_transfer(device: Device, frame: AskConfirmation) -> Confirmation:
    """What this device counts on that chain beside the transfer, now that these others count the transfer.

    Raises ``InputRefused`` (``not-strict``, ``unknown-request``), ``AuthorizationRefused``, ``PolicyDenied``
    (``acknowledgements``, ``too-many-spends``).
    """
    device.freeze.require_none()
    wallet = device.wallets.born(frame.wallet_id)
    policy = device.rules.of(wallet.id).policy
    require_strict(policy)
    require_acknowledged(wallet, frame.request, frame.acknowledgements)
    chain = device.ledger.chain_of(wallet.id, frame.request)
    if chain is None:
        raise InputRefused("unknown-request", "this device does not count that transfer itself")
    since = device.clock.now() - _longest(policy, chain) - CLOCK_SKEW
    known = [item for item in device.ledger.since(wallet.id, chain, since) if item != frame.request]
    if len(known) > MAX_KNOWN:
        raise PolicyDenied(
            "too-many-spends",
            f"a strict wallet signs at most {MAX_KNOWN} transfers of one chain in its longest window",
            remedy="Wait until earlier ones no longer count.",
        )
    return confirm(device.identity, acknowledged_digest(frame.acknowledgements), known)


def require_confirmed(
    device: Device,
    wallet: Wallet,
    request: bytes,
    acknowledgements: Sequence[Acknowledgement],
    confirmations: Sequence[Confirmation],
) -> None:
    """Return if enough devices count this request, and this device counts all that they then counted beside it.

    Raises ``AuthorizationRefused`` (``signature``), ``InputRefused``, ``PolicyDenied`` (``acknowledgements``), and
    ``SessionAborted`` (``notes-missing``) where notes have to be brought to this device first.
    """
    require_acknowledged(wallet, request, acknowledgements)
    _require_devices(wallet, [item.identity for item in confirmations], "confirmed it")
    named = acknowledged_digest(acknowledgements)
    for confirmation in confirmations:
        check_confirmation(confirmation)
        if confirmation.acknowledged != named:
            raise AuthorizationRefused(
                "confirmation",
                "a device confirmed other acknowledgements than these",
                blame=wallet.names[confirmation.identity],
            )
    for confirmation in confirmations:
        if any(device.ledger.known(item) is None for item in confirmation.known if item != request):
            name = wallet.names[confirmation.identity]
            raise SessionAborted(
                "notes-missing",
                f"device {name} counts transfers that this device was not told of",
                remedy="Ask again: the service brings its notes. If it has none to bring, that device makes them up.",
                blame=name,
            )


def require_acknowledged(wallet: Wallet, request: bytes, acknowledgements: Sequence[Acknowledgement]) -> None:
    """Return if enough distinct devices of the wallet count this request, ascending by identity.

    Raises ``AuthorizationRefused`` (``signature``, ``acknowledgement``), ``PolicyDenied`` (``acknowledgements``).
    """
    _require_devices(wallet, [item.identity for item in acknowledgements], "acknowledged it")
    for item in acknowledgements:
        check_acknowledgement(item)
        if (item.wallet_id, item.request) != (wallet.id, request):
            raise AuthorizationRefused(
                "acknowledgement",
                "a device acknowledged another transfer than this",
                blame=wallet.names[item.identity],
            )


def require_strict(policy: Policy) -> None:
    """``InputRefused`` (``not-strict``) where nobody needs an acknowledgement: it would only use up the limits."""
    if not policy.strict:
        raise InputRefused(
            "not-strict", "the policy of this wallet is not strict: it needs no acknowledgement"
        )


def _require_devices(wallet: Wallet, identities: Sequence[bytes], what: str) -> None:
    if list(identities) != sorted(set(identities)) or not set(identities) <= set(wallet.identities):
        raise InputRefused("acknowledgements", "these are not of distinct devices of the wallet, ascending")
    needed = witnesses_needed(wallet.request.threshold, len(wallet.identities))
    if len(identities) < needed:
        missing = [wallet.names[item] for item in wallet.identities if item not in identities]
        raise PolicyDenied(
            "acknowledgements",
            f"the wallet's policy is strict: {needed} of its {len(wallet.identities)} devices must have counted a "
            f"transfer before it is signed, and {len(identities)} {what}",
            remedy=f"Switch on or connect: {', '.join(missing)}.",
        )


def _longest(policy: Policy, chain: str) -> int:
    """Seconds of the longest window of the chain."""
    rules = policy.rules(chain)
    windows = [window.hours for limits in rules.assets for window in limits.windows] if rules else []
    return HOUR * max(windows, default=0)
