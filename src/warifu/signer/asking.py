"""Who is behind what the service hands in: the owners who authorized it, or nobody but the service."""

from __future__ import annotations

from warifu.errors import PolicyDenied, WarifuError
from warifu.protocol.authorization import Authorization, Authorized, check_authorization
from warifu.protocol.credential import Credential, credential_digest
from warifu.protocol.envelope import Envelope
from warifu.protocol.journal import Asker, owners
from warifu.protocol.parcel import Parcel
from warifu.protocol.request import Request, WalletRequest, decode_request, request_digest
from warifu.protocol.rules import Rules
from warifu.signer.device import Device
from warifu.signer.journal import Cause


def asker(authorization: Authorization) -> Asker:
    """The owners whose word it bears; whoever calls this has checked it."""
    distinct = dict.fromkeys(approval.credential for approval in authorization.approvals)
    return owners([credential_digest(credential) for credential in distinct])


def cause_of(
    device: Device, authorization: Authorization, envelope: Envelope | Parcel | None, now: int
) -> Cause | None:
    """What an owner really asked for with this, in time; None where it is the service's own.

    An authorization that has expired is nobody's word any more: the service may have kept a thousand of them.
    """
    try:
        request = decode_request(authorization.request)
        check_authorization(authorization, owners_of(device, request), envelope, now)
    except WarifuError:
        return None
    return checked_cause(authorization)


def checked_cause(authorization: Authorization) -> Cause:
    """What its owners asked for with an authorization that this device has checked."""
    request = decode_request(authorization.request)
    named = request_digest(request)
    wallet = named if isinstance(request, WalletRequest) else request.wallet_id
    return Cause(wallet, named, asker(authorization))


def require_enough_owners(authorized: Authorized, rules: Rules) -> None:
    """Return if as many owners want it as what widens the wallet's trust takes; else ``PolicyDenied`` (``approvals``).

    Asked before a passphrase is tried: an owner who is alone costs the wallet no try."""
    if authorized.approvals < rules.owners_needed:
        raise PolicyDenied(
            "approvals",
            f"approved by {authorized.approvals} of the owners; what allows more, or changes whom the wallet "
            f"trusts, takes as many as the largest payment does, {rules.owners_needed}",
            not_done="Nothing was changed.",
            remedy="Have the other owners approve it as well.",
        )


def owners_of(device: Device, request: Request) -> tuple[Credential, ...]:
    """Whose word counts for ``request``. ``InputRefused`` (``unknown-wallet``)."""
    if not isinstance(request, WalletRequest):
        return device.rules.of(device.wallets.born(request.wallet_id).id).owners
    return (device.owner,) if device.owner is not None else ()
