"""The owner's yes: a credential's signature over a request and over the envelopes that go with it.

Binding the envelopes keeps a hostile service from pairing a genuine authorization with envelopes of its own, which
would burn the owner's passphrase tries.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec

from warifu.errors import AuthorizationRefused
from warifu.protocol.encoding import Bytes32, Bytes64, Message
from warifu.protocol.envelope import Envelope, envelope_digest
from warifu.protocol.identity import Credential, IdentityKey, verify
from warifu.protocol.request import MAX_REQUEST_BYTES, MAX_SIGNERS, Request, decode_request, request_digest

CLOCK_SKEW = 300
"""Seconds by which an owner's clock may run ahead of a signer's."""
MAX_LIFETIME = 24 * 3600
"""Longest time, in seconds, from a request's creation to its expiry."""


class Authorization(Message, frozen=True):
    """A request (in its one encoding), the digests of its envelopes, and the credential's signature over both."""

    request: Annotated[bytes, msgspec.Meta(max_length=MAX_REQUEST_BYTES)]
    envelopes: Annotated[tuple[Bytes32, ...], msgspec.Meta(min_length=1, max_length=MAX_SIGNERS)]
    credential: Credential
    signature: Bytes64


def authorize(
    key: IdentityKey, request: Request, encoded: bytes, envelopes: Sequence[Envelope]
) -> Authorization:
    """Sign ``request`` (whose encoding is ``encoded``) and its envelopes with the owner's device key."""
    digests = tuple(envelope_digest(envelope) for envelope in envelopes)
    signature = key.sign("authorization", request_digest(request), *digests)
    return Authorization(encoded, digests, Credential("ed25519", key.public), signature)


def check_authorization(
    authorization: Authorization, owners: Sequence[Credential], envelope: Envelope, now: int
) -> tuple[Request, bytes]:
    """The request and its digest, if one of ``owners`` authorized it together with ``envelope``, and in time.

    Raises ``AuthorizationRefused`` (``unknown-credential``, ``signature``, ``other-envelope``, ``not-yet``,
    ``expired``, ``lifetime``) or ``InputRefused``. ``now``: the caller's own clock, in seconds.
    """
    request = decode_request(authorization.request)
    named = request_digest(request)
    credential = authorization.credential
    if credential not in owners or credential.kind != "ed25519":
        raise AuthorizationRefused(
            "unknown-credential", "the request is authorized by a credential that is not enrolled"
        )
    verify(credential.public, authorization.signature, "authorization", named, *authorization.envelopes)
    if envelope_digest(envelope) not in authorization.envelopes:
        raise AuthorizationRefused(
            "other-envelope", "the passphrase envelope is not the one the owner authorized"
        )
    check_times(request.created, request.expires, now)
    return request, named


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
