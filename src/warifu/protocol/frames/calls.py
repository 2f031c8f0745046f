"""The frames themselves: calls, sessions, and what is relayed between signers."""

from __future__ import annotations

from typing import Annotated, cast

import msgspec

from warifu.protocol.authorization import Authorization
from warifu.protocol.credential import MAX_OWNERS, Approval
from warifu.protocol.encoding import (
    Bytes16,
    Bytes32,
    Bytes64,
    Message,
    Name,
    Text,
    decode,
    encode,
)
from warifu.protocol.envelope import Envelope
from warifu.protocol.frames.booting import AskBoot, AskKeeper, AskPiece, BootPresence
from warifu.protocol.frames.bounds import MAX_FRAME_BYTES, Body, Call, Certificate, RecoveryData, Unsigned
from warifu.protocol.frames.exchanging import (
    AnswerPiece,
    AskAcknowledgeCall,
    AskCallDecision,
    AskComparisons,
    AskKeyRecovery,
    AskSuccession,
    AskVisits,
    Carried,
    KeepAccount,
    KeepTravelRule,
    Listens,
    OpenCall,
    OpenComparison,
    OpenErrand,
    OpenExchangeKey,
    OpenTelling,
    OpenTunnel,
    PieceTaken,
    PutAccountInForce,
    RecoverExchangeKey,
    StopCall,
    TellVisit,
    TunnelEnded,
)
from warifu.protocol.frames.noting import (
    Acknowledgements,
    AskAcknowledge,
    AskConfirmation,
    AskNotes,
    Confirmations,
    TakeNotes,
)
from warifu.protocol.frames.refusals import Refusal
from warifu.protocol.request import MAX_REQUEST_BYTES, MAX_SIGNERS


class Challenge(Message, frozen=True, tag="challenge"):
    """First frame of a connection: prove which device you are."""

    nonce: Bytes32


class AskEnvelopeKey(Message, frozen=True, tag="ask-envelope-key"):
    """Make a one-shot envelope key for the owner's client, whose random ``nonce`` this is."""

    call: Call
    nonce: Bytes32
    wallet_id: Annotated[bytes, msgspec.Meta(max_length=32)] = b""
    """The wallet that it is for, of whose rules in force the evidence then names the hash; empty for none."""


class OpenSession(Message, frozen=True, tag="open-session"):
    """Take part in what the owner authorized, with these participants (identities, in ascending order).

    ``unsigned``: the transaction in the form that its chain's signers read (PSBT, EIP-2718 payload, Solana message),
    empty for key generation.
    """

    session: Bytes16
    authorization: Authorization
    envelope: Envelope
    participants: Annotated[tuple[Bytes32, ...], msgspec.Meta(min_length=1, max_length=MAX_SIGNERS)]
    unsigned: Unsigned
    acknowledgements: Acknowledgements = ()
    """Of a strict wallet's devices; elsewhere none is needed."""
    confirmations: Confirmations = ()
    """Of at least as many devices, each over all of these acknowledgements."""


class OpenCorrelating(Message, frozen=True, tag="open-correlating"):
    """Prepare ECDSA signatures: make ``count`` correlations with each of the other participants.

    Nothing is signed and nothing moves by it, so no owner is asked; how many a device keeps is bounded.
    """

    session: Bytes16
    wallet_id: Bytes32
    participants: Annotated[tuple[Bytes32, ...], msgspec.Meta(min_length=2, max_length=MAX_SIGNERS)]
    count: Annotated[int, msgspec.Meta(ge=1, le=16)]


class CloseSession(Message, frozen=True, tag="close-session"):
    """The service gives up on a session (a device is silent, or another signer failed)."""

    session: Bytes16
    why: Text


class AskResult(Message, frozen=True, tag="ask-result"):
    """What came of the request with this digest? Answered from the journal, so a restarted service loses nothing."""

    call: Call
    request: Bytes32


class AskDecision(Message, frozen=True, tag="ask-decision"):
    """Dry run: would you sign this request for this transaction? Nothing is counted and nothing is signed."""

    call: Call
    request: Annotated[bytes, msgspec.Meta(max_length=MAX_REQUEST_BYTES)]
    unsigned: Unsigned
    approvals: Annotated[tuple[Approval, ...], msgspec.Meta(max_length=MAX_OWNERS)] = ()
    """What owners approved so far, for the purpose ``approval``. With none, whoever asks counts as one of them."""


class RecoverWallet(Message, frozen=True, tag="recover-wallet"):
    """Bring a device that lost the end of a key generation to where its peers are, by a peer's recovery data.

    The authorization is a fresh one of the same ``WalletRequest``. Answered by a ``SignedBirth``.
    """

    call: Call
    authorization: Authorization
    envelope: Envelope
    recovery: RecoveryData


class AskEndorsement(Message, frozen=True, tag="ask-endorsement"):
    """Which chip vouches for the key that signs this device's evidence? Only a device with a TPM has an answer: an
    ``EndorsementAnswer``."""

    call: Call


class AskActivation(Message, frozen=True, tag="ask-activation"):
    """Prove that the key which signs this device's evidence lives in the chip that the owner's challenge is encrypted
    to (TPM 2.0 Part 1, credential protection). Only a device with a TPM can. Answered by ``ActivationAnswer``."""

    call: Call
    credential: Annotated[bytes, msgspec.Meta(max_length=1024)]
    """TPM2B_ID_OBJECT."""
    secret: Annotated[bytes, msgspec.Meta(max_length=1024)]
    """TPM2B_ENCRYPTED_SECRET."""


class ApproveReference(Message, frozen=True, tag="approve-reference"):
    """Accept a device as something else from now on: an authorized ``ReferenceRequest``. Answered by an empty reply."""

    call: Call
    authorization: Authorization
    envelope: Envelope


class ShowEpoch(Message, frozen=True, tag="show-epoch"):
    """All devices of the wallet keep shares of this epoch: use yours, unless you use later ones. Answered by the
    certificate of the shares that are in force then; empty, as ``certificate`` can be, for those of its birth."""

    call: Call
    wallet_id: Bytes32
    certificate: Certificate


class AskJournal(Message, frozen=True, tag="ask-journal"):
    """Show the journal from entry ``first`` on, as an owner authorized by a ``JournalRequest``. Answered by a
    ``SealedPage``."""

    call: Call
    authorization: Authorization
    first: Annotated[int, msgspec.Meta(ge=1, lt=2**53)]


class Instruct(Message, frozen=True, tag="instruct"):
    """Do what an owner says about the wallet itself: an authorized ``Instruction``. Answered by ``Instructed``.

    ``envelope``: only what loosens needs one."""

    call: Call
    authorization: Authorization
    envelope: Envelope | None


class AskStatus(Message, frozen=True, tag="ask-status"):
    """Who are you, and how are you?"""

    call: Call


class JoinOwner(Message, frozen=True, tag="join-owner"):
    """Enrolment, second message: the owner's credential and nonce (see ``warifu.protocol.enrolment``)."""

    credential: Bytes32
    nonce: Bytes32


class Relay(Message, frozen=True, tag="relay"):
    """A body for another signer (outgoing) or from one (incoming); the service cannot read or alter it unnoticed."""

    session: Bytes16
    peer: Bytes32
    body: Body


class Presence(Message, frozen=True, tag="presence"):
    """Answer to ``Challenge``: the device's identity, and its signature over the nonce."""

    name: Name
    identity: Bytes32
    signature: Bytes64


class JoinCommit(Message, frozen=True, tag="join-commit"):
    """Enrolment, first message, with the secret of the invitation."""

    invitation: Bytes16
    name: Name
    commitment: Bytes32


class JoinReveal(Message, frozen=True, tag="join-reveal"):
    """Enrolment, third message."""

    identity: Bytes32
    nonce: Bytes32


class Finished(Message, frozen=True, tag="finished"):
    """The session's result: an encoded ``WalletBirth`` with signature, or ``TransferSignatures``."""

    session: Bytes16
    result: Body


class SessionFailed(Message, frozen=True, tag="session-failed"):
    """This signer left the session."""

    session: Bytes16
    refusal: Refusal


class Reply(Message, frozen=True, tag="reply"):
    """The answer to a call, encoded as the type that belongs to it; empty where there is none."""

    call: Call
    answer: Body


class CallRefused(Message, frozen=True, tag="call-refused"):
    """The call was refused."""

    call: Call
    refusal: Refusal


ToSigner = (
    Challenge
    | AskEnvelopeKey
    | OpenSession
    | OpenCorrelating
    | CloseSession
    | AskResult
    | AskDecision
    | AskCallDecision
    | RecoverWallet
    | AskEndorsement
    | AskActivation
    | ApproveReference
    | Instruct
    | AskPiece
    | ShowEpoch
    | AskStatus
    | AskJournal
    | AskNotes
    | TakeNotes
    | AskAcknowledge
    | AskAcknowledgeCall
    | AskConfirmation
    | KeepAccount
    | KeepTravelRule
    | AskSuccession
    | PutAccountInForce
    | OpenCall
    | OpenExchangeKey
    | AskKeyRecovery
    | RecoverExchangeKey
    | OpenComparison
    | AskComparisons
    | OpenTelling
    | TellVisit
    | AskVisits
    | OpenErrand
    | Carried
    | TunnelEnded
    | PieceTaken
    | StopCall
    | JoinOwner
    | Relay
)
ToBoot = Challenge | AskBoot | Reply | CallRefused
"""To a device whose store is not open yet; the answers are its keepers'."""
FromSigner = (
    Presence
    | BootPresence
    | AskKeeper
    | JoinCommit
    | JoinReveal
    | Relay
    | Finished
    | SessionFailed
    | OpenTunnel
    | Carried
    | TunnelEnded
    | Listens
    | AnswerPiece
    | Reply
    | CallRefused
)


def decode_to_signer(data: bytes | memoryview) -> ToSigner:
    """Read a frame from the service; ``InputRefused`` for anything else."""
    return decode(cast("type[ToSigner]", ToSigner), data, MAX_FRAME_BYTES)


def decode_to_boot(data: bytes | memoryview) -> ToBoot:
    """Read a frame from the service to a boot; ``InputRefused`` for anything else."""
    return decode(cast("type[ToBoot]", ToBoot), data, MAX_FRAME_BYTES)


def decode_from_signer(data: bytes | memoryview) -> FromSigner:
    """Read a frame from a signer; ``InputRefused`` for anything else."""
    return decode(cast("type[FromSigner]", FromSigner), data, MAX_FRAME_BYTES)


def encode_frame(frame: ToSigner | ToBoot | FromSigner) -> bytes:
    """The frame's one encoding."""
    return encode(frame)
