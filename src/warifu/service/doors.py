"""Reads what an owner authorized, once, at the door. The signers do it again and are the ones who decide.

The checks here spare the owner a round to the devices; a hostile service would leave them out and gain nothing.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from warifu.errors import AuthorizationRefused, InputRefused, TransactionRefused
from warifu.protocol.authorization import (
    APPROVAL,
    MAX_AUTHORIZATION_BYTES,
    REFUSAL,
    Authorization,
    check_times,
    read_authorization,
)
from warifu.protocol.credential import (
    MAX_APPROVAL_BYTES,
    Approval,
    Credential,
    check_approval,
    credential_digest,
)
from warifu.protocol.encoding import decode, digest
from warifu.protocol.envelope import Envelope, envelope_digest
from warifu.protocol.exchange_requests import NOBODY, AccountRequest, CallRequest, TravelRuleRequest
from warifu.protocol.parcel import MAX_PARCEL_BYTES, Parcel, parcel_digest
from warifu.protocol.request import (
    RefreshRequest,
    Request,
    Shared,
    TransferRequest,
    WalletRequest,
    decode_request,
    request_digest,
)
from warifu.service.roads.road import Road, Understood

_MAX_ENVELOPE_BYTES = 1024


@dataclass(frozen=True)
class Authorized:
    """An authorization with its envelopes, all read. ``encoded`` is the authorization as it came."""

    encoded: bytes
    authorization: Authorization
    request: Request
    digest: bytes
    envelopes: dict[bytes, Envelope]
    """By identity, ascending."""

    @property
    def participants(self) -> tuple[bytes, ...]:
        """The devices that are to take part, by identity, ascending."""
        return tuple(self.envelopes)


def read_authorized(encoded: bytes, envelopes: Sequence[bytes], *, timely: bool = True) -> Authorized:
    """``timely``: False for a recovery, whose request may have expired long ago.

    Raises ``InputRefused`` (malformed; two envelopes for one device) or ``AuthorizationRefused``."""
    authorization = decode(Authorization, encoded, MAX_AUTHORIZATION_BYTES)
    read = [decode(Envelope, envelope, _MAX_ENVELOPE_BYTES) for envelope in envelopes]
    by_identity = {envelope.identity: envelope for envelope in sorted(read, key=lambda item: item.identity)}
    if len(by_identity) != len(read):
        raise InputRefused("envelopes", "two passphrase envelopes are for the same device")
    if sorted(map(envelope_digest, read)) != sorted(authorization.envelopes):
        raise AuthorizationRefused(
            "other-envelope", "the passphrase envelopes are not those that the owner authorized"
        )
    approved = read_authorization(authorization)
    if timely:
        check_times(approved.request.created, approved.request.expires, int(time.time()))
    return Authorized(encoded, authorization, approved.request, approved.digest, by_identity)


@dataclass(frozen=True)
class Parcelled:
    """As ``Authorized``, for what goes to devices in parcels."""

    encoded: bytes
    authorization: Authorization
    request: Request
    digest: bytes
    parcels: dict[bytes, Parcel]
    """By identity, ascending."""

    @property
    def participants(self) -> tuple[bytes, ...]:
        """The devices that are to take part, by identity, ascending."""
        return tuple(self.parcels)


def read_parcelled(encoded: bytes, parcels: Sequence[bytes], *, timely: bool = True) -> Parcelled:
    """``timely``: False for what was read before and waited here.

    Raises ``InputRefused`` (malformed; two parcels for one device) or ``AuthorizationRefused``."""
    authorization = decode(Authorization, encoded, MAX_AUTHORIZATION_BYTES)
    read = [decode(Parcel, parcel, MAX_PARCEL_BYTES) for parcel in parcels]
    by_identity = {parcel.identity: parcel for parcel in sorted(read, key=lambda item: item.identity)}
    if len(by_identity) != len(read):
        raise InputRefused("parcels", "two parcels are for the same device")
    if sorted(map(parcel_digest, read)) != sorted(authorization.envelopes):
        raise AuthorizationRefused("other-envelope", "the parcels are not those that the owner authorized")
    approved = read_authorization(authorization)
    if timely:
        check_times(approved.request.created, approved.request.expires, int(time.time()))
    return Parcelled(encoded, authorization, approved.request, approved.digest, by_identity)


def account_request(parcelled: Parcelled, wallet: WalletRequest) -> AccountRequest:
    """The request to keep a credential for ``wallet``, with a parcel for each holder. Raises ``InputRefused``."""
    request = parcelled.request
    if not isinstance(request, AccountRequest) or request.wallet_id != request_digest(wallet):
        raise InputRefused(
            "request", "this is not a request to keep an account at an exchange for this wallet"
        )
    if request.holders != parcelled.participants:
        raise InputRefused("parcels", "there is not exactly one parcel for each holder of the credential")
    _check_members(parcelled, wallet)
    return request


def travel_rule_request(parcelled: Parcelled, wallet: WalletRequest) -> TravelRuleRequest:
    """The request to keep what is stated for an exchange, with parcels for devices of ``wallet``. Raises
    ``InputRefused``."""
    request = parcelled.request
    if not isinstance(request, TravelRuleRequest) or request.wallet_id != request_digest(wallet):
        raise InputRefused("request", "this states nothing for an exchange of this wallet's")
    _check_members(parcelled, wallet)
    return request


def call_request(parcelled: Parcelled, wallet: WalletRequest, makers: Sequence[bytes] | None) -> CallRequest:
    """The request to call an exchange for ``wallet``, with a parcel for each of ``makers``, the carrier among them.
    Raises ``InputRefused``."""
    request = _about_a_call(parcelled, wallet)
    making = parcelled.participants if makers is None else makers
    if request.carrier not in making:
        raise InputRefused("parcels", "there is no parcel for the device that is to carry the request")
    if list(making) != sorted(set(making)) or not set(making) <= set(parcelled.participants):
        raise InputRefused("parcels", "those who make it are not distinct devices with a parcel, ascending")
    return request


def rehearsed_call(parcelled: Parcelled, wallet: WalletRequest) -> CallRequest:
    """The request of a call that nobody can carry. Raises ``InputRefused``."""
    request = _about_a_call(parcelled, wallet)
    if request.carrier != NOBODY:
        raise InputRefused("request", "a dry run is of a call that no device carries")
    return request


def _about_a_call(parcelled: Parcelled, wallet: WalletRequest) -> CallRequest:
    request = parcelled.request
    if not isinstance(request, CallRequest) or request.wallet_id != request_digest(wallet):
        raise InputRefused("request", "this is not a request to call an exchange for this wallet")
    _check_members(parcelled, wallet)
    return request


def _check_members(parcelled: Parcelled, wallet: WalletRequest) -> None:
    if not set(parcelled.participants) <= {device.identity for device in wallet.devices}:
        raise InputRefused("parcels", "a parcel is for a device that has no part in the wallet")


def proposed_request(encoded: bytes) -> Shared:
    """What is laid before a wallet's owners, in its time. Raises ``AuthorizationRefused``, ``InputRefused``."""
    request = decode_request(encoded)
    if not isinstance(request, Shared):
        raise InputRefused("request", "this is nothing that several owners have to approve")
    check_times(request.created, request.expires, int(time.time()))
    return request


def read_word(encoded: bytes, request: Shared, owners: Sequence[Credential], *, refuses: bool) -> bytes:
    """The credential (its digest) of the one of ``owners`` who approves ``request``, or ``refuses`` it.

    Raises ``AuthorizationRefused``, ``InputRefused``.
    """
    approval = decode(Approval, encoded, MAX_APPROVAL_BYTES)
    if approval.credential not in owners:
        raise _no_owner()
    check_approval(approval, REFUSAL if refuses else APPROVAL, request_digest(request))
    return credential_digest(approval.credential)


def check_owner(authorized: Authorized | Parcelled, owners: Sequence[Credential]) -> None:
    """Return only if ``owners``, and nobody else, authorized it."""
    if any(approval.credential not in owners for approval in authorized.authorization.approvals):
        raise _no_owner()


def _no_owner() -> AuthorizationRefused:
    return AuthorizationRefused(
        "unknown-credential", "the request is authorized by a credential that is not an owner's"
    )


def wallet_request(authorized: Authorized) -> WalletRequest:
    """The request to create a wallet, with one envelope for each of its devices. Raises ``InputRefused``."""
    request = authorized.request
    if not isinstance(request, WalletRequest):
        raise InputRefused("request", "this is not a request to create a wallet")
    identities = sorted(device.identity for device in request.devices)
    if identities != list(authorized.participants):
        raise InputRefused("envelopes", "there is not exactly one passphrase envelope for each device")
    check_owner(authorized, request.owners)
    return request


def recovery_request(authorized: Authorized) -> WalletRequest:
    """The request that made the wallet, with one envelope for one of its devices. Raises ``InputRefused``."""
    request = authorized.request
    if not isinstance(request, WalletRequest):
        raise InputRefused("request", "this is not a request to create a wallet")
    if not set(authorized.participants) <= {device.identity for device in request.devices}:
        raise InputRefused(
            "envelopes", "the passphrase envelope is for a device that has no part in the wallet"
        )
    check_owner(authorized, request.owners)
    return request


def refresh_request(authorized: Authorized, wallet: WalletRequest) -> RefreshRequest:
    """The request to refresh ``wallet``'s shares, with an envelope for each of its devices. Raises ``InputRefused``."""
    request = authorized.request
    if not isinstance(request, RefreshRequest) or request.wallet_id != request_digest(wallet):
        raise InputRefused("request", "this is not a request to refresh this wallet's shares")
    if sorted(device.identity for device in wallet.devices) != list(authorized.participants):
        raise InputRefused("envelopes", "there is not exactly one passphrase envelope for each device")
    return request


def transfer_request(authorized: Authorized) -> TransferRequest:
    """The request to transfer. Raises ``InputRefused``."""
    if not isinstance(authorized.request, TransferRequest):
        raise InputRefused("request", "this is not a request to transfer")
    return authorized.request


def check_unsigned(road: Road, wallet: str, unsigned: bytes, request: TransferRequest) -> Understood:
    """What is to be signed, if it is what the request names. Raises ``InputRefused``, ``TransactionRefused``."""
    found = road.understand(wallet, unsigned)
    if found.name != request.transaction:
        raise TransactionRefused(
            "other-transaction",
            f"what is to be signed is {found.name.hex()}, authorized is {request.transaction.hex()}",
        )
    return found


def body_digest(encoded: bytes, envelopes: Sequence[bytes], *rest: bytes) -> bytes:
    """32 bytes that tell a repeated question from another one."""
    return digest("service/body", encoded, *rest, *envelopes)
