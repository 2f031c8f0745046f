"""The owner's half of an enrolment (``docs/protocol.md``, section 3), without a screen."""

from __future__ import annotations

from warifu.agent.invitation import Invitation, service_address
from warifu.cli.client import Client, segment
from warifu.cli.profile import Profile
from warifu.errors import PeerMisbehaved, ServiceRefused
from warifu.protocol.api import (
    CreatedInvitation,
    Join,
    JoinConfirmation,
    JoinOwner,
    NewInvitation,
    error_from,
)
from warifu.protocol.enrolment import authentication_string, new_nonce, open_commitment
from warifu.protocol.identity import DeviceRef

_POLL = 20
_END = {
    "expired": "the invitation expired before the device joined",
    "refused": "the device or its operator refused the enrolment",
}


class OwnerJoin:
    """One enrolment as the owner's client sees it; the messages come in the order of the protocol."""

    def __init__(self, credential: bytes, name: str) -> None:
        self._credential = credential
        self._name = name
        self._nonce = new_nonce()
        self._commitment: bytes | None = None
        self.identity: bytes | None = None

    def answer_commitment(self, commitment: bytes) -> tuple[bytes, bytes]:
        """Message 2 (credential, nonce), once the device is committed. Before that, nothing leaves: a service that
        knew our nonce first could search for a key of its own that gives the same digits."""
        self._commitment = commitment
        return self._credential, self._nonce

    def digits(self, identity: bytes, device_nonce: bytes) -> str:
        """The nine digits to compare, once the device opened its commitment (``PeerMisbehaved`` otherwise)."""
        assert self._commitment is not None, "message 2 comes before message 3"
        open_commitment(self._commitment, self._name, identity, device_nonce)
        self.identity = identity
        return authentication_string(self._name, identity, device_nonce, self._credential, self._nonce)


def invite(client: Client, profile: Profile, name: str, url: str | None = None) -> Invitation:
    """An invitation for the device ``name``.

    Address and certificate are those that this client knows, not what the service says, so that the service cannot
    send the device elsewhere. ``url``: the address under which devices reach it, where that is another one.
    """
    service = profile.content.service
    created = client.post("/invitations", NewInvitation(name=name), CreatedInvitation)
    return Invitation(service_address(url or service.url), service.fingerprint, created.secret, name)


def await_digits(client: Client, profile: Profile, name: str) -> tuple[OwnerJoin, str]:
    """Wait until the device has joined so far that there are digits to compare, and return them."""
    owner = OwnerJoin(profile.device_key.public, name)
    committed = _until(client, name, "committed", "invited")
    if committed.commitment is None:
        raise _out_of_order()
    credential, nonce = owner.answer_commitment(committed.commitment)
    client.post(f"/joins/{segment(name)}/owner", JoinOwner(credential=credential, nonce=nonce), Join)
    revealed = _until(client, name, "revealed", "committed", "owner-sent")
    if revealed.identity is None or revealed.nonce is None:
        raise _out_of_order()
    return owner, owner.digits(revealed.identity, revealed.nonce)


def confirm(client: Client, profile: Profile, name: str, owner: OwnerJoin, same: bool) -> DeviceRef:
    """The owner's word on the digits. Where they are the same, the device is pinned: from now on this client knows it
    by its key, whatever the service says."""
    assert owner.identity is not None, "there were digits to compare"
    device = DeviceRef(name, owner.identity)
    if same:
        profile.pin_device(device)
    client.post(f"/joins/{segment(name)}/confirm", JoinConfirmation(identity=owner.identity, same=same), Join)
    return device


def _until(client: Client, name: str, wanted: str, *before: str) -> Join:
    stage = before[0]
    while True:
        join = client.get(f"/joins/{segment(name)}", Join, after=stage, wait=_POLL)
        if join.stage == wanted:
            return join
        if join.stage in _END:
            if join.refusal is not None:
                raise error_from(join.refusal)
            raise ServiceRefused(
                f"join-{join.stage}",
                _END[join.stage],
                not_done="The device was not enrolled.",
                remedy="Make a new invitation with 'warifu signer invite'.",
            )
        if join.stage not in before:
            raise _out_of_order()
        stage = join.stage


def _out_of_order() -> PeerMisbehaved:
    return PeerMisbehaved(
        "enrolment",
        "the service told the steps of the enrolment out of order",
        not_done="The device was not enrolled.",
        remedy="Make a new invitation and join again.",
        blame="service",
    )
