"""Strict wallets: what this device says of another's spend, and what it wants to hear before its own share leaves.

See ``protocol.acknowledging`` for the two rounds, and ``docs/limits.md`` for why they bound what is spent exactly. What
was acknowledged counts until its request expires and its window passes, also where it is never signed. A transfer is
acknowledged by ``transfers``, a call at an exchange by ``exchanges.acknowledging``; here is what both have in common.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

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
from warifu.protocol.policy import HOUR, Policy, Window
from warifu.signer.device import Device
from warifu.signer.exchanges import loading
from warifu.signer.wallets import Wallet


def confirm_spend(device: Device, frame: AskConfirmation) -> Confirmation:
    """What this device counts beside the spend on its chain, or at its exchange, now that these others count the spend.

    Raises ``InputRefused`` (``not-strict``, ``unknown-request``), ``AuthorizationRefused``, ``PolicyDenied``
    (``acknowledgements``, ``too-many-spends``).
    """
    device.freeze.require_none()
    wallet = device.wallets.born(frame.wallet_id)
    policy = device.rules.of(wallet.id).policy
    require_strict(policy)
    require_acknowledged(wallet, frame.request, frame.acknowledgements)
    known = [item for item in _beside(device, wallet, policy, frame.request) if item != frame.request]
    if len(known) > MAX_KNOWN:
        raise PolicyDenied(
            "too-many-spends",
            f"a strict wallet spends at most {MAX_KNOWN} times on one chain, or at one exchange, in its longest window",
            remedy="Wait until earlier ones no longer count.",
        )
    return confirm(device.identity, acknowledged_digest(frame.acknowledgements), known)


def _beside(device: Device, wallet: Wallet, policy: Policy, request: bytes) -> list[bytes]:
    """All that counts where this spend does, itself included."""
    now = device.clock.now()
    chain = device.ledger.chain_of(wallet.id, request)
    if chain is not None:
        rules = policy.rules(chain)
        windows = [each.windows for each in rules.assets] if rules else []
        # What is at an exchange is bounded as well: a visit that some devices were not told of must not pass another.
        visits = device.visits.beside(wallet.id, device.ledger.payment(request))
        return device.ledger.since(wallet.id, chain, now - _longest(windows) - CLOCK_SKEW) + visits
    exchange = device.calls.exchange_of(wallet.id, request)
    if exchange is None:
        raise InputRefused("unknown-request", "this device does not count that spend itself")
    loading.require(device.loaded)
    _catch_up(device, wallet)
    at_exchange = policy.rules_at(exchange)
    windows = [each.windows for each in at_exchange.limits] if at_exchange else []
    return device.calls.since(wallet.id, exchange, now - _longest(windows) - CLOCK_SKEW)


def _catch_up(device: Device, wallet: Wallet) -> None:
    """What others told of calls counts from now on: what reads them is loaded where a wallet asks exchanges."""
    from warifu.signer.exchanges.judging import catch_up

    catch_up(device, wallet)


def require_confirmed(
    wallet: Wallet,
    request: bytes,
    acknowledgements: Sequence[Acknowledgement],
    confirmations: Sequence[Confirmation],
    counts: Callable[[bytes], bool],
) -> None:
    """Return if enough devices count this request, and this device ``counts`` all that they then counted beside it.

    Raises ``AuthorizationRefused`` (``signature``), ``InputRefused``, ``PolicyDenied`` (``acknowledgements``), and
    ``SessionAborted`` (``notes-missing``) where this device has to be told first.
    """
    require_said(wallet, request, acknowledgements, confirmations)
    for confirmation in confirmations:
        if not all(counts(item) for item in confirmation.known if item != request):
            name = wallet.names[confirmation.identity]
            raise SessionAborted(
                "notes-missing",
                f"device {name} counts spends that this device was not told of",
                remedy="Ask again: the service has them told. If there is nothing to tell, that device makes them up.",
                blame=name,
            )


def require_said(
    wallet: Wallet,
    request: bytes,
    acknowledgements: Sequence[Acknowledgement],
    confirmations: Sequence[Confirmation],
) -> None:
    """Return if enough devices count this request, and as many say what they count beside it, whatever that is.

    Raises as :func:`require_confirmed`, but ``SessionAborted``."""
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
                "a device acknowledged another spend than this",
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
            f"spend before it is signed, and {len(identities)} {what}",
            remedy=f"Switch on or connect: {', '.join(missing)}.",
        )


def _longest(windows: Sequence[tuple[Window, ...]]) -> int:
    """Seconds of the longest of them."""
    return HOUR * max((window.hours for each in windows for window in each), default=0)
