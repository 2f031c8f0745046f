"""Wallets, and what they hold and did on Bitcoin."""

from __future__ import annotations

from typing import Literal

from warifu.protocol.api.errors import ErrorBody
from warifu.protocol.api.shapes import (
    Answer,
    EncodedAuthorization,
    EncodedEnvelope,
    EncodedEnvelopes,
    Event,
    LabelLines,
    Question,
    Txid,
)
from warifu.protocol.encoding import Bytes32, Name, Seconds
from warifu.protocol.request import Network


class NewWallet(Question, frozen=True):
    """``POST /wallets`` (admin) -> ``Accepted``, whose id is the ceremony's.

    ``authorization``: an encoded ``Authorization`` of a ``WalletRequest``. ``envelopes``: one encoded ``Envelope`` for
    each of its devices. Handing in the same authorization again returns the same ceremony.
    """

    name: Name
    authorization: EncodedAuthorization
    envelopes: EncodedEnvelopes


class WalletRecovery(Question, frozen=True):
    """``POST /wallets/{name}/recover`` (admin) -> ``Ceremony``: bring one device home that missed the end.

    ``authorization``: a fresh one of the ``WalletRequest`` that made the wallet, with the one ``envelope``, whose
    identity says which device. Answered once the device has stated its birth.
    """

    authorization: EncodedAuthorization
    envelope: EncodedEnvelope


CeremonyState = Literal["running", "finished", "partial", "refused"]
"""``partial``: some devices finished and others did not. There is a key, but not yet a wallet: pay nothing to it."""


class Ceremony(Answer, frozen=True):
    """``GET /ceremonies/{id}?after=N&wait=S`` (admin): events with a number above ``after``, once there is one.

    ``births``: the encoded ``SignedBirth`` of every device when finished, of those that finished when ``partial``;
    then ``authorization`` is the owner's, so that the client need not have kept the request.
    ``GET /wallets/{name}/unfinished`` (admin) finds the partial one of a name.
    """

    id: str
    wallet: str
    state: CeremonyState
    events: tuple[Event, ...]
    refusal: ErrorBody | None
    births: tuple[bytes, ...]
    authorization: bytes = b""


class Wallet(Answer, frozen=True):
    """``GET /wallets/{name}`` (read)."""

    name: str
    id: Bytes32
    network: Network
    threshold: int
    devices: tuple[str, ...]
    created: Seconds
    authorization: bytes
    births: tuple[bytes, ...]
    certificate: bytes = b""
    """Encoded ``EpochCertificate`` of its last refresh; empty where there was none."""


class NewRefresh(Question, frozen=True):
    """``POST /wallets/{name}/refresh`` (admin) -> ``Accepted``, whose id is the refresh's.

    ``authorization``: an encoded ``Authorization`` of a ``RefreshRequest``. ``envelopes``: one encoded ``Envelope`` for
    each of the wallet's devices. Handing in the same authorization again returns the same refresh.
    """

    authorization: EncodedAuthorization
    envelopes: EncodedEnvelopes


RefreshState = Literal["running", "finished", "refused"]


class Refresh(Answer, frozen=True):
    """``GET /refreshes/{id}?after=N&wait=S`` (admin): events with a number above ``after``, once there is one.

    ``certificate``: the encoded ``EpochCertificate`` when finished: every device keeps its new shares. ``behind``:
    names of devices that were not shown it yet, by the service's word; they have the old shares in use, and sign with
    nobody else, until they are.
    """

    id: str
    wallet: str
    epoch: int
    state: RefreshState
    events: tuple[Event, ...]
    refusal: ErrorBody | None
    certificate: bytes
    behind: tuple[str, ...]


class Wallets(Answer, frozen=True):
    """``GET /wallets`` (read)."""

    wallets: tuple[Wallet, ...]


class Address(Answer, frozen=True):
    """``POST /wallets/{name}/addresses`` (draft): the next receive address. Derive it yourself before you show it."""

    index: int
    address: str


class Addresses(Answer, frozen=True):
    """``GET /wallets/{name}/addresses`` (read): those that were given out, in order."""

    addresses: tuple[Address, ...]


class Balance(Answer, frozen=True):
    """``GET /wallets/{name}/balance`` (read), after asking a backend. ``height`` is the block it is true for."""

    confirmed: int
    pending: int
    """Unconfirmed change of our own making: safe to spend."""
    untrusted: int
    """Unconfirmed payments from others: they can still vanish."""
    immature: int
    """Block rewards that cannot be spent yet."""
    total: int
    height: int


class HistoryEntry(Answer, frozen=True):
    """One transaction as the wallet sees it; ``transfer`` is the id of the transfer that made it, if one did."""

    txid: Txid
    received: int
    sent: int
    fee: int | None
    height: int | None
    time: Seconds | None
    label: str
    transfer: str | None


class History(Answer, frozen=True):
    """``GET /wallets/{name}/transactions`` (read), newest first."""

    transactions: tuple[HistoryEntry, ...]
    height: int


class Labels(Answer, frozen=True):
    """``GET /wallets/{name}/labels`` (read): BIP-329, one JSON object a line."""

    labels: str


class NewLabels(Question, frozen=True):
    """``PUT /wallets/{name}/labels`` (draft): labels to add or change (an empty one removes). Answer: ``Labels``."""

    labels: LabelLines
