"""Transfers, from the owner's authorization to the end."""

from __future__ import annotations

from typing import Literal

from warifu.protocol.api.errors import ErrorBody
from warifu.protocol.api.shapes import (
    Answer,
    AnyTxid,
    EncodedAuthorization,
    EncodedEnvelopes,
    Event,
    Id16,
    Question,
    UnsignedBytes,
)
from warifu.protocol.chains import Chain
from warifu.protocol.encoding import Bytes32, Seconds


class NewTransfer(Question, frozen=True):
    """``POST /transfers`` (transfer) -> ``Accepted``, whose id is the request's ``request_id`` in hex.

    ``unsigned``: the transaction in the form that its chain's signers read. A message (EIP-712, personal) is signed and
    not sent: its transfer ends with ``signed``, and ``GET /transfers/{id}/transaction`` has the signature.

    Exactly once: the same request again returns the same transfer, another request under the same id is refused (409,
    ``service.request-id-used``). ``envelopes``: encoded, one for each device that is to sign.
    """

    authorization: EncodedAuthorization
    envelopes: EncodedEnvelopes
    unsigned: UnsignedBytes


class NewAuthorization(Question, frozen=True):
    """``POST /transfers/{id}/authorize`` (transfer) -> ``Accepted``: the same request, authorized anew, in the state
    ``needs-authorization``; or for the first time, in the state ``proposed``."""

    authorization: EncodedAuthorization
    envelopes: EncodedEnvelopes


TransferState = Literal[
    "proposed",
    "authorized",
    "signing",
    "needs-authorization",
    "signed",
    "broadcast",
    "confirmed",
    "refused",
    "rejected",
    "replaced",
]
FINAL_STATES: frozenset[TransferState] = frozenset({"refused", "rejected", "replaced"})
"""Ends, as far as anybody can tell. ``settled`` says when nothing more will come: until then a reorganisation of the
chain can still turn ``confirmed`` or ``replaced`` around, and a ``refused`` one may be authorized again."""


class JournalHead(Answer, frozen=True):
    """Where a signer's journal stood after this transfer: its length and its head (32 bytes)."""

    device: str
    length: int
    head: Bytes32


class Transfer(Answer, frozen=True):
    """``GET /transfers/{id}?after=N&wait=S`` (read): events with a number above ``after``, once there is one."""

    id: Id16
    wallet: str
    chain: Chain
    state: TransferState
    settled: bool
    txid: AnyTxid
    """Empty where it is not known before the signatures are there, or where nothing is sent."""
    confirmations: int
    height: int | None
    replaces: Id16 | None
    replaced_by: AnyTxid | None
    created: Seconds
    events: tuple[Event, ...]
    refusal: ErrorBody | None
    journal: tuple[JournalHead, ...]


class Transfers(Answer, frozen=True):
    """``GET /transfers?wallet=NAME`` (read), newest first, without events."""

    transfers: tuple[Transfer, ...]


class TransferBytes(Answer, frozen=True):
    """``GET /transfers/{id}/transaction`` (read): with signatures as soon as there are any, so others can look on."""

    unsigned: bytes
    """On Bitcoin the PSBT, with its signatures once they are there."""
    raw: bytes
    """The signed transaction, empty before it is signed; of a message its signature."""
