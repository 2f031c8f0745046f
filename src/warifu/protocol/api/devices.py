"""Devices: how they join, what they are, what they would decide."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from warifu.protocol.api.errors import ErrorBody
from warifu.protocol.api.shapes import (
    Answer,
    EncodedApproval,
    EncodedAuthorization,
    EncodedEnvelopes,
    Identities,
    Question,
    UnsignedBytes,
)
from warifu.protocol.credential import MAX_OWNERS
from warifu.protocol.encoding import Bytes16, Bytes32, Name, Seconds
from warifu.protocol.envelope import MAX_ENVELOPE_KEY_BYTES
from warifu.protocol.frames import MAX_BODY_BYTES
from warifu.protocol.request import MAX_REQUEST_BYTES


class NewInvitation(Question, frozen=True):
    """``POST /invitations`` (admin): let a device of this name join, once, within 15 minutes."""

    name: Name


class CreatedInvitation(Answer, frozen=True):
    """The one-time secret. The client adds the address and the certificate's fingerprint that it has pinned itself,
    so that the service cannot send the device elsewhere, and writes the invitation string."""

    name: str
    secret: Bytes16
    expires: Seconds

    def __repr__(self) -> str:
        return f"CreatedInvitation(name={self.name!r})"


JoinStage = Literal["invited", "committed", "owner-sent", "revealed", "enrolled", "refused", "expired"]


class Join(Answer, frozen=True):
    """``GET /joins/{name}?after=STAGE&wait=S`` (admin): how far an enrolment is. See ``warifu.protocol.enrolment``.

    ``after`` is the stage that the client has seen; with ``wait`` the answer comes when it is left, or in time.
    ``commitment`` is there from ``committed`` on, ``identity`` and ``nonce`` (the device's) from ``revealed`` on.
    """

    name: str
    stage: JoinStage
    expires: Seconds
    commitment: Bytes32 | None = None
    identity: Bytes32 | None = None
    nonce: Bytes32 | None = None
    refusal: ErrorBody | None = None


class JoinOwner(Question, frozen=True):
    """``POST /joins/{name}/owner`` (admin): the client's message. Answered with a ``Join``."""

    credential: Bytes32
    nonce: Bytes32


class JoinConfirmation(Question, frozen=True):
    """``POST /joins/{name}/confirm`` (admin): what the owner said about the digits. Answered with a ``Join``."""

    identity: Bytes32
    same: bool


class Device(Answer, frozen=True):
    """An enrolled device, as the service knows it. Trust the identity that you pinned, not this one."""

    name: str
    identity: Bytes32
    connected: bool
    enrolled: Seconds
    last_seen: Seconds | None
    waiting: bool = False
    """It is started, and its store is shut until its keepers have released their pieces."""


class Devices(Answer, frozen=True):
    """``GET /devices`` (read)."""

    devices: tuple[Device, ...]


class DeviceStatus(Answer, frozen=True):
    """``GET /devices/{name}/status`` (read): the device's own encoded ``frames.Status``, asked for now."""

    device: Device
    status: Annotated[bytes, msgspec.Meta(max_length=MAX_BODY_BYTES)]


class EnvelopeKeyQuestion(Question, frozen=True):
    """``POST /envelope-keys`` (transfer or admin): one-shot keys of these devices, for this client's random nonce."""

    identities: Identities
    nonce: Bytes32
    wallet_id: Bytes32 | None = None
    """The wallet that they are for, whose policy the devices' evidence then names."""


class EnvelopeKeyOf(Answer, frozen=True):
    """One device's ``CertifiedEnvelopeKey``; check it with ``envelope.check_envelope_key``."""

    identity: Bytes32
    statement: Annotated[bytes, msgspec.Meta(max_length=MAX_ENVELOPE_KEY_BYTES)]
    signature: Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]


class EnvelopeKeys(Answer, frozen=True):
    """In the order of the question. A device that does not answer fails the whole question and is named."""

    keys: tuple[EnvelopeKeyOf, ...]


class DeviceEndorsement(Answer, frozen=True):
    """``GET /devices/{name}/endorsement`` (admin): the device's own encoded ``frames.EndorsementAnswer``."""

    endorsement: Annotated[bytes, msgspec.Meta(max_length=32 * 1024)]


class ActivationQuestion(Question, frozen=True):
    """``POST /activations`` (admin): have a device prove that its attestation key lives in the chip that this challenge
    is encrypted to. Only who made the challenge can tell whether the answer is right."""

    identity: Bytes32
    credential: Annotated[bytes, msgspec.Meta(min_length=1, max_length=1024)]
    secret: Annotated[bytes, msgspec.Meta(min_length=1, max_length=1024)]


class Activation(Answer, frozen=True):
    """What the chip made of the challenge."""

    proof: Annotated[bytes, msgspec.Meta(max_length=64)]


class NewReference(Question, frozen=True):
    """``POST /references`` (admin): an authorized ``ReferenceRequest``, for the devices whose envelopes are there."""

    authorization: EncodedAuthorization
    envelopes: EncodedEnvelopes


class ReferenceTaken(Answer, frozen=True):
    """What one device made of it: taken (None), or why not."""

    identity: Bytes32
    refusal: ErrorBody | None


class ReferencesTaken(Answer, frozen=True):
    """In ascending order of identity. What some took and others did not can be asked again."""

    devices: tuple[ReferenceTaken, ...]


class NewHandOut(Question, frozen=True):
    """``POST /hand-outs`` (admin): an authorized ``HandOutRequest``, with the envelope of the device that deals."""

    authorization: EncodedAuthorization
    envelopes: EncodedEnvelopes


class HandOut(Answer, frozen=True):
    """Every keeper has its piece. The device's own encoded ``frames.HandedOut``, whose signature proves it."""

    result: Annotated[bytes, msgspec.Meta(max_length=1024)]


class BootQuestion(Question, frozen=True):
    """``POST /boots`` (admin): what a device runs on that waits for its keepers, for this client's random nonce."""

    identity: Bytes32
    nonce: Bytes32


class Boot(Answer, frozen=True):
    """The device's own encoded ``frames.BootShown``; check it with ``frames.check_boot_shown``."""

    shown: Annotated[bytes, msgspec.Meta(max_length=MAX_BODY_BYTES)]


class DecisionQuestion(Question, frozen=True):
    """``POST /decisions`` (draft): would these devices sign? ``request`` is an encoded ``TransferRequest``."""

    request: Annotated[bytes, msgspec.Meta(min_length=1, max_length=MAX_REQUEST_BYTES)]
    unsigned: UnsignedBytes
    identities: Identities
    approvals: Annotated[tuple[EncodedApproval, ...], msgspec.Meta(max_length=MAX_OWNERS)] = ()
    """What owners approved so far (``GET /proposals/{id}``)."""


class DecisionOf(Answer, frozen=True):
    """One device's encoded ``frames.Decision``, or why there is none."""

    identity: Bytes32
    decision: Annotated[bytes, msgspec.Meta(max_length=MAX_BODY_BYTES)] | None
    refusal: ErrorBody | None


class Decisions(Answer, frozen=True):
    """In the order of the question."""

    decisions: tuple[DecisionOf, ...]
