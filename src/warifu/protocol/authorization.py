"""The owners' yes: approvals of a request, the first of which also covers the envelopes that go with it.

Binding the envelopes keeps a hostile service from pairing a genuine authorization with envelopes of its own, which
would burn the owner's passphrase tries. The further approvals cover the request alone: their owners neither know the
passphrase nor which devices will sign.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec

from warifu.errors import AuthorizationRefused
from warifu.protocol.credential import (
    MAX_OWNERS,
    Approval,
    Approver,
    Credential,
    challenge,
    check_approval,
)
from warifu.protocol.encoding import Bytes32, Message
from warifu.protocol.envelope import Envelope, envelope_digest
from warifu.protocol.parcel import Parcel, parcel_digest
from warifu.protocol.request import MAX_REQUEST_BYTES, MAX_SIGNERS, Request, decode_request, request_digest

AUTHORIZATION, APPROVAL, REFUSAL = "authorization", "approval", "refusal"
"""The purposes of the first approval, over request digest and envelope digests; of further ones, over the request
digest; and of an owner's no, which signers never see."""
MAX_AUTHORIZATION_BYTES = MAX_REQUEST_BYTES + 64 * 1024
CLOCK_SKEW = 300
"""Seconds by which an owner's clock may run ahead of a signer's."""
MAX_LIFETIME = 24 * 3600
"""Longest time, in seconds, from a request's creation to its expiry."""


class Authorization(Message, frozen=True):
    """A request (in its one encoding), the digests of its envelopes (none where no passphrase is needed), and the
    approvals: the first is of whoever sealed the envelopes."""

    request: Annotated[bytes, msgspec.Meta(max_length=MAX_REQUEST_BYTES)]
    envelopes: Annotated[tuple[Bytes32, ...], msgspec.Meta(max_length=MAX_SIGNERS)]
    approvals: Annotated[tuple[Approval, ...], msgspec.Meta(min_length=1, max_length=MAX_OWNERS)]

    @property
    def first(self) -> Credential:
        """The credential of whoever sealed the envelopes."""
        return self.approvals[0].credential


@dataclass(frozen=True)
class Authorized:
    """A request that owners approved, and who they are."""

    request: Request
    digest: bytes
    credentials: tuple[Credential, ...]
    """Distinct, in the order of their approvals."""
    counters: tuple[tuple[Credential, bytes, int], ...]
    """What WebAuthn credentials' signature counters showed, and for which approval (32 bytes): to be compared with what
    they showed before, and remembered."""

    @property
    def approvals(self) -> int:
        """How many owners' credentials approved."""
        return len(self.credentials)


def authorize(
    approve: Approver,
    request: Request,
    encoded: bytes,
    envelopes: Sequence[Envelope | Parcel],
    further: Sequence[Approval] = (),
) -> Authorization:
    """Have ``approve`` say yes to ``request`` (whose encoding is ``encoded``) and its envelopes. ``further``: other
    owners' approvals of the request (:func:`approve_request`)."""
    digests = tuple(map(_sealed_digest, envelopes))
    first = approve(AUTHORIZATION, request_digest(request), *digests)
    return Authorization(encoded, digests, (first, *further))


def approve_request(approve: Approver, request: Request) -> Approval:
    """Have ``approve`` say yes to ``request``, whoever carries it out."""
    return approve(APPROVAL, request_digest(request))


def refuse_request(approve: Approver, request: Request) -> Approval:
    """Have ``approve`` say no to ``request``, for the other owners to see."""
    return approve(REFUSAL, request_digest(request))


def check_authorization(
    authorization: Authorization, owners: Sequence[Credential], envelope: Envelope | Parcel | None, now: int
) -> Authorized:
    """The request and who approved it, if all of its approvals are of ``owners`` and genuine, it is in time, and its
    first approval covers ``envelope`` (None: no envelope is used).

    An owner who approved twice counts once. Raises ``AuthorizationRefused`` (``unknown-credential``, ``signature``,
    ``assertion``, ``other-envelope``, ``not-yet``, ``expired``, ``lifetime``) or ``InputRefused``. ``now``: the
    caller's own clock, in seconds. What WebAuthn counters say is the caller's to judge (``Authorized.counters``).
    """
    if any(approval.credential not in owners for approval in authorization.approvals):
        raise AuthorizationRefused(
            "unknown-credential", "the request is authorized by a credential that is not enrolled"
        )
    authorized = read_authorization(authorization)
    if envelope is not None and _sealed_digest(envelope) not in authorization.envelopes:
        raise AuthorizationRefused("other-envelope", "the envelope is not the one the owner authorized")
    check_times(authorized.request.created, authorized.request.expires, now)
    return authorized


def read_authorization(authorization: Authorization) -> Authorized:
    """As :func:`check_authorization`, whoever the owners may be and whenever it is."""
    request = decode_request(authorization.request)
    named = request_digest(request)
    credentials: list[Credential] = []
    counters: list[tuple[Credential, bytes, int]] = []
    for number, approval in enumerate(authorization.approvals):
        tag, over = (AUTHORIZATION, authorization.envelopes) if number == 0 else (APPROVAL, ())
        counter = check_approval(approval, tag, named, *over)
        if counter is not None:
            counters.append((approval.credential, challenge(tag, named, *over), counter))
        if approval.credential not in credentials:
            credentials.append(approval.credential)
    return Authorized(request, named, tuple(credentials), tuple(counters))


def check_times(created: int, expires: int, now: int) -> None:
    """Refuse a request that is from the future, expired, or valid for longer than a day."""
    if created > now + CLOCK_SKEW:
        raise AuthorizationRefused(
            "not-yet",
            "the request was made in the future by this device's clock",
            remedy="Set the clocks of the client and of the devices (NTP), then ask again.",
        )
    if now > expires:
        raise AuthorizationRefused(
            "expired",
            "the request has expired",
            remedy="Make the request again. If it was fresh, the device's clock is ahead: set it, and start the device "
            "again.",
        )
    if not created < expires <= created + MAX_LIFETIME:
        raise AuthorizationRefused("lifetime", f"a request is valid for at most {MAX_LIFETIME // 3600} hours")


def _sealed_digest(sealed: Envelope | Parcel) -> bytes:
    return parcel_digest(sealed) if isinstance(sealed, Parcel) else envelope_digest(sealed)
