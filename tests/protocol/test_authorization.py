"""What the owner signed is what counts: every field, every envelope, and the time."""

from __future__ import annotations

from typing import Any, cast

import msgspec
import pytest
from tests.support.authenticator import Authenticator

from warifu.errors import AuthorizationRefused, InputRefused
from warifu.protocol.authorization import (
    CLOCK_SKEW,
    MAX_AUTHORIZATION_BYTES,
    MAX_LIFETIME,
    Authorization,
    approve_request,
    authorize,
    check_authorization,
)
from warifu.protocol.credential import MAX_OWNERS, Approval, Credential, DeviceKey, approver
from warifu.protocol.encoding import Bytes32, Message, decode, encode
from warifu.protocol.envelope import Envelope
from warifu.protocol.identity import IdentityKey, verify
from warifu.protocol.request import Outflow, TransferRequest, request_digest

pytestmark = pytest.mark.unit

NOW = 1_800_000_000
OWNER = IdentityKey(bytes([1]) * 32)
OWNERS = (DeviceKey(OWNER.public),)
REQUEST = TransferRequest(
    request_id=bytes(16),
    wallet_id=bytes(32),
    chain="bitcoin",
    outflows=(Outflow("payment", "", "1000", "bcrt1qexampleexample"),),
    fee_ceiling="500",
    transaction=bytes(32),
    replaces=None,
    created=NOW,
    expires=NOW + 600,
)
ENVELOPES = [Envelope(bytes([n]) * 32, bytes(32), NOW + 600, bytes(32), bytes(272)) for n in range(3)]


def authorized(request: TransferRequest = REQUEST, owner: IdentityKey = OWNER) -> Authorization:
    return authorize(approver(owner), request, encode(request), ENVELOPES)


def test_a_genuine_authorization_yields_the_request_and_its_digest() -> None:
    for envelope in ENVELOPES:
        found = check_authorization(authorized(), OWNERS, envelope, NOW)
        assert (found.request, found.digest) == (REQUEST, request_digest(REQUEST))
        assert (found.credentials, found.approvals) == (OWNERS, 1)


def test_a_credential_that_is_not_enrolled_is_refused() -> None:
    with pytest.raises(AuthorizationRefused) as refused:
        check_authorization(authorized(owner=IdentityKey.generate()), OWNERS, ENVELOPES[0], NOW)
    assert refused.value.code == "authorization.unknown-credential"


class Morse(Message, frozen=True, tag="morse"):
    public: Bytes32


def test_a_credential_of_a_kind_that_is_not_understood_is_refused() -> None:
    approval = msgspec.structs.replace(authorized().approvals[0], credential=cast("Any", Morse(OWNER.public)))
    strange = encode(msgspec.structs.replace(authorized(), approvals=(approval,)))
    with pytest.raises(InputRefused):
        decode(Authorization, strange, len(strange))


@pytest.mark.parametrize(
    "field",
    [
        {"request_id": bytes([1]) * 16},
        {"wallet_id": bytes([1]) * 32},
        {"chain": "eip155:1"},
        {"outflows": (Outflow("payment", "", "1000", "bcrt1qthiefthiefthief"),)},
        {"outflows": (Outflow("payment", "", "1001", "bcrt1qexampleexample"),)},
        {"outflows": (Outflow("approval", "", "1000", "bcrt1qexampleexample"),)},
        {"outflows": (Outflow("payment", "a token", "1000", "bcrt1qexampleexample"),)},
        {"outflows": ()},
        {"fee_ceiling": "501"},
        {"transaction": bytes([1]) * 32},
        {"replaces": bytes(16)},
        {"created": NOW - 1},
        {"expires": NOW + 601},
    ],
)
def test_no_field_can_be_changed_under_the_signature(field: dict[str, object]) -> None:
    changed = encode(msgspec.structs.replace(REQUEST, **field))
    with pytest.raises(AuthorizationRefused) as refused:
        check_authorization(msgspec.structs.replace(authorized(), request=changed), OWNERS, ENVELOPES[0], NOW)
    assert refused.value.code == "authorization.signature"


def test_further_owners_approve_the_request_whoever_carries_it_out() -> None:
    others = [IdentityKey(bytes([number]) * 32) for number in (2, 3)]
    key = Authenticator()
    owners: tuple[Credential, ...] = (
        *OWNERS,
        *(DeviceKey(other.public) for other in others),
        key.credential,
    )
    approvals = [approve_request(approver(other), REQUEST) for other in others]
    approvals.append(key.approval("approval", request_digest(REQUEST)))
    authorization = authorize(approver(OWNER), REQUEST, encode(REQUEST), ENVELOPES, approvals)
    assert decode(Authorization, encode(authorization), MAX_AUTHORIZATION_BYTES) == authorization
    found = check_authorization(authorization, owners, ENVELOPES[0], NOW)
    assert set(found.credentials) == set(owners)
    assert found.approvals == 4
    assert [(item[0], item[2]) for item in found.counters] == [(key.credential, 1)]


def test_an_owner_who_approves_twice_counts_once() -> None:
    again = approve_request(approver(OWNER), REQUEST)
    authorization = authorize(approver(OWNER), REQUEST, encode(REQUEST), ENVELOPES, [again, again])
    assert check_authorization(authorization, OWNERS, ENVELOPES[0], NOW).approvals == 1


def test_one_approval_that_is_not_an_owners_spoils_the_others() -> None:
    stranger = IdentityKey.generate()
    approvals = [approve_request(approver(stranger), REQUEST)]
    authorization = authorize(approver(OWNER), REQUEST, encode(REQUEST), ENVELOPES, approvals)
    with pytest.raises(AuthorizationRefused) as refused:
        check_authorization(authorization, OWNERS, ENVELOPES[0], NOW)
    assert refused.value.code == "authorization.unknown-credential"


OTHER = IdentityKey(bytes([2]) * 32)


@pytest.mark.parametrize(
    "given",
    [
        approve_request(approver(OTHER), msgspec.structs.replace(REQUEST, wallet_id=bytes([1]) * 32)),
        approve_request(approver(OTHER), msgspec.structs.replace(REQUEST, transaction=bytes([1]) * 32)),
        approver(OTHER)("refusal", request_digest(REQUEST)),
        approver(OTHER)("authorization", request_digest(REQUEST)),
        authorize(approver(OTHER), REQUEST, encode(REQUEST), ENVELOPES).approvals[0],
    ],
    ids=["another wallet", "another transaction", "a refusal", "another purpose", "with envelopes"],
)
def test_a_further_approval_counts_for_exactly_this_request(given: Approval) -> None:
    owners = (*OWNERS, DeviceKey(OTHER.public))
    authorization = authorize(approver(OWNER), REQUEST, encode(REQUEST), ENVELOPES, [given])
    with pytest.raises(AuthorizationRefused) as refused:
        check_authorization(authorization, owners, ENVELOPES[0], NOW)
    assert refused.value.code == "authorization.signature"


def test_an_approval_of_the_request_alone_opens_no_envelope() -> None:
    """Otherwise whoever holds an approval of another owner could send passphrase envelopes in that owner's name."""
    moved = msgspec.structs.replace(authorized(), approvals=(approve_request(approver(OWNER), REQUEST),))
    with pytest.raises(AuthorizationRefused) as refused:
        check_authorization(moved, OWNERS, ENVELOPES[0], NOW)
    assert refused.value.code == "authorization.signature"


def test_more_approvals_than_there_can_be_owners_are_refused() -> None:
    many = [approve_request(approver(OWNER), REQUEST)] * MAX_OWNERS
    encoded = encode(authorize(approver(OWNER), REQUEST, encode(REQUEST), ENVELOPES, many))
    with pytest.raises(InputRefused):
        decode(Authorization, encoded, MAX_AUTHORIZATION_BYTES)


def test_a_request_without_envelopes_needs_none() -> None:
    authorization = authorize(approver(OWNER), REQUEST, encode(REQUEST), [])
    assert check_authorization(authorization, OWNERS, None, NOW).credentials == OWNERS
    with pytest.raises(AuthorizationRefused) as refused:
        check_authorization(authorization, OWNERS, ENVELOPES[0], NOW)
    assert refused.value.code == "authorization.other-envelope"


def test_an_envelope_of_the_services_own_is_refused() -> None:
    """Otherwise a hostile service could pair a genuine authorization with wrong passphrases and burn the tries."""
    forged = Envelope(bytes(32), bytes(32), NOW + 600, bytes(32), bytes([1]) * 272)
    with pytest.raises(AuthorizationRefused) as refused:
        check_authorization(authorized(), OWNERS, forged, NOW)
    assert refused.value.code == "authorization.other-envelope"


def test_the_list_of_envelopes_cannot_be_changed() -> None:
    authorization = authorized()
    fewer = msgspec.structs.replace(authorization, envelopes=authorization.envelopes[:1])
    with pytest.raises(AuthorizationRefused):
        check_authorization(fewer, OWNERS, ENVELOPES[0], NOW)


@pytest.mark.parametrize(
    ("reason", "now"),
    [("expired", NOW + 601), ("not-yet", NOW - CLOCK_SKEW - 1)],
)
def test_a_request_counts_only_in_its_time(reason: str, now: int) -> None:
    with pytest.raises(AuthorizationRefused) as refused:
        check_authorization(authorized(), OWNERS, ENVELOPES[0], now)
    assert refused.value.reason == reason


@pytest.mark.parametrize("expires", [NOW, NOW + MAX_LIFETIME + 1])
def test_a_request_lives_a_day_at_most_and_more_than_no_time(expires: int) -> None:
    request = msgspec.structs.replace(REQUEST, expires=expires)
    with pytest.raises(AuthorizationRefused) as refused:
        check_authorization(authorized(request), OWNERS, ENVELOPES[0], NOW)
    assert refused.value.reason == "lifetime"


def test_a_request_that_is_not_in_its_one_encoding_is_refused() -> None:
    authorization = msgspec.structs.replace(authorized(), request=encode(REQUEST) + b"\x00")
    with pytest.raises(InputRefused):
        check_authorization(authorization, OWNERS, ENVELOPES[0], NOW)


def test_a_signature_for_one_purpose_does_not_serve_for_another() -> None:
    signature = OWNER.sign("presence", bytes(32))
    verify(OWNER.public, signature, "presence", bytes(32))
    with pytest.raises(AuthorizationRefused):
        verify(OWNER.public, signature, "hello", bytes(32))


@pytest.mark.parametrize("public", [b"", bytes(31), bytes(32), bytes(33), b"\x01" + bytes(31)])
def test_a_key_that_is_none_or_of_small_order_verifies_nothing(public: bytes) -> None:
    with pytest.raises(AuthorizationRefused):
        verify(public, bytes(64), "presence", b"")
