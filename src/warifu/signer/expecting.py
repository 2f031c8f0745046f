"""What each device of a wallet has to show, and the owner's approval of a device that has become something else."""

from __future__ import annotations

from collections.abc import Mapping

from warifu.attestation.expectation import Expectation, require_host, require_tier
from warifu.errors import AuthorizationRefused, InputRefused
from warifu.protocol.attesting import Reference, reference_digest
from warifu.protocol.events.wallets import ReferenceApproved
from warifu.protocol.frames import ApproveReference
from warifu.protocol.request import ReferenceRequest, WalletRequest, decode_request
from warifu.protocol.rules import Rules
from warifu.signer.asking import asker, require_enough_owners
from warifu.signer.device import Device
from warifu.signer.unlocking import require_try, unlock
from warifu.signer.vault import Role
from warifu.signer.wallets import Wallet


def expectations(
    request: WalletRequest, rules: Rules, approved: Mapping[bytes, Reference] | None = None
) -> dict[bytes, Expectation]:
    """By identity: what a device was accepted as when the wallet was made, or since (``approved``), under ``rules``."""
    return {
        item.identity: Expectation(item.name, reference, rules.policy.devices)
        for item, reference in zip(request.devices, _references(request, approved or {}), strict=True)
    }


def accepted(device: Device, wallet: Wallet) -> dict[bytes, Expectation]:
    """As :func:`expectations`, of a wallet that this device has a share of."""
    return expectations(wallet.request, device.rules.of(wallet.id), device.wallets.references(wallet.id))


def require_own(device: Device, own: Expectation) -> None:
    """This device holds itself to the policy before it asks anything of others, or opens a share.

    ``PolicyDenied`` (``tier``, ``host-posture``).
    """
    require_tier(own.rules, device.platform.capabilities.tier, own.name)
    require_host(own.rules, device.attester.host, own.name, device.clock.now())


def approve_reference(device: Device, frame: ApproveReference) -> None:
    """Accept a device of the wallet as something else, if its owners authorized exactly that, with the passphrase.

    The credential alone is not enough: it lies on the owner's laptop, and whoever has that could otherwise let a
    changed device back in. It takes as many owners as the largest payment: one of them alone could otherwise let in so
    many devices that are his own by now that they sign whatever he likes, and no policy is asked.

    Raises ``AuthorizationRefused``, ``InputRefused`` (``reference``), ``PassphraseRefused``, ``PolicyDenied``
    (``approvals``, or where no share may be opened on this device).
    """
    now = device.clock.now()
    request = decode_request(frame.authorization.request)
    if not isinstance(request, ReferenceRequest):
        raise InputRefused("request-kind", "this is no request to accept a device as something else")
    wallet = device.wallets.born(request.wallet_id)
    rules = device.rules.of(wallet.id)
    authorized = device.approvals.check(frame.authorization, rules.owners, frame.envelope, now)
    expected = accepted(device, wallet)
    current = expected.get(request.identity)
    if current is None:
        raise InputRefused("reference", "that device is none of this wallet's")
    if reference_digest(current.reference) == reference_digest(request.reference):
        return
    if reference_digest(current.reference) != request.replaces:
        raise AuthorizationRefused(
            "reference-stale",
            f"device {current.name} was accepted as something else meanwhile",
            not_done="Nothing was changed.",
            remedy="Look at the device again ('warifu devices') and approve what it is now.",
        )
    require_enough_owners(authorized, rules)
    require_own(device, expected[device.identity.public])
    require_try(device, wallet, frame.envelope, now)
    by = asker(frame.authorization)
    role = Role("share", wallet.request.schemes[0])
    lock, opened = unlock(device, wallet, [role], frame.envelope, authorized.digest, by)
    lock.wipe()
    for share in opened:
        share.wipe()
    with device.epoch.lasting():
        device.wallets.accept(wallet.id, request.identity, request.reference)
        device.journal.append(
            ReferenceApproved(
                wallet.id, request.identity, request.replaces, reference_digest(request.reference)
            ),
            now,
            by,
        )


def _references(request: WalletRequest, approved: Mapping[bytes, Reference]) -> list[Reference | None]:
    given = request.references or (None,) * len(request.devices)
    return [
        approved.get(item.identity, reference) for item, reference in zip(request.devices, given, strict=True)
    ]
