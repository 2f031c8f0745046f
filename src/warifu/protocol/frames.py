"""What the custody service and a signer say to each other.

The service is untrusted: every frame from it is a request that the signer judges, and every frame to it is public.
Calls are answered by a ``Reply`` or a ``Refusal`` with the same ``call`` number. A *session* is a ceremony (key
generation or signing) among several signers; while it runs, the service relays sealed bodies between them.
"""

from __future__ import annotations

from typing import Annotated, cast

import msgspec

from warifu.errors import FAMILIES, InputRefused, WarifuError
from warifu.protocol.authorization import Authorization
from warifu.protocol.chains import Chain, Scheme
from warifu.protocol.encoding import (
    Amount,
    Bytes16,
    Bytes32,
    Bytes64,
    Message,
    Name,
    Seconds,
    Text,
    decode,
    encode,
)
from warifu.protocol.envelope import CertifiedEnvelopeKey, Envelope
from warifu.protocol.request import MAX_REQUEST_BYTES, MAX_SIGNERS

MAX_FRAME_BYTES = 2 * 1024 * 1024
MAX_UNSIGNED_BYTES = 1024 * 1024
MAX_BODY_BYTES = 256 * 1024
MAX_INPUTS = 500

Call = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
Unsigned = Annotated[bytes, msgspec.Meta(max_length=MAX_UNSIGNED_BYTES)]
Body = Annotated[bytes, msgspec.Meta(max_length=MAX_BODY_BYTES)]
RecoveryData = Annotated[tuple[Body, ...], msgspec.Meta(min_length=1, max_length=3)]
"""ChillDKG's public recovery data of each of a wallet's keys, in the order of its schemes."""
PublicKey = Annotated[bytes, msgspec.Meta(min_length=32, max_length=33)]
"""33 bytes on secp256k1, 32 on Ed25519."""

# --- service -> signer -------------------------------------------------------------------------------------------


class Challenge(Message, frozen=True, tag="challenge"):
    """First frame of a connection: prove which device you are."""

    nonce: Bytes32


class AskEnvelopeKey(Message, frozen=True, tag="ask-envelope-key"):
    """Make a one-shot envelope key for the owner's client, whose random ``nonce`` this is."""

    call: Call
    nonce: Bytes32


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


class RecoverWallet(Message, frozen=True, tag="recover-wallet"):
    """Bring a device that lost the end of a key generation to where its peers are, by a peer's recovery data.

    The authorization is a fresh one of the same ``WalletRequest``. Answered by a ``SignedBirth``.
    """

    call: Call
    authorization: Authorization
    envelope: Envelope
    recovery: RecoveryData


class AskStatus(Message, frozen=True, tag="ask-status"):
    """Who are you, and how are you?"""

    call: Call


class JoinOwner(Message, frozen=True, tag="join-owner"):
    """Enrolment, second message: the owner's credential and nonce (see ``warifu.protocol.enrolment``)."""

    credential: Bytes32
    nonce: Bytes32


# --- both ways ---------------------------------------------------------------------------------------------------


class Relay(Message, frozen=True, tag="relay"):
    """A body for another signer (outgoing) or from one (incoming); the service cannot read or alter it unnoticed."""

    session: Bytes16
    peer: Bytes32
    body: Body


# --- signer -> service -------------------------------------------------------------------------------------------


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


class Refusal(Message, frozen=True):
    """An error on the wire: what ``warifu.errors`` says, field by field."""

    family: Annotated[str, msgspec.Meta(max_length=32)]
    reason: Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[a-z0-9-]+\Z")]
    message: Text
    not_done: Text
    remedy: Text
    blame: Annotated[str, msgspec.Meta(max_length=128)] | None
    retry_after: Seconds | None


ToSigner = (
    Challenge
    | AskEnvelopeKey
    | OpenSession
    | OpenCorrelating
    | CloseSession
    | AskResult
    | AskDecision
    | RecoverWallet
    | AskStatus
    | JoinOwner
    | Relay
)
FromSigner = Presence | JoinCommit | JoinReveal | Relay | Finished | SessionFailed | Reply | CallRefused

# --- answers and results -----------------------------------------------------------------------------------------


class KeyBirth(Message, frozen=True):
    """One key of a wallet."""

    scheme: Scheme
    threshold_public: PublicKey
    chain_code: Bytes32
    public_shares: Annotated[tuple[PublicKey, ...], msgspec.Meta(min_length=1, max_length=MAX_SIGNERS)]
    recovery_digest: Bytes32
    """SHA-256 of the ChillDKG recovery data that the signer keeps, so that all are known to keep the same."""


class WalletBirth(Message, frozen=True):
    """What each signer states after key generation; the owner's client wants the same from every one of them."""

    wallet_id: Bytes32
    keys: Annotated[tuple[KeyBirth, ...], msgspec.Meta(min_length=1, max_length=3)]
    """In the order of the request's schemes."""

    def key(self, scheme: str) -> KeyBirth:
        """The key for ``scheme``. ``InputRefused`` (``no-key``) where the wallet has none."""
        for key in self.keys:
            if key.scheme == scheme:
                return key
        raise InputRefused(
            "no-key",
            f"this wallet has no key for {scheme} signatures",
            remedy="Make a wallet with such a key; keys cannot be added to a wallet yet.",
        )


class SignedBirth(Message, frozen=True):
    """An encoded ``WalletBirth``, the identity that states it, its signature, and the public recovery data."""

    birth: Body
    identity: Bytes32
    signature: Bytes64
    recovery: RecoveryData


class TransferSignatures(Message, frozen=True):
    """All signatures, in the transaction's order; each was verified before it was released.

    64 bytes each (BIP-340, RFC 8032); for ECDSA 65: r, low s, and the recovery id 0 or 1.
    """

    request: Bytes32
    signatures: Annotated[
        tuple[Annotated[bytes, msgspec.Meta(min_length=64, max_length=65)], ...],
        msgspec.Meta(min_length=1, max_length=MAX_INPUTS),
    ]


class ResultAnswer(Message, frozen=True):
    """To ``AskResult``: ``unknown``, ``started`` (consumed, result not here) or ``finished`` with the result."""

    state: Annotated[str, msgspec.Meta(max_length=16)]
    result: Body


class Decision(Message, frozen=True):
    """To ``AskDecision``: whether this signer would sign, and each rule it looked at in words."""

    allowed: bool
    rules: Annotated[tuple[Text, ...], msgspec.Meta(max_length=64)]
    refusal: Refusal | None


class Spent(Message, frozen=True):
    """What this device helped to move of one asset in the last 24 hours, in its smallest unit."""

    chain: Chain
    token: str
    amount: Amount


class WalletStatus(Message, frozen=True):
    """One wallet as this device sees it."""

    wallet_id: Bytes32
    threshold: int
    devices: tuple[Name, ...]
    policy_hash: Bytes32
    tries_left: int
    next_try: Seconds
    """Moment before which this device does not try a passphrase (after a wrong one); 0 where it would."""
    spent_today: Annotated[tuple[Spent, ...], msgspec.Meta(max_length=4096)]
    correlations: Annotated[tuple[int, ...], msgspec.Meta(max_length=MAX_SIGNERS)]
    """How many ECDSA signatures are prepared with each of ``devices``; 0 for itself."""


class Status(Message, frozen=True):
    """To ``AskStatus``."""

    name: Name
    identity: Bytes32
    version: Annotated[str, msgspec.Meta(max_length=32)]
    platform: Annotated[str, msgspec.Meta(max_length=64)]
    tier: Annotated[int, msgspec.Meta(ge=0, le=2)]
    isolation: Annotated[tuple[tuple[Text, Text], ...], msgspec.Meta(max_length=64)]
    """(layer, state) for each layer of process isolation, as applied and probed."""
    journal_length: Annotated[int, msgspec.Meta(ge=0)]
    journal_head: Bytes32
    wallets: Annotated[tuple[WalletStatus, ...], msgspec.Meta(max_length=256)]
    banned: Annotated[tuple[tuple[Text, Bytes32], ...], msgspec.Meta(max_length=256)]
    """(name, identity) of devices that this one caught cheating and works with no more."""


class EnvelopeKeyAnswer(Message, frozen=True):
    """To ``AskEnvelopeKey``."""

    key: CertifiedEnvelopeKey


def decode_to_signer(data: bytes | memoryview) -> ToSigner:
    """Read a frame from the service; ``InputRefused`` for anything else."""
    return decode(cast("type[ToSigner]", ToSigner), data, MAX_FRAME_BYTES)


def decode_from_signer(data: bytes | memoryview) -> FromSigner:
    """Read a frame from a signer; ``InputRefused`` for anything else."""
    return decode(cast("type[FromSigner]", FromSigner), data, MAX_FRAME_BYTES)


def refusal_of(error: WarifuError) -> Refusal:
    """The error as it goes over the wire."""
    return Refusal(
        error.family,
        error.reason,
        error.message[:1000],
        error.not_done[:1000],
        error.remedy[:1000],
        error.blame[:128] if error.blame else None,
        error.retry_after,
    )


def error_of(refusal: Refusal) -> WarifuError:
    """The error that a refusal stands for; an unknown family becomes a plain ``WarifuError``."""
    return FAMILIES.get(refusal.family, WarifuError)(
        refusal.reason,
        refusal.message,
        not_done=refusal.not_done,
        remedy=refusal.remedy,
        blame=refusal.blame,
        retry_after=refusal.retry_after,
    )


def encode_frame(frame: ToSigner | FromSigner) -> bytes:
    """The frame's one encoding."""
    return encode(frame)
