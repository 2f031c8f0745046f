"""What signers say to each other inside the channel of a session. Read strictly; a sender of anything else is named."""

from __future__ import annotations

from typing import Annotated, cast

import msgspec

from warifu.protocol.attesting import Attestation, SignedHead
from warifu.protocol.chains import Scheme
from warifu.protocol.channel import MAX_RECORD_BYTES
from warifu.protocol.encoding import Bytes32, Bytes64, Message, decode
from warifu.protocol.exchange_requests import MAX_ACCOUNTS, ExchangeCall
from warifu.protocol.frames import MAX_INPUTS, Certificate
from warifu.protocol.notes import Told
from warifu.protocol.release import Handing, InUse, Kept
from warifu.protocol.request import MAX_SIGNERS
from warifu.threshold.ecdsa.correlating import HELLO_BYTES, MAX_BATCH, extend_bytes
from warifu.threshold.ecdsa.messages import COMMITMENT_BYTES, PRODUCT_BYTES, SHARE_BYTES

MAX_HELD = 32
"""Correlations that a device keeps with each other device of a wallet."""
MAX_ECDSA_SIGNATURES = 4
"""In one session: an account's transaction has one, and the products of more would not fit into a record."""

_PublicNonce = Annotated[bytes, msgspec.Meta(min_length=64, max_length=66)]

_MOST_KEYS = 3 + MAX_ACCOUNTS
"""That a refresh gives new shares of."""
_ZeroCommitment = Annotated[bytes, msgspec.Meta(min_length=32, max_length=33 * (MAX_SIGNERS - 1))]
_Commitment = Annotated[bytes, msgspec.Meta(max_length=COMMITMENT_BYTES)]
_Product = Annotated[bytes, msgspec.Meta(max_length=PRODUCT_BYTES)]
_Share = Annotated[bytes, msgspec.Meta(max_length=SHARE_BYTES)]


class Shown(Message, frozen=True, tag="shown"):
    """The first message to each peer: what the sender runs on, bound to this channel (``Channel.binding``), how far its
    journal is, and how far the receiver's was when they last met."""

    attestation: Attestation
    head: SignedHead
    """Of the sender's journal, with an entry about this session as the last."""
    remembered: SignedHead | None
    """The receiver's own, as it last showed it to the sender; None: they never met."""
    told: Told | None
    """The sender's notes about the wallet of the session; None where there is no wallet yet."""
    certificate: Certificate = b""
    """Of the sender's epoch, where the receiver's Hello is of an older one: by it, the receiver catches up."""


class Nonces(Message, frozen=True, tag="nonces"):
    """A signer's FROST public nonces, one for each signature: 66 bytes on secp256k1 (BIP 445), 64 on Ed25519."""

    public: Annotated[tuple[_PublicNonce, ...], msgspec.Meta(min_length=1, max_length=MAX_INPUTS)]


class Partials(Message, frozen=True, tag="partials"):
    """A signer's partial signatures, one for each signature."""

    partial: Annotated[tuple[Bytes32, ...], msgspec.Meta(min_length=1, max_length=MAX_INPUTS)]


class Stamped(Message, frozen=True, tag="stamped"):
    """The carrier of a call is connected to the exchange, and asks for the others' signature shares: from now on the
    call is as good as it will ever be."""

    milliseconds: Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
    """When the call is made, on the exchange's clock."""
    once: Bytes32
    """Random."""
    public: Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]
    """The carrier's FROST public nonce."""
    call: ExchangeCall | None
    """What a comparison asks the exchange; None for a call, which everybody has from the owner."""


class Generation(Message, frozen=True, tag="generation"):
    """A message of ChillDKG (``warifu.threshold.dkg.phases``) for the key of this scheme."""

    scheme: Scheme
    phase: Annotated[int, msgspec.Meta(ge=1, le=6)]
    body: Annotated[bytes, msgspec.Meta(max_length=MAX_RECORD_BYTES - 1024)]


class ZeroShares(Message, frozen=True, tag="zero-shares"):
    """What a device deals to one other in a refresh, for each of the wallet's keys in the order of their schemes, then
    for the key of each account at an exchange in the order of their names."""

    commitments: Annotated[tuple[_ZeroCommitment, ...], msgspec.Meta(min_length=1, max_length=_MOST_KEYS)]
    """The same for all."""
    evaluations: Annotated[tuple[Bytes32, ...], msgspec.Meta(min_length=1, max_length=_MOST_KEYS)]
    """For the receiver alone."""
    committed: Bytes64
    """The dealer's signature over the session's transcript and the digest of its commitments."""
    dealt: Bytes64
    """The dealer's signature over the same, the receiver and the evaluations."""


class Complaint(Message, frozen=True, tag="complaint"):
    """The sender got this from ``dealer``: its signature is on it, and the evaluation does not fit the commitment. What
    is disclosed by that is worth nothing: without the sender's word, this refresh comes to nothing."""

    dealer: Bytes32
    shares: ZeroShares


class Agreement(Message, frozen=True, tag="agreement"):
    """What the sender saw of everybody's commitments: digest and dealer's signature (``ZeroShares.committed``), in the
    order of the participants."""

    seen: Annotated[tuple[tuple[Bytes32, Bytes64], ...], msgspec.Meta(min_length=1, max_length=MAX_SIGNERS)]


class Word(Message, frozen=True, tag="word"):
    """The sender keeps its new shares: its signature over the ``protocol.epochs.EpochStatement``."""

    signature: Bytes64


class Held(Message, frozen=True, tag="held"):
    """The correlations that the sender holds with the receiver: what both hold can be used, the rest is lost."""

    ids: Annotated[tuple[Bytes32, ...], msgspec.Meta(max_length=MAX_HELD)]


class BaseTransfers(Message, frozen=True, tag="base-transfers"):
    """First message of a batch of correlations (``warifu.threshold.ecdsa.correlating``)."""

    body: Annotated[bytes, msgspec.Meta(max_length=HELLO_BYTES)]


class ExtendedTransfers(Message, frozen=True, tag="extended-transfers"):
    """Second message of a batch of correlations."""

    body: Annotated[bytes, msgspec.Meta(max_length=extend_bytes(MAX_BATCH))]


class EcdsaCommitments(Message, frozen=True, tag="ecdsa-commitments"):
    """First message of threshold ECDSA (``warifu.threshold.ecdsa.session``), one for each signature."""

    bodies: Annotated[tuple[_Commitment, ...], msgspec.Meta(min_length=1, max_length=MAX_ECDSA_SIGNATURES)]


class EcdsaProducts(Message, frozen=True, tag="ecdsa-products"):
    """Second message of threshold ECDSA, one for each signature."""

    bodies: Annotated[tuple[_Product, ...], msgspec.Meta(min_length=1, max_length=MAX_ECDSA_SIGNATURES)]


class EcdsaShares(Message, frozen=True, tag="ecdsa-shares"):
    """Third message of threshold ECDSA, one for each signature."""

    bodies: Annotated[tuple[_Share, ...], msgspec.Meta(min_length=1, max_length=MAX_ECDSA_SIGNATURES)]


SessionMessage = (
    Shown
    | Nonces
    | Partials
    | Stamped
    | Generation
    | ZeroShares
    | Complaint
    | Agreement
    | Word
    | Held
    | BaseTransfers
    | ExtendedTransfers
    | EcdsaCommitments
    | EcdsaProducts
    | EcdsaShares
    | InUse
    | Handing
    | Kept
)


def decode_message(data: bytes) -> SessionMessage:
    """Read what came out of the channel; ``InputRefused`` for anything else."""
    return decode(cast("type[SessionMessage]", SessionMessage), data, MAX_RECORD_BYTES)
